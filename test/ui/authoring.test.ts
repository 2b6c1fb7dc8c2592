import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Locator } from 'playwright';
import { send } from '../fixtures/answers.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { FaultyServer } from '../fixtures/faultyServer.ts';
import { eventually } from './eventually.ts';
import type { Workbench } from './harness.ts';
import { dashboard, withSampleWindow } from './sampleWindow.ts';

/** Pastes a text in place of all that the editor in front has: while one is typed, brackets close by themselves. */
async function retype({ page }: Workbench, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+v');
}

/** How many errors and warnings the status bar counts. */
async function untilProblems({ page }: Workbench, label: RegExp): Promise<void> {
  await page.locator('#status\\.problems').getByLabel(label).waitFor();
}

/** A lens above or in the text. */
const lens = ({ page }: Workbench, text: string | RegExp) =>
  page.locator('.codelens-decoration a').filter({ hasText: text }).first();

const isThereWithin = (wanted: Locator, timeout: number): Promise<boolean> =>
  wanted.waitFor({ timeout }).then(
    () => true,
    () => false,
  );

test('a collection is written: completion, a typo and its fix, a preview that follows each save', async () => {
  const attack = '<img src=x onerror="document.body.textContent=1"><script>1</script>';
  const escaped = attack.replaceAll('<', '&lt;');
  const server = await FaultyServer.start({
    '/robots.txt': send(404, ''),
    '/hostile': send(
      200,
      `<article class="product_page"><h1>${escaped}[x](command:workbench.action.quit)</h1></article>`,
      { 'content-type': 'text/html' },
    ),
  });
  try {
    const prepare = async (folder: string) => {
      await writeFile(path.join(folder, 'shop.collect.json'), '');
      // In a browser's window VS Code saves by itself.
      await mkdir(path.join(folder, '.vscode'));
      const settings = path.join(folder, '.vscode', 'settings.json');
      await writeFile(settings, '{ "files.autoSave": "off" }\n');
    };
    await withSampleWindow('authoring', { prepare }, async ({ workbench, folder, site }) => {
      const { page } = workbench;
      const before = (await readdir(folder)).sort();

      // An empty file: the schema knows how a collection begins.
      await workbench.row('shop.collect.json').dblclick();
      await workbench.tab('shop.collect.json').waitFor();
      await page.locator('.monaco-editor .view-lines').first().click();
      const widget = page.locator('.suggest-widget.visible');
      await eventually('the schema', async () => {
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+Space');
        const proposal = widget.getByText('Collection: html');
        // The editor's JSON support loads the schema in its own time, and proposes nothing before.
        return isThereWithin(proposal, 2000);
      });
      await workbench.screenshot('authoring-1-completion');
      await widget.getByText('Collection: html').click();
      await workbench.untilText(/"name": "shop"[\s\S]*"type": "html"/);
      await page.keyboard.press('Escape');

      // A typo is marked once, and mended where it stands.
      const collection = bookCollection(site.url, 'shop', { limitz: { target: 5 } });
      const text = JSON.stringify(collection, null, 2);
      await retype(workbench, text);
      await untilProblems(workbench, /Errors: 1/);
      await page.keyboard.press('F8');
      const fix = page.getByText('Change to “limits”');
      await eventually('the quick fix', async () => {
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+.');
        // What comes meanwhile (a lens, a mark) closes the menu again.
        return isThereWithin(fix, 5000);
      });
      await workbench.screenshot('authoring-2-quick-fix');
      await fix.click();
      await workbench.untilText(/"limits"/);
      await untilProblems(workbench, /No Problems/);

      // The preview is of what stands in the editor: the file itself is still empty.
      await lens(workbench, 'Preview').click();
      const preview = await workbench.webview('section.fields');
      const title = preview.locator('tr[data-field="title"]');
      await title.locator('.value').waitFor();
      assert.match(await preview.locator('.record[open] pre').innerText(), /"title": "/);
      await workbench.screenshot('authoring-3-preview');
      assert.deepEqual((await readdir(folder)).sort(), before);

      // Another selector, saved: the preview follows, and the field that matches nothing is marked.
      await workbench.tab(/^shop\.collect\.json/).click();
      const wrong = text.replace('limitz', 'limits').replace('"h1"', '".no-such-thing"');
      await retype(workbench, wrong);
      await preview.getByText('has changed since').waitFor();
      await page.keyboard.press('Control+s');
      await preview.locator('tr.empty[data-field="title"] .nothing').waitFor();
      await page.locator('.squiggly-info').first().waitFor();
      await workbench.screenshot('authoring-4-nothing');

      // A page of somebody’s who wishes no good: its texts are texts.
      await retype(workbench, wrong.replace('".no-such-thing"', '"h1"'));
      await page.keyboard.press('Control+s');
      await title.locator('.value').waitFor();
      await preview.locator('input#unit').fill(server.url('/hostile'));
      await preview.locator('input#unit').press('Enter');
      await preview.locator('pre').getByText('<img src=x onerror').waitFor();
      assert.equal(await preview.locator('img').count(), 0);
      assert.equal(await preview.locator('a').count(), 0);
      await preview.getByText('out of scope').waitFor();
      await workbench.screenshot('authoring-5-hostile');
      assert.deepEqual((await readdir(folder)).sort(), before);

      // It is started by its lens, which then tells how it went.
      await lens(workbench, 'Start').click();
      await dashboard(workbench);
      await workbench.tab(/^shop\.collect\.json/).click();
      await lens(workbench, /Last run: completed .*5 records/).waitFor();
      await workbench.screenshot('authoring-6-lens');
    });
  } finally {
    await server.close();
  }
});
