import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { readJsonLines, readMasters } from '../fixtures/workspace.ts';
import { eventually } from './eventually.ts';
import { withWorkbench, type Workbench } from './harness.ts';
import { dashboard, figure, untilDashboardSays, untilTold } from './sampleWindow.ts';

describe('the first minute of somebody who has installed the package', () => {
  let scratch: string;

  before(async () => {
    scratch = await realpath(await mkdtemp(path.join(os.tmpdir(), 'cf-first-')));
    await mkdir(path.join(scratch, neighbour));
  });
  after(() => rm(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

  test('the walkthrough, from an empty window to a merged file', async () => {
    await withWorkbench('walkthrough', {}, async (workbench) => {
      const { server } = workbench;
      await workbench.openView('Collector');
      const welcome = workbench.page.locator('.part.sidebar .welcome-view-content');
      await welcome.getByText('Collections are files in a folder').waitFor();
      await workbench.screenshot('walkthrough-1-no-folder');

      await welcome.getByRole('button', { name: 'Open Sample Collection' }).click();
      await chooseFolder(workbench, scratch, 'Make It Here');
      // The window opens the folder that was made, and goes on there.
      const folder = path.join(scratch, 'collector-sample');
      await workbench.tab('books.collect.json').waitFor();
      await step(workbench, 'Preview one page').waitFor();
      await workbench.screenshot('walkthrough-2-sample');

      await press(workbench, 'Preview one page', 'Preview Collection');
      const preview = await workbench.webview('section.fields');
      await preview.locator('tr[data-field="title"]').waitFor();
      await workbench.screenshot('walkthrough-3-preview');
      assert.equal(existsSync(path.join(folder, 'data')), false, 'a preview writes nothing');

      await workbench.runCommand('Collector: Open Walkthrough');
      await untilTicked(workbench, 'Preview one page');
      await press(workbench, 'Start it, and watch', 'Start Collection');
      await workbench.pick('books.collect.json');
      const page = await dashboard(workbench);
      await eventually('a first record', async () => (await figure(page, 'records')) > 20);
      await workbench.screenshot('walkthrough-4-running');

      const pid = server.extensionHostPids().at(-1)!;
      process.kill(pid, 'SIGKILL');
      await eventually('the end of the extension host', () => !existsSync(`/proc/${pid}`));
      const kept = (await records(folder)).length;
      assert.ok(kept > 0 && kept < sampleBookCount, String(kept));
      await workbench.page.reload();
      await untilTold(workbench, /books was cut short/);
      await workbench.screenshot('walkthrough-5-cut-short');
      await workbench.openView('Collector');
      await workbench.row(/books.*interrupted/).waitFor();
      await workbench.pressInRow('books', 'Resume');
      await untilDashboardSays(await dashboard(workbench), 'Completed');
      const all = await records(folder);
      assert.equal(all.length, sampleBookCount);
      assert.equal(new Set(all).size, sampleBookCount);

      await workbench.runCommand('Collector: Start Collection');
      await workbench.pick('books.collect.json');
      const done = workbench.row(/books.*completed/);
      await eventually('a second session', async () => (await done.count()) === 2);
      await workbench.clickRow(done.first());
      // The click has opened the first: its groups have come, and nothing moves any more.
      await workbench.row('Masters').first().waitFor();
      await workbench.clickRow(done.nth(1), 'also');
      await workbench.chooseInMenu(done.nth(1), 'Merge Masters');
      await workbench.pick('Key Fields');
      await workbench.enter('url', 'Fields of the key');
      await workbench.pick('The First');
      await workbench.enter('data/all.jsonl', 'The new file');
      await untilTold(workbench, /all\.jsonl is made of 2 files: 200 records · 200 duplicates/);
      await workbench.screenshot('walkthrough-6-merged');
      const merged = await readJsonLines(path.join(folder, 'data', 'all.jsonl'));
      // Which master came first was the click's choice: every record is there once.
      assert.deepEqual(merged.map(({ url }) => String(url)).sort(), [...all].sort());
      // Whatever was done is ticked, wherever and when that was.
      await workbench.runCommand('View: Close All Editors');
      await workbench.runCommand('Collector: Open Walkthrough');
      await untilTicked(workbench, ...titles);
      await workbench.screenshot('walkthrough-7-done');
    });
  });

  test('in Restricted Mode the sample says why not, and makes nothing', async () => {
    const folder = await mkdtemp(path.join(scratch, 'restricted-'));
    const options = { folder, asksForTrust: true };
    await withWorkbench('restricted-sample', options, async (workbench) => {
      await workbench.openView('Collector');
      const welcome = workbench.page.locator('.part.sidebar .welcome-view-content');
      await welcome.getByText('neither run nor are read in Restricted Mode').waitFor();
      await workbench.screenshot('walkthrough-8-restricted');
      await workbench.runCommand('Collector: Open Sample Collection');
      await untilTold(workbench, /Neither runs in Restricted Mode/);
      await workbench.screenshot('walkthrough-9-restricted-told');
      assert.deepEqual(await readdir(folder), []);
    });
  });
});

/** A folder beside the one that is made: once it is listed, VS Code's dialog knows where it is. */
const neighbour = 'papers';

const titles = [
  'Create a collection',
  'Preview one page',
  'Start it, and watch',
  'Kill it, and resume',
  'Merge what you have',
];

/** A step of the walkthrough, open or not. */
function step(workbench: Workbench, title: string) {
  return workbench.page.locator('.getting-started-step').filter({ hasText: title });
}

/** Waits until steps are shown as done. */
async function untilTicked(workbench: Workbench, ...titles: readonly string[]): Promise<void> {
  for (const title of titles) {
    const ticked = step(workbench, title).locator('.codicon-getting-started-step-checked');
    await ticked.first().waitFor();
  }
}

/** Presses a button of a step, which is opened first. */
async function press(workbench: Workbench, title: string, button: string): Promise<void> {
  const one = step(workbench, title);
  const wanted = one.getByRole('button', { name: button });
  if (!(await wanted.isVisible())) await one.getByText(title).first().click();
  await wanted.click();
}

/** Chooses a folder in VS Code's own dialog. */
async function chooseFolder(workbench: Workbench, folder: string, label: string): Promise<void> {
  const dialog = workbench.page.locator('.quick-input-widget:visible');
  const rows = dialog.locator('.monaco-list-row');
  // It fills in the folder that it begins with only when it has listed it.
  await rows.filter({ hasText: '..' }).first().waitFor();
  await dialog.locator('input').first().fill(`${folder}${path.sep}`);
  await rows.filter({ hasText: neighbour }).first().waitFor();
  await dialog.getByRole('button', { name: label }).click();
}

async function records(folder: string): Promise<readonly string[]> {
  const all = await readMasters(path.join(folder, 'data', 'raw'));
  return all.map((record) => String(record['url']));
}
