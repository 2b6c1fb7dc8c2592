import assert from 'node:assert/strict';
import { appendFile, copyFile, rename, rm } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { PauseError, RetryError, UnitFailedError } from '../../../src/core/errors.ts';
import { silentLogger } from '../../../src/core/ports.ts';
import type { NewUnit } from '../../../src/core/unit.ts';
import { emptyView, reduceView } from '../../../src/core/view.ts';
import { Preparer } from '../../../src/engine/prepare.ts';
import { SessionRun } from '../../../src/engine/sessionRun.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { SessionLayout } from '../../../src/storage/layout.ts';
import type { SessionStore } from '../../../src/storage/sessionStore.ts';
import { FailingFileSystem, systemError } from '../../fixtures/failingFileSystem.ts';
import { letRun } from '../../fixtures/manualClock.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';
import {
  createTestSession,
  makeScratchFolder,
  masterIds,
  masterPath,
  newUnit,
  openTestSession,
  readJournal,
  testCollection,
  testPorts,
} from '../../fixtures/storageSession.ts';
import { lastPage, MemorySource, page, untilAborted, type Carry } from './memorySource.ts';

const units = (count: number, lane = 'host'): NewUnit[] =>
  Array.from({ length: count }, (_, i) => newUnit(`${lane}${i}`, { lane }));

interface Begun {
  readonly root: string;
  readonly failing: FailingFileSystem;
  readonly store: SessionStore;
  readonly source: MemorySource;
  readonly run: SessionRun;
}

const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

async function begin(
  t: TestContext,
  plan: Iterable<NewUnit> | AsyncIterable<NewUnit>,
  carry: Carry,
  parts: Record<string, unknown> = {},
): Promise<Begun> {
  const root = await makeScratchFolder(t);
  const failing = new FailingFileSystem(nodeFileSystem);
  const collection = testCollection(parts);
  const store = await createTestSession(root, testPorts(failing), collection);
  const source = new MemorySource(plan, carry);
  const run = runOf(t, store, source);
  t.after(() => {
    assert.deepEqual(unhandled.splice(0), []);
    assert.deepEqual(source.lateCalls, []);
  });
  return { root, failing, store, source, run };
}

function runOf(t: TestContext, store: SessionStore, source: MemorySource): SessionRun {
  const run = new SessionRun({
    store,
    source: source,
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
    void run.stop('user');
    await run.finished;
  });
  return run;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await letRun();
}

const eachOnePage: Carry = async function* (unit) {
  await letRun();
  yield lastPage([unit.key]);
};

test('a run carries everything out, also what comes to light, and completes', async (t) => {
  const { root, source, run, store } = await begin(t, units(5), async function* (unit) {
    await letRun();
    const links = unit.key.length < 12 ? [newUnit(`${unit.key}>`), newUnit('shared')] : [];
    yield page([unit.key], { units: links, cursor: 1 });
    yield lastPage([`${unit.key}!`]);
  });
  await run.start();
  assert.deepEqual(await run.finished, { state: 'completed' });
  assert.ok(source.isClosed);
  assert.equal(store.view.state, 'completed');
  assert.equal(store.view.reason, 'exhausted');
  assert.equal(store.view.units.done, store.view.unitTotal);
  assert.equal(new Set(source.claims).size, source.claims.length);
  assert.equal((await masterIds(root, store.view)).length, 2 * store.view.unitTotal);
  const { entries } = await readJournal(store.layout);
  const types = entries.flatMap((entry) => entry.events.map((event) => event.type));
  assert.equal(types.at(-1), 'checkpoint');
  assert.equal(types.filter((type) => type === 'completed').length, 1);
});

test('no more units are worked on at once than limits say, over all and in one lane', async (t) => {
  const lanes = new Map<string, number>();
  let mostInLane = 0;
  const { source, run } = await begin(
    t,
    [...units(10, 'a'), ...units(10, 'b'), ...units(10, 'c')],
    async function* (unit) {
      lanes.set(unit.lane, (lanes.get(unit.lane) ?? 0) + 1);
      mostInLane = Math.max(mostInLane, lanes.get(unit.lane) ?? 0);
      for (let turn = 0; turn < 5; turn++) await letRun();
      yield lastPage([unit.key]);
    },
    { limits: { concurrency: 5, perHost: { concurrency: 2 } } },
  );
  source.onClose = () => Promise.resolve();
  const release = source.collect.bind(source);
  source.collect = async function* (unit, context) {
    try {
      yield* release(unit, context);
    } finally {
      lanes.set(unit.lane, (lanes.get(unit.lane) ?? 0) - 1);
    }
  };
  await run.start();
  assert.equal((await run.finished).state, 'completed');
  assert.equal(source.mostRunning, 5);
  assert.equal(mostInLane, 2);
});

