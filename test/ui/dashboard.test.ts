import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Frame } from 'playwright';
import type { DashboardModel } from '../../src/protocol/dashboard.ts';
import { dashboardModels } from '../fixtures/dashboardModels.ts';
import { startByPalette, untilDashboardSays, withSampleWindow } from './sampleWindow.ts';

const themes = {
  light: { name: 'Default Light Modern', kind: 'vscode-light' },
  dark: { name: 'Default Dark Modern', kind: 'vscode-dark' },
  contrast: { name: 'Default High Contrast', kind: 'vscode-high-contrast' },
  contrastLight: { name: 'Default High Contrast Light', kind: 'vscode-high-contrast-light' },
};

async function wear(folder: string, page: Frame, { name, kind }: { name: string; kind: string }) {
  await mkdir(path.join(folder, '.vscode'), { recursive: true });
  const settings = JSON.stringify({ 'workbench.colorTheme': name });
  await writeFile(path.join(folder, '.vscode', 'settings.json'), settings);
  await page.locator(`body[data-vscode-theme-kind="${kind}"]`).waitFor();
}

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
    for (const [theme, wanted] of Object.entries(themes)) {
      await wear(folder, page, wanted);
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
    await page.getByText('<script>alert(1)</script>').waitFor();
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
    assert.equal(names.length, 7);
    assert.equal(new Set(names).size, 7, names.join(', '));
    assert.ok(!names.includes('') && !names.includes('Data Grid'), names.join(', '));
  });
});

test('out of sight the dashboard is sent nothing; shown again it has the truth', async () => {
  await withSampleWindow('hidden', { delayMs: 20 }, async ({ workbench }) => {
    await startByPalette(workbench);
    await workbench.runCommand('File: New Untitled Text File');
    await workbench.row(/books.*completed/).waitFor();
    // VS Code has thrown the page away: nobody was there to be sent anything.
    const pages = workbench.page.frames().map((frame) => frame.locator('main .figures').count());
    const counts = await Promise.all(pages.map((count) => count.catch(() => 0)));
    assert.equal(Math.max(...counts), 0);
    await workbench.tab('books').click();
    const page = await workbench.webview('main .figures');
    await untilDashboardSays(page, 'Completed');
    assert.equal(await page.locator('[data-figure="records"]').innerText(), '200');
  });
});
