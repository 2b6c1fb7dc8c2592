import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { UsageError } from '../../../src/core/errors.ts';
import type { JournalEvent } from '../../../src/core/events.ts';
import { silentLogger, type Clock } from '../../../src/core/ports.ts';
import { systemClock, systemRandom } from '../../../src/core/systemPorts.ts';
import { resumeSession, startCollection } from '../../../src/engine/launch.ts';
import type { Environment } from '../../../src/engine/beginRun.ts';
import type { RunEnd, SessionRun } from '../../../src/engine/sessionRun.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { ShelfServer } from '../../fixtures/shelfServer.ts';
import { makeScratchFolder, readJournal } from '../../fixtures/storageSession.ts';
import { readMasters, writeCollection } from '../../fixtures/workspace.ts';

const shelves = ['a', 'b', 'c'];
/** Three pages and the empty one behind them. */
const requestsInAll = shelves.length * 4;

function environmentWith(clock: Clock = systemClock): Environment {
  return {
    ports: {
      fileSystem: nodeFileSystem,
      clock,
      random: systemRandom,
      logger: silentLogger,
      machine: { machineId: 'm', host: 'test-host', bootId: 'b' },
    },
    opener: { via: 'cli', waitMs: 0, program: 'test 1.0.0' },
    secrets: { get: () => Promise.resolve(undefined) },
    network: {},
  };
}

interface Bench {
  readonly root: string;
  readonly file: string;
  readonly server: ShelfServer;
  /** Writes the collection file with other limits. */
  setLimits(limits: object): Promise<void>;
}

async function makeBench(t: TestContext, limits: object, source: object = {}): Promise<Bench> {
  const server = await ShelfServer.start();
  t.after(() => server.close());
  const root = await makeScratchFolder(t);
  const write = (now: object): Promise<string> => {
    const collection = server.collection(shelves);
    return writeCollection(root, {
      ...collection,
      source: { ...(collection['source'] as object), ...source },
      limits: { concurrency: 2, perHost: { concurrency: 2 }, ...now },
    });
  };
  const file = await write(limits);
  const setLimits = async (now: object): Promise<void> => {
    await write(now);
  };
  return { root, file, server, setLimits };
}

/** Works until the run ends, or a guard pauses it; then it is stopped, as the command line does. */
async function workOn(run: SessionRun): Promise<RunEnd> {
  run.onChange(() => {
    if (run.pausedByGuard !== undefined) void run.stop('guard');
  });
  await run.start();
  return run.finished;
}

async function refused(work: Promise<unknown>): Promise<UsageError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    assert.equal(error.code, 'LIMIT_REACHED');
    return error;
  }
  return assert.fail('LIMIT_REACHED expected');
}

async function events(run: SessionRun): Promise<JournalEvent[]> {
  return (await readJournal(run.store.layout)).entries.flatMap((entry) => entry.events);
}

test('limits.maxRequests pauses, a resume says so, and goes on when it is raised', async (t) => {
  const environment = environmentWith();
  const { root, file, server, setLimits } = await makeBench(t, { maxRequests: 5 });
  const { run } = await startCollection(environment, file, root, 'new-only');
  const end = await workOn(run);
  assert.deepEqual([end.state, end.pausedBy], ['stopped', 'budget']);
  assert.match(end.pauseMessage ?? '', /All 5 requests of limits\.maxRequests/);
  assert.equal(server.asked.length, 5);
  assert.equal(run.store.view.requests, 5);

  const { layout } = run.store;
  const error = await refused(resumeSession(environment, layout));
  assert.match(error.message, /limits\.maxRequests: 5 of 5.*--max-requests N/);
  assert.equal(error.data['limit'], 'maxRequests');

  // An option of the command line, for this start.
  const second = await resumeSession(environment, layout, { limits: { maxRequests: 8 } });
  assert.equal((await workOn(second.run)).pausedBy, 'budget');
  assert.equal(server.asked.length, 8);
  const opened = (await events(second.run)).filter((event) => event.type === 'opened');
  assert.deepEqual(
    opened.map(
      ({ collection }) =>
        (collection?.['limits'] as { maxRequests?: number } | undefined)?.maxRequests,
    ),
    [undefined, 8],
  );

  await setLimits({ maxRequests: 100 });
  const third = await resumeSession(environment, layout);
  assert.deepEqual(await workOn(third.run), { state: 'completed' });
  assert.equal(new Set(server.asked).size, requestsInAll);
  // Requests under way are cut short by a pause, and some of them before they are at the server.
  const { requests } = third.run.store.view;
  const sent = [...server.asked].length;
  assert.ok(requests >= sent && requests <= sent + 4, `${requests} of ${sent}`);
  const records = await readMasters(`${root}/data/raw`);
  assert.deepEqual(records.map(({ id }) => id).sort(), server.ids(shelves).sort());
});

