import assert from 'node:assert/strict';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { UsageError } from '../../../../src/core/errors.ts';
import { toJsonLine, type JsonObject, type JsonValue } from '../../../../src/core/json.ts';
import type { Launched } from '../../../../src/engine/launch.ts';
import { startSampleApi } from '../../../../src/serve/sampleApi.ts';
import { startSampleSite } from '../../../../src/serve/sampleSite.ts';
import { ShelfServer } from '../../../fixtures/shelfServer.ts';
import { bookCollection } from '../../../fixtures/bookCollection.ts';
import { RemapBench, runForCommits, runToEnd } from './remapBench.ts';

const output = { raw: true, provenance: true };

function papers(url: string, changes: object = {}): JsonObject {
  return {
    name: 'papers',
    source: {
      type: 'rest',
      for: { venue: ['iclr', 'icml'], year: [2023, 2024] },
      url: `${url}notes`,
      query: { 'content.venueid': '{venue}.cc/{year}/Conference', limit: 7, sort: 'id' },
      paginate: { type: 'keyset', param: 'after', from: 'notes[-1].id' },
      items: 'notes',
      fields: { id: 'id', title: 'content.title.value', venue: { from: 'for.venue' } },
      ...changes,
    },
    record: { key: ['id'] },
    output,
  };
}

async function api(t: TestContext): Promise<{ url: string; close(): Promise<void> }> {
  const server = await startSampleApi();
  t.after(() => server.close());
  return server;
}

interface Collected {
  readonly bench: RemapBench;
  readonly first: Launched;
  readonly collection: JsonObject;
}

/** The sample API's papers, collected with their raw items; the API is gone. */
async function collectedPapers(t: TestContext): Promise<Collected> {
  const server = await api(t);
  const bench = await RemapBench.make(t);
  const collection = { ...papers(server.url), limits: { concurrency: 4 } };
  const first = await bench.collect(collection);
  await server.close();
  return { bench, first, collection };
}

test('with the mapping as it was, the new master is the old one, byte for byte, and nobody was called', async (t) => {
  const { bench, first } = await collectedPapers(t);
  const { view } = first.run.store;
  assert.ok(view.records > 50, `${view.records} records`);
  const before = await bench.sums(first);
  const { launched, end } = await bench.remap(first);
  assert.equal(end.state, 'completed');
  assert.equal(await bench.text(launched, 'master'), await bench.text(first, 'master'));
  assert.equal(launched.run.store.view.remapOf, view.session);
  assert.notEqual(bench.path(launched.run.store.view, 'master'), bench.path(view, 'master'));
  assert.deepEqual(await bench.sums(first), before, 'the session that is read stays as it is');
});

test('pages of HTML: the same, one record per page and by their URLs', async (t) => {
  const server = await startSampleSite();
  t.after(() => server.close());
  for (const items of ['article.product_page', undefined]) {
    const bench = await RemapBench.make(t);
    const { source, ...rest } = bookCollection(server.url);
    const collection = {
      ...rest,
      source: { ...(source as object), ...(items === undefined ? {} : { items }) },
      ...(items === undefined ? { record: {} } : {}),
      output,
    };
    if (items === undefined) delete collection.source.items;
    const first = await bench.collect(collection);
    const { launched, end } = await bench.remap(first);
    assert.equal(end.state, 'completed');
    const text = await bench.text(first, 'master');
    assert.ok(text.length > 1000);
    assert.equal(await bench.text(launched, 'master'), text);
  }
});

test('another mapping, key, schema and limit make other records, rejects and duplicates', async (t) => {
  const { bench, first, collection } = await collectedPapers(t);
  const raw = await bench.records(first, 'raw');
  const items = raw
    .filter((line) => line['end'] !== true)
    .map(({ item }) => (item as unknown as { value: { content: Content } }).value);
  const source = collection['source'] as JsonObject;
  const fields = {
    authors: 'content.authors.value',
    first: 'content.authors.value[0]',
    n: 'number',
  };
  await bench.write({
    ...collection,
    source: { ...source, fields },
    record: { key: ['first'], schema: { properties: { authors: { type: 'array', minItems: 2 } } } },
    output: { raw: true },
  });
  const { launched, end } = await bench.remap(first, { output: join(bench.folder, 'out.jsonl') });
  assert.equal(end.state, 'completed');
  const kept: string[] = [];
  const seen = new Set<JsonValue>();
  let duplicates = 0;
  let rejected = 0;
  for (const { content, ...item } of items) {
    const authors = content.authors.value;
    if (authors.length < 2) rejected += 1;
    else if (seen.has(authors[0] ?? null)) duplicates += 1;
    else {
      seen.add(authors[0] ?? null);
      kept.push(
        toJsonLine({
          authors,
          first: authors[0] ?? null,
          n: (item as { number?: number }).number ?? null,
        }),
      );
    }
  }
  const { view } = launched.run.store;
  assert.ok(duplicates > 0 && rejected > 0, `${duplicates} duplicates, ${rejected} rejected`);
  assert.deepEqual(
    [view.records, view.duplicates, view.rejected],
    [kept.length, duplicates, rejected],
  );
  assert.equal(await readFile(join(bench.folder, 'out.jsonl'), 'utf8'), `${kept.join('\n')}\n`);
  const reasons = (await bench.records(launched, 'rejected')).map(({ reason }) => reason);
  assert.equal(reasons.length, rejected);
  assert.match(JSON.stringify(reasons[0]), /schema: authors/);
});

