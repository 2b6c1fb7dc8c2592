import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { SessionRef } from '../../../src/protocol/worker.ts';
import { recoveryHandlers } from '../../../src/worker/recoveryHandlers.ts';
import { beginShelves, http } from '../../fixtures/workerSessions.ts';
import { readMasters } from '../../fixtures/workspace.ts';

const shelves = ['a', 'b'];

async function begin(t: TestContext, changes: object = {}) {
  const begun = await beginShelves(t, { shelves, changes });
  const { sessions } = begun;
  return { ...begun, handlers: { ...sessions.handlers(), ...recoveryHandlers(sessions) } };
}

type Begun = Awaited<ReturnType<typeof begin>>;

async function collectAll({ handlers, workspace, file, untilState }: Begun): Promise<SessionRef> {
  const completed = untilState('completed');
  const { session } = await handlers.start({ workspace, file, http });
  await completed;
  return { workspace, session };
}

test('failed units of a session that is complete are tried again by taking it up', async (t) => {
  const begun = await begin(t);
  begun.server.rule('b/2', 500);
  const ref = await collectAll(begun);
  begun.server.serveAll();
  const completed = begun.untilState('completed');
  const { requeued } = await begun.handlers.retryFailedUnits({ ...ref, units: null, http });
  assert.equal(requeued, 1);
  await completed;
  const ids = (await readMasters(join(begun.workspace, 'data/raw'))).map(({ id }) => String(id));
  assert.deepEqual(ids.sort(), begun.server.ids(shelves).sort());
});

test('failed units of a session that runs here are tried again by it', async (t) => {
  const begun = await begin(t);
  begun.server.rule('a/2', 404);
  begun.server.rule('b/2', 'hang');
  const { workspace, file, handlers, sessions, server } = begun;
  const asked = server.untilAsked('b/2');
  const { session } = await handlers.start({ workspace, file, http });
  const ref = { workspace, session };
  await asked;
  const run = sessions.runOf(ref);
  assert.ok(run);
  while (run.store.view.units.failed === 0) await new Promise((resolve) => setImmediate(resolve));
  server.serveAll();
  const { requeued } = await handlers.retryFailedUnits({ ...ref, units: null, http });
  assert.equal(requeued, 1);
  while (run.store.view.units.done === 0) await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(handlers.resumeFromCheckpoint({ ...ref, checkpoint: 'any', http }), {
    code: 'SESSION_RUNS',
  });
  await assert.rejects(handlers.discardState(ref), { code: 'SESSION_HELD' });
  await handlers.stop({ ...ref, reason: 'user' });
});

test('a plan is told, and carried out: from an older checkpoint', async (t) => {
  const begun = await begin(t, { limits: { concurrency: 1, perHost: { concurrency: 1 } } });
  const ref = await collectAll(begun);
  const { handlers, server, untilState } = begun;
  const checkpoints = await handlers.listCheckpoints(ref);
  const started = checkpoints.find(({ type }) => type === 'session_started');
  assert.ok(started);
  const now = await handlers.planRecovery({ ...ref, checkpoint: null });
  assert.equal(now.analysis.interruption_cause.cause_type, 'completed');
  assert.equal(now.plan.collector.units_to_do, 0);
  const { plan } = await handlers.planRecovery({ ...ref, checkpoint: started.id });
  assert.equal(plan.collector.units_to_do, 2);
  server.asked.length = 0;
  const completed = untilState('completed');
  await handlers.resumeFromCheckpoint({ ...ref, checkpoint: started.id, http });
  await completed;
  assert.ok(server.asked.includes('a/1') && server.asked.includes('b/1'));
  assert.equal((await readMasters(join(begun.workspace, 'data/raw'))).length, 24);
});

test('discarding names what stays', async (t) => {
  const begun = await begin(t);
  const ref = await collectAll(begun);
  const { kept } = await begun.handlers.discardState(ref);
  const data = join(begun.workspace, 'data/raw');
  const masters = (await readdir(data)).filter((name) => name.includes('_master_'));
  assert.deepEqual(
    kept,
    masters.map((name) => join(data, name)),
  );
  assert.deepEqual(await begun.handlers.listSessions(ref), []);
  await assert.rejects(begun.handlers.discardState(ref), { code: 'UNKNOWN_SESSION' });
});
