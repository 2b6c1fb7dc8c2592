import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { flapping, html, send } from '../fixtures/answers.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { FaultyServer } from '../fixtures/faultyServer.ts';
import { writeCollection } from '../fixtures/workspace.ts';
import { eventually } from './eventually.ts';
import {
  figure,
  slowMs,
  startByPalette,
  untilDashboardSays,
  untilTold,
  withSampleWindow,
} from './sampleWindow.ts';

test('a checkpoint of the tree says what going back to it does, and then does it', async () => {
  await withSampleWindow('checkpoint', { delayMs: slowMs }, async ({ workbench, site, urls }) => {
    const page = await startByPalette(workbench);
    await eventually('a first record', async () => (await figure(page, 'records')) > 0);
    await page.getByRole('button', { name: 'Stop' }).click();
    await untilDashboardSays(page, 'Stopped');
    site.setDelay(0);
    const before = (await urls()).length;
    await workbench.expand('books');
    await workbench.expand('Checkpoints');
    const oldest = workbench.row(/session started/);

    await workbench.chooseInMenu(oldest, 'Show Recovery Plan');
    const plan = await workbench.webview('h1:has-text("Recovery plan")');
    await plan.getByRole('cell', { name: 'stopped by a person' }).waitFor();
    await workbench.screenshot('checkpoint-1-plan');

    await workbench.pressInRow(/session started/, 'Resume from Checkpoint');
    const question = workbench.question(/Resume books from the checkpoint/);
    await question.getByText(/\d+ units will be worked on/).waitFor();
    await question.getByText(/were done after this checkpoint and are collected again/).waitFor();
    await workbench.screenshot('checkpoint-2-question');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    await workbench.row(/books.*stopped/).waitFor();

    await workbench.pressInRow(/session started/, 'Resume from Checkpoint');
    await question.getByRole('button', { name: 'Resume' }).click();
    await workbench.row(/books.*completed/).waitFor();
    const all = await urls();
    assert.ok(before > 0 && before < sampleBookCount, String(before));
    assert.equal(all.length, sampleBookCount);
    assert.equal(new Set(all).size, sampleBookCount);
    await workbench.screenshot('checkpoint-3-resumed');
  });
});

test('failed units are tried again from their group; state is discarded, records stay', async () => {
  const book = (title: string) => html(`<article class="product_page"><h1>${title}</h1></article>`);
  const server = await FaultyServer.start({
    '/one': book('One'),
    '/two': flapping(1, send(404, 'not yet'), book('Two')),
    '/robots.txt': html(''),
  });
  const prepare = async (folder: string) => {
    const { source } = bookCollection(server.url());
    const start = [server.url('/one'), server.url('/two')];
    await writeCollection(folder, { name: 'mixed', source: { ...(source as object), start } });
  };
  try {
    await withSampleWindow('retry', { prepare }, async ({ workbench, folder, urls }) => {
      await workbench.openView('Collector');
      await workbench.runCommand('Collector: Start Collection');
      await workbench.pick('mixed.collect.json');
      await workbench.row(/mixed.*1 record.*completed.*1 failed/).waitFor();
      await workbench.expand('mixed');
      await workbench.pressInRow('Failed Units', 'Retry Failed Units');
      await workbench.row(/mixed.*2 records.*completed/).waitFor();
      assert.equal((await urls()).length, 2);
      await workbench.screenshot('retry-1-whole');

      const sessions = path.join(folder, '.cf_state', 'sessions');
      const ask = async (answer: string) => {
        await workbench.chooseInMenu(workbench.row(/mixed.*completed/), 'Discard State');
        const question = workbench.question(/Discard the state of mixed/);
        await question.getByText(/mixed_master_/).waitFor();
        await workbench.screenshot('discard-1-question');
        await question.getByRole('button', { name: answer }).click();
        await question.waitFor({ state: 'detached' });
      };
      await ask('Cancel');
      assert.equal((await readdir(sessions)).length, 1);
      await ask('Discard State');
      await workbench.row(/mixed/).waitFor({ state: 'detached' });
      await untilTold(workbench, /state of mixed is gone/);
      assert.ok(!existsSync(sessions) || (await readdir(sessions)).length === 0);
      assert.equal((await urls()).length, 2);
      await workbench.screenshot('discard-2-gone');
    });
  } finally {
    await server.close();
  }
});