interface Content {
  readonly authors: { readonly value: readonly string[] };
}

test('stopped and taken up again as often as one likes, it comes to the same', async (t) => {
  const shelves = await ShelfServer.start({ pagesOnShelf: 5, recordsOnPage: 500 });
  t.after(() => shelves.close());
  const bench = await RemapBench.make(t);
  const first = await bench.collect(shelves.collection(['a', 'b', 'c'], { output }));
  const { records } = first.run.store.view;
  let session = await bench.start(first);
  let stops = 0;
  for (;;) {
    const end = await runForCommits(session, 1);
    if (end.state === 'completed') break;
    stops += 1;
    assert.ok(stops < 100);
    session = await bench.resume(session);
  }
  assert.ok(stops > 3, `stopped ${stops} times`);
  assert.equal(session.run.store.view.records, records);
  assert.equal(session.run.store.view.duplicates, 0, 'no page came twice');
  assert.equal(await bench.text(session, 'master'), await bench.text(first, 'master'));
});

test('what no journal line names is not read: a torn tail, and a whole page without its commit', async (t) => {
  const { bench, first } = await collectedPapers(t);
  const raw = bench.path(first.run.store.view, 'raw') ?? '';
  const page = [
    {
      unit: 1,
      intent: null,
      cursor: null,
      i: 0,
      item: { value: { id: 'new' }, url: '', fetchedAt: '', status: 200 },
    },
    { unit: 1, intent: null, cursor: null, end: true, items: 1, next: null },
  ];
  await appendFile(raw, `${page.map((line) => JSON.stringify(line)).join('\n')}\n{"unit":1,"int`);
  const { launched, end } = await bench.remap(first);
  assert.equal(end.state, 'completed');
  assert.equal(await bench.text(launched, 'master'), await bench.text(first, 'master'));
});

test('a damaged line is left out and told of; the others of its page are not', async (t) => {
  const { bench, first } = await collectedPapers(t);
  const raw = bench.path(first.run.store.view, 'raw') ?? '';
  const text = await readFile(raw, 'utf8');
  const [lost = {}] = await bench.records(first, 'raw');
  const { id } = (lost['item'] as { value: { id: string } }).value;
  await writeFile(raw, text.replace(`"${id}"`, `"${id.slice(0, -1)}~"`));
  const { launched, end } = await bench.remap(first);
  assert.equal(end.state, 'completed');
  const wanted = (await bench.records(first, 'master')).filter((record) => record['id'] !== id);
  assert.equal(wanted.length, first.run.store.view.records - 1);
  assert.deepEqual(await bench.records(launched, 'master'), wanted);
  assert.match(
    bench.warnings.join('\n'),
    /1 lines of .*raw.* are damaged.*cf-collect validate session_/,
  );
});

test('a session without raw items says how to get some', async (t) => {
  const server = await api(t);
  const bench = await RemapBench.make(t);
  const first = await bench.collect({ ...papers(server.url), output: {} });
  await assert.rejects(bench.start(first), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.code, 'NO_RAW');
    assert.match(error.message, /"raw": true/);
    return true;
  });
});

test('what can be known to be wrong is found before anything is made', async (t) => {
  const { bench, first, collection } = await collectedPapers(t);
  const taken = bench.path(first.run.store.view, 'master') ?? '';
  const codeOf = async (request: Parameters<RemapBench['start']>[1]): Promise<string> => {
    try {
      await bench.start(first, request);
      return 'started';
    } catch (error) {
      assert.ok(error instanceof UsageError, String(error));
      return error.code;
    }
  };
  assert.equal(await codeOf({ output: taken }), 'OUTPUT_EXISTS');
  assert.equal(await codeOf({ output: join(bench.folder, 'out.csv') }), 'OUTPUT_NOT_JSONL');
  const other = join(bench.folder, 'other.collect.json');
  assert.equal(await codeOf({ collectionFile: other }), 'COLLECTION_GONE');
  const { source: book } = bookCollection('http://127.0.0.1:1/');
  await writeFile(other, JSON.stringify({ ...collection, source: book, record: {} }));
  assert.equal(await codeOf({ collectionFile: other }), 'REMAP_OTHER_SOURCE');
  await rm(bench.file);
  assert.equal(await codeOf({}), 'COLLECTION_GONE');
});

test('the session that is read is gone, or another: it waits, and goes on when that is put right', async (t) => {
  const { bench, first } = await collectedPapers(t);
  const { journal } = first.run.store.layout;
  const text = await readFile(journal, 'utf8');
  const started = await bench.start(first);
  await started.run.stop('user');
  const messages: string[] = [];
  for (const bad of [undefined, text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)]) {
    if (bad === undefined) await rm(journal);
    else await writeFile(journal, bad);
    const { run } = await bench.resume(started);
    run.onChange(() => {
      if (run.pausedByGuard !== undefined) void run.stop('guard');
    });
    await run.start();
    const end = await run.finished;
    assert.equal(end.pausedBy, 'setup');
    messages.push(end.pauseMessage ?? '');
  }
  assert.match(messages[0] ?? '', /is not there any more/);
  assert.match(messages[1] ?? '', /is not the one whose raw items/);
  await writeFile(journal, text);
  const last = await bench.resume(started);
  assert.equal((await runToEnd(last)).state, 'completed');
  assert.equal(await bench.text(last, 'master'), await bench.text(first, 'master'));
});
