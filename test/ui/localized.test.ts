import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleFile, manifestFile, readWords } from '../tools/l10nBundle.ts';
import { dashboard, eventually, withSampleWindow } from './sampleWindow.ts';

const words = readWords(bundleFile('zh-cn'));
const manifest = readWords(manifestFile('zh-cn'));

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
  });
});
