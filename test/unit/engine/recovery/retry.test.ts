import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import { silentLogger } from '../../../../src/core/ports.ts';
import { bringFailedBack } from '../../../../src/engine/recovery/takeUp.ts';
import { Preparer } from '../../../../src/engine/prepare.ts';
import { SessionRun } from '../../../../src/engine/sessionRun.ts';
import type { SessionStore } from '../../../../src/storage/sessionStore.ts';
import { letRun } from '../../../fixtures/manualClock.ts';
import { SeededRandom } from '../../../fixtures/seededRandom.ts';
import {
  claim,
  createTestSession,
  dataLines,
  makeScratchFolder,
  masterIds,
  newUnit,
  openTestSession,
  planUnits,
  prepared,
  testCollection,
  testPorts,
} from '../../../fixtures/storageSession.ts';
import { lastPage, MemorySource, page, type Carry } from '../memorySource.ts';

const collection = testCollection({ limits: { concurrency: 2, perHost: { concurrency: 2 } } });

function runOf(t: TestContext, store: SessionStore, source: MemorySource): SessionRun {
  const run = new SessionRun({
    store,
    source,
    preparer: new Preparer<unknown>(source, store.collection, undefined),
    clock: {
      now: () => Date.now(),
      monotonicMs: () => performance.now(),
      sleep: () => Promise.resolve(),
    },
    random: new SeededRandom(1),
    logger: silentLogger,
    onEntries: () => undefined,
  });
  t.after(async () => {
    await run.stop('user');
  });
  return run;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await letRun();
}

interface Mendable {
  isMended: boolean;
  isSlowLetGo: boolean;
  /** "bad" fails before its first page. */
  isFailingAtOnce: boolean;
  /** Where "bad" began, each time. */
  readonly cursors: unknown[];
  readonly source: MemorySource;
}

/** A source whose unit "bad" fails on its second page until it is mended, and whose unit "slow" waits to be let go. */
function makeMendable(error: () => Error, hasCursor: boolean): Mendable {
  const carry: Carry = async function* (unit) {
    if (unit.key === 'slow') {
      await until(() => mendable.isSlowLetGo);
      yield lastPage(['slow']);
      return;
    }
    if (unit.key === 'bad') {
      mendable.cursors.push(unit.cursor);
      if (mendable.isFailingAtOnce) throw error();
      // "good1" is there by then, so "bad" brings a duplicate on each page.
      if (unit.cursor === undefined) {
        yield page(['b1', 'good1', 'b2'], hasCursor ? { cursor: 1 } : {});
      }
      if (hasCursor) yield page(['b3', 'good1']);
      if (!mendable.isMended) throw error();
      yield lastPage(['b4']);
      return;
    }
    yield lastPage([unit.key]);
  };
  const units = ['good1', 'bad', 'slow'].map((key) => newUnit(key));
  const source = new MemorySource(units, carry);
  const mendable: Mendable = {
    isMended: false,
    isSlowLetGo: true,
    isFailingAtOnce: false,
    cursors: [],
    source,
  };
  return mendable;
}

const passing = (): Error => new UnitFailedError('HTTP_FORBIDDEN', 'no', {});
const lasting = (): Error => new UnitFailedError('PAGINATION_LOOP', 'no', {});

const expectedIds = ['b1', 'b2', 'b4', 'good1', 'slow'];

test('a unit that failed is tried again while the session runs, at its cursor, and nothing counts twice', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root, testPorts(), collection);
  const mendable = makeMendable(passing, true);
  mendable.isSlowLetGo = false;
  const run = runOf(t, store, mendable.source);
  await run.start();
  await until(() => store.view.units.failed === 1);
  const duplicates = store.view.duplicates;
  mendable.isMended = true;
  assert.equal(await run.retryFailed(null), 1);
  assert.equal(store.view.units.failed, 0);
  await until(() => store.view.units.done === 2);
  mendable.isSlowLetGo = true;
  assert.deepEqual(await run.finished, { state: 'completed' });
  assert.deepEqual(mendable.cursors, [undefined, 1]);
  assert.deepEqual((await masterIds(root, store.view)).sort(), [...expectedIds, 'b3'].sort());
  assert.equal(store.view.duplicates, duplicates);
  assert.deepEqual(store.view.units, {
    pending: 0,
    in_progress: 0,
    done: 3,
    failed: 0,
    skipped: 0,
    blocked: 0,
  });
});

