import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  FaultError,
  PauseError,
  RetryError,
  ThrottledError,
  UnitBlockedError,
  UnitFailedError,
  UnitSkippedError,
} from '../../../src/core/errors.ts';
import { scalarText, type JsonObject, type JsonValue } from '../../../src/core/json.ts';
import { recordKey } from '../../../src/core/keys.ts';
import { systemClock } from '../../../src/core/systemPorts.ts';
import type { ClaimedUnit } from '../../../src/core/unit.ts';
import { carryOut, type PipelineParts } from '../../../src/engine/pipeline.ts';
import { compileRecordSchema, Preparer } from '../../../src/engine/prepare.ts';
import { StageTimes } from '../../../src/engine/stageTimes.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { FailingFileSystem, systemError } from '../../fixtures/failingFileSystem.ts';
import { letRun } from '../../fixtures/manualClock.ts';
import {
  createTestSession,
  dataLines,
  makeScratchFolder,
  masterIds,
  newUnit,
  openTestSession,
  readJournal,
  testCollection,
  testPorts,
} from '../../fixtures/storageSession.ts';
import { lastPage, MemorySource, page, untilAborted, type Carry } from './memorySource.ts';

/** A session with one unit, claimed, and the pipeline that carries it out. */
async function begin(t: TestContext, carry: Carry, parts: Record<string, unknown> = {}) {
  const root = await makeScratchFolder(t);
  const failing = new FailingFileSystem(nodeFileSystem);
  const collection = testCollection(parts);
  const store = await createTestSession(root, testPorts(failing), collection);
  t.after(async () => {
    failing.rule = () => undefined;
    store.abandon();
    await store.close(false);
  });
  const source = new MemorySource([], carry);
  const { schema } = collection.record;
  const found: string[] = [];
  const pipeline: PipelineParts<JsonObject> = {
    source,
    store,
    preparer: new Preparer(
      source,
      collection,
      schema === undefined ? undefined : await compileRecordSchema(schema),
    ),
    ledger: undefined,
    keepsRaw: collection.output.raw ?? false,
    maxAttempts: collection.retry.attempts,
    onNewUnits: (units) => found.push(...units.map((unit) => unit.key)),
  };
  await store.hand({ newUnits: [newUnit('u')] });
  const abort = new AbortController();
  let claims = 0;
  const run = async (changes: Partial<ClaimedUnit> = {}) => {
    const unit: ClaimedUnit = { ...newUnit('u'), n: 1, cursor: undefined, attempt: 1, ...changes };
    claims += 1;
    await store.record({ type: 'claimed', unit: 1, attempt: unit.attempt });
    return carryOut(unit, pipeline, abort.signal, new StageTimes(systemClock).begin(1));
  };
  return { root, store, failing, source, found, abort, run, claims: () => claims, collection };
}

test('a page is durable, with its cursor, before the next one is asked for', async (t) => {
  const seen: unknown[] = [];
  const { store, run, root, found } = await begin(t, async function* () {
    yield page(['a', 'b'], { cursor: 1, units: [newUnit('v')] });
    seen.push([store.view.records, store.view.unitTotal]);
    yield page(['c'], { cursor: 2 });
    seen.push([store.view.records, store.view.unitTotal]);
    yield lastPage(['d']);
    seen.push('asked after the end');
  });
  assert.deepEqual(await run(), { kind: 'finished' });
  assert.deepEqual(seen, [
    [2, 2],
    [3, 2],
  ]);
  assert.deepEqual(found, ['v']);
  assert.deepEqual(await masterIds(root, store.view), ['a', 'b', 'c', 'd']);
  const { entries } = await readJournal(store.layout);
  const events = entries.flatMap((entry) => entry.events);
  const finishedAt = entries.findIndex((e) => e.events.some((v) => v.type === 'finished'));
  // Done stands in the same line as the last records.
  assert.ok(entries[finishedAt]?.events.some((event) => event.type === 'committed'));
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'advanced' ? [event.cursor] : [])),
    [1, 2],
  );
});

test('a source that ends without showing that it was at the end has failed', async (t) => {
  const { store, run } = await begin(t, async function* () {
    yield page(['a'], { cursor: 1 });
  });
  assert.deepEqual(await run(), { kind: 'finished' });
  assert.equal(store.view.units.failed, 1);
  assert.equal(store.view.errors[0]?.code, 'END_NOT_PROVEN');
  assert.equal(store.view.records, 1);
});

