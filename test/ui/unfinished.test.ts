import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { html, send } from '../fixtures/answers.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { FaultyServer } from '../fixtures/faultyServer.ts';
import { writeCollection } from '../fixtures/workspace.ts';
import { eventually } from './eventually.ts';
import {
  dashboard,
  slowMs,
  startByPalette,
  untilDashboardSays,
  untilTold,
  withSampleWindow,
} from './sampleWindow.ts';

test('starting what is unfinished asks: resume, start new, or neither', async () => {
  await withSampleWindow('unfinished', { delayMs: slowMs }, async ({ workbench, folder }) => {
    const page = await startByPalette(workbench);
    await untilDashboardSays(page, 'Running');
    await page.getByRole('button', { name: 'Stop' }).click();
    await untilDashboardSays(page, 'Stopped');
    await workbench.row(/books.*stopped/).waitFor();

    const ask = async (answer: string) => {
      await workbench.runCommand('Collector: Start Collection');
      await workbench.pick('books.collect.json');
      const question = workbench.page.getByRole('dialog', { name: /unfinished session/ });
      await question.getByText(/\d+ to go/).waitFor();
      await workbench.screenshot('unfinished-1-question');
      await question.getByRole('button', { name: answer }).click();
      await question.waitFor({ state: 'detached' });
    };
    await ask('Cancel');
    assert.equal(await workbench.row(/books/).count(), 1);
    await ask('Start New');
    await workbench.row(/books.*\/s/).waitFor();
    assert.equal(await workbench.row(/books/).count(), 2);
    await workbench.pressInRow(/books.*\/s/, 'Stop');
    await eventually('the second stop', async () => {
      return (await workbench.row(/books.*stopped/).count()) === 2;
    });

    // The collection is another one now: resuming the old session under it would mix two.
    const file = path.join(folder, 'books.collect.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"title": "h1"', '"heading": "h1"'));
    await ask('Resume');
    await untilTold(workbench, /has changed since the session began, in source/);
    await workbench.screenshot('unfinished-2-changed');
    await workbench.answer(/has changed/, 'Start New');
    await eventually('a third session', async () => (await workbench.row(/books/).count()) === 3);
  });
});

test('pages that fail are counted, named in the tree, and told in the dashboard', async () => {
  const book = html('<article class="product_page"><h1>One</h1></article>');
  const server = await FaultyServer.start({
    '/good': book,
    '/gone': send(404, 'no such page'),
    '/robots.txt': html(''),
  });
  const prepare = async (folder: string) => {
    const { source } = bookCollection(server.url());
    const start = [server.url('/good'), server.url('/gone')];
    await writeCollection(folder, { name: 'mixed', source: { ...(source as object), start } });
  };
  try {
    await withSampleWindow('failures', { prepare }, async ({ workbench }) => {
      await workbench.openView('Collector');
      await workbench.runCommand('Collector: Start Collection');
      await workbench.pick('mixed.collect.json');
      await workbench.row(/mixed.*1 record.*1 failed/).waitFor();
      const page = await dashboard(workbench);
      await page.getByText('Complete, but not whole: 1 failed.').waitFor();
      await workbench.expand('mixed');
      await workbench.expand('Failed Units');
      await workbench.row(/\/gone.*404/).waitFor();
      await workbench.screenshot('failures-1-tree');
    });
  } finally {
    await server.close();
  }
});
