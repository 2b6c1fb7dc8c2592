import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { eventually } from './eventually.ts';
import {
  dashboard,
  figure,
  slowMs,
  startByPalette,
  untilTold,
  untilDashboardSays,
  withSampleWindow,
} from './sampleWindow.ts';

/** The events of the only session's journal, one line of text each. */
async function journal(folder: string): Promise<string> {
  const sessions = path.join(folder, '.cf_state', 'sessions');
  const [session] = await readdir(sessions);
  return readFile(path.join(sessions, session!, 'journal.jsonl'), 'utf8');
}

test('the extension host is killed: Resume in the tree brings every record exactly once', async () => {
  await withSampleWindow('killed', { delayMs: slowMs }, async ({ workbench, site, urls }) => {
    const page = await startByPalette(workbench);
    await eventually('a first record', async () => (await figure(page, 'records')) > 0);
    const [pid] = workbench.server.extensionHostPids();
    process.kill(pid!, 'SIGKILL');
    await eventually('the end of the extension host', () => !existsSync(`/proc/${pid!}`));
    const kept = (await urls()).length;
    assert.ok(kept > 0 && kept < sampleBookCount, String(kept));
    await workbench.closeWindow();
    site.setDelay(0);
    await workbench.openWindow();
    await workbench.openView('Collector');
    await workbench.row(/books.*interrupted/).waitFor();
    await untilTold(workbench, /books was cut short/);
    await workbench.screenshot('interrupted-1-offered');
    await workbench.pressInRow('books', 'Resume');
    await workbench.row(/books.*completed/).waitFor();
    const all = await urls();
    assert.equal(all.length, sampleBookCount);
    assert.equal(new Set(all).size, sampleBookCount);
    await workbench.screenshot('interrupted-2-resumed');
  });
});

test('closing the window stops the run; the next window offers to resume it', async () => {
  const prepare = (folder: string) => mkdir(path.join(folder, '.git')).then(() => undefined);
  await withSampleWindow(
    'closed',
    { delayMs: slowMs, prepare },
    async ({ workbench, folder, site, urls }) => {
      const page = await startByPalette(workbench);
      await eventually('a first record', async () => (await figure(page, 'records')) > 0);
      await untilTold(workbench, /Closing this window stops the run/);
      await workbench.screenshot('closing-1-told');
      await workbench.answer(/Closing this window/, 'Don’t Show Again');
      // One notification at a time: the next one waits for the first.
      await untilTold(workbench, /does not belong into a repository/);
      await workbench.answer(/does not belong into a repository/, 'Add to .gitignore');
      const ignored = path.join(folder, '.gitignore');
      await eventually(
        'a line in .gitignore',
        async () => existsSync(ignored) && (await readFile(ignored, 'utf8')) === '.cf_state/\n',
      );
      await workbench.closeWindow();
      await eventually('the stop', async () =>
        (await journal(folder)).includes('"reason":"window-closed"'),
      );
      site.setDelay(0);
      await workbench.openWindow();
      await untilTold(workbench, /books was cut short/);
      await workbench.answer(/books was cut short/, 'Resume');
      const again = await dashboard(workbench);
      await untilDashboardSays(again, 'Completed');
      assert.equal(new Set(await urls()).size, sampleBookCount);
      assert.equal((await urls()).length, sampleBookCount);
      // It was told once, for good.
      assert.equal(await workbench.notification(/Closing this window/).count(), 0);
    },
  );
});

test('a dashboard survives a reload of the window, and shows the truth at once', async () => {
  await withSampleWindow('reload', { delayMs: slowMs }, async ({ workbench, site, urls }) => {
    const page = await startByPalette(workbench);
    await eventually('a first record', async () => (await figure(page, 'records')) > 0);
    const reloaded = workbench.page.waitForEvent('domcontentloaded');
    await workbench.runCommand('Developer: Reload Window');
    await reloaded;
    const again = await dashboard(workbench);
    await untilDashboardSays(again, 'Stopped');
    assert.equal(await figure(again, 'records'), (await urls()).length);
    await again.getByText('Stopped because the window closed.').waitFor();
    await workbench.screenshot('reload-1-stopped');
    site.setDelay(0);
    await again.getByRole('button', { name: 'Resume', exact: true }).click();
    await untilDashboardSays(again, 'Completed');
    assert.equal(await figure(again, 'records'), sampleBookCount);
  });
});
