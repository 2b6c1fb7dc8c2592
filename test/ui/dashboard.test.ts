import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from 'playwright';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import type { DashboardModel } from '../../src/protocol/dashboard.ts';
import { flapping, html, send } from '../fixtures/answers.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { dashboardModels } from '../fixtures/dashboardModels.ts';
import { FaultyServer } from '../fixtures/faultyServer.ts';
import { writeCollection } from '../fixtures/workspace.ts';
import { eventually } from './eventually.ts';
import type { Workbench } from './harness.ts';
import {
  dashboard,
  figure,
  slowMs,
  startByPalette,
  untilDashboardSays,
  untilTold,
  withSampleWindow,
} from './sampleWindow.ts';
import { themes, wear, type Theme } from './themes.ts';

/** Shows a state that a real session reaches only by bad luck, as the host would tell it. */
async function show(page: Frame, model: DashboardModel): Promise<void> {
  const message = JSON.stringify({ kind: 'event', name: 'model', payload: model });
  // The message is a task of the page's, and what it changes is drawn with a frame after it.
  await page.evaluate(`(async () => {
    window.postMessage(${message}, '*');
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  })()`);
}

test('the dashboard reads well in every state and theme, and what it shows stays text', async () => {
  await withSampleWindow('dashboard', {}, async ({ workbench, folder }) => {
    const violations: string[] = [];
    workbench.page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) violations.push(message.text());
    });
    const page = await startByPalette(workbench);
    await untilDashboardSays(page, 'Completed');
    for (const theme of Object.keys(themes) as Theme[]) {
      await wear(folder, page, theme);
      for (const [state, model] of Object.entries(dashboardModels)) {
        await show(page, model);
        // One theme shows every state, the others those that look different.
        if (theme === 'dark' || state === 'running' || state === 'interrupted') {
          await workbench.screenshot(`dashboard-${state}-${theme}`);
        }
      }
    }
    await show(page, dashboardModels.interrupted);
    assert.match(await page.locator('.advice').innerText(), /Resume/);
    await page.getByText('<script>alert(1)</script>').first().waitFor();
    assert.equal(await page.locator('main :is(script, img, iframe)').count(), 0);
    assert.deepEqual(violations, []);

    // By keyboard alone: the collection's link first, then the buttons in their order.
    await page.locator('a.collection').focus();
    await workbench.page.keyboard.press('Tab');
    assert.equal(await page.locator('vscode-button:focus').innerText(), 'Resume');

    // Every control and grid has a name of its own.
    await show(page, dashboardModels.running);
    const controls = await page.locator('vscode-button:visible, vscode-data-grid:visible').all();
    const names = await Promise.all(
      controls.map(
        async (control) => (await control.getAttribute('aria-label')) ?? control.innerText(),
      ),
    );
    assert.ok(names.length >= 11, names.join(', '));
    assert.equal(new Set(names).size, names.length, names.join(', '));
    assert.ok(!names.includes('') && !names.includes('Data Grid'), names.join(', '));
  });
});

test('out of sight the dashboard is sent nothing; shown again it has the truth', async () => {
  await withSampleWindow('hidden', { delayMs: slowMs }, async ({ workbench, site }) => {
    await startByPalette(workbench);
    await workbench.openUntitled();
    site.setDelay(0);
    await workbench.row(/books.*completed/).waitFor();
    // VS Code has thrown the page away: nobody was there to be sent anything.
    const pages = workbench.page.frames().map((frame) => frame.locator('main .figures').count());
    const counts = await Promise.all(pages.map((count) => count.catch(() => 0)));
    assert.equal(Math.max(...counts), 0);
    await workbench.tab('books').click();
    const page = await workbench.webview('main .figures');
    await untilDashboardSays(page, 'Completed');
    assert.equal(await page.locator('[data-figure="records"]').innerText(), '200');
    assert.equal(await page.locator('[data-figure="rate"]').innerText(), '–');
  });
});

/** Reloads the window as a person does: VS Code keeps what is open first. */
async function reloadWindow(workbench: Workbench): Promise<void> {
  const loaded = workbench.page.waitForEvent('load');
  await workbench.runCommand('Developer: Reload Window');
  await loaded;
}

/** A button of the dashboard's own header. */
async function press(page: Frame, action: string): Promise<void> {
  await page.locator(`header vscode-button[data-action="${action}"]`).click();
}

/** Waits until the dashboard has more records than this. */
async function untilMore(page: Frame, than: number): Promise<void> {
  await eventually(`more than ${than} records`, async () => (await figure(page, 'records')) > than);
}

test('at ten moments of a run the figures equal a recount; a reload, and going back, change none', async () => {
  await withSampleWindow('moments', { delayMs: slowMs }, async ({ workbench, site, urls }) => {
    let page = await startByPalette(workbench);
    let records = 0;
    for (let moment = 1; moment <= 10; moment += 1) {
      await untilMore(page, records);
      // While it runs, nothing is on the screen that is not in the file.
      const shown = await figure(page, 'records');
      const lines = (await urls()).length;
      assert.ok(shown <= lines, `moment ${moment}: ${shown} on the screen, ${lines} in the file`);
      await press(page, 'pause');
      await untilDashboardSays(page, 'Paused');
      records = await recount(page, urls, `moment ${moment}`);
      if (moment === 4) {
        await workbench.openUntitled();
        await workbench.tab('books').click();
        page = await dashboard(workbench);
        await untilDashboardSays(page, 'Paused');
        assert.equal(await recount(page, urls, 'shown again'), records);
      }
      if (moment === 7) {
        await reloadWindow(workbench);
        page = await dashboard(workbench);
        await untilDashboardSays(page, 'Stopped');
        assert.equal(await recount(page, urls, 'reloaded'), records);
        await page.getByText('Stopped: window closed').waitFor();
        await workbench.screenshot('dashboard-moments-reloaded');
      }
      await press(page, 'resume');
      await untilDashboardSays(page, 'Running');
    }

    await press(page, 'stop');
    await untilDashboardSays(page, 'Stopped');
    site.setDelay(0);
    // The newest: what was done after it is little, and the rest of the shop is still to come.
    const checkpoint = page.locator('.timeline-list li.checkpoint').first();
    await checkpoint.getByRole('button', { name: /^Resume from Here/ }).click();
    const question = workbench.question(/Resume books from the checkpoint/);
    await question.getByRole('button', { name: 'Resume' }).click();
    await untilDashboardSays(page, 'Completed');
    assert.equal(await recount(page, urls, 'completed'), sampleBookCount);
    await showWholeTimeline(page);
    await page.locator('.timeline-list li', { hasText: 'Went back' }).waitFor();
    await workbench.screenshot('dashboard-moments-completed');
  });
});

