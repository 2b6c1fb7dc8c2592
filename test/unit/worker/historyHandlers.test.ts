import assert from 'node:assert/strict';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import type { FailureGroup } from '../../../src/core/history.ts';
import type { UnitCounts } from '../../../src/core/view.ts';
import { UnitFold } from '../../../src/engine/validate/unitFold.ts';
import type { SessionRef } from '../../../src/protocol/worker.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { SessionLayout } from '../../../src/storage/layout.ts';
import { inspectSession } from '../../../src/storage/sessions.ts';
import { historyHandlers } from '../../../src/worker/historyHandlers.ts';
import { recoveryHandlers } from '../../../src/worker/recoveryHandlers.ts';
import { readJournal } from '../../fixtures/storageSession.ts';
import { beginShelves, http, newWorkerSessions } from '../../fixtures/workerSessions.ts';
import { makeWorkspace } from '../../fixtures/workspace.ts';

const shelves = ['a', 'b', 'c', 'd', 'e'];

async function begin(t: TestContext, changes: object = {}) {
  const retry = { attempts: 1, baseMs: 1, maxMs: 1 };
  const begun = await beginShelves(t, { shelves, changes: { retry, ...changes } });
  const { server, workspace, file, sessions } = begun;
  const handlers = {
    ...sessions.handlers(),
    ...recoveryHandlers(sessions),
    ...historyHandlers(sessions),
  };
  const start = async (): Promise<SessionRef> => {
    const { session } = await handlers.start({ workspace, file, http });
    return { workspace, session };
  };
  return { server, workspace, sessions, handlers, start };
}

type Begun = Awaited<ReturnType<typeof begin>>;

/** What the journal says of failed units, counted in another way. */
async function recountFailures({ workspace, session }: SessionRef): Promise<FailureGroup[]> {
  const { entries } = await readJournal(new SessionLayout(workspace, session));
  const states = new UnitFold();
  const lanes = new Map<number, string>();
  const failures = new Map<number, { code: string; message: string }>();
  for (const entry of entries) {
    states.apply(entry, (odd) => assert.fail(odd));
    for (const event of entry.events) {
      if (event.type === 'units') {
        event.items.forEach((item, i) => lanes.set(event.first + i, item.lane ?? event.lane));
      }
      if (event.type !== 'finished' || event.error === undefined) continue;
      // Again as the last one.
      failures.delete(event.unit);
      failures.set(event.unit, event.error);
    }
  }
  const groups = new Map<string, FailureGroup>();
  for (const [unit, { code, message }] of failures) {
    if (states.stateOf(unit) !== 'failed') continue;
    const lane = lanes.get(unit) ?? '';
    const before = groups.get(`${code} ${lane}`)?.units ?? [];
    const units = [...before, unit].sort((a, b) => a - b);
    groups.set(`${code} ${lane}`, { code, lane, message, failed: units.length, units });
  }
  return [...groups.values()].sort((a, b) => b.failed - a.failed);
}

/** What the journal and the history say while neither goes on: a run may write a checkpoint between the two. */
async function atOneMoment(handlers: Begun['handlers'], ref: SessionRef) {
  const layout = new SessionLayout(ref.workspace, ref.session);
  const machine = { machineId: 'm', host: 'h', bootId: 'b' };
  for (;;) {
    const { view } = await inspectSession(nodeFileSystem, machine, layout);
    const history = await handlers.readHistory(ref);
    const after = await inspectSession(nodeFileSystem, machine, layout);
    if (after.view.seq === view.seq) return { view, history };
  }
}

async function assertTrue(handlers: Begun['handlers'], ref: SessionRef): Promise<void> {
  const { view, history } = await atOneMoment(handlers, ref);
  const { points, marks } = history;
  assert.deepEqual(points.at(-1), {
    at: Date.parse(view.lastEventAt),
    records: view.records,
    done: view.units.done,
    failed: view.units.failed,
    bytes: view.files.find(({ role }) => role === 'master')?.bytes ?? 0,
    spentMicroUsd: view.spentMicroUsd,
  });
  assert.ok(points.every((point, i) => i === 0 || point.at >= (points[i - 1]?.at ?? 0)));
  assert.equal(
    marks.filter(({ kind }) => kind === 'checkpoint').length,
    view.checkpointCount,
    'as many checkpoints as the view counts',
  );
  assert.deepEqual(await handlers.groupFailures(ref), await recountFailures(ref));
}

