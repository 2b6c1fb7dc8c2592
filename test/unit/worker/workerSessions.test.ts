import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionRef } from '../../../src/protocol/worker.ts';
import { beginShelves, http } from '../../fixtures/workerSessions.ts';

test('that a run is over is told when its lock is let go: whoever acts at once is not refused', async (t) => {
  const { server, workspace, file, sessions, untilState } = await beginShelves(t);
  server.rule('b/2', 'hang');
  const asked = server.untilAsked('b/2');
  const handlers = sessions.handlers();
  const { session } = await handlers.start({ workspace, file, http });
  const ref: SessionRef = { workspace, session };
  await asked;
  const run = sessions.runOf(ref);
  assert.ok(run);
  const meanwhile: Promise<string>[] = [];
  run.onChange(() => {
    if (run.view.state !== 'stopped') return;
    meanwhile.push(handlers.watch(ref).then(({ view }) => view.state));
  });
  const stopped = untilState('stopped');
  await handlers.stop({ ...ref, reason: 'user' });
  await stopped;
  const told = await Promise.all(meanwhile);
  assert.ok(told.length > 0, 'it was asked about between its last line and its end');
  assert.deepEqual([...new Set(told)], ['active']);
  server.serveAll();
  const completed = untilState('completed');
  await handlers.resume({ ...ref, http });
  await completed;
});
