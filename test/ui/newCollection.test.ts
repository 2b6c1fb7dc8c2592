import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readCollectionText } from '../../src/core/collectionText.ts';
import { readMasters } from '../fixtures/workspace.ts';
import { untilTold, withSampleWindow } from './sampleWindow.ts';

const removeCollection = (folder: string) => rm(path.join(folder, 'books.collect.json'));

test('New Collection: an address is looked at, fields, key and limits are proposed, and it runs', async () => {
  await withSampleWindow(
    'guided',
    { prepare: removeCollection },
    async ({ workbench, folder, site }) => {
      const { page } = workbench;
      const widget = page.locator('.quick-input-widget');
      const box = widget.locator('input').first();
      const untilAsked = (placeholder: string) =>
        widget.locator(`input[placeholder^="${placeholder}"]`).waitFor();
      await workbench.openView('Collector');
      await workbench.runCommand('Collector: New Collection');
      await workbench.pick('Web site');
      await widget.getByText('Address of the page to begin with').waitFor();
      await box.fill('no address');
      await widget.getByText('This is no http or https address').waitFor();
      await workbench.screenshot('guide-1-address');
      await box.fill(site.url.replace('http://', ''));
      await page.keyboard.press('Enter');
      await untilAsked('Should the fields be proposed');
      await workbench.screenshot('guide-2-look');
      assert.equal(site.requests.length, 0, 'nothing is asked for unasked');
      await workbench.pick('Look at It Now');
      await untilAsked('20 found');
      await widget.getByText('price', { exact: true }).waitFor();
      await workbench.screenshot('guide-3-fields');
      const asked = site.requests.map(({ url }) => url).sort();
      assert.deepEqual(asked, ['/', '/robots.txt'], 'one request');
      await page.keyboard.press('Enter');
      await untilAsked('Which fields tell');
      await workbench.screenshot('guide-4-key');

      // Back, and forward again: what was chosen is still there, and the page is not asked for again.
      await widget.getByRole('button', { name: 'Back' }).click();
      await untilAsked('20 found');
      await page.keyboard.press('Enter');
      await untilAsked('Which fields tell');
      await page.keyboard.press('Enter');
      await untilAsked('When should it stop');
      await workbench.pick('Records');
      await widget.getByText('complete at exactly this many').waitFor();
      await box.fill('many');
      await widget.getByText('Type a whole number').waitFor();
      await box.fill('45');
      await page.keyboard.press('Enter');
      await untilAsked('When should it stop');
      await widget.getByText('45', { exact: true }).waitFor();
      await workbench.screenshot('guide-5-limits');
      await workbench.pick('Continue');
      await widget.getByText('Name of the collection').waitFor();
      assert.equal(await box.inputValue(), '127-0-0-1');
      await workbench.screenshot('guide-6-name');
      await box.fill('shop');
      await page.keyboard.press('Enter');
      await workbench.tab('shop.collect.json').waitFor();
      await workbench.screenshot('guide-7-file');

      const text = await readFile(path.join(folder, 'shop.collect.json'), 'utf8');
      assert.match(text, /\/\/ Links to follow/);
      const { source, record, limits } = readCollectionText(text, 'x').collection;
      assert.equal(limits.target, 45);
      assert.deepEqual(record.key, ['url']);
      assert.deepEqual(source.type === 'html' && [source.start, source.items, source.follow], [
        [site.url],
        '.product_pod',
        ['.next a'],
      ]);
      await untilTold(workbench, /shop\.collect\.json is written/);
      await workbench.answer(/shop\.collect\.json is written/, 'Start');
      await workbench.row(/shop.*45 records/).waitFor();
      const records = await readMasters(path.join(folder, 'data', 'raw'));
      assert.equal(new Set(records.map(({ url }) => url)).size, 45);
      for (const { title, price } of records) {
        assert.match(String(title), /^The /);
        assert.equal(typeof price, 'number');
      }

      // Left in the middle, it leaves nothing behind.
      const before = await readdir(folder);
      await workbench.runCommand('Collector: New Collection');
      // It is further down than the list shows at first.
      await untilAsked('What do you want');
      await box.fill('Tweets and their');
      await workbench.pick('Tweets and their replies');
      await widget.getByText('What to search tweets for').waitFor();
      await page.keyboard.press('Enter');
      for (const step of ['Which fields should', 'Which fields tell']) {
        await untilAsked(step);
        await page.keyboard.press('Enter');
      }
      await widget.getByText('Most money to spend').waitFor();
      assert.equal(await box.inputValue(), '5');
      await workbench.screenshot('guide-8-budget');
      await page.keyboard.press('Escape');
      await widget.waitFor({ state: 'hidden' });
      assert.deepEqual(await readdir(folder), before);
    },
  );
});
