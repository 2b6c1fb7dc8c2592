import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Frame } from 'playwright';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { readMasters, writeCollection } from '../fixtures/workspace.ts';
import { eventually } from './eventually.ts';
import type { Workbench } from './harness.ts';
import { dashboard, untilDashboardSays, untilTold, withSampleWindow } from './sampleWindow.ts';

/** What a page says in place of a title. */
const attacks = [
  '<img src=x onerror="document.title=1">',
  '<script>document.title = 1</script>',
  '[Resume](command:workbench.action.quit)',
  'command:workbench.action.quit',
  '$(flame) [$(flame)](https://evil.example/)',
  '\u001b]8;;https://evil.example/\u0007\u001b[31mred\u001b[0m\u001b[2J',
  '\u202etxt.exe\u2066',
  '**bold** `code` # heading | cell',
  'x'.repeat(1_000_000),
];

const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A site whose titles are attacks, and which lead to a page with one in its address. */
async function startHostileSite(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    const at = /^\/book\/(\d+)/.exec(request.url ?? '')?.[1];
    response.setHeader('content-type', 'text/html; charset=utf-8');
    if (request.url?.startsWith('/gone') === true) {
      response.writeHead(404).end();
      return;
    }
    const title = at === undefined ? '' : (attacks[Number(at)] ?? '');
    const links = attacks.map((_, i) => `<article><h3><a href="/book/${i}">x</a></h3></article>`);
    const attack = '[Resume](command:workbench.action.quit)$(flame)';
    const gone = `<article><h3><a href="/gone/${attack}">x</a></h3></article>`;
    response.end(
      at === undefined
        ? `<html>${links.join('')}${gone}</html>`
        : `<html><article class="product_page"><h1>${escapeHtml(title)}</h1></article></html>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** What a stranger's text would have made if it were more than text, in the window and in every page. */
async function made(workbench: Workbench): Promise<string[]> {
  const found = await Promise.all(
    workbench.page.frames().map((frame) =>
      // A page may go away while it is looked at.
      frame
        .evaluate<string[]>(
          `[...document.querySelectorAll(
            'img[src="x"], .codicon-flame, a[href*="evil.example"], a[href*="action.quit"], [data-href*="action.quit"]'
          )].map((element) => element.outerHTML.slice(0, 200))`,
        )
        .catch(() => []),
    ),
  );
  return found.flat();
}

/** Characters that do something in place of being seen. */
const unseen = /[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/;

async function assertText(workbench: Workbench, view: string, page?: Frame): Promise<void> {
  await workbench.screenshot(`hostile-${view}`);
  assert.deepEqual(await made(workbench), [], view);
  if (!page) return;
  const text = await page.locator('body').innerText();
  assert.doesNotMatch(text, unseen, view);
  assert.ok(text.length < 100_000, `${view}: ${text.length} characters`);
  assert.equal(await page.locator('main script').count(), 0, view);
}

test('what a site says stays text, wherever it is shown', async (t) => {
  const site = await startHostileSite(t);
  const prepare = async (folder: string) => {
    await writeCollection(folder, bookCollection(site, 'hostile'), 'hostile');
    const odd = { ...bookCollection(site, 'odd'), '[Resume](command:workbench.action.quit)': 1 };
    await writeCollection(folder, odd, 'odd');
  };
  await withSampleWindow('hostile', { prepare }, async ({ workbench, folder }) => {
    const violations: string[] = [];
    workbench.page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) violations.push(message.text());
    });
    await workbench.openView('Collector');
    await workbench.runCommand('Collector: Start Collection');
    await workbench.pick('hostile.collect.json');
    let page = await dashboard(workbench);
    await untilDashboardSays(page, 'Completed');
    const titles = (await readMasters(path.join(folder, 'data', 'raw'))).map(({ title }) => title);
    assert.deepEqual(titles.toSorted(), attacks.toSorted(), 'the records have it as it is');
    await page.getByText('/gone/[Resume](command:workbench.action.quit)').first().waitFor();
    await assertText(workbench, 'dashboard', page);

    await workbench.expand(/hostile/);
    await workbench.expand('Failed Units');
    const failed = workbench.row(/404/);
    await failed.waitFor();
    assert.match(await failed.innerText(), /\$\(flame\)/);
    const hover = workbench.page.locator('.workbench-hover', { hasText: 'Attempts' });
    await eventually('the hover of a failed unit', async () => {
      await failed.hover();
      // A row that is drawn anew meanwhile has forgotten the mouse.
      await hover.waitFor({ timeout: 2000 }).catch(() => workbench.page.mouse.move(0, 0));
      return hover.isVisible();
    });
    await assertText(workbench, 'tree');

    await workbench.runCommand('Collector: Show All Sessions');
    page = await workbench.webview('main .table-box tbody tr');
    await assertText(workbench, 'overview', page);

    await workbench.chooseInMenu(workbench.row(/hostile.*completed/), 'Open in Record Viewer');
    page = await workbench.webview('main.viewer');
    await page.locator('.rows .row', { hasText: 'command:' }).first().click();
    await page.locator('.details').getByText('command:').first().waitFor();
    await assertText(workbench, 'viewer', page);

    await workbench.runCommand('Collector: Preview');
    await workbench.pick('hostile.collect.json');
    page = await workbench.webview('section.fields');
    await page.locator('tr[data-field="title"]').waitFor();
    await assertText(workbench, 'preview', page);

    await workbench.runCommand('Collector: Pick Fields');
    await workbench.pick('hostile.collect.json');
    page = await workbench.webview('main.picker .page [data-n]');
    await assertText(workbench, 'picker', page);

    await workbench.runCommand('Collector: Start Collection');
    await workbench.pick('odd.collect.json');
    await untilTold(workbench, /The collection file has problems/);
    const told = workbench.notification(/The collection file has problems/).first();
    assert.match((await told.innerText()).replaceAll('\u200b', ''), /\[Resume\]\(command:/);
    const links = told.locator('.notification-list-item-message a');
    assert.equal(await links.count(), 0, 'a notification has no link');
    await assertText(workbench, 'notification');

    assert.deepEqual(violations, []);
  });
});
