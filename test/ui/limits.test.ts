import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { eventually } from './eventually.ts';
import { startByPalette, untilDashboardSays, withSampleWindow } from './sampleWindow.ts';

const themes = {
  dark: { name: 'Default Dark Modern', kind: 'vscode-dark' },
  contrast: { name: 'Default High Contrast', kind: 'vscode-high-contrast' },
};

test('a limit that is reached: it is said, raised in the file, and the session goes on', async () => {
  let file = '';
  const prepare = async (folder: string): Promise<void> => {
    file = path.join(folder, 'books.collect.json');
    const text = (await readFile(file, 'utf8')).trimEnd().slice(0, -1).trimEnd();
    const limits = '  "limits": { "maxRequests": 40 /* not the whole shop */ }';
    await writeFile(file, `// Books, politely.\n${text},\n${limits}\n}\n`);
    await mkdir(path.join(folder, '.vscode'), { recursive: true });
  };
  await withSampleWindow('limits', { prepare }, async ({ workbench, folder, urls }) => {
    const page = await startByPalette(workbench);
    await untilDashboardSays(page, 'Paused');
    assert.match(await page.locator('.advice').innerText(), /All 40 requests/);
    assert.equal(await page.locator('[data-limit="maxRequests"]').innerText(), '40 of 40');
    await workbench.statusBarItem(/books.*limit reached/).waitFor();
    for (const [theme, { name, kind }] of Object.entries(themes)) {
      const settings = JSON.stringify({ 'workbench.colorTheme': name });
      await writeFile(path.join(folder, '.vscode', 'settings.json'), settings);
      await page.locator(`body[data-vscode-theme-kind="${kind}"]`).waitFor();
      await workbench.screenshot(`limits-${theme}`);
    }

    await page.getByRole('button', { name: 'Raise and Resume' }).click();
    await workbench.type('39', /40 of 40 requests are used up/);
    await workbench.untilAsked('Give more than 40.');
    await workbench.screenshot('limits-too-little');
    await workbench.type('1000', 'Give more than 40.');
    await workbench.accept(/40 of 40 requests are used up/);
    await untilDashboardSays(page, 'Completed');

    const text = await readFile(file, 'utf8');
    assert.match(text, /^\/\/ Books, politely\.\n/);
    assert.match(text, /"limits": \{ "maxRequests": 1000 \/\* not the whole shop \*\/ \}/);
    await eventually('every book', async () => new Set(await urls()).size === 200);
    assert.equal((await urls()).length, 200);
    assert.equal(await page.getByRole('button', { name: 'Raise and Resume' }).isVisible(), false);
  });
});
