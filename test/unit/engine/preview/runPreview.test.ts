import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ConfigError, UsageError } from '../../../../src/core/errors.ts';
import { silentLogger } from '../../../../src/core/ports.ts';
import type { PreviewReport } from '../../../../src/core/preview.ts';
import { systemClock, systemRandom } from '../../../../src/core/systemPorts.ts';
import type { Environment } from '../../../../src/engine/beginRun.ts';
import { startCollection } from '../../../../src/engine/launch.ts';
import { runPreview, type PreviewRequest } from '../../../../src/engine/preview/runPreview.ts';
import { startSampleApi } from '../../../../src/serve/sampleApi.ts';
import { startSampleSite } from '../../../../src/serve/sampleSite.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import { hang, send } from '../../../fixtures/answers.ts';
import { bookCollection } from '../../../fixtures/bookCollection.ts';
import { FaultyServer, type Routes } from '../../../fixtures/faultyServer.ts';
import { makeWorkspace, writeCollection } from '../../../fixtures/workspace.ts';

const environment: Environment = {
  ports: {
    fileSystem: nodeFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    machine: { machineId: 'm', host: 'test-host', bootId: 'b' },
  },
  opener: { via: 'window', waitMs: 0, program: 'test 1.0.0' },
  secrets: { get: (name) => Promise.resolve(name === 'TOKEN' ? secretValue : undefined) },
  network: {},
};
const secretValue = 'tops3cret-value';

/** A folder of its own, and previews in it which must leave it as it was. */
class Bench {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(t: TestContext): Promise<Bench> {
    return new Bench(await makeWorkspace(t));
  }

  async report(
    collection: object,
    request: Partial<PreviewRequest> = {},
    signal = new AbortController().signal,
  ): Promise<PreviewReport> {
    const outcome = await this.preview(collection, request, signal);
    assert.ok(outcome.kind === 'report', outcome.kind);
    return outcome.report;
  }

  async preview(
    collection: object,
    request: Partial<PreviewRequest> = {},
    signal = new AbortController().signal,
  ) {
    const before = await this.listing();
    const temporary = await leftovers();
    const text = JSON.stringify(collection);
    const file = join(this.root, 'test.collect.json');
    const whole = { workspace: this.root, file, text, unit: null, fromEarlier: false };
    try {
      return await runPreview(environment, { ...whole, ...request }, signal);
    } finally {
      assert.deepEqual(await this.listing(), before, 'the folder is as it was');
      assert.deepEqual(await leftovers(), temporary, 'nothing is left among temporary files');
    }
  }

  /** Every folder, and every file with its size and time. */
  async listing(): Promise<string[]> {
    const entries = await readdir(this.root, { recursive: true });
    const lines = entries.map(async (name) => {
      // SQLite makes these when an index is read: they hold nothing.
      if (/index\.db-(shm|wal)$/.test(name)) return [];
      const status = await stat(join(this.root, name));
      return [status.isFile() ? `${name} ${status.size} ${status.mtimeMs}` : name];
    });
    return (await Promise.all(lines)).flat().sort();
  }
}

async function leftovers(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('cf-preview-')).sort();
}

async function serve(t: TestContext, routes: Routes): Promise<FaultyServer> {
  const server = await FaultyServer.start(routes);
  t.after(() => server.close());
  return server;
}

const page = (body: string) => send(200, `<html><body>${body}</body></html>`, html);
const html = { 'content-type': 'text/html; charset=utf-8' };

test('a listing without items leads on to a page with one; nothing is written', async (t) => {
  const site = await startSampleSite();
  t.after(() => site.close());
  const bench = await Bench.make(t);
  const report = await bench.report(bookCollection(site.url));
  assert.deepEqual(await bench.listing(), []);
  assert.equal(report.failure, null);
  assert.ok(report.steps.length >= 2 && report.steps.length <= 4, JSON.stringify(report.steps));
  assert.equal(report.steps[0]?.unit, site.url);
  assert.equal(report.steps[0].items, 0);
  assert.ok(report.notes.includes('looked-on'));
  assert.equal(report.items, 1);
  assert.equal(report.recordCount, 1);
  assert.equal(report.status, 200);
  const record = JSON.parse(report.records[0]!.text) as Record<string, unknown>;
  assert.equal(record['url'], report.url);
  const title = report.fields.find(({ field }) => field === 'title');
  assert.deepEqual(
    { ...title, samples: title?.samples.length },
    { field: 'title', rule: 'h1', kind: 'selector', matches: 1, items: 1, filled: 1, samples: 1 },
  );
  assert.equal(report.fields.find(({ field }) => field === 'url')?.kind, 'fact');
  assert.deepEqual(report.offered, [site.url]);
  assert.ok(report.requests >= report.steps.length);
});

