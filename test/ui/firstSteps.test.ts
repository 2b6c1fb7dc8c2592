import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { readCollectionText } from '../../src/core/collectionText.ts';
import { atPort, samples, servedIn } from '../../src/core/samples.ts';
import { runCli } from '../fixtures/cli.ts';
import { untilTold, withSampleWindow } from './sampleWindow.ts';

const samplesUrl = new URL('../../media/samples/', import.meta.url);

const removeCollection = (folder: string) => rm(path.join(folder, 'books.collect.json'));

test('an empty view leads to a new collection: template, name, a valid file that opens', async () => {
  await withSampleWindow('new', { prepare: removeCollection }, async ({ workbench, folder }) => {
    await workbench.openView('Collector');
    const welcome = workbench.page.locator('.part.sidebar .welcome-view-content');
    await welcome.getByText('A collection says what to collect').waitFor();
    await workbench.screenshot('first-1-welcome');
    await welcome.getByRole('button', { name: 'New Collection' }).click();
    await workbench.page.locator('.quick-input-list').getByText('Any JSON API').waitFor();
    await workbench.screenshot('first-2-templates');
    await workbench.pick('Any JSON API');
    // Every step can be passed with what it proposes.
    await workbench.accept('Address that answers with JSON');
    await workbench.pick('Continue');
    await workbench.type('not/a name', 'Name of the collection');
    await workbench.untilAsked('Use letters, digits');
    await workbench.screenshot('first-3-bad-name');
    await workbench.type('my-papers', 'Use letters, digits');
    await workbench.accept('Name of the collection');
    await workbench.tab('my-papers.collect.json').waitFor();
    const text = await readFile(path.join(folder, 'my-papers.collect.json'), 'utf8');
    assert.equal(readCollectionText(text, 'x').collection.name, 'my-papers');
    await workbench.screenshot('first-4-file');
    // What is there is never written over.
    await workbench.runCommand('Collector: New Collection');
    // It is further down than the list shows at first.
    await workbench.type('Your own code', 'What do you want');
    await workbench.pick('A module of yours');
    await workbench.pick('Continue');
    await workbench.type('my-papers', 'Name of the collection');
    await workbench.untilAsked('my-papers.collect.json exists already');
    await workbench.page.keyboard.press('Escape');
    assert.equal(await readFile(path.join(folder, 'my-papers.collect.json'), 'utf8'), text);
  });
});

test('what a template needs is offered: its secret is asked for, its code goes along', async () => {
  await withSampleWindow('needs', {}, async ({ workbench, folder }) => {
    await workbench.openView('Collector');
    await workbench.runCommand('Collector: New Collection');
    await workbench.pick('GitHub');
    await workbench.enter('microsoft/vscode-hexeditor', 'Repositories of one owner');
    for (const step of ['Which fields should', 'Which fields tell']) await workbench.accept(step);
    await workbench.pick('Continue');
    await workbench.enter('issues', 'Name of the collection');
    await workbench.tab('issues.collect.json').waitFor();
    await untilTold(workbench, /needs the secret GITHUB_TOKEN/);
    await workbench.screenshot('first-5-secret');
    await workbench.answer(/GITHUB_TOKEN/, 'Set Secret');
    await workbench.page.getByText('Set Secret GITHUB_TOKEN').first().waitFor();
    await workbench.enter('open-sesame', 'Leave it empty to forget');
    await workbench.runCommand('Collector: New Collection');
    // It is further down than the list shows at first.
    await workbench.type('Your own code', 'What do you want');
    await workbench.pick('A module of yours');
    await workbench.pick('Continue');
    await workbench.screenshot('first-6-code-name');
    await workbench.enter('news', 'Name of the collection');
    await workbench.tab('news.collect.json').waitFor();
    const { source } = readCollectionText(
      await readFile(path.join(folder, 'news.collect.json'), 'utf8'),
      'x',
    ).collection;
    assert.equal(source.type === 'module' && source.module, 'news.mjs');
    assert.match(await readFile(path.join(folder, 'news.mjs'), 'utf8'), /defineSource/);
    const types = await readFile(path.join(folder, 'cf-collector-source.d.ts'), 'utf8');
    assert.match(types, /declare module/);
    const issues = await readFile(path.join(folder, 'issues.collect.json'), 'utf8');
    assert.ok(!issues.includes('open-sesame'));
  });
});