test('a pause is acknowledged when all that was received is durable; unpausing goes on', async (t) => {
  const { run, store, source, root } = await begin(
    t,
    units(8),
    async function* (unit, signal) {
      if (unit.cursor === undefined) yield page([`${unit.key} first`], { cursor: 1 });
      if (!isFree) await untilAborted(signal);
      yield lastPage([`${unit.key} last`]);
    },
    { limits: { concurrency: 3, perHost: { concurrency: 3 } } },
  );
  let isFree = false;
  await run.start();
  await until(() => store.view.records === 3);
  await run.pause('user', 'a person');
  assert.equal(source.running, 0);
  assert.equal(store.notYetSafe, 0);
  assert.deepEqual([run.snapshot().view.state, store.view.state], ['paused', 'paused']);
  assert.equal(store.view.units.in_progress, 0);
  const claimsSoFar = source.claims.length;
  for (let turn = 0; turn < 20; turn++) await letRun();
  assert.equal(source.claims.length, claimsSoFar, 'nothing is claimed while it is paused');
  isFree = true;
  await run.unpause();
  assert.deepEqual(await run.finished, { state: 'completed' });
  assert.equal((await masterIds(root, store.view)).length, 16);
  assert.deepEqual([store.view.records, store.view.duplicates], [16, 0]);
});

test('whoever presses twice gets one pause, and one run', async (t) => {
  const { run, source, store } = await begin(
    t,
    units(20),
    async function* (unit, signal) {
      if (!isFree) await untilAborted(signal);
      for (let turn = 0; turn < 5; turn++) await letRun();
      yield lastPage([unit.key]);
    },
    { limits: { concurrency: 2 } },
  );
  let isFree = false;
  await run.start();
  await until(() => source.running === 2);
  await Promise.all([run.pause('user', 'a'), run.pause('user', 'b')]);
  isFree = true;
  await Promise.all([run.unpause(), run.unpause(), run.unpause()]);
  assert.deepEqual(await run.finished, { state: 'completed' });
  assert.equal(source.mostRunning, 2);
  const { entries } = await readJournal(store.layout);
  const types = entries.flatMap((entry) => entry.events.map((event) => event.type));
  assert.equal(types.filter((type) => type === 'paused').length, 1);
  assert.equal(types.filter((type) => type === 'resumed').length, 1);
});

test('a stop gives units back, writes a checkpoint and lets the lock go; a resume finishes the rest', async (t) => {
  const { run, store, root } = await begin(t, units(6), async function* (unit, signal) {
    yield page([`${unit.key} first`]);
    if (unit.key !== 'host0') await untilAborted(signal);
    yield lastPage([`${unit.key} last`]);
  });
  await run.start();
  await until(() => store.view.units.done === 1 && store.view.units.in_progress > 0);
  assert.deepEqual(await run.stop('user'), { state: 'stopped' });
  assert.deepEqual([store.view.state, store.view.reason], ['stopped', 'user']);
  assert.equal(store.view.units.in_progress, 0);
  assert.equal(store.view.lastCheckpoint?.type, 'session_paused');
  const { store: again } = await openTestSession(root, store.layout.session);
  const source = new MemorySource(units(6), async function* (unit) {
    yield page([`${unit.key} first`]);
    yield lastPage([`${unit.key} last`]);
  });
  const second = runOf(t, again, source);
  await second.start();
  assert.deepEqual(await second.finished, { state: 'completed' });
  assert.ok(
    !source.claims.some((claim) => claim.startsWith('host0#')),
    'a done unit is not carried out again',
  );
  assert.equal((await masterIds(root, again.view)).length, 12);
  assert.deepEqual([again.view.records, again.view.duplicates], [12, 0]);
});

test('the target is reached exactly, and the run completes by it', async (t) => {
  const { run, store, root } = await begin(
    t,
    units(50),
    async function* (unit) {
      await letRun();
      yield lastPage([`${unit.key} a`, `${unit.key} b`, `${unit.key} c`]);
    },
    { limits: { target: 10 } },
  );
  await run.start();
  assert.deepEqual(await run.finished, { state: 'completed' });
  assert.equal(store.view.reason, 'target');
  assert.equal((await masterIds(root, store.view)).length, 10);
  assert.equal(store.view.records, 10);
  assert.equal(store.view.units.in_progress, 0);
  assert.ok(store.view.units.pending > 0);
});