for (const [what, error, state] of [
  ['UnitFailedError', new UnitFailedError('HTTP_404', 'gone'), 'failed'],
  ['UnitSkippedError', new UnitSkippedError('SCOPE', 'out'), 'skipped'],
  ['UnitBlockedError', new UnitBlockedError('ROBOTS', 'no'), 'blocked'],
  ['a TypeError', new TypeError('a bug'), 'failed'],
] as const) {
  test(`${what} ends the unit as ${state}; what came before is kept`, async (t) => {
    const { store, run, root } = await begin(t, async function* () {
      yield page(['a']);
      throw error;
    });
    assert.deepEqual(await run(), { kind: 'finished' });
    assert.equal(store.view.units[state], 1);
    assert.deepEqual(await masterIds(root, store.view), ['a']);
  });
}

test('RetryError costs an attempt; after the last one the unit has failed', async (t) => {
  const { store, run, root } = await begin(
    t,
    async function* () {
      yield page(['a']);
      throw new RetryError('HTTP_503', 'busy', { delayMs: 7000 });
    },
    { retry: { attempts: 3 } },
  );
  assert.deepEqual(await run(), { kind: 'retry', delayMs: 7000, attempts: 1, cursor: undefined });
  assert.deepEqual(await run({ attempt: 2 }), {
    kind: 'retry',
    delayMs: 7000,
    attempts: 2,
    cursor: undefined,
  });
  assert.deepEqual(await run({ attempt: 3 }), { kind: 'finished' });
  assert.equal(store.view.units.failed, 1);
  assert.deepEqual([store.view.records, store.view.duplicates], [1, 0]);
  assert.deepEqual(await masterIds(root, store.view), ['a']);
});

test('a cursor that moved begins the attempts anew', async (t) => {
  const { run } = await begin(
    t,
    async function* (unit) {
      if (unit.cursor === undefined) yield page(['a'], { cursor: 'next' });
      throw new RetryError('X', 'x');
    },
    { retry: { attempts: 2 } },
  );
  assert.deepEqual(await run({ attempt: 2 }), {
    kind: 'retry',
    delayMs: undefined,
    attempts: 1,
    cursor: 'next',
  });
  assert.deepEqual(await run({ cursor: 'next', attempt: 2 }), { kind: 'finished' });
});

test('ThrottledError costs no attempt and holds the lane', async (t) => {
  let isBusy = true;
  const { run, store } = await begin(t, async function* () {
    if (isBusy) throw new ThrottledError('HTTP_429', 'slow', 9000);
    yield lastPage();
  });
  for (let i = 0; i < 9; i++)
    assert.deepEqual(await run(), {
      kind: 'throttled',
      delayMs: 9000,
      attempts: 0,
      cursor: undefined,
    });
  assert.equal(store.view.units.pending, 1);
  isBusy = false;
  assert.deepEqual(await run(), { kind: 'finished' });
});

test('PauseError gives the unit back and asks for a pause', async (t) => {
  const error = new PauseError('BUDGET', 'out of money');
  const { run, store } = await begin(t, async function* () {
    yield page(['a']);
    throw error;
  });
  assert.deepEqual(await run(), { kind: 'pause', error, attempts: 0, cursor: undefined });
  assert.equal(store.view.units.pending, 1);
});

test('work that is interrupted goes back at its cursor, with nothing lost and no attempt used', async (t) => {
  const { run, store, abort, root } = await begin(t, async function* (_unit, signal) {
    yield page(['a'], { cursor: 1 });
    yield page(['b']);
    await untilAborted(signal);
  });
  const outcome = run();
  while (store.view.records < 1) await letRun();
  abort.abort(new Error('stop'));
  assert.deepEqual(await outcome, { kind: 'back', attempts: 0, cursor: 1 });
  assert.deepEqual(await masterIds(root, store.view), ['a', 'b']);
  assert.equal(store.view.units.pending, 1);
});