async function showWholeTimeline(page: Frame): Promise<void> {
  await page.locator('.timeline-list li').first().waitFor();
  const more = page.getByRole('button', { name: /^Show \d+ More$/ });
  if (await more.isVisible()) await more.click();
}

/** Compares what the dashboard counts with the lines of the masters; gives how many there are. */
async function recount(
  page: Frame,
  urls: () => Promise<readonly string[]>,
  when: string,
): Promise<number> {
  const lines = await urls();
  const records = await figure(page, 'records');
  assert.equal(records, lines.length, when);
  assert.equal(new Set(lines).size, lines.length, when);
  const units = await Promise.all(
    ['done', 'failed', 'skipped', 'blocked', 'queue'].map((name) => figure(page, name)),
  );
  const legend = await page.locator('.progress .legend .count').allInnerTexts();
  const [pending, inProgress, ...ended] = legend.map((text) => Number(text.replaceAll(',', '')));
  assert.deepEqual([...ended, pending], units, when);
  assert.equal(inProgress, 0, when);
  return records;
}

test('failed units are tried again from their group; the page of all sessions shows and opens them', async () => {
  const book = (title: string) => html(`<article class="product_page"><h1>${title}</h1></article>`);
  const server = await FaultyServer.start({
    '/one': book('One'),
    '/two': flapping(1, send(404, 'not yet'), book('Two')),
    '/three': send(410, 'gone for good'),
    '/robots.txt': html(''),
  });
  const prepare = async (folder: string) => {
    const { source } = bookCollection(server.url());
    const start = ['/one', '/two', '/three'].map((path) => server.url(path));
    await writeCollection(folder, { name: 'mixed', source: { ...(source as object), start } });
  };
  try {
    await withSampleWindow('groups', { prepare }, async ({ workbench, urls }) => {
      await workbench.openView('Collector');
      await workbench.runCommand('Collector: Start Collection');
      await workbench.pick('mixed.collect.json');
      const page = await dashboard(workbench);
      await untilDashboardSays(page, 'Completed');
      await page
        .getByText(/HTTP_GONE/)
        .first()
        .waitFor();
      await workbench.screenshot('dashboard-groups-1-failed');
      await page.getByRole('button', { name: /failed with HTTP_NOT_FOUND/ }).click();
      await workbench.row(/mixed.*2 records.*completed/).waitFor();
      await untilDashboardSays(page, 'Completed');
      assert.equal((await urls()).length, 2);
      assert.equal(await figure(page, 'failed'), 1);
      await page
        .getByRole('button', { name: /failed with HTTP_NOT_FOUND/ })
        .waitFor({ state: 'detached' });
      await workbench.screenshot('dashboard-groups-2-retried');

      await workbench.runCommand('Collector: Show All Sessions');
      const all = await workbench.webview('main .sessions');
      const row = all.locator('.sessions tbody tr');
      assert.match(await row.innerText(), /mixed[\s\S]*Completed[\s\S]*2[\s\S]*3 of 3 units/);
      await workbench.screenshot('overview-one');
      await reloadWindow(workbench);
      const again = await workbench.webview('main .sessions');
      await again.getByRole('link', { name: 'mixed' }).click();
      await untilDashboardSays(await dashboard(workbench), 'Completed');
    });
  } finally {
    await server.close();
  }
});

test('a dashboard that another version left is filled where its session is found, else closed with a word', async () => {
  await withSampleWindow('old', {}, async ({ workbench }) => {
    await keepPagesApis(workbench);
    await reloadWindow(workbench);
    let page = await startByPalette(workbench);
    await untilDashboardSays(page, 'Completed');
    const session = (await page.locator('.session').innerText()).replace('Session ', '');
    const leave = async (state: object): Promise<void> => {
      await page.evaluate(`window.keptApi.setState(${JSON.stringify(state)})`);
      await reloadWindow(workbench);
    };
    await leave({ version: 99, ref: { workspace: '/moved/away', session }, shape: ['unknown'] });
    page = await dashboard(workbench);
    await untilDashboardSays(page, 'Completed');
    assert.equal(await figure(page, 'records'), sampleBookCount);
    await leave({ version: 0, collection: 'books' });
    await untilTold(workbench, /another version of CF Collector/);
    await workbench.tab('books').waitFor({ state: 'detached' });
  });
});

/** VS Code gives a page its API once; this keeps it where a test can use it as another version's page would have. */
async function keepPagesApis({ page }: Workbench): Promise<void> {
  await page.context().addInitScript(`{
    let acquire;
    Object.defineProperty(window, 'acquireVsCodeApi', {
      configurable: true,
      get: () => acquire && (() => (window.keptApi = acquire())),
      set: (value) => { acquire = value; },
    });
  }`);
}