test('errors that may pass are tried again until they pass, or attempts are used up', async (t) => {
  const { run, store, source } = await begin(
    t,
    units(3),
    async function* (unit) {
      if (unit.key === 'host1' && unit.attempt < 3)
        throw new RetryError('X', 'busy', { delayMs: 1 });
      if (unit.key === 'host2') throw new RetryError('Y', 'always', { delayMs: 1 });
      yield lastPage([unit.key]);
    },
    { retry: { attempts: 3 } },
  );
  await run.start();
  assert.deepEqual(await run.finished, { state: 'completed' });
  assert.deepEqual([store.view.units.done, store.view.units.failed], [2, 1]);
  assert.deepEqual(
    source.claims.filter((claim) => claim.startsWith('host2')),
    ['host2#1', 'host2#2', 'host2#3'],
  );
});

test('as soon as a pause is shown, it can be ended', async (t) => {
  let isFree = false;
  const { run } = await begin(t, units(1), async function* (unit, signal) {
    if (!isFree) await untilAborted(signal);
    yield lastPage([unit.key]);
  });
  await run.start();
  const pausing = run.pause('setup', 'something is missing');
  await until(() => run.snapshot().view.state === 'paused');
  isFree = true;
  await run.unpause();
  await pausing;
  assert.equal((await run.finished).state, 'completed');
});

test('a full disk pauses, keeps what waits, and goes on when there is room again', async (t) => {
  const { run, store, failing, root } = await begin(t, units(30), eachOnePage);
  const full = ({ operation, path }: { operation: string; path: string }) =>
    operation === 'write' && path.includes('_master_') ? systemError('ENOSPC') : undefined;
  await run.start();
  await until(() => store.view.records >= 2);
  failing.rule = full;
  await until(() => run.pausedByGuard === 'disk-full');
  const { view } = run.snapshot();
  assert.equal(view.state, 'paused');
  assert.match(view.reasonMessage ?? '', /disk is full/);
  const first = run.unpause();
  for (let turn = 0; turn < 50; turn++) await letRun();
  assert.equal(run.snapshot().view.state, 'paused', 'still full: still paused');
  failing.rule = () => undefined;
  await Promise.all([first, run.unpause()]);
  assert.deepEqual(await run.finished, { state: 'completed' });
  assert.equal((await masterIds(root, store.view)).length, 30);
  assert.deepEqual([store.view.records, store.view.duplicates, store.view.units.done], [30, 0, 30]);
});

test('a run that is paused by a full disk can be stopped; nothing unacknowledged is counted', async (t) => {
  const { run, store, failing, root } = await begin(t, units(30), eachOnePage);
  await run.start();
  await until(() => store.view.records >= 2);
  failing.rule = ({ operation }) => (operation === 'write' ? systemError('ENOSPC') : undefined);
  await until(() => run.pausedByGuard === 'disk-full');
  const end = await run.stop('user');
  assert.deepEqual([end.state, end.pausedBy], ['stopped', 'disk-full']);
  failing.rule = () => undefined;
  const { store: again } = await openTestSession(root, store.layout.session);
  const second = runOf(t, again, new MemorySource(units(30), eachOnePage));
  await second.start();
  assert.deepEqual(await second.finished, { state: 'completed' });
  assert.equal((await masterIds(root, again.view)).length, 30);
  assert.deepEqual([again.view.records, again.view.duplicates], [30, 0]);
});

test('a disk that fills while a person pauses or stops holds nobody up', async (t) => {
  for (const way of ['pause', 'stop', 'pause and stop'] as const) {
    const { run, store, failing, root } = await begin(t, units(10), async function* (unit, signal) {
      yield page([`${unit.key} held`]);
      await untilAborted(signal);
    });
    await run.start();
    await until(() => store.view.units.in_progress > 0);
    failing.rule = ({ operation }) => (operation === 'write' ? systemError('ENOSPC') : undefined);
    if (way !== 'stop') {
      void run.pause('user', 'a person');
      await until(() => run.pausedByGuard === 'disk-full');
    }
    if (way === 'pause') {
      failing.rule = () => undefined;
      await run.unpause();
      await until(() => store.view.records > 0);
    }
    assert.equal((await run.stop('user')).state, 'stopped', way);
    failing.rule = () => undefined;
    const { store: again } = await openTestSession(root, store.layout.session);
    assert.equal((await masterIds(root, again.view)).length, again.view.records);
    await again.close(true);
  }
});

