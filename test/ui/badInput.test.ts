import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readCollectionText } from '../../src/core/collectionText.ts';
import { startSampleSite } from '../../src/serve/sampleSite.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { makeReadOnly } from '../fixtures/readOnlyFolder.ts';
import { withWorkspace, writeCollection } from '../fixtures/workspace.ts';
import { eventually } from './eventually.ts';
import { withWorkbench } from './harness.ts';
import {
  dashboard,
  slowMs,
  startByPalette,
  untilDashboardSays,
  untilTold,
  withSampleWindow,
} from './sampleWindow.ts';

test('a collection file that is deleted while it runs: the run goes on, and it can be restored', async () => {
  await withSampleWindow('deleted', { delayMs: slowMs }, async ({ workbench, folder }) => {
    const page = await startByPalette(workbench);
    await untilDashboardSays(page, 'Running');
    // Notices come one at a time.
    await untilTold(workbench, /Closing this window/);
    await workbench.answer(/Closing this window/, 'Don’t Show Again');
    const file = path.join(folder, 'books.collect.json');
    const before = readCollectionText(await readFile(file, 'utf8'), file).collection;
    await rm(file);
    await untilTold(workbench, /books\.collect\.json is gone\. books goes on/);
    await workbench.row(/books.*collection file is gone/).waitFor();
    await untilDashboardSays(page, 'Running');
    await page.getByText('books.collect.json (gone)').waitFor();
    await workbench.screenshot('deleted-1-told');
    await workbench.runCommand('Notifications: Clear All Notifications');
    await page.getByRole('button', { name: 'Stop' }).click();
    await workbench.row(/books.*stopped.*collection file is gone/).waitFor();
    await workbench.pressInRow('books', 'Resume');
    await untilTold(workbench, /books goes on without books\.collect\.json/);
    await workbench.answer(/goes on without/, 'Restore Collection File');
    await workbench.tab('books.collect.json').waitFor();
    await eventually('a tree without the warning', async () => {
      return (await workbench.row(/collection file is gone/).count()) === 0;
    });
    await workbench.screenshot('deleted-2-restored');
    const after = readCollectionText(await readFile(file, 'utf8'), file).collection;
    assert.deepEqual(after, before);
  });
});

test('two windows on one folder: the second says that it runs elsewhere, and who holds it', async () => {
  await withSampleWindow('two-windows', { delayMs: slowMs }, async ({ workbench }) => {
    const page = await startByPalette(workbench);
    await untilDashboardSays(page, 'Running');
    await page.getByRole('button', { name: 'Stop' }).click();
    await workbench.row(/books.*stopped/).waitFor();
    const first = workbench.page;
    await workbench.openWindow();
    const second = workbench.page;
    const turnTo = async (window: typeof first) => {
      workbench.page = window;
      await window.bringToFront();
    };
    await workbench.openView('Collector');
    // The second window has seen that it is free, and is not told when that changes.
    await workbench.row(/books.*stopped/).waitFor();
    await turnTo(first);
    await workbench.pressInRow('books', 'Resume');
    await workbench.row(/books.*\/s/).waitFor();
    await turnTo(second);
    await workbench.pressInRow('books', 'Resume');
    await untilTold(workbench, /held by another VS Code window, process \d+/);
    await workbench.screenshot('two-windows-1-held');
    await workbench.page.getByRole('button', { name: 'Refresh', exact: true }).first().click();
    await workbench.row(/books.*running elsewhere/).waitFor();
    await workbench.screenshot('two-windows-2-elsewhere');
    await turnTo(first);
    await page.getByRole('button', { name: 'Stop' }).click();
    await workbench.row(/books.*stopped/).waitFor();
    await turnTo(second);
    // It looks at what runs elsewhere by itself.
    await workbench.row(/books.*stopped/).waitFor();
  });
});

test('two folders with collections of the same name: both are told apart, each with its own state', async () => {
  const site = await startSampleSite({});
  try {
    await withWorkspace(async (space) => {
      for (const name of ['one', 'two']) {
        await mkdir(path.join(space, name));
        await writeCollection(path.join(space, name), bookCollection(site.url));
      }
      const folder = path.join(space, 'both.code-workspace');
      await writeFile(folder, JSON.stringify({ folders: [{ path: 'one' }, { path: 'two' }] }));
      await withWorkbench('multi-root', { folder }, async (workbench) => {
        await workbench.openView('Collector');
        await workbench.runCommand('Collector: Start Collection');
        await workbench.screenshot('multi-root-1-pick');
        await workbench.pick(/books\.collect\.json.*two/);
        await untilDashboardSays(await dashboard(workbench), 'Completed');
        await workbench.row(/books.*two/).waitFor();
        assert.deepEqual(
          ['one', 'two'].map((name) => existsSync(path.join(space, name, '.cf_state'))),
          [false, true],
        );
        await workbench.runCommand('Collector: Start Collection');
        await workbench.pick(/books\.collect\.json.*one/);
        await workbench.row(/books.*completed.*one/).waitFor();
        assert.equal(await workbench.row(/books.*completed/).count(), 2);
        assert.ok(existsSync(path.join(space, 'one', 'data', 'raw')));
        await workbench.screenshot('multi-root-2-tree');
      });
    });
  } finally {
    await site.close();
  }
});

test('a read-only folder: the start is refused with where and why, and nothing is half made', async (t) => {
  await withWorkspace(async (folder) => {
    await writeCollection(folder, bookCollection('http://127.0.0.1:1/'));
    const made = await makeReadOnly(folder);
    if ('reason' in made) {
      t.skip(made.reason);
      return;
    }
    try {
      await withWorkbench('read-only', { folder }, async (workbench) => {
        await workbench.openView('Collector');
        await workbench.runCommand('Collector: Start Collection');
        await workbench.pick('books.collect.json');
        await untilTold(workbench, /Nothing can be written in .*nothing was made/);
        await workbench.screenshot('read-only-1-refused');
        assert.deepEqual(await readdir(folder), ['books.collect.json']);
      });
    } finally {
      await made.restore();
    }
  });
});

test('without a folder, commands say what they need, and offer it', async () => {
  await withWorkbench('no-folder', {}, async (workbench) => {
    await workbench.openView('Collector');
    await workbench.runCommand('Collector: Start Collection');
    await untilTold(workbench, /kept in a folder\. Open one first/);
    await workbench
      .notification(/Open one first/)
      .getByRole('button', { name: 'Open Folder' })
      .first()
      .waitFor();
    await workbench.screenshot('no-folder-1-told');
  });
});
