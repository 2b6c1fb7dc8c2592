import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleFile, manifestFile, readWords, schemaWordsFile } from '../tools/languages.ts';
import { eventually } from './eventually.ts';
import { dashboard, withSampleWindow } from './sampleWindow.ts';

const words = readWords(bundleFile('zh-cn'));
const manifest = readWords(manifestFile('zh-cn'));
const recordWords = readWords(schemaWordsFile('zh-cn'))['What a record is.']!;

/** English words of ours in a text: neither names of files and hosts, nor what stands in the collection. */
function english(text: string): string[] {
  const names =
    /^(http|https|txt|json|jsonl|collect|master|raw|data|session|books?|MB|KB|kB|robots|CSV)$/i;
  return (text.match(/[A-Za-z]{3,}/g) ?? []).filter((word) => !names.test(word));
}

test('in Chinese everything is: palette, tree, dashboard and what is told', async () => {
  await withSampleWindow('localized', { language: 'zh-cn' }, async ({ workbench }) => {
    await workbench.openView(manifest['container.title']!);
    await workbench.runCommand(manifest['command.start']!);
    await workbench.pick('books.collect.json');
    const page = await dashboard(workbench);
    await page.locator('.state', { hasText: words['Completed']! }).waitFor();
    await workbench.row(/books.*完成/).waitFor();
    await workbench.screenshot('localized-dashboard');
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-cn');
    const shown = await page.locator('main').innerText();
    assert.deepEqual(english(shown.replaceAll(/\S*(books|session_)\S*/g, '')), []);

    await workbench.expand(/books/);
    await eventually('the tree in Chinese', () => workbench.row(words['Masters']!).isVisible());
    const tree = await workbench.row('').allInnerTexts();
    assert.deepEqual(english(tree.join(' ').replaceAll(/\S*books\S*/g, '')), []);
    await workbench.screenshot('localized-tree');

    // VS Code explains the keys of the file by a schema in the same language.
    await workbench.runCommand('View: Close All Editors');
    await workbench.tab('').waitFor({ state: 'detached' });
    await workbench.openView('Explorer');
    await workbench.row('books.collect.json').dblclick();
    const key = workbench.page.locator('.view-line span', { hasText: '"record"' }).last();
    const about = workbench.page.locator('.monaco-hover', { hasText: recordWords });
    await eventually('the hover in Chinese', async () => {
      await key.hover();
      // Its schema is read when the file is opened; a hover that came before has less to say.
      await about.waitFor({ timeout: 2000 }).catch(() => workbench.page.mouse.move(0, 0));
      return about.isVisible();
    });
    await workbench.screenshot('localized-hover');
  });
});