test('what each field matches: elements, the text, what was made of it, and nothing', async (t) => {
  const server = await serve(t, {
    '/': page(
      '<article><h2>One</h2><p class="price">£51.77</p><i>a</i><i>b</i></article>' +
        '<article><h2>Two</h2><p class="price">free</p></article>' +
        '<article><h2>Two</h2></article>',
    ),
  });
  const bench = await Bench.make(t);
  const report = await bench.report({
    name: 'test',
    source: {
      type: 'html',
      start: [server.url('/')],
      items: 'article',
      fields: {
        title: 'h2',
        price: { select: '.price', as: 'number' },
        tags: { select: 'i', list: true },
        gone: '.gone',
      },
    },
    record: { key: ['title'], schema: { type: 'object', properties: { price: {} } } },
  });
  assert.equal(report.items, 3);
  assert.equal(report.recordCount, 2);
  assert.equal(report.duplicates, 1);
  assert.equal(report.itemsRule, 'article');
  const of = (name: string) => report.fields.find(({ field }) => field === name)!;
  assert.equal(of('price').matches, 2);
  assert.equal(of('price').filled, 1);
  assert.deepEqual(of('price').samples, [
    { found: { text: '£51.77', isCut: false }, value: { text: '51.77', isCut: false } },
  ]);
  assert.match(of('price').rule, /\.price.*number/);
  assert.equal(of('tags').samples[0]?.value.text, '["a","b"]');
  assert.equal(of('tags').filled, 1);
  assert.deepEqual([of('gone').matches, of('gone').filled], [0, 0]);
});

test('an address that a person gives is carried out alone, and said to be out of scope', async (t) => {
  const server = await serve(t, {
    '/': page('<a href="/next">next</a>'),
    '/other': page('<a href="/next">next</a><h1>Other</h1>'),
    '/next': page('<h1>Next</h1>'),
  });
  const bench = await Bench.make(t);
  const collection = {
    name: 'test',
    source: {
      type: 'html',
      start: [server.url('/')],
      follow: ['a'],
      scope: { exclude: ['other'] },
      items: '.none',
      fields: { title: 'h1' },
    },
  };
  const report = await bench.report(collection, { unit: server.url('/other') });
  assert.deepEqual(
    report.steps.map(({ unit }) => unit),
    [server.url('/other')],
  );
  assert.ok(report.notes.includes('out-of-scope'));
  assert.deepEqual(report.found, [server.url('/next')]);
  const bad = await bench.report(collection, { unit: 'no address' });
  assert.equal(bad.failure?.code, 'UNKNOWN_UNIT');
});

test('a redirect is followed even where the address was asked for', async (t) => {
  const server = await serve(t, {
    '/old': send(301, '', { location: '/new' }),
    '/new': page('<h1>New</h1>'),
  });
  const bench = await Bench.make(t);
  const source = { type: 'html', start: [server.url('/old')], fields: { title: 'h1' } };
  const report = await bench.report({ name: 'test', source }, { unit: server.url('/old') });
  assert.equal(report.url, server.url('/new'));
  assert.equal(report.recordCount, 1);
});

test('robots.txt is obeyed, and a page that is refused says why', async (t) => {
  const server = await serve(t, {
    '/robots.txt': send(200, 'User-agent: *\nDisallow: /private', { 'content-type': 'text/plain' }),
    '/private': page('<h1>x</h1>'),
    '/gone': send(404, 'gone', html),
    '/busy': send(429, 'later', { 'retry-after': '7' }),
  });
  const bench = await Bench.make(t);
  const of = (path: string) =>
    bench.report({
      name: 'test',
      source: { type: 'html', start: [server.url(path)], fields: { title: 'h1' } },
    });
  assert.equal((await of('/private')).failure?.kind, 'blocked');
  assert.deepEqual(server.requests.filter(({ path }) => path === '/private').length, 0);
  assert.equal((await of('/gone')).failure?.kind, 'failed');
  const busy = (await of('/busy')).failure;
  assert.equal(busy?.kind, 'throttled');
  assert.equal(busy.delayMs, 7000);
});

