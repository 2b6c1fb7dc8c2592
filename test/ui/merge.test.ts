import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { readJsonLines } from '../fixtures/workspace.ts';
import {
  eventually,
  startByPalette,
  untilDashboardSays,
  untilTold,
  withSampleWindow,
} from './sampleWindow.ts';

test('two masters of the tree become one file without duplicates', async () => {
  await withSampleWindow('merge', {}, async ({ workbench, folder }) => {
    const masters = async () =>
      (await readdir(path.join(folder, 'data', 'raw'))).filter((name) => name.includes('_master_'));
    await untilDashboardSays(await startByPalette(workbench), 'Completed');
    await workbench.runCommand('Collector: Start Collection');
    await workbench.pick('books.collect.json');
    const done = workbench.row(/books.*completed/);
    await eventually('a second session', async () => (await done.count()) === 2);
    assert.equal((await masters()).length, 2);

    await done.first().click();
    await done.nth(1).click({ modifiers: ['ControlOrMeta'] });
    await workbench.chooseInMenu(done.nth(1), 'Merge Masters');
    await workbench.screenshot('merge-1-key');
    await workbench.pick('Key Fields');
    await workbench.enter('url', 'Fields of the key');
    await workbench.screenshot('merge-2-conflict');
    await workbench.pick('The First');
    await workbench.screenshot('merge-3-output');
    await workbench.enter('data/all.jsonl', 'The new file');
    await untilTold(workbench, /all\.jsonl is made of 2 files: 200 records · 200 duplicates/);
    await workbench.screenshot('merge-4-done');
    const urls = (await readJsonLines(path.join(folder, 'data', 'all.jsonl'))).map(
      ({ url }) => url,
    );
    assert.equal(urls.length, sampleBookCount);
    assert.equal(new Set(urls).size, sampleBookCount);
    await workbench.answer(/all\.jsonl is made of/, 'Open Manifest');
    await workbench.tab('all.jsonl.manifest.json').waitFor();
    await workbench.screenshot('merge-5-manifest');

    // The new file belongs to a session like every other: it can be exported from there.
    await workbench.chooseInMenu(workbench.row(/all.*completed/), 'Export');
    await workbench.screenshot('export-1-format');
    await workbench.pick('CSV');
    await workbench.acceptFileName();
    await untilTold(workbench, /all\.csv is written: 200 rows · 2 columns/);
    await workbench.screenshot('export-2-done');
    const csv = await readFile(path.join(folder, 'data', 'all.csv'), 'utf8');
    assert.equal(csv.trimEnd().split(/\r?\n/).length, 1 + sampleBookCount);
  });
});
