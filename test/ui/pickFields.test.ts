import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Frame } from 'playwright';
import { readCollectionText } from '../../src/core/collectionText.ts';
import { readMasters, writeCollection } from '../fixtures/workspace.ts';
import { eventually } from './eventually.ts';
import { withSampleWindow } from './sampleWindow.ts';
import { accessibilityProblems, keyboardProblems, themes, wear, type Theme } from './themes.ts';
import { html, send } from '../fixtures/answers.ts';
import { FaultyServer } from '../fixtures/faultyServer.ts';

const file = (folder: string) => path.join(folder, 'picked.collect.json');
const textOf = (folder: string) => readFile(file(folder), 'utf8');

/** A collection as a person has begun it: a start page, and nothing to take yet. */
const begun = (start: string) => `{
  "name": "picked",
  "source": {
    "type": "html",
    // The first page of the shop.
    "start": ["${start}"],
    "fields": {} // to be picked
  },
  "limits": { "target": 20 }
}
`;

async function pageAt(workbench: { webview(selector: string): Promise<Frame> }): Promise<Frame> {
  const frame = await workbench.webview('main.picker .page [data-n]');
  return frame;
}

test('items and two fields by mouse, one by keyboard: the file has them, and a run its records', async () => {
  await withSampleWindow(
    'pick',
    {
      prepare: async (folder) => {
        await writeCollection(folder, begun('about:blank'), 'picked');
      },
    },
    async ({ workbench, folder, site }) => {
      const before = begun(site.url);
      await writeCollection(folder, before, 'picked');
      await workbench.openView('Collector');
      await workbench.runCommand('Collector: Pick Fields');
      await workbench.pick('picked.collect.json');
      const frame = await pageAt(workbench);
      await frame.getByText('It has no fields yet').waitFor();
      await workbench.screenshot('pick-1-page');
      const requests = site.requests.filter(({ url }) => url !== '/robots.txt').length;
      assert.equal(requests, 1, 'one polite request');

      // Items: one click is enough, a second makes it sure.
      await frame.getByLabel('Items', { exact: true }).check();
      const titles = frame.locator('.page [data-tag="h3"] [data-tag="a"]');
      await titles.nth(0).click();
      await frame
        .getByRole('button', { name: /product_pod/ })
        .first()
        .waitFor();
      await titles.nth(1).click();
      await workbench.screenshot('pick-2-items');
      await frame.locator('[data-action="useItems"]').click();
      await frame.locator('#mode-field:checked').waitFor();
      await frame.getByText('20 on this page').waitFor();

      // A field by mouse.
      await titles.nth(0).click();
      await frame.getByText('In 20 of 20 items.').waitFor();
      const problems: string[] = [];
      for (const theme of Object.keys(themes) as Theme[]) {
        await wear(folder, frame, theme);
        await workbench.screenshot(`pick-3-field-${theme}`);
        const found = await accessibilityProblems(frame);
        problems.push(...found.map((problem) => `${theme}: ${problem}`));
      }
      problems.push(...(await keyboardProblems(workbench, frame)));
      assert.deepEqual(problems, []);
      await frame.getByLabel('Name', { exact: true }).fill('title');
      await frame.locator('[data-action="addField"]').click();
      await frame.locator('[data-field="title"]').getByText('In 20 of 20 items.').waitFor();
      await frame.locator('.said', { hasText: 'title' }).waitFor();

      // Its address, too.
      await titles.nth(1).click();
      await frame.getByLabel('Take').selectOption('href');
      await frame.getByLabel('As', { exact: true }).selectOption('url');
      await frame
        .getByText(/"http:\/\/127/)
        .first()
        .waitFor();
      await frame.getByLabel('Name', { exact: true }).fill('url');
      await frame.locator('[data-action="addField"]').click();
      await frame.locator('[data-field="url"]').waitFor();
      await frame.locator('.said', { hasText: 'url' }).waitFor();

      // One by keyboard: from a title to the price behind it, Enter, the proposed name, Enter.
      await frame.locator('.page').focus();
      await titles.nth(0).hover();
      for (let i = 0; i < 2; i++) await workbench.page.keyboard.press('ArrowDown');
      await frame.locator('.here').getByText(/p: £/).waitFor();
      await workbench.page.keyboard.press('Enter');
      const name = frame.getByLabel('Name', { exact: true });
      await name.waitFor();
      assert.equal(await name.inputValue(), 'price');
      assert.equal(await frame.getByLabel('As', { exact: true }).inputValue(), 'number');
      await workbench.page.keyboard.press('Enter');
      await frame.locator('[data-field="price"]').waitFor();

      // The key that tells the records apart is offered.
      await frame.getByText(/url is another one in each item/).waitFor();
      await workbench.screenshot('pick-4-key');
      await frame.locator('[data-action="useKey"]').click();
      await frame.locator('[data-field="url"]').getByText('key').waitFor();

      // Undo takes the last step back in the editor, and the page follows.
      await workbench.tab(/^picked/).click();
      await workbench.page.keyboard.press('Control+z');
      await frame.getByText(/url is another one in each item/).waitFor();
      await workbench.page.keyboard.press('Control+Shift+z');
      await frame.locator('[data-field="url"]').getByText('key').waitFor();
      await workbench.page.keyboard.press('Control+s');
      await eventually('the saved file', async () => (await textOf(folder)).includes('"key"'));

      const text = await textOf(folder);
      assert.match(text, /\/\/ The first page of the shop\./);
      assert.match(text, /\/\/ to be picked/);
      const { source, record } = readCollectionText(text, 'x').collection;
      assert.deepEqual(source.type === 'html' && [source.items, source.fields], [
        '.product_pod',
        {
          title: 'h3 a',
          url: { select: 'h3 a', attr: 'href', as: 'url' },
          price: { select: '.price_color', as: 'number' },
        },
      ]);
      assert.deepEqual(record.key, ['url']);
      await workbench.runCommand('Collector: Start Collection');
      await workbench.pick('picked.collect.json');
      await workbench.row(/picked.*20 records/).waitFor();
      const records = await readMasters(path.join(folder, 'data', 'raw'));
      assert.equal(records.length, 20);
      for (const { title, url, price } of records) {
        assert.match(String(title), /^The /);
        assert.match(String(url), /^http:\/\/127\.0\.0\.1:\d+\/catalogue\//);
        assert.equal(typeof price, 'number');
      }
    },
  );
});

/** A page that tries everything: to run, to load, to lead away, to look like us, to be too large. */
const hostile = `<!doctype html><html><head><title>Hostile</title>
<base href="http://127.0.0.1:1/"><meta http-equiv="refresh" content="0;url=/refreshed">
<link rel="stylesheet" href="/loaded.css"><script>window.hacked = 1</script><script src="/loaded.js"></script>
<style>* { display: none !important } #cover { position: fixed; inset: 0; z-index: 9 }</style></head>
<body onload="window.hacked = 2" class="vscode-dark" data-n="0">
<div id="cover" class="picker panel in-hand" style="position:fixed;inset:0;background:red">cover</div>
<h1 id="address"><a href="javascript:window.hacked=3" onclick="window.hacked=4">run me</a></h1>
<p><a href="command:workbench.action.closeActiveEditor">close me</a></p>
<img src="/loaded.png" onerror="window.hacked=5" alt="A picture"><iframe src="/loaded.html"></iframe>
<form action="/sent"><button type="submit">send me</button></form>
<p class="wide">${'x'.repeat(3_000_000)}</p>
<p>&lt;img src=x onerror=window.hacked=6&gt; \u202E drawkcab \x1b[31m</p>
<ul>${'<li class="entry"><b>row</b> <i>more</i></li>'.repeat(33_500)}</ul></body></html>`;

test('a hostile page stays texts: nothing runs, nothing is loaded, and what is too large is cut', async () => {
  const server = await FaultyServer.start({
    '/robots.txt': send(404),
    '/': html(hostile),
    '/gone': send(404),
  });
  try {
    await withSampleWindow(
      'pick-hostile',
      {
        prepare: async (folder) => {
          await writeCollection(folder, begun(server.url()), 'picked');
        },
      },
      async ({ workbench }) => {
        await workbench.openView('Collector');
        await workbench.runCommand('Collector: Pick Fields');
        await workbench.pick('picked.collect.json');
        const frame = await pageAt(workbench);
        await frame.getByText('this is its beginning').waitFor();
        await workbench.screenshot('pick-5-hostile');
        for (const text of ['run me', 'close me']) {
          await frame.locator('.page').getByText(text).first().click();
          await frame.locator('.field-form').getByText(text).first().waitFor();
        }
        await workbench.tab('Pick Fields: picked.collect.json').waitFor();
        assert.equal(await frame.evaluate<unknown>('window.hacked'), undefined);
        const inside = await frame.evaluate<string[]>(
          `[...new Set([...document.querySelector('.page').querySelectorAll('*')].flatMap((one) =>
            [one.localName, ...one.getAttributeNames()]))].sort()`,
        );
        assert.deepEqual(inside, ['class', 'data-n', 'data-tag', 'div', 'span']);
        const heights = await frame.evaluate<number[]>(
          `['.panel', '.page'].map((part) => document.querySelector(part).getBoundingClientRect().height)`,
        );
        for (const height of heights) assert.ok(height > 100, heights.join());
        const asked = [...new Set(server.requests.map(({ path: asked }) => asked))].sort();
        assert.deepEqual(asked, ['/', '/robots.txt'], 'nothing but the page itself was asked for');

        // Its rows are items all the same, counted on the whole page.
        await frame.getByLabel('Items', { exact: true }).check();
        await frame.locator('.page').getByText('row', { exact: true }).nth(3).click();
        await frame.getByText('33,500').first().waitFor();
        await frame.locator('[data-action="useItems"]').click();
        await frame.locator('#mode-field:checked').waitFor();
        await frame.getByText('33,500 on this page').waitFor();
        await frame.locator('.page').getByText('more', { exact: true }).first().click();
        await frame.getByText('In 33,500 of 33,500 items.').waitFor();

        // A page that is not there is said so, and the one that is there stays.
        await frame.getByLabel('Page', { exact: true }).fill(server.url('/gone'));
        await workbench.page.keyboard.press('Enter');
        await frame.getByText(/404/).waitFor();
        await workbench.screenshot('pick-7-gone');
      },
    );
  } finally {
    await server.close();
  }
});