test('a paged API: the first page, its items, the cursor that follows, records that are refused', async (t) => {
  const api = await startSampleApi();
  t.after(() => api.close());
  const bench = await Bench.make(t);
  const collection = {
    name: 'papers',
    source: {
      type: 'rest',
      for: { venue: ['iclr', 'icml'], year: [2023, 2024] },
      url: `${api.url}notes`,
      query: { 'content.venueid': '{venue}.cc/{year}/Conference', limit: 7, sort: 'id' },
      paginate: { type: 'keyset', param: 'after', from: 'notes[-1].id' },
      items: 'notes',
      fields: {
        id: 'id',
        title: 'content.title.value',
        words: '=$count($split(content.title.value, " "))',
        year: { from: 'for.year' },
        gone: 'content.nothing',
      },
    },
    record: { key: ['gone'] },
  };
  const report = await bench.report(collection);
  assert.equal(report.items, 7);
  assert.equal(report.requests, 1);
  assert.equal(report.recordCount, 0);
  assert.equal(report.rejectedCount, 7);
  assert.match(report.rejected[0]!.reason, /gone/);
  assert.ok(report.cursor?.includes('place'), report.cursor ?? 'no cursor');
  assert.equal(report.offered.length, 4);
  const good = await bench.report({ ...collection, record: { key: ['id'] } });
  const of = (name: string) => good.fields.find(({ field }) => field === name)!;
  assert.equal(good.recordCount, 7);
  assert.deepEqual([of('gone').filled, of('gone').matches], [0, null]);
  assert.equal(of('words').kind, 'expression');
  assert.equal(of('year').samples[0]?.value.text, '2023');
  const last = await bench.report(collection, { unit: good.offered[3]! });
  assert.equal(last.steps[0]?.unit, good.offered[3]);
  const bad = await bench.report(collection, { unit: 'nowhere' });
  assert.equal(bad.failure?.code, 'UNKNOWN_UNIT');
});

test('files are read without being sorted, and their patterns are found', async (t) => {
  const bench = await Bench.make(t);
  await writeFile(join(bench.root, 'a.jsonl'), '{"id":2}\n{"id":1}\nno json\n');
  const report = await bench.report({
    name: 'test',
    source: { type: 'files', inputs: ['*.jsonl'], sort: 'id' },
    record: { key: ['id'] },
  });
  assert.deepEqual(
    report.records.map(({ text }) => text),
    ['{"id":2}', '{"id":1}'],
  );
  assert.equal(report.rejectedCount, 1);
  assert.ok(report.notes.includes('no-order'));
  assert.deepEqual(
    report.fields.map(({ field }) => field),
    ['id'],
  );
});

test('pages that need a browser; no pictures are taken of them', async (t) => {
  const server = await serve(t, {
    '/robots.txt': send(404, ''),
    '/': page(`<ul></ul><script>
      for (const name of ['a', 'b']) document.querySelector('ul').innerHTML += '<li>' + name + '</li>';
    </script>`),
  });
  const bench = await Bench.make(t);
  const report = await bench.report({
    name: 'test',
    source: {
      type: 'browser',
      start: [server.url('/')],
      interactions: [{ type: 'screenshot' }, { type: 'scroll', times: 1 }],
      items: 'li',
      fields: { name: { select: ':scope' } },
    },
  });
  assert.equal(report.failure, null);
  assert.deepEqual(
    report.records.map(({ text }) => text),
    ['{"name":"a"}', '{"name":"b"}'],
  );
  assert.ok(report.notes.includes('no-screenshots'));
});

test('a module of one’s own', async (t) => {
  const bench = await Bench.make(t);
  await writeFile(
    join(bench.root, 'own.mjs'),
    'export default { async *collect(unit, { page }) { yield page({ items: [{ id: 1 }], cursor: 2 }); } };\n',
  );
  const source = { type: 'module', module: 'own.mjs' };
  const report = await bench.report({ name: 'test', source });
  assert.equal(report.recordCount, 1);
  assert.equal(report.cursor, '2');
  assert.ok(report.notes.includes('own-code'));
});

