import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { silentLogger } from '../../../src/core/ports.ts';
import type { NewUnit } from '../../../src/core/unit.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import type { SessionStore } from '../../../src/storage/sessionStore.ts';
import {
  claim,
  createTestSession,
  finishing,
  makeScratchFolder,
  newUnit,
  openTestSession,
  prepared,
  testCollection,
  testPorts,
} from '../../fixtures/storageSession.ts';

async function begin(t: TestContext, parts: Record<string, unknown> = {}) {
  const root = await makeScratchFolder(t);
  const warnings: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (_fields: unknown, message: string) => warnings.push(message),
  };
  const ports = testPorts(nodeFileSystem, { logger });
  const store = await createTestSession(root, ports, testCollection(parts));
  t.after(() => store.close(false));
  return { root, store, warnings };
}

async function plan(store: SessionStore, ...units: NewUnit[]): Promise<void> {
  const { newUnits } = await store.hand({ newUnits: units });
  for (const { n } of newUnits) await claim(store, n);
}

async function json(...path: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(...path), 'utf8')) as Record<string, unknown>;
}

const paper = (id: string) =>
  prepared({ id, title: `On ${id}`, source_url: `http://papers/${id}`, abstract: 'long' });
const listed = (id: string) => ({
  title: `On ${id}`,
  paper_id: id,
  source_url: `http://papers/${id}`,
});
const collect = '.cf_state/collect';

test('a group that ends gets its file, with its own papers of all starts, whoever wrote between them', async (t) => {
  const { root, store } = await begin(t);
  await plan(
    store,
    newUnit('one', { group: 'iclr_2024' }),
    newUnit('two', { group: 'icml_2023' }),
    newUnit('three', { group: 'iclr_2024' }),
  );
  // In one commit, so that the lines of both groups are in one range.
  await Promise.all([
    store.hand({ unit: 1, records: [paper('a'), paper('b')] }),
    store.hand({ unit: 2, records: [paper('x')] }),
    store.hand({ unit: 3, records: [paper('c')] }),
  ]);
  await store.close(true);
  const { store: again } = await openTestSession(root, store.layout.session);
  for (const unit of [1, 2, 3]) await claim(again, unit, 2);
  await again.hand(finishing(2, { records: [paper('y')] }));
  await again.hand(finishing(1, { records: [paper('d')] }));
  await again.hand(finishing(3));
  await again.levelIndex();
  await again.close(true);
  const { last_updated, ...rest } = await json(root, collect, 'iclr_2024_checkpoint.json');
  assert.match(JSON.stringify(last_updated), /^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?"$/);
  assert.deepEqual(rest, {
    venue: 'iclr',
    year: 2024,
    papers_collected: 4,
    completed: true,
    papers: ['a', 'b', 'c', 'd'].map(listed),
    session_id: store.layout.session,
    master_data_files: again.view.files.map(({ file }) => file),
  });
  const other = await json(root, collect, 'icml_2023_checkpoint.json');
  assert.deepEqual(other['papers'], ['x', 'y'].map(listed));
});

test('at a stop groups that go on have theirs, too, and the master its collection_checkpoint.json', async (t) => {
  const { root, store } = await begin(t, {
    output: { prefix: 'pairs' },
    limits: { perKey: { field: 'author', max: 2 } },
  });
  await plan(store, newUnit('q1', { group: 'g' }), newUnit('q2', { group: 'g' }));
  await plan(store, newUnit('q3', { group: 'untouched' }));
  const by = (id: string, author: string) => prepared({ id, author }, author);
  await store.hand(finishing(1, { records: [by('a', 'Ann'), by('b', 'Ann'), by('c', 'Bob')] }));
  await store.checkpoint('session_paused', []);
  const group = await json(root, collect, 'g_checkpoint.json');
  assert.deepEqual([group['completed'], group['papers_collected'], group['year']], [false, 3, 0]);
  assert.deepEqual((await readdir(join(root, collect))).sort(), ['g_checkpoint.json']);
  const { timestamp, ...rest } = await json(root, 'data/raw/pairs_collection_checkpoint.json');
  assert.match(JSON.stringify(timestamp), /^"\d{4}-\d\d-\d\dT/);
  assert.deepEqual(rest, {
    total_pairs_collected: 3,
    flushed_to_master: 3,
    unflushed_count: 0,
    current_query_idx: 1,
    processed_queries: ['q1'],
    author_counts: { Ann: 2, Bob: 1 },
    unique_authors: 2,
    master_data_file: (store.view.files[0]?.file ?? '').replace('data/raw/', ''),
    session_id: store.layout.session,
  });
});

test('a list of more than ten thousand becomes a count', async (t) => {
  const { root, store } = await begin(t);
  await plan(store, newUnit('big', { group: 'big' }), newUnit('fits', { group: 'fits' }));
  const many = Array.from({ length: 10_001 }, (_, i) => paper(`p${i}`));
  await store.hand(finishing(1, { records: many }));
  await store.hand(finishing(2, { records: many.slice(0, 1).map(() => paper('one more')) }));
  await store.checkpoint('session_completed', []);
  const big = await json(root, collect, 'big_checkpoint.json');
  assert.deepEqual(
    [big['papers'], big['papers_count'], big['papers_collected']],
    [[], 10_001, 10_001],
  );
  const fits = await json(root, collect, 'fits_checkpoint.json');
  assert.deepEqual([fits['papers'], fits['papers_count']], [[listed('one more')], undefined]);
});

test('a hundred thousand groups do not make a hundred thousand files', async (t) => {
  const { root, store } = await begin(t);
  const units = Array.from({ length: 1_200 }, (_, n) => newUnit(`u${n}`, { group: `page ${n}` }));
  const { newUnits } = await store.hand({ newUnits: units });
  await store.hand({
    events: newUnits.flatMap(({ n }) => [
      { type: 'claimed', unit: n, attempt: 1 } as const,
      { type: 'finished', unit: n, state: 'done' } as const,
    ]),
  });
  await store.checkpoint('session_completed', []);
  const names = await readdir(join(root, collect));
  assert.equal(names.length, 1_000);
  assert.ok(names.includes('page_0_checkpoint.json'));
});

test('files that can not be written are told once and fail nothing', async (t) => {
  const { root, store, warnings } = await begin(t);
  await writeFile(join(root, collect), 'in the way');
  await plan(store, newUnit('one', { group: 'a' }), newUnit('two', { group: 'b' }));
  await store.hand(finishing(1, { records: [paper('a')] }));
  await store.checkpoint('session_paused', []);
  await store.hand(finishing(2, { records: [paper('b')] }));
  await store.checkpoint('session_completed', []);
  assert.equal(store.view.checkpointCount, 2);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /progress file could not be written/);
});
