import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { diffSnapshots, type SessionSnapshot } from '../../../src/core/live.ts';
import { silentLogger } from '../../../src/core/ports.ts';
import { systemClock, systemRandom } from '../../../src/core/systemPorts.ts';
import { Preparer } from '../../../src/engine/prepare.ts';
import { RunMeter } from '../../../src/engine/runMeter.ts';
import { SessionRun } from '../../../src/engine/sessionRun.ts';
import { createRestSource } from '../../../src/sources/rest/restSource.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { makeContext } from '../../conformance/drive.ts';
import { FailingFileSystem } from '../../fixtures/failingFileSystem.ts';
import { letRun } from '../../fixtures/manualClock.ts';
import {
  createTestSession,
  makeScratchFolder,
  newUnit,
  testCollection,
  testPorts,
} from '../../fixtures/storageSession.ts';
import { lastPage, MemorySource, type Carry } from './memorySource.ts';

const total = ({ live }: SessionSnapshot): number => {
  const { wait, fetch, parse, commit } = live.stages;
  return wait + fetch + parse + commit;
};

interface Api {
  readonly url: string;
  /** Bytes of all bodies, as they were sent. */
  sentBytes: number;
  readonly answers: number;
}

/** Three pages on each shelf, compressed; the first page of shelf b is refused once. */
async function serveShelves(t: TestContext, answerMs: number): Promise<Api> {
  const api = { url: '', sentBytes: 0, answers: 0 };
  let hasRefused = false;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1/');
    const page = Number(searchParams.get('page') ?? '1');
    const isRefused = pathname === '/b' && !hasRefused;
    hasRefused ||= isRefused;
    const ids = page > 3 ? [] : [1, 2].map((i) => ({ id: `${pathname}-${page}-${i}` }));
    const body = gzipSync(JSON.stringify({ items: ids, padding: 'x'.repeat(5000) }));
    api.sentBytes += body.length;
    api.answers += 1;
    setTimeout(() => {
      response.writeHead(isRefused ? 500 : 200, {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      });
      response.end(body);
    }, answerMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return api;
}

test('a run over HTTP measures its bytes, its answers and where its time goes', async (t) => {
  const answerMs = 20;
  const api = await serveShelves(t, answerMs);
  const root = await makeScratchFolder(t);
  const collection = testCollection({
    source: {
      type: 'rest',
      for: { shelf: ['a', 'b'] },
      url: `${api.url}{shelf}`,
      paginate: { type: 'page', param: 'page' },
      items: 'items',
    },
    limits: { concurrency: 2, perHost: { concurrency: 2, ratePerSecond: 10 } },
    retry: { attempts: 3, baseMs: 20, maxMs: 20 },
  });
  const store = await createTestSession(root, testPorts(), collection);
  const meter = new RunMeter();
  const answersMs: number[] = [];
  const commitsMs: number[] = [];
  meter.listener = {
    onAnswer: (ms) => answersMs.push(ms),
    onCommit: (ms) => commitsMs.push(ms),
  };
  if (collection.source.type !== 'rest') throw new Error('no rest source');
  const context = makeContext({ meter, perHost: collection.limits.perHost });
  const source = createRestSource(collection.source, context);
  const run = new SessionRun({
    store,
    source: source,
    preparer: new Preparer<unknown>(source, collection, undefined),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    onEntries: () => undefined,
    meter,
  });
  const startedMs = performance.now();
  await run.start();
  assert.equal((await run.finished).state, 'completed');
  const elapsedMs = performance.now() - startedMs;
  const snapshot = run.snapshot();
  const { stages, receivedBytes, newest } = snapshot.live;
  assert.equal(snapshot.view.records, 12);
  assert.equal(receivedBytes, api.sentBytes, 'as they were on the wire, those of a refusal too');
  assert.equal(answersMs.length, api.answers);
  assert.ok(Math.min(...answersMs) >= answerMs - 2, `${Math.min(...answersMs)}`);
  assert.ok(commitsMs.length > 0);
  assert.equal(newest.length, 12);
  // Timers may be early by a part of a millisecond.
  assert.ok(stages.fetch >= api.answers * (answerMs - 2), JSON.stringify(stages));
  // Nine requests of two units leave 100 ms apart, and take 20 ms: most of the time is waiting. Less on a slow machine.
  assert.ok(stages.wait >= 100, JSON.stringify(stages));
  assert.ok(stages.commit > 0 && total(snapshot) <= 2 * elapsedMs + 2, JSON.stringify(stages));
});

async function begin(
  t: TestContext,
  count: number,
  carry: Carry,
  failing = new FailingFileSystem(nodeFileSystem),
): Promise<SessionRun> {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root, testPorts(failing), testCollection());
  const source = new MemorySource(
    Array.from({ length: count }, (_, i) => newUnit(`u${i}`)),
    carry,
  );
  const run = new SessionRun({
    store,
    source: source,
    preparer: new Preparer<unknown>(source, store.collection, undefined),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    onEntries: () => undefined,
  });
  t.after(async () => {
    void run.stop('user');
    await run.finished;
  });
  return run;
}

test('a record is among the newest when its journal line is durable, and never before', async (t) => {
  const failing = new FailingFileSystem(nodeFileSystem);
  const run = await begin(
    t,
    30,
    async function* (unit) {
      await letRun();
      yield lastPage([`${unit.key}-1`, `${unit.key}-2`]);
    },
    failing,
  );
  let looks = 0;
  let unsafe = 0;
  failing.rule = ({ operation }) => {
    if (operation !== 'datasync' && operation !== 'write') return undefined;
    const { view, live } = run.snapshot();
    looks += 1;
    unsafe = Math.max(unsafe, live.notYetSafe);
    assert.equal(live.newest[0]?.id ?? 0, view.records);
    return undefined;
  };
  await run.start();
  assert.equal((await run.finished).state, 'completed');
  assert.ok(looks > 10 && unsafe > 0, `${looks} looks, ${unsafe} not yet safe`);
  assert.equal(run.snapshot().live.newest[0]?.id, 60);
});

test('what did not change is not sent again', async (t) => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
  const run = await begin(t, 1, async function* (unit) {
    await held;
    yield lastPage([unit.key]);
  });
  await run.start();
  const before = run.snapshot();
  await letRun();
  const { live } = diffSnapshots(before, run.snapshot());
  // Only what goes on by itself: work time, and the age of what is in flight.
  const clocks = new Set(['elapsedMs', 'inFlight', 'stages']);
  assert.deepEqual(
    Object.keys(live).filter((key) => !clocks.has(key)),
    [],
  );
  letGo(undefined);
  await run.finished;
  const done = run.snapshot();
  assert.deepEqual(diffSnapshots(done, run.snapshot()), { view: {}, live: {} });
});