test('what costs money is told with its price, and nothing is asked for', async (t) => {
  const server = await serve(t, { '*': send(200, '{"items":[{"id":1}]}', json) });
  const bench = await Bench.make(t);
  const collection = {
    name: 'paid',
    source: {
      type: 'rest',
      url: server.url('/x'),
      items: 'items',
      fields: { id: 'id' },
      price: { perCallUsd: 0.05 },
    },
    record: { key: ['id'] },
    limits: { maxUsd: 1 },
  };
  assert.deepEqual(await bench.preview(collection), {
    kind: 'price',
    price: { collection: 'paid', what: 'request', microUsd: 50_000, session: null },
  });
  assert.equal(server.requests.length, 0);
  const apify = { type: 'apify', actor: 'a/b', maxUsdPerRun: 2, baseUrl: server.url('/') };
  const outcome = await bench.preview({ name: 'runs', source: apify });
  assert.ok(outcome.kind === 'price');
  assert.deepEqual([outcome.price.what, outcome.price.microUsd], ['run', 2_000_000]);
  assert.equal(server.requests.length, 0);

  // What was bought before can be looked at for nothing, also with other fields.
  const file = await writeCollection(bench.root, collection);
  const { run } = await startCollection(environment, file, bench.root, 'new-only');
  await run.start();
  await run.finished;
  const asked = server.requests.length;
  const again = await bench.preview(collection);
  assert.ok(again.kind === 'price');
  assert.equal(again.price.session, run.store.layout.session);
  const other = { ...collection, source: { ...collection.source, fields: { id: 'id', x: 'y' } } };
  const report = await bench.report(other, { fromEarlier: true, file });
  assert.equal(report.fromSession, run.store.layout.session);
  assert.equal(report.records[0]?.text, '{"id":1,"x":null}');
  assert.equal(server.requests.length, asked);
});

const json = { 'content-type': 'application/json' };

test('a secret that comes back does not get into the report; one that is not set is named', async (t) => {
  const server = await serve(t, {
    '/echo': (request, response) =>
      send(200, JSON.stringify([{ id: request.headers.authorization }]), json)(request, response),
  });
  const bench = await Bench.make(t);
  const of = (secret: string) => ({
    name: 'test',
    source: {
      type: 'rest',
      url: server.url('/echo'),
      request: { headers: { authorization: `Bearer \${secret:${secret}}` } },
    },
  });
  const report = await bench.report(of('TOKEN'));
  assert.equal(report.recordCount, 1);
  assert.ok(JSON.stringify(report).includes('${secret:TOKEN}'));
  assert.ok(!JSON.stringify(report).includes(secretValue));
  const unset = await bench.report(of('OTHER'));
  assert.equal(unset.failure?.code, 'SECRET_MISSING');
  assert.equal(unset.failure.kind, 'setup');
});

test('a preview that is cancelled ends at once, and leaves nothing behind', async (t) => {
  const server = await serve(t, { '/robots.txt': send(404, ''), '/': hang() });
  const bench = await Bench.make(t);
  const controller = new AbortController();
  const source = { type: 'html', start: [server.url('/')], fields: { title: 'h1' } };
  const running = bench.report({ name: 'test', source }, {}, controller.signal);
  const rejected = assert.rejects(running, { name: 'AbortError' });
  await server.untilRequests(1, '/');
  controller.abort();
  await rejected;
});

test('what is not right is told before anything is asked for', async (t) => {
  const bench = await Bench.make(t);
  const source = { type: 'html', start: ['http://127.0.0.1:1/'], fields: { title: 'h1[[' } };
  await assert.rejects(bench.preview({ name: 'test', source }), ConfigError);
  await assert.rejects(
    bench.preview(
      { name: 'test', source: { ...source, fields: { title: 'h1' } } },
      { fromEarlier: true },
    ),
    (error) => error instanceof UsageError && error.code === 'NO_RAW',
  );
});

test('a strange text stays what it is, cut where it is huge', async (t) => {
  const huge = 'x'.repeat(100_000);
  const server = await serve(t, {
    '/': page(`<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1><p>${huge}</p>`),
  });
  const bench = await Bench.make(t);
  const fields = { title: 'h1', text: 'p' };
  const source = { type: 'html', start: [server.url('/')], fields };
  const report = await bench.report({ name: 'test', source });
  assert.equal(report.fields[0]?.samples[0]?.value.text, '"<script>alert(1)</script>"');
  assert.equal(report.fields[1]?.samples[0]?.value.isCut, true);
  assert.equal(report.records[0]?.isCut, true);
  assert.ok(JSON.stringify(report).length < 50_000);
});