test('in Restricted Mode nothing runs and nothing is read; the view says how to change that', async () => {
  await withSampleWindow(
    'restricted',
    {
      asksForTrust: true,
      // Sessions may come with a folder that somebody else has made.
      prepare: async (folder) => {
        const file = path.join(folder, 'books.collect.json');
        assert.equal((await runCli(['run', file, '--target', '5'])).code, 0);
      },
    },
    async ({ workbench, site }) => {
      const requests = site.requests.length;
      await workbench.openView('Collector');
      const welcome = workbench.page.locator('.part.sidebar .welcome-view-content');
      await welcome.getByText('Restricted Mode').waitFor();
      await workbench.screenshot('restricted-1-view');
      await workbench.page.keyboard.press('F1');
      await workbench.page.locator('.quick-input-widget input').first().fill('>Collector: ');
      const palette = workbench.page.locator('.quick-input-list');
      await palette.getByText('Collector: New Collection').waitFor();
      assert.equal(await palette.getByText('Collector: Start Collection').count(), 0);
      assert.equal(await palette.getByText('Collector: Resume').count(), 0);
      assert.equal(await palette.getByText('Collector: Pick Fields').count(), 0);
      await workbench.page.keyboard.press('Escape');
      // It looks for sessions first, and falls back to the extension's log because it may see none.
      await workbench.runCommand('Collector: Open Log');
      await workbench.page.locator('.part.panel').getByText('Output').first().waitFor();
      assert.equal(await workbench.row('books').count(), 0);
      assert.equal(site.requests.length, requests);
      // A data file can be looked at like any other; no session is read for that.
      await workbench.openView('Explorer');
      await workbench.clickRow(workbench.row(/^data/).first());
      await workbench.chooseInMenu(workbench.row(/books_master_/), 'Open in Record Viewer');
      const viewer = await workbench.webview('main.viewer');
      await viewer.getByText('5 records').first().waitFor();
      assert.equal(await viewer.getByText('Master of books').count(), 0);
      await workbench.screenshot('restricted-2-viewer');
      await workbench.openView('Collector');
      await welcome.getByRole('button', { name: 'Manage Workspace Trust' }).click();
      await workbench.page.getByRole('button', { name: 'Trust', exact: true }).first().click();
      await workbench.row(/books.*5 records.*completed/).waitFor();
    },
  );
});

test('a sample whose port is another program’s by now is moved to another one, when that is wanted', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const taken = (blocker.address() as AddressInfo).port;
  const { name, port } = samples[0];
  const shipped = await readFile(new URL(`${name}.collect.json`, samplesUrl), 'utf8');
  const prepare = (folder: string) =>
    writeFile(path.join(folder, `${name}.collect.json`), atPort(shipped, port, taken));
  await withSampleWindow('sample-port', { prepare }, async ({ workbench, folder }) => {
    const file = path.join(folder, `${name}.collect.json`);
    const question = workbench.question(`Another program uses port ${taken}`);
    await workbench.openView('Collector');
    await workbench.runCommand('Collector: Open Sample Collection');
    await question.waitFor();
    await workbench.screenshot('first-7-port-taken');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    assert.equal(servedIn(await readFile(file, 'utf8'))?.port, taken);
    assert.deepEqual(await readdir(folder), [path.basename(file)]);
    await workbench.runCommand('Collector: Open Sample Collection');
    await question.getByRole('button', { name: 'Use Another Port' }).click();
    const moved = async () => servedIn(await readFile(file, 'utf8'))?.port ?? taken;
    await workbench.tab(path.basename(file)).waitFor();
    assert.notEqual(await moved(), taken);
    const page = await fetch(`http://127.0.0.1:${await moved()}/`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /catalogue/);
  }).finally(() => blocker.close());
});