test('a unit that the target cuts is given back', async (t) => {
  const { run, store, root } = await begin(
    t,
    async function* () {
      yield lastPage(['a', 'b', 'c']);
    },
    { limits: { target: 2 } },
  );
  assert.deepEqual(await run(), { kind: 'back', attempts: 0, cursor: undefined });
  assert.deepEqual([store.view.units.pending, store.view.units.done], [1, 0]);
  assert.deepEqual(await masterIds(root, store.view), ['a', 'b']);
});

test('a source that fails while it is put away does not undo what its unit has come to', async (t) => {
  const { run, store } = await begin(t, async function* () {
    try {
      yield lastPage(['a']);
    } finally {
      await letRun();

      throw new RetryError('SOCKET', 'closing failed');
    }
  });
  assert.deepEqual(await run(), { kind: 'finished' });
  const { done, pending, failed, in_progress: inProgress } = store.view.units;
  assert.deepEqual(
    { done, pending, failed, inProgress },
    { done: 1, pending: 0, failed: 0, inProgress: 0 },
  );
});

test('the same, where the target cut the unit', async (t) => {
  const { run, store } = await begin(
    t,
    async function* () {
      try {
        yield lastPage(['a', 'b']);
      } finally {
        await letRun();

        throw new UnitFailedError('SOCKET', 'closing failed');
      }
    },
    { limits: { target: 1 } },
  );
  assert.equal((await run()).kind, 'back');
  assert.deepEqual([store.view.units.pending, store.view.units.failed], [1, 0]);
});

test('a fault is passed on', async (t) => {
  const { run, failing } = await begin(t, async function* () {
    yield page(['a'], { cursor: 1 });
    yield lastPage(['b']);
  });
  failing.rule = ({ operation, path }) =>
    operation === 'datasync' && path.includes('_master_') ? systemError('EIO') : undefined;
  await assert.rejects(run(), (error: unknown) => error instanceof FaultError);
});

test('one bad record never fails another: it goes to the rejected file with its reason', async (t) => {
  const { run, root, store, source } = await begin(
    t,
    async function* () {
      yield {
        items: [
          { id: 1, n: 5 },
          { id: 2, n: 'five' },
          { n: 1 },
          { id: null, n: 1 },
          { id: 3, boom: true },
          { id: 4, odd: true },
          { id: 5, n: 5 },
        ],
        end: { by: 'test' },
      };
    },
    { record: { key: ['id'], schema: { type: 'object', properties: { n: { type: 'integer' } } } } },
  );
  source.map = (item) => {
    if (item['boom'] === true) throw new Error('no such field');
    if (item['odd'] === true) return [] as unknown as JsonObject;
    return item['id'] === 5 ? Promise.resolve(item) : item;
  };
  assert.deepEqual(await run(), { kind: 'finished' });
  assert.deepEqual(await masterIds(root, store.view), ['1', '5']);
  const rejected = await dataLines(root, store.view, 'rejected');
  assert.deepEqual(
    rejected.map((line) => scalarText(line['reason'] ?? null)?.replace(/ must be integer/, '')),
    [
      'schema: n',
      'no key: field "id" is missing or null',
      'no key: field "id" is missing or null',
      'mapping: no such field',
      'not an object',
    ],
  );
  assert.deepEqual(rejected[0], {
    reason: 'schema: n must be integer',
    unit: 1,
    record: { id: 2, n: 'five' },
  });
});

test('the raw file has every item as received, with the cursor of its own page, and a mark at its end', async (t) => {
  const { run, root, store } = await begin(
    t,
    async function* () {
      yield page(['a', 'b'], { cursor: { p: 2 } });
      yield page(['c'], { cursor: { p: 3 } });
      yield lastPage(['d']);
    },
    { output: { dir: 'data/raw', raw: true } },
  );
  await run();
  const lines = await dataLines(root, store.view, 'raw');
  const at = (cursor: JsonValue) => ({ unit: 1, intent: null, cursor });
  assert.deepEqual(lines, [
    { ...at(null), i: 0, item: { id: 'a' } },
    { ...at(null), i: 1, item: { id: 'b' } },
    { ...at(null), end: true, items: 2, next: { p: 2 } },
    { ...at({ p: 2 }), i: 0, item: { id: 'c' } },
    { ...at({ p: 2 }), end: true, items: 1, next: { p: 3 } },
    { ...at({ p: 3 }), i: 0, item: { id: 'd' } },
    { ...at({ p: 3 }), end: true, items: 1, next: null, proof: { by: 'test' } },
  ]);
});

