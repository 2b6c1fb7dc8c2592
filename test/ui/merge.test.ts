import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { readJsonLines } from '../fixtures/workspace.ts';
import { eventually, waitMs } from './eventually.ts';
import type { Workbench } from './harness.ts';
import {
  dashboard,
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

    await workbench.clickRow(done.first());
    // The click has opened the first: its groups have come, and nothing moves any more.
    await workbench.row('Masters').first().waitFor();
    await workbench.clickRow(done.nth(1), 'also');
    await workbench.chooseInMenu(done.nth(1), 'Merge Masters');
    await workbench.screenshot('merge-1-key');
    await chooseHow(workbench, 'data/all.jsonl');
    await untilTold(workbench, /all\.jsonl is made of 2 files: 200 records · 200 duplicates/);
    await workbench.screenshot('merge-4-done');
    const urls = (await readJsonLines(path.join(folder, 'data', 'all.jsonl'))).map(
      ({ url }) => url,
    );
    assert.equal(urls.length, sampleBookCount);
    assert.equal(new Set(urls).size, sampleBookCount);
    await workbench.answer(/all\.jsonl is made of/, 'Open Manifest');
    await workbench.tab('all.jsonl.manifest.json').waitFor();
    await workbench.untilText(/"inputs"/);
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

test('a merge that is cancelled has stopped in order: it is resumed, and its file is whole', async () => {
  // As much as takes longer than a person needs to press Cancel. Half of them are in both.
  const half = 500_000;
  const prepare = async (folder: string): Promise<void> => {
    for (const [name, from] of [
      ['one', 0],
      ['two', half],
    ] as const) {
      const lines = Array.from({ length: 2 * half }, (_, i) => `{"url":"u${from + i}"}\n`);
      await writeFile(path.join(folder, `${name}.jsonl`), lines.join(''));
    }
    // A file that opens is chosen alone in the explorer, in its own time.
    await mkdir(path.join(folder, '.vscode'));
    const settings = path.join(folder, '.vscode', 'settings.json');
    await writeFile(settings, '{ "explorer.autoReveal": false }\n');
  };
  await withSampleWindow('merge-cancel', { prepare }, async ({ workbench, folder }) => {
    // The menus of files have what the extension adds once the workspace is trusted.
    await workbench.openView('Collector');
    await workbench.page.getByRole('button', { name: 'Start Collection' }).first().waitFor();
    await workbench.openView('Explorer');
    await workbench.clickRow(workbench.row('one.jsonl'));
    await workbench.clickRow(workbench.row('two.jsonl'), 'also');
    await workbench.chooseInMenu(workbench.row('two.jsonl'), 'Merge Masters');
    await chooseHow(workbench, 'both.jsonl');
    await untilTold(workbench, /Merging/);
    await workbench.answer(/Merging/, 'Cancel');
    await workbench.openView('Collector');
    await workbench.row(/both.*stopped/).waitFor();
    await untilDashboardSays(await dashboard(workbench), 'Stopped');
    await workbench.screenshot('merge-6-cancelled');
    const merged = async (): Promise<readonly string[]> => {
      const lines = (await readFile(path.join(folder, 'both.jsonl'), 'utf8')).split('\n');
      assert.equal(lines.pop(), '');
      assert.ok(lines.every((line) => /^\{"url":"u\d+"\}$/.test(line)));
      return lines;
    };
    assert.ok((await merged()).length < 3 * half);
    await workbench.pressInRow(/both.*stopped/, 'Resume');
    // Two million lines are a minute of work for a machine that is busy.
    await workbench.row(/both.*1,500,000 records.*completed/).waitFor({ timeout: 4 * waitMs });
    const all = await merged();
    assert.equal(all.length, 3 * half);
    assert.equal(new Set(all).size, 3 * half);
  });
});

/** Answers what a merge asks: by which fields, which record, into which file. */
async function chooseHow(workbench: Workbench, output: string): Promise<void> {
  await workbench.pick('Key Fields');
  await workbench.enter('url', 'Fields of the key');
  await workbench.screenshot('merge-2-conflict');
  await workbench.pick('The First');
  await workbench.screenshot('merge-3-output');
  await workbench.enter(output, 'The new file');
}
