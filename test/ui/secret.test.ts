import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { html } from '../fixtures/answers.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { FaultyServer } from '../fixtures/faultyServer.ts';
import { writeCollection } from '../fixtures/workspace.ts';
import { untilTold, withSampleWindow } from './sampleWindow.ts';

test('a missing secret is asked for, kept by VS Code, sent, and written nowhere', async () => {
  const page = html('<article class="product_page"><h1>One</h1></article>');
  const server = await FaultyServer.start({ '*': page, '/robots.txt': html('') });
  const prepare = async (folder: string) => {
    const { source } = bookCollection(server.url());
    const request = { headers: { 'X-Token': '${secret:CF_UI_TOKEN}' } };
    await writeCollection(folder, { name: 'locked', source: { ...(source as object), request } });
  };
  try {
    await withSampleWindow('secret', { prepare }, async ({ workbench, folder }) => {
      await workbench.openView('Collector');
      await workbench.runCommand('Collector: Start Collection');
      await workbench.pick('locked.collect.json');
      await untilTold(workbench, /The secret CF_UI_TOKEN is not set/);
      await workbench.screenshot('secret-1-missing');
      await workbench.answer(/CF_UI_TOKEN/, 'Set Secret');
      await workbench.enter('open-sesame', 'Leave it empty to forget');
      await workbench.runCommand('Collector: Start Collection');
      await workbench.pick('locked.collect.json');
      await workbench.row(/locked.*1 record.*completed/).waitFor();
      const sent = server.requests.filter(({ path: asked }) => asked === '/');
      assert.deepEqual(
        sent.map(({ headers }) => headers['x-token']),
        ['open-sesame'],
      );
      const collection = await readFile(path.join(folder, 'locked.collect.json'), 'utf8');
      assert.ok(!collection.includes('open-sesame'));
    });
  } finally {
    await server.close();
  }
});
