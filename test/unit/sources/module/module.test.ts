import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { collectionSchema } from '../../../../src/core/config.ts';
import { ThrottledError } from '../../../../src/core/errors.ts';
import { checkSource } from '../../../../src/sources/registry.ts';
import { createModuleSource } from '../../../../src/sources/module/moduleSource.ts';
import { claim, errorOf, makeContext, pagesOf } from '../../../conformance/drive.ts';
import { retryAfter, send } from '../../../fixtures/answers.ts';
import { FaultyServer } from '../../../fixtures/faultyServer.ts';
import { makeWorkspace } from '../../../fixtures/workspace.ts';

function configOf(settings: object = {}) {
  const { source } = collectionSchema.parse({
    name: 'test',
    source: { type: 'module', module: 'source.mjs', ...settings },
  });
  assert.ok(source.type === 'module');
  return source;
}

test('the given fetch: its time is not the module’s, 404 may be an answer, long integers stay whole', async (t) => {
  const server = await FaultyServer.start();
  t.after(() => server.close());
  const json = { 'content-type': 'application/json' };
  server.route('/slow', async (request, response) => {
    await new Promise((resolve) => setTimeout(resolve, 3500));
    await send(200, '{"id":12345678901234567890}', json)(request, response);
  });
  server.route('/gone', send(404, '{}', json));
  server.route('/echo', (request, response) => {
    const { method, headers } = request;
    const body = JSON.stringify({ method, type: headers['content-type'], own: headers['x-own'] });
    return send(200, body, json)(request, response);
  });
  server.route('/busy', retryAfter(429, 9));
  const root = await makeWorkspace(t);
  await writeFile(
    path.join(root, 'source.mjs'),
    `export default {
  async *collect(unit, { fetch, options, page }) {
    const get = (name, request) => fetch(options.base + name, request);
    if (unit.key === 'busy') await get('/busy');
    const slow = await get('/slow');
    yield page({ items: [await slow.json()], cursor: 1 });
    const gone = await get('/gone', { accept: [404] });
    yield { status: gone.status, ok: gone.ok, url: gone.url };
    yield await (await get('/echo', { json: { a: 1 }, headers: { 'X-Own': 'yes' } })).json();
  },
};`,
  );
  const base = server.url('').replace(/\/$/, '');
  const source = await createModuleSource(
    // Less than the server takes.
    configOf({ options: { base }, timeoutMs: 3000 }),
    { ...makeContext(), root },
  );
  t.after(() => source.close());
  const unit = claim({ key: 'one', lane: 'l', group: 'g', input: {} }, 1);
  const items = (await pagesOf(source, unit)).flatMap((page) => page.items);
  const texts = items.map((item) => JSON.stringify(item.value));
  assert.deepEqual(texts, [
    '{"id":12345678901234567890}',
    JSON.stringify({ status: 404, ok: false, url: `${base}/gone` }),
    '{"method":"POST","type":"application/json","own":"yes"}',
  ]);
  assert.deepEqual(
    items.map((item) => source.provenance(item).url),
    ['/slow', '/gone', '/echo'].map((name) => base + name),
  );
  // What it does not catch is as if no module stood between.
  const busy = await errorOf(pagesOf(source, { ...unit, key: 'busy' }));
  assert.ok(busy instanceof ThrottledError, String(busy));
  assert.ok(busy.delayMs > 7_000);
});

test('what is wrong with a module is found without running it', async (t) => {
  const root = await makeWorkspace(t);
  const check = () => checkSource(configOf(), root);
  const [missing] = await check();
  assert.equal(missing?.code, 'CONFIG_NO_MODULE');
  assert.equal(missing.path, 'source.module');
  const file = path.join(root, 'source.mjs');
  await writeFile(
    file,
    'globalThis.process.exit(7);\nexport default {\n  collect() { return [; }\n};\n',
  );
  const [bad] = await check();
  assert.equal(bad?.code, 'CONFIG_BAD_MODULE');
  assert.equal(bad.message, "source.mjs:3:23: Unexpected token ';'.");
  await writeFile(
    file,
    "import { defineSource } from 'cf-collector/source';\nthrow new Error('it ran');\n",
  );
  assert.deepEqual(await check(), []);
});
