import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { eventually } from './eventually.ts';
import {
  figure,
  slowMs,
  startByPalette,
  untilDashboardSays,
  withSampleWindow,
} from './sampleWindow.ts';

test('a person’s way: start by the palette, watch, stop, resume from the tree, open the master', async () => {
  await withSampleWindow('journey', { delayMs: slowMs }, async ({ workbench, urls, site }) => {
    await workbench.openView('Collector');
    await workbench.screenshot('journey-1-before');
    const page = await startByPalette(workbench);
    await untilDashboardSays(page, 'Running');
    await workbench.statusBarItem(/books · [\d,]+ records/).waitFor();
    await eventually('a first record', async () => (await figure(page, 'records')) > 0);
    await workbench.screenshot('journey-2-running');

    // At rest, what is on the screen can be compared with what is on disk.
    await page.getByRole('button', { name: 'Pause' }).click();
    await untilDashboardSays(page, 'Paused');
    // The last figures come up to a fifth of a second after the state.
    await eventually(
      'the recount',
      async () => (await figure(page, 'records')) === (await urls()).length,
    );
    const paused = await urls();
    assert.ok(paused.length > 0 && paused.length < sampleBookCount, String(paused.length));
    await workbench.row(new RegExp(`books.*${paused.length} records.*paused`)).waitFor();
    await workbench.screenshot('journey-3-paused');

    await workbench.pressInRow('books', 'Stop');
    await untilDashboardSays(page, 'Stopped');
    await workbench.row(/books.*stopped/).waitFor();
    await workbench.screenshot('journey-4-stopped');

    site.setDelay(0);
    await workbench.pressInRow('books', 'Resume');
    await untilDashboardSays(page, 'Completed');
    const all = await urls();
    assert.equal(all.length, sampleBookCount);
    assert.equal(new Set(all).size, sampleBookCount);
    assert.equal(await figure(page, 'records'), sampleBookCount);
    assert.equal(await figure(page, 'failed'), 0);
    assert.equal(await figure(page, 'blocked'), 1);
    assert.equal(await figure(page, 'duplicates'), 0);
    // No page was asked for again that had been taken in.
    const asked = site.requests.filter(({ url }) => url.includes('/catalogue/'));
    const again = asked.length - new Set(asked.map(({ url }) => url)).size;
    assert.ok(again <= 8, `${again} pages were asked for twice; only what was in flight may be`);
    await workbench.row(/books.*200 records.*completed/).waitFor();
    await workbench.screenshot('journey-5-completed');

    await workbench.expand('books');
    await workbench.expand('Masters');
    await workbench.clickRow(workbench.row(/books_master_/));
    await workbench.tab(/books_master_.*\.jsonl/).waitFor();
    await workbench.untilText(/"title":/);
    // Read-only: what is typed goes nowhere.
    await workbench.page.keyboard.press('Control+Home');
    await workbench.page.keyboard.type('broken');
    await workbench.page.keyboard.press('Control+s');
    await workbench.screenshot('journey-6-master');
    assert.deepEqual(await urls(), all);

    await workbench.expand('Checkpoints');
    await workbench.clickRow(workbench.row(/session completed/));
    const preview = await workbench.webview('table');
    await preview.getByText('session completed').first().waitFor();
    await workbench.screenshot('journey-7-checkpoint');
  });
});