test('a disk that fills as the run completes: it ends, and can be taken up again', async (t) => {
  const { run, store, failing, root } = await begin(t, units(3), eachOnePage);
  failing.rule = ({ operation, path }) =>
    operation === 'write' && path.endsWith('journal.jsonl') && store.view.units.done === 3
      ? systemError('ENOSPC')
      : undefined;
  await run.start();
  const end = await run.finished;
  assert.notEqual(end.state, 'completed');
  failing.rule = () => undefined;
  const { store: again } = await openTestSession(root, store.layout.session);
  const second = runOf(t, again, new MemorySource(units(3), eachOnePage));
  await second.start();
  assert.deepEqual(await second.finished, { state: 'completed' });
  assert.deepEqual([again.view.records, again.view.duplicates], [3, 0]);
});

test('a fault ends the run and says why; nothing runs any more when that is said', async (t) => {
  const { run, store, failing, source, root } = await begin(t, units(40), eachOnePage);
  await run.start();
  await until(() => store.view.records >= 2);
  failing.rule = ({ operation, path }) =>
    operation === 'datasync' && path.includes('_master_') ? systemError('EIO') : undefined;
  const end = await run.finished;
  assert.equal(end.state, 'faulted');
  assert.equal(end.error?.code, 'SYNC_FAILED');
  assert.equal(source.running, 0);
  assert.deepEqual(
    [run.snapshot().view.state, run.snapshot().view.reasonMessage],
    ['faulted', end.error.message],
  );
  const acknowledged = store.view.records;
  failing.rule = () => undefined;
  const { store: again } = await openTestSession(root, store.layout.session);
  assert.ok(again.view.records >= acknowledged);
  const second = runOf(t, again, new MemorySource(units(40), eachOnePage));
  await second.start();
  assert.deepEqual(await second.finished, { state: 'completed' });
  assert.equal((await masterIds(root, again.view)).length, 40);
});

test('a master that is edited while it runs is a fault', async (t) => {
  const { run, store } = await begin(t, units(200), eachOnePage);
  await run.start();
  await until(() => store.view.records >= 2);
  await appendFile(masterPath(store), '{"id":"by hand"}\n');
  const end = await run.finished;
  assert.equal(end.error?.code, 'DATA_FILE_CHANGED');
});

for (const [what, harm, code] of [
  ['deleted', (path: string) => rm(path), 'DATA_FILE_MISSING'],
  [
    'replaced',
    async (path: string) => {
      await copyFile(path, `${path}.new`);
      await rename(`${path}.new`, path);
    },
    'DATA_FILE_REPLACED',
  ],
] as const) {
  for (const isPaused of [false, true]) {
    const when = isPaused ? 'is paused' : 'waits for an answer';
    test(
      `a master that is ${what} while the run ${when} is a fault, before anything is to be written`,
      { timeout: 20_000 },
      async (t) => {
        const { run, store, root } = await begin(t, units(2), async function* (unit, signal) {
          if (unit.key === 'host0') yield lastPage(['one']);
          else await untilAborted(signal);
        });
        await run.start();
        await until(() => store.view.records === 1);
        if (isPaused) await run.pause('user', '');
        await harm(masterPath(store));
        const { state, error } = await run.finished;
        assert.deepEqual([state, error?.code], ['faulted', code]);
        assert.equal(run.snapshot().view.state, 'faulted');
        // What was counted before stays in the journal.
        const { entries } = await readJournal(new SessionLayout(root, store.layout.session));
        assert.equal(entries.reduce(reduceView, emptyView).records, 1);
      },
    );
  }
}

test('a plan that fails is a fault, and the workers are at rest when it is said', async (t) => {
  async function* plan(): AsyncGenerator<NewUnit> {
    for (let i = 0; i < 1000; i++) yield newUnit(`u${i}`);
    await until(() => isWorking);
    throw new UnitFailedError('SITEMAP', 'unreadable');
  }
  let isWorking = false;
  const { run, source } = await begin(t, plan(), async function* (unit, signal) {
    isWorking = true;
    await untilAborted(signal).catch(() => undefined);
    // Not at once, but well within the second that a source has.
    for (let turn = 0; turn < 300; turn++) await letRun();
    signal.throwIfAborted();
    yield lastPage([unit.key]);
  });
  await run.start();
  const end = await run.finished;
  assert.equal(end.state, 'faulted');
  assert.equal(source.running, 0, 'a unit was still being worked on');
});

