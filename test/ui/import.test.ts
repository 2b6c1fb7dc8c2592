import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { eventually } from './eventually.ts';
import {
  figure,
  slowMs,
  startByPalette,
  untilDashboardSays,
  untilTold,
  withSampleWindow,
} from './sampleWindow.ts';

/** A configuration of glider v2.6, with something in it that can't be carried over. */
const gliderConfig = {
  name: 'shop',
  base_url: 'http://127.0.0.1:1/',
  min_delay: 1,
  interactions: [{ type: 'hover', selector: '.menu' }],
  fields: [
    { name: 'title', selectors: [{ type: 'css', value: 'h1' }], transformers: [{ name: 'strip' }] },
  ],
  pagination: { selector: { type: 'css', value: 'li.next a' }, max_pages: 3 },
};

test('earlier data is imported by the palette; the report says what was left behind', async () => {
  const prepare = async (folder: string) => {
    await mkdir(path.join(folder, 'old'));
    await writeFile(path.join(folder, 'old', 'shop.json'), JSON.stringify(gliderConfig));
    await writeFile(path.join(folder, 'old', 'other.json'), '{"nothing":"of ours"}');
  };
  await withSampleWindow('import', { prepare }, async ({ workbench, folder }) => {
    await workbench.openView('Collector');
    const importFile = async (name: string) => {
      await workbench.runCommand('Collector: Import Earlier Data');
      await workbench.pick('A File');
      await workbench.chooseFile(path.join(folder, 'old', name));
      await workbench.screenshot(`import-1-${name}`);
      await workbench.pick('Make a Collection of It');
    };
    await importFile('other.json');
    await untilTold(workbench, /other\.json is nothing that can be imported/);
    await workbench.screenshot('import-2-refused');
    await workbench.runCommand('Notifications: Clear All Notifications');

    await importFile('shop.json');
    const report = await workbench.webview('h1:has-text("Import report")');
    await report.getByText(/hover/).first().waitFor();
    await workbench.screenshot('import-3-report');
    const made = await readFile(path.join(folder, 'shop.collect.json'), 'utf8');
    assert.match(made, /li\.next a/);
  });
});

test('a master whose state is gone is adopted, and collecting goes on with what it has', async () => {
  await withSampleWindow('adopt', { delayMs: slowMs }, async ({ workbench, site, urls }) => {
    const page = await startByPalette(workbench);
    await eventually('a first record', async () => (await figure(page, 'records')) > 0);
    await page.getByRole('button', { name: 'Stop' }).click();
    await untilDashboardSays(page, 'Stopped');
    site.setDelay(0);
    await workbench.chooseInMenu(workbench.row(/books.*stopped/), 'Discard State');
    const question = workbench.question(/Discard the state of books/);
    await question.getByText(/can’t be resumed then/).waitFor();
    await workbench.screenshot('adopt-1-discard');
    await question.getByRole('button', { name: 'Discard State' }).click();
    await workbench.row(/books/).waitFor({ state: 'detached' });
    const kept = (await urls()).length;
    assert.ok(kept > 0 && kept < sampleBookCount, String(kept));

    await workbench.openView('Explorer');
    const master = workbench.row(/books_master_/);
    if ((await master.count()) === 0) await workbench.clickRow(workbench.row(/^data/).first());
    await workbench.chooseInMenu(master, 'Adopt Master');
    await workbench.pick('books.collect.json');
    await untilTold(workbench, /is a session’s master again/);
    await workbench.screenshot('adopt-2-adopted');
    await workbench.answer(/is a session’s master again/, 'Resume');
    await workbench.openView('Collector');
    await workbench.row(/books.*completed/).waitFor();
    const all = await urls();
    assert.equal(all.length, sampleBookCount);
    assert.equal(new Set(all).size, sampleBookCount);
  });
});