test('the past of a session that has ended, with and without its index', async (t) => {
  const { server, sessions, handlers, start } = await begin(t);
  for (const page of ['a/2', 'c/1', 'd/1']) server.rule(page, 500);
  server.rule('b/1', 404);
  const ref = await start();
  await sessions.runOf(ref)?.finished;
  const groups = await handlers.groupFailures(ref);
  assert.deepEqual(
    groups.map(({ code, failed, units }) => [code, failed, units]),
    [
      ['HTTP_500', 3, [1, 3, 4]],
      ['HTTP_NOT_FOUND', 1, [2]],
    ],
  );
  await assertTrue(handlers, ref);
  const { marks } = await handlers.readHistory(ref);
  assert.deepEqual(
    marks.filter(({ kind }) => kind !== 'checkpoint').map(({ kind, reason }) => [kind, reason]),
    [
      ['opened', 'window'],
      ['completed', 'exhausted'],
    ],
  );
  const { index } = new SessionLayout(ref.workspace, ref.session);
  for (const file of [index, `${index}-wal`, `${index}-shm`]) await rm(file, { force: true });
  await assertTrue(handlers, ref);
});

test('asked again, a session that went on has gone on in its history', async (t) => {
  const { server, sessions, handlers, start } = await begin(t);
  for (const page of ['a/1', 'b/1', 'e/2']) server.rule(page, 500);
  const ref = await start();
  await sessions.runOf(ref)?.finished;
  const before = await handlers.readHistory(ref);
  await assertTrue(handlers, ref);
  server.serveAll();
  server.rule('b/1', 404);
  await handlers.retryFailedUnits({ ...ref, units: [1, 2], http });
  await sessions.runOf(ref)?.finished;
  await assertTrue(handlers, ref);
  const after = await handlers.readHistory(ref);
  assert.deepEqual(after.marks.slice(0, before.marks.length), before.marks);
  assert.ok(after.marks.length > before.marks.length);
  assert.deepEqual(
    (await handlers.groupFailures(ref)).map(({ code, units }) => [code, units]),
    [
      ['HTTP_500', [5]],
      ['HTTP_NOT_FOUND', [2]],
    ],
  );
  // Whoever begins anew reads the same.
  assert.deepEqual(await historyHandlers(sessions).readHistory(ref), after);
});

test('the past of a session while it runs, here and in another process, and when that was killed', async (t) => {
  const { server, sessions, handlers, start } = await begin(t);
  server.rule('a/1', 500);
  server.rule('c/2', 'hang');
  const asked = server.untilAsked('c/2');
  const ref = await start();
  await asked;
  const run = sessions.runOf(ref);
  assert.ok(run);
  // All but the shelf that hangs.
  const isAtRest = ({ failed, done }: UnitCounts): boolean => failed === 1 && done === 3;
  while (!isAtRest(run.store.view.units)) await new Promise((resolve) => setImmediate(resolve));
  await run.store.settled();
  await assertTrue(handlers, ref);
  const elsewhere = newWorkerSessions().sessions;
  await assertTrue({ ...handlers, ...historyHandlers(elsewhere) }, ref);
  // What a process that is killed now leaves.
  const left = await makeWorkspace(t);
  const copy = new SessionLayout(left, ref.session);
  await mkdir(copy.folder, { recursive: true });
  await copyFile(run.store.layout.index, copy.index);
  await copyFile(run.store.layout.journal, copy.journal);
  await assertTrue(
    { ...handlers, ...historyHandlers(elsewhere) },
    { workspace: left, session: ref.session },
  );
  server.serveAll();
  await handlers.stop({ ...ref, reason: 'user' });
  await assertTrue(handlers, ref);
});
