import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Frame } from 'playwright';
import type { Workbench } from './harness.ts';
import { startByPalette, untilDashboardSays, withSampleWindow } from './sampleWindow.ts';

const viewer = (workbench: Workbench): Promise<Frame> => workbench.webview('main.viewer');

async function untilStatusSays(page: Frame, text: string): Promise<void> {
  await page.locator('.status .text', { hasText: text }).waitFor();
}

async function goTo(page: Frame, record: number): Promise<void> {
  await page.getByLabel('Go to Record').fill(String(record));
  await page.getByLabel('Go to Record').press('Enter');
  await page.getByRole('heading', { name: `Record ${record.toLocaleString('en')}` }).waitFor();
}

test('a master in the record viewer: its table, any record, its unit, a filter, and all of that after a reload', async () => {
  await withSampleWindow('viewer', {}, async ({ workbench, folder, urls }) => {
    const violations: string[] = [];
    workbench.page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) violations.push(message.text());
    });
    await untilDashboardSays(await startByPalette(workbench), 'Completed');
    const session = workbench.row(/books.*completed/);
    await workbench.chooseInMenu(session, 'Open in Record Viewer');
    let page = await viewer(workbench);
    await untilStatusSays(page, '200 records');
    const collected = await urls();

    await goTo(page, 150);
    const details = page.locator('.details');
    await details.getByText(collected[149]!).first().waitFor();
    // It was brought by the page with its own address.
    const unit = details.locator('.origin dd').first();
    assert.ok((await unit.innerText()).startsWith(collected[149]!), await unit.innerText());
    await workbench.screenshot('viewer-1-record');

    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    await workbench.page.keyboard.press('Home');
    await page.getByRole('grid').focus();
    await workbench.page.keyboard.press('End');
    await page.getByRole('heading', { name: 'Record 200' }).waitFor();
    await workbench.screenshot('viewer-2-json');

    await page.getByLabel('Filter', { exact: true }).fill(`url=${collected[41]!}`);
    await untilStatusSays(page, '1 of 200 records match');
    await page.locator('.rows .row', { hasText: collected[41]! }).click();
    await page.getByRole('heading', { name: 'Record 42' }).waitFor();
    await workbench.screenshot('viewer-3-filter');

    // Another editor takes its place, and it is shown again as it was left.
    await workbench.runCommand('File: New Untitled Text File');
    await workbench.tab(/_master_/).click();
    page = await viewer(workbench);
    await untilStatusSays(page, '1 of 200 records match');
    await page.getByRole('heading', { name: 'Record 42' }).waitFor();
    await page.getByRole('button', { name: 'Clear Filter' }).click();
    await untilStatusSays(page, '200 records');

    const attacks = '<img src=x onerror="alert(1)"><script>alert(1)</script>';
    const lines = [
      { id: 1, [attacks]: attacks, direction: 'a\u202Eb' },
      { id: 2, nested: { list: [1, { deep: attacks }] }, text: 'line\nbreak' },
    ].map((record) => JSON.stringify(record));
    const foreign = path.join(folder, 'foreign.jsonl');
    await writeFile(foreign, [lines[0], '', '{"id": tru', lines[1]].join('\n'));
    await workbench.runCommand('File: Open File...');
    await workbench.chooseFile(foreign);
    await workbench.page.locator('.editor-instance .view-line').nth(3).waitFor();
    await workbench.runCommand('Collector: Open in Record Viewer');
    page = await viewer(workbench);
    await untilStatusSays(page, '4 records');
    await page.getByText('Not JSON').waitFor();
    await goTo(page, 4);
    // What is deep down is made when somebody opens it.
    await page.locator('.details summary', { hasText: '{1}' }).last().click();
    await page.locator('.details').getByText('deep').waitFor();
    await goTo(page, 1);
    assert.equal(await page.locator('main :is(script, img, iframe)').count(), 0);
    await workbench.screenshot('viewer-4-foreign');
    await page.getByRole('button', { name: 'Open in Text Editor' }).click();
    await workbench.tab('foreign.jsonl').nth(1).waitFor();
    assert.deepEqual(violations, []);
    assert.equal((await readdir(folder)).includes('foreign.jsonl'), true);
  });
});