test('a source that asks for a pause gets it, also when the session can not write that down any more', async (t) => {
  const { run, store, failing } = await begin(t, units(3), async function* (unit) {
    if (unit.key === 'host1') throw new PauseError('SETUP', 'a secret is missing');
    yield lastPage([unit.key]);
  });
  await run.start();
  await until(() => run.pausedByGuard === 'setup');
  assert.match(run.snapshot().view.reasonMessage ?? '', /a secret is missing/);
  assert.deepEqual([run.snapshot().view.reasonCode, store.view.reasonCode], ['SETUP', 'SETUP']);
  assert.equal(store.view.units.in_progress, 0);
  failing.rule = ({ operation, path }) =>
    operation === 'datasync' && path.endsWith('journal.jsonl') ? systemError('EIO') : undefined;
  const refused = run.unpause().then(
    () => 'resumed',
    () => 'refused',
  );
  assert.equal((await run.finished).state, 'faulted');
  assert.equal(await refused, 'refused');
});

test('a fault in the middle of a pause that a source asked for leaves no promise behind', async (t) => {
  const { run, store, failing } = await begin(t, units(1), async function* (unit) {
    await until(() => store.view.units.in_progress > 0);
    let hasGoneBack = false;
    failing.rule = ({ operation, path }) => {
      hasGoneBack ||= store.view.units.pending === 1;
      const isJournal = path.endsWith('journal.jsonl');
      return hasGoneBack && operation === 'datasync' && isJournal ? systemError('EIO') : undefined;
    };
    if (unit.key === 'host0') throw new PauseError('SETUP', 'a secret is missing');
    yield lastPage([unit.key]);
  });
  await run.start();
  assert.equal((await run.finished).state, 'faulted');
  for (let turn = 0; turn < 20; turn++) await letRun();
});

test('a source that can not be closed does not spoil what was collected', async (t) => {
  const { run, store, source } = await begin(t, units(3), eachOnePage);
  source.onClose = () => Promise.reject(new Error('socket'));
  await run.start();
  assert.equal((await run.finished).state, 'completed');
  assert.equal(store.view.state, 'completed');
});

test('units that waited when the session was opened come first; planned ones that are known are dropped', async (t) => {
  const { run, store, root } = await begin(t, units(700), async function* (unit, signal) {
    if (Number(unit.key.slice(4)) >= 5) await untilAborted(signal);
    yield lastPage([unit.key]);
  });
  await run.start();
  await until(() => store.view.units.done === 5);
  await run.stop('user');
  const { store: again } = await openTestSession(root, store.layout.session);
  const source = new MemorySource([...units(700), newUnit('new')], eachOnePage);
  const second = runOf(t, again, source);
  await second.start();
  assert.deepEqual(await second.finished, { state: 'completed' });
  assert.equal(again.view.unitTotal, 701);
  assert.equal(again.view.units.done, 701);
  assert.equal(again.view.duplicates, 0);
  assert.equal(source.claims.length, 696);
});

test('a checkpoint that can not be written costs no record', async (t) => {
  const { run, store, failing } = await begin(t, units(20), eachOnePage, {
    checkpoints: { everyUnits: 2 },
  });
  failing.rule = ({ operation, path }) =>
    operation === 'makeDirectory' && path.endsWith('checkpoints')
      ? systemError('EACCES')
      : undefined;
  await run.start();
  assert.deepEqual(await run.finished, { state: 'completed' });
  assert.equal(store.view.records, 20);
  assert.equal(store.view.checkpointCount, 0);
});

test('stopping twice, after the end, or before the start, is stopping once', async (t) => {
  const { run } = await begin(t, units(3), eachOnePage);
  const [a, b] = await Promise.all([run.stop('user'), run.stop('signal')]);
  assert.deepEqual([a.state, b.state], ['stopped', 'stopped']);
  await run.stop('user');
  await run.pause('user', 'x');
  await run.unpause();
});

test('the last group and the last failure have their checkpoints before the session is completed', async (t) => {
  const { run, store } = await begin(
    t,
    [newUnit('good', { group: 'iclr_2024' }), newUnit('bad', { group: 'iclr_2023' })],
    async function* (unit) {
      await letRun();
      if (unit.key === 'bad') throw new UnitFailedError('GONE', 'it is gone');
      yield lastPage(['a']);
    },
  );
  await run.start();
  assert.deepEqual(await run.finished, { state: 'completed' });
  const { entries } = await readJournal(store.layout);
  const events = entries.flatMap((entry) => entry.events);
  const types = events.flatMap((event) =>
    event.type === 'checkpoint' ? [event.checkpointType] : event.type === 'completed' ? ['-'] : [],
  );
  assert.equal(types[0], 'session_started');
  assert.deepEqual(types.slice(-2), ['-', 'session_completed']);
  assert.ok(types.includes('venue_completed') && types.includes('error_occurred'), types.join());
});