test('only the units that are asked for are tried again, and only failed ones', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root, testPorts(), collection);
  const mendable = makeMendable(passing, true);
  mendable.isSlowLetGo = false;
  const run = runOf(t, store, mendable.source);
  await run.start();
  await until(() => store.view.units.failed === 1 && store.view.units.done === 1);
  const { seq } = store.view;
  assert.equal(await run.retryFailed([1, 99]), 0);
  assert.equal(store.view.seq, seq, 'nothing is journalled for nothing');
  mendable.isSlowLetGo = true;
  await run.finished;
  assert.equal(store.view.units.failed, 1);
  await assert.rejects(run.retryFailed(null), { code: 'NOT_RUNNING' });
});

for (const [name, error, hasCursor, cursors] of [
  ['at its cursor, where what failed it may pass', passing, true, [undefined, 1]],
  ['from its start, where its cursor may be what fails it', lasting, true, [undefined, undefined]],
  ['from its start, where it has no cursor', passing, false, [undefined, undefined]],
] as const) {
  test(`a unit that failed is tried again after its session was closed: ${name}`, async (t) => {
    const root = await makeScratchFolder(t);
    const first = makeMendable(error, hasCursor);
    const store = await createTestSession(root, testPorts(), collection);
    const run = runOf(t, store, first.source);
    await run.start();
    await run.finished;
    const before = store.view;
    assert.equal(before.units.failed, 1);

    const opened = await openTestSession(root, store.layout.session, testPorts(), collection);
    const second = makeMendable(error, hasCursor);
    second.isMended = true;
    assert.equal(await bringFailedBack(opened.store, null), 1);
    const again = runOf(t, opened.store, second.source);
    await again.start();
    assert.deepEqual(await again.finished, { state: 'completed' });
    const { view } = opened.store;
    assert.deepEqual([...first.cursors, ...second.cursors], cursors);
    const ids = hasCursor ? [...expectedIds, 'b3'] : expectedIds;
    assert.deepEqual((await masterIds(root, view)).sort(), ids.sort());
    assert.equal(view.duplicates, before.duplicates);
    assert.equal(view.units.done, 3);
    assert.equal((await dataLines(root, view, 'rejected')).length, 0);
  });
}

test('tried again and again, what a unit had brought stays its own', async (t) => {
  const root = await makeScratchFolder(t);
  const first = await createTestSession(root, testPorts(), collection);
  const { session } = first.layout;
  let store = first;
  let duplicates: number | undefined;
  for (const isMended of [false, false, false, true]) {
    const mendable = makeMendable(passing, true);
    mendable.isMended = isMended;
    if (store !== first) await bringFailedBack(store, null);
    const run = runOf(t, store, mendable.source);
    await run.start();
    await run.finished;
    duplicates ??= store.view.duplicates;
    assert.equal(store.view.duplicates, duplicates);
    assert.equal(store.view.units.failed, isMended ? 0 : 1);
    store = (await openTestSession(root, session, testPorts(), collection)).store;
  }
  assert.equal((await masterIds(root, store.view)).length, 6);
  await store.close(true);
});

test('a unit that began anew has no cursor until it has come to one again', async (t) => {
  const root = await makeScratchFolder(t);
  const first = await createTestSession(root, testPorts(), collection);
  let store = first;
  const cursors: unknown[] = [];
  let duplicates: number | undefined;
  for (const [error, isFailingAtOnce, isMended] of [
    [lasting, false, false],
    [passing, true, false],
    [passing, false, true],
  ] as const) {
    const mendable = makeMendable(error, true);
    Object.assign(mendable, { isFailingAtOnce, isMended });
    if (store !== first) await bringFailedBack(store, null);
    const run = runOf(t, store, mendable.source);
    await run.start();
    await run.finished;
    cursors.push(...mendable.cursors);
    duplicates ??= store.view.duplicates;
    store = (await openTestSession(root, first.layout.session, testPorts(), collection)).store;
  }
  assert.deepEqual(cursors, [undefined, undefined, undefined]);
  assert.equal(store.view.duplicates, duplicates);
  await store.close(true);
});

test('duplicates that are forgotten when a unit comes back are not owed by what it does next', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root, testPorts(), collection);
  t.after(() => store.close(true));
  const [n = 0] = await planUnits(store, 'u');
  await claim(store, n);
  await store.hand({ unit: n, records: [prepared({ id: 1 }), prepared({ id: 1 })] });
  await store.record({ type: 'finished', unit: n, state: 'failed' });
  const back = { type: 'requeued', unit: n, reason: 'asked', attempts: 0 } as const;
  await store.record({ ...back, from: 'failed', forget: 1 });
  assert.equal((await store.unit(n))?.openDuplicates, 0);
  assert.equal(store.view.duplicates, 0);
});
