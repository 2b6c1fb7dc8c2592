import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from 'playwright';
import type { DashboardModel } from '../../src/protocol/dashboard.ts';
import { dashboardModels } from '../fixtures/dashboardModels.ts';
import type { Workbench } from './harness.ts';
import { startByPalette, untilDashboardSays, withSampleWindow } from './sampleWindow.ts';
import { accessibilityProblems, keyboardProblems, themes, wear, type Theme } from './themes.ts';

/** A view of the extension: how a person comes to it, once the sample has been collected. */
interface View {
  readonly name: string;
  readonly open: (workbench: Workbench) => Promise<Frame>;
}

const views: readonly View[] = [
  { name: 'dashboard-completed', open: (workbench) => workbench.webview('main .figures') },
  {
    name: 'dashboard-running',
    open: async (workbench) => {
      const page = await workbench.webview('main .figures');
      await show(page, dashboardModels.running);
      return page;
    },
  },
  {
    name: 'overview',
    open: async (workbench) => {
      await workbench.runCommand('View: Close All Editors');
      await workbench.runCommand('Collector: Show All Sessions');
      return workbench.webview('main .table-box tbody tr');
    },
  },
  {
    name: 'viewer',
    open: async (workbench) => {
      await workbench.runCommand('View: Close All Editors');
      await workbench.chooseInMenu(workbench.row(/books.*completed/), 'Open in Record Viewer');
      const page = await workbench.webview('main.viewer');
      await page.locator('.status .text', { hasText: '200 records' }).waitFor();
      return page;
    },
  },
  {
    name: 'preview',
    open: async (workbench) => {
      await workbench.runCommand('View: Close All Editors');
      await workbench.runCommand('Collector: Preview');
      await workbench.pick('books.collect.json');
      const page = await workbench.webview('section.fields');
      await page.locator('tr[data-field="title"]').waitFor();
      return page;
    },
  },
  {
    name: 'picker',
    open: async (workbench) => {
      await workbench.runCommand('View: Close All Editors');
      await workbench.runCommand('Collector: Pick Fields');
      await workbench.pick('books.collect.json');
      return workbench.webview('main.picker .page [data-n]');
    },
  },
];

/** Shows a state that passes too quickly to be looked at, as the host would tell it. */
async function show(page: Frame, model: DashboardModel): Promise<void> {
  const message = JSON.stringify({ kind: 'event', name: 'model', payload: model });
  await page.evaluate(`(async () => {
    window.postMessage(${message}, '*');
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  })()`);
}

test('every view can be used by everybody, in every theme', async () => {
  await withSampleWindow('themes', {}, async ({ workbench, folder }) => {
    await untilDashboardSays(await startByPalette(workbench), 'Completed');
    const problems: string[] = [];
    for (const { name, open } of views) {
      const page = await open(workbench);
      for (const theme of Object.keys(themes) as Theme[]) {
        await wear(folder, page, theme);
        await page.evaluate('scrollTo(0, 0)');
        await workbench.screenshot(`themes/${name}-${theme}`);
        const found = await accessibilityProblems(page);
        problems.push(...found.map((problem) => `${name}, ${theme}: ${problem}`));
      }
      const found = await keyboardProblems(workbench, page);
      problems.push(...found.map((problem) => `${name}: ${problem}`));
    }
    assert.deepEqual(problems, []);
  });
});