test('records wait for flushEvery of them, or flushMs after the first', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const steps = Array.from({ length: 5 }, () => Promise.withResolvers<undefined>());
  const { run, store } = await begin(
    t,
    async function* () {
      yield page(['a', 'b']);
      await steps[0]?.promise;
      yield page(['c']);
      await steps[1]?.promise;
      yield page(['d', 'e']);
      await steps[2]?.promise;
      yield lastPage([]);
    },
    { durability: { flushEvery: 4, flushMs: 500 } },
  );
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 40; turn++) await letRun();
  };
  const outcome = run();
  await settle();
  t.mock.timers.tick(499);
  await settle();
  assert.equal(store.view.records, 0);
  steps[0]?.resolve(undefined);
  await settle();
  // The disk takes its own time, which no mocked timer knows.
  const records = (): number => store.view.records;
  for (let turn = 0; records() === 0 && turn < 20_000; turn++) {
    t.mock.timers.tick(1);
    await letRun();
  }
  assert.equal(store.view.records, 3, 'flushMs after the first');
  steps[1]?.resolve(undefined);
  await settle();
  assert.equal(store.view.records, 3);
  steps[2]?.resolve(undefined);
  assert.deepEqual(await outcome, { kind: 'finished' });
  assert.equal(store.view.records, 5);
});

test('a full page is handed over at once, and a unit of many pages counts them together', async (t) => {
  const seen: number[] = [];
  const { run, store } = await begin(
    t,
    async function* () {
      yield page(['a']);
      seen.push(store.view.records);
      yield page(['b', 'c']);
      seen.push(store.view.records);
      yield page(['d']);
      seen.push(store.view.records);
      yield lastPage();
    },
    { durability: { flushEvery: 3, flushMs: 600_000 } },
  );
  await run();
  assert.deepEqual(seen, [0, 3, 3]);
});

test('a unit that goes back and comes again counts as if it had come once', async (t) => {
  let tries = 0;
  const { run, store, root } = await begin(
    t,
    async function* () {
      tries += 1;
      yield { items: [{ id: 'a' }, { id: 'a' }, { x: 1 }, { x: 1 }, { id: 'other' }] };
      yield page(['b']);
      if (tries < 4) throw new RetryError('X', 'again');
      yield lastPage(['c']);
    },
    { durability: { flushEvery: 1 } },
  );
  await store.hand({ newUnits: [newUnit('v')] });
  await store.hand({ unit: 2, records: [{ line: '{"id":"other"}', key: keyOf('other') }] });
  for (let attempt = 1; attempt <= 3; attempt++)
    assert.equal((await run({ attempt })).kind, 'retry');
  assert.deepEqual(await run({ attempt: 4 }), { kind: 'finished' });
  const { records, duplicates, rejected } = store.view;
  assert.deepEqual({ records, duplicates, rejected }, { records: 4, duplicates: 2, rejected: 2 });
  assert.deepEqual(await masterIds(root, store.view), ['other', 'a', 'b', 'c']);
});

test('provenance is added and takes no part in the key', async (t) => {
  const { run, root, store, collection } = await begin(
    t,
    async function* () {
      yield lastPage(['a']);
    },
    { output: { dir: 'data/raw', provenance: true }, record: {} },
  );
  await run();
  assert.deepEqual(await dataLines(root, store.view, 'master'), [
    { id: 'a', _unit: 1, _url: 'http://memory/', _fetchedAt: '2026-11-21T16:15:00.000Z' },
  ]);
  await store.close(true);
  const { store: again } = await openTestSession(
    root,
    store.layout.session,
    testPorts(),
    collection,
  );
  assert.equal(again.view.records, 1);
  await again.close(true);
});

test('a page of very many records is one page', async (t) => {
  const ids = Array.from({ length: 130_000 }, (_, i) => i);
  const { run, store } = await begin(
    t,
    async function* () {
      yield lastPage(ids);
    },
    { output: { dir: 'data/raw', raw: true } },
  );
  assert.deepEqual(await run(), { kind: 'finished' });
  assert.equal(store.view.units.done, 1);
  assert.equal(store.view.records, ids.length);
});

function keyOf(id: string): string {
  const key = recordKey({ id }, ['id']);
  if (typeof key !== 'string') throw new Error('no key');
  return key;
}