test('without its file a session keeps the limits that it has, raised ones included', async (t) => {
  const environment = environmentWith();
  const { root, file, setLimits } = await makeBench(t, { maxRequests: 3 });
  const { run } = await startCollection(environment, file, root, 'new-only');
  await workOn(run);
  const { layout } = run.store;
  await setLimits({ maxRequests: 6 });
  await workOn((await resumeSession(environment, layout)).run);
  await rm(file);
  const error = await refused(resumeSession(environment, layout));
  assert.match(error.message, /limits\.maxRequests: 6 of 6/);
});

test('limits.maxMinutes is work time over all starts', async (t) => {
  const { root, file, server, setLimits } = await makeBench(t, { maxMinutes: 10 });
  let nowMs = 0;
  const wakers: (() => void)[] = [];
  const clock: Clock = {
    now: () => Date.now(),
    monotonicMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const dueMs = nowMs + ms;
        wakers.push(() => {
          if (nowMs >= dueMs) resolve();
        });
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const wake of wakers) wake();
  };
  const environment = environmentWith(clock);
  server.rule('a/1', 'hang');
  server.rule('b/1', 'hang');
  const asked = server.untilAsked('a/1');
  const { run } = await startCollection(environment, file, root, 'new-only');
  const first = workOn(run);
  await asked;
  pass(4 * 60_000);
  await run.stop('user');
  assert.equal((await first).pausedBy, undefined);
  assert.equal(run.store.view.activeMs, 4 * 60_000);

  const { layout } = run.store;
  const askedAgain = server.untilAsked('a/1');
  const { run: again } = await resumeSession(environment, layout);
  await again.start();
  await askedAgain;
  const paused = untilPaused(again);
  pass(6 * 60_000 - 1);
  assert.equal(again.snapshot().view.state, 'active');
  pass(1);
  await paused;
  const { view } = again.snapshot();
  assert.equal(view.reason, 'budget');
  assert.match(view.reasonMessage ?? '', /10 minutes of limits\.maxMinutes/);
  const error = await refused(again.unpause());
  assert.equal(error.data['limit'], 'maxMinutes');
  await again.stop('user');
  await refused(resumeSession(environment, layout));

  await setLimits({ maxMinutes: 11 });
  server.serveAll();
  const { run: last } = await resumeSession(environment, layout);
  await last.start();
  assert.equal((await last.finished).state, 'completed');
});

function untilPaused(run: SessionRun): Promise<void> {
  return new Promise((resolve) => {
    run.onChange(() => {
      if (run.pausedByGuard !== undefined) resolve();
    });
  });
}

test('limits.maxUsd holds for priced calls: what does not fit does not leave', async (t) => {
  const environment = environmentWith();
  const price = { perCallUsd: 0.01 };
  const { root, file, server } = await makeBench(t, { maxUsd: 0.055 }, { price });
  const { run } = await startCollection(environment, file, root, 'new-only');
  const end = await workOn(run);
  assert.equal(end.pausedBy, 'budget');
  assert.match(end.pauseMessage ?? '', /\$0\.055 \(limits\.maxUsd\) has no room/);
  assert.equal(server.asked.length, 5);
  assert.deepEqual([run.store.view.spentMicroUsd, run.store.view.reservedMicroUsd], [50_000, 0]);

  const { layout } = run.store;
  const second = await resumeSession(environment, layout, { limits: { maxUsd: 1 } });
  assert.deepEqual(await workOn(second.run), { state: 'completed' });
  assert.equal(server.asked.length, requestsInAll, 'no page is paid for twice');
  assert.equal(second.run.store.view.spentMicroUsd, requestsInAll * 10_000);
  const records = await readMasters(`${root}/data/raw`);
  assert.deepEqual(records.map(({ id }) => id).sort(), server.ids(shelves).sort());
});

test('a priced call that was cut off counts as spent, and waits for a word', async (t) => {
  const environment = environmentWith();
  const { root, file, server } = await makeBench(t, {}, { price: { perCallUsd: 0.01 } });
  server.rule('b/2', 502);
  const { run } = await startCollection(environment, file, root, 'new-only');
  assert.equal((await workOn(run)).state, 'completed');
  const { view, layout } = run.store;
  assert.equal(view.units.failed, 1);
  assert.equal(view.errors[0]?.code, 'PAID_CALL_IN_DOUBT');
  assert.equal(server.asked.filter((page) => page === 'b/2').length, 1);
  assert.deepEqual([view.spentMicroUsd, view.reservedMicroUsd], [server.asked.length * 10_000, 0]);
  // Both are in one commit: there is no moment at which the unit could be taken up as if nothing had been.
  const { entries } = await readJournal(layout);
  const line = entries.find((entry) =>
    entry.events.some((event) => event.type === 'finished' && event.state === 'failed'),
  );
  assert.ok(line?.events.some((event) => event.type === 'settled' && event.spentMicroUsd > 0));

  server.serveAll();
  const retried = await resumeSession(environment, layout, { retryFailed: null });
  assert.deepEqual(await workOn(retried.run), { state: 'completed' });
  assert.equal(server.asked.filter((page) => page === 'b/2').length, 2);
  assert.equal(server.asked.filter((page) => page === 'b/1').length, 1);
  const records = await readMasters(`${root}/data/raw`);
  assert.equal(records.length, server.ids(shelves).length);
});
