import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ForConfig } from '../../../../src/core/config/forValues.ts';
import { silentLogger } from '../../../../src/core/ports.ts';
import { checkFor } from '../../../../src/sources/forValues/checkFor.ts';
import { forUnits, type ForUnit } from '../../../../src/sources/forValues/forUnits.ts';
import { claim, makeContext, never, pagesOf, planAll } from '../../../conformance/drive.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';
import { serve } from '../http/httpBench.ts';
import { answer, openRest } from '../rest/restBench.ts';

async function unitsOf(root: string, config: ForConfig): Promise<ForUnit[]> {
  const units: ForUnit[] = [];
  const options = { needed: new Set(Object.keys(config)) };
  const context = { root, logger: silentLogger };
  for await (const unit of forUnits(config, options, context, never())) units.push(unit);
  return units;
}

const values = (units: readonly ForUnit[]): unknown[] => units.map((unit) => unit.values);
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `{"id":"p${from + i}","n":${from + i}}\n`).join('');

test('so many lines are one unit; a batch ends with its file, and lines without a value are in none', async (t) => {
  const root = await makeScratchFolder(t);
  await writeFile(join(root, 'a.jsonl'), `${lines(0, 3)}{"x":1}\n${lines(3, 5)}`);
  await writeFile(join(root, 'b.jsonl'), lines(5, 6));
  const units = await unitsOf(root, { ids: { from: '*.jsonl', path: 'id', batch: 2 } });
  assert.deepEqual(values(units), [
    { ids: ['p0', 'p1'] },
    { ids: ['p2', 'p3'] },
    { ids: ['p4'] },
    { ids: ['p5'] },
  ]);
  assert.deepEqual(
    units.map(({ group }) => group),
    ['a', 'a', 'a', 'b'],
  );
  assert.equal(new Set(units.map(({ key }) => key)).size, 4);
});

test('names with the same file are batched together, each a list or a text; lists are combined with it', async (t) => {
  const root = await makeScratchFolder(t);
  await writeFile(join(root, 'a.jsonl'), lines(0, 3));
  const units = await unitsOf(root, {
    kind: ['x', 'y'],
    ids: { from: 'a.jsonl', path: 'id', batch: 2, join: '|' },
    numbers: { from: 'a.jsonl', path: 'n', batch: 2 },
  });
  assert.deepEqual(values(units), [
    { kind: 'x', ids: 'p0|p1', numbers: [0, 1] },
    { kind: 'y', ids: 'p0|p1', numbers: [0, 1] },
    { kind: 'x', ids: 'p2', numbers: [2] },
    { kind: 'y', ids: 'p2', numbers: [2] },
  ]);
});

test('batches are the same each time; lines that are added change the last one only', async (t) => {
  const root = await makeScratchFolder(t);
  const file = join(root, 'a.jsonl');
  // Far more than is read at once.
  await writeFile(file, lines(0, 100_001));
  const config: ForConfig = { ids: { from: 'a.jsonl', path: 'id', batch: 500 } };
  const keys = (await unitsOf(root, config)).map(({ key }) => key);
  assert.equal(keys.length, 201);
  assert.ok(keys.every((key) => (key?.length ?? 0) < 400));
  assert.deepEqual(
    (await unitsOf(root, config)).map(({ key }) => key),
    keys,
  );
  await appendFile(file, lines(100_001, 100_900));
  const later = (await unitsOf(root, config)).map(({ key }) => key);
  assert.deepEqual(later.slice(0, 200), keys.slice(0, 200));
  assert.equal(later.length, 202);
  assert.equal(new Set([...keys, ...later]).size, 203);
});

test('what can’t be is told while the collection is written', async (t) => {
  const root = await makeScratchFolder(t);
  await writeFile(join(root, 'a.jsonl'), lines(0, 3));
  const check = async (config: ForConfig): Promise<string[]> =>
    (await checkFor(config, new Set(), root)).map(({ code, path }) => `${code} ${path}`);
  assert.deepEqual(await check({ id: { from: 'a.jsonl', path: 'id', batch: 2, join: '' } }), []);
  assert.deepEqual(await check({ id: { from: 'a.jsonl', path: 'id', join: '|' } }), [
    'FOR_JOIN_WITHOUT_BATCH source.for.id.join',
  ]);
  const both: ForConfig = {
    id: { from: 'a.jsonl', path: 'id', batch: 2 },
    n: { from: 'a.jsonl', path: 'n' },
  };
  assert.deepEqual(await check(both), ['FOR_BATCH_DIFFERS source.for.n']);
});

test('a batch goes into a body as a list, into a query with commas', async (t) => {
  const server = await serve(t, {
    '/batch': answer((request) => {
      const { ids } = JSON.parse(request.body.toString()) as { ids: readonly string[] };
      return ids.map((id) => ({ id }));
    }),
  });
  const root = await makeScratchFolder(t);
  await writeFile(join(root, 'a.jsonl'), lines(0, 5));
  const source = openRest(
    t,
    {
      url: server.url('/batch'),
      method: 'POST',
      for: { ids: { from: 'a.jsonl', path: 'id', batch: 3 } },
      query: { said: '{ids}' },
      body: { ids: '{ids}' },
    },
    makeContext({ root }),
  );
  const got: unknown[] = [];
  for (const [i, unit] of (await planAll(source)).entries()) {
    for (const { items } of await pagesOf(source, claim(unit, i + 1)))
      got.push(...items.map(({ value }) => value));
  }
  assert.deepEqual(
    got,
    Array.from({ length: 5 }, (_, i) => ({ id: `p${i}` })),
  );
  assert.deepEqual(
    server.requests.map(({ query }) => query.get('said')),
    ['p0,p1,p2', 'p3,p4'],
  );
});
