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
      await workbench.openView('Collector');
      await workbench.runCommand('Collector: New Collection');
      await workbench.pick('Web site');
      await workbench.type('no address', 'Address of the page to begin with');
      await workbench.untilAsked('This is no http or https address');
      await workbench.screenshot('guide-1-address');
      await workbench.type(site.url.replace('http://', ''), 'This is no http or https address');
      await workbench.accept('Address of the page to begin with');
      await workbench.untilAsked('Should the fields be proposed');
      await workbench.screenshot('guide-2-look');
      assert.equal(site.requests.length, 0, 'nothing is asked for unasked');
      await workbench.pick('Look at It Now');
      await workbench.untilAsked('20 found');
      await widget.getByText('price', { exact: true }).waitFor();
      await workbench.screenshot('guide-3-fields');
      const asked = site.requests.map(({ url }) => url).sort();
      assert.deepEqual(asked, ['/', '/robots.txt'], 'one request');
      await workbench.accept('20 found');
      await workbench.untilAsked('Which fields tell');
      await workbench.screenshot('guide-4-key');

      // Back, and forward again: what was chosen is still there, and the page is not asked for again.
      await widget.getByRole('button', { name: 'Back' }).click();
      await workbench.accept('20 found');
      await workbench.accept('Which fields tell');
      await workbench.untilAsked('When should it stop');
      await workbench.pick('Records');
      await workbench.type('many', 'Leave it empty for no limit');
      await workbench.untilAsked('Type a whole number');
      await workbench.type('45', 'Type a whole number');
      await workbench.accept('Leave it empty for no limit');
      await workbench.untilAsked('When should it stop');
      await widget.getByText('45', { exact: true }).waitFor();
      await workbench.screenshot('guide-5-limits');
      await workbench.pick('Continue');
      assert.equal(await workbench.typed('Name of the collection'), '127-0-0-1');
      await workbench.screenshot('guide-6-name');
      await workbench.enter('shop', 'Name of the collection');
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
      await workbench.type('Tweets and their', 'What do you want');
      await workbench.pick('Tweets and their replies');
      await workbench.accept('What to search tweets for');
      for (const step of ['Which fields should', 'Which fields tell']) await workbench.accept(step);
      assert.equal(await workbench.typed('Most money to spend'), '5');
      await workbench.screenshot('guide-8-budget');
      await page.keyboard.press('Escape');
      await widget.waitFor({ state: 'hidden' });
      assert.deepEqual(await readdir(folder), before);
    },
  );
});
