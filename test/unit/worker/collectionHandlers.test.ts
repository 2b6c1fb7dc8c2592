import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { codeOf } from '../../../src/core/errors.ts';
import type { SessionRef } from '../../../src/protocol/worker.ts';
import { collectionHandlers } from '../../../src/worker/collectionHandlers.ts';
import { beginShelves, http } from '../../fixtures/workerSessions.ts';
import { writeCollection } from '../../fixtures/workspace.ts';

async function begin(t: TestContext, changes: object = {}) {
  const begun = await beginShelves(t, { changes });
  const { sessions } = begun;
  return { ...begun, handlers: { ...sessions.handlers(), ...collectionHandlers(sessions) } };
}

test('an outline says where a collection begins, whether it costs money, and how far it goes', async (t) => {
  const limits = { target: 50, maxRequests: 20, maxUsd: 3 };
  const { workspace, file, handlers } = await begin(t, { limits });
  const outline = await handlers.outlineCollection({ workspace, file });
  assert.equal(outline.name, 'shelves');
  assert.equal(outline.source, 'rest');
  assert.equal(outline.isPaid, false);
  assert.deepEqual(outline.limits, { ...limits, maxMinutes: undefined });
  assert.equal(outline.placeCount, 1);
  assert.match(outline.places[0]!, /^http:\/\/127\.0\.0\.1:\d+\/\{shelf\}$/);
});

test('calls that have a price make it a paid one; many places are counted', async (t) => {
  const { workspace, handlers } = await begin(t);
  const paid = await writeCollection(workspace, {
    name: 'paid',
    source: { type: 'rest', url: 'http://127.0.0.1:1/', price: { perCallUsd: 0.01 } },
  });
  assert.equal((await handlers.outlineCollection({ workspace, file: paid })).isPaid, true);
  const start = Array.from({ length: 9 }, (_, i) => `http://127.0.0.1:1/${i}`);
  const many = await writeCollection(workspace, {
    name: 'many',
    source: { type: 'html', start, fields: { title: 'h1' } },
  });
  const { places, placeCount } = await handlers.outlineCollection({ workspace, file: many });
  assert.deepEqual([places, placeCount], [start.slice(0, 5), 9]);
});

test('a collection whose file is gone is written back, and its session goes on with it', async (t) => {
  const { server, workspace, file, handlers, untilState } = await begin(t);
  server.rule('b/1', 'hang');
  const { session } = await handlers.start({ workspace, file, http });
  const ref: SessionRef = { workspace, session };
  const stopped = untilState('stopped');
  await handlers.stop({ ...ref, reason: 'user' });
  await stopped;
  await rm(file);
  assert.deepEqual(await handlers.restoreCollection(ref), { file });
  assert.match(
    await readFile(file, 'utf8'),
    new RegExp(`^// Written from the journal of ${session}`),
  );
  // Nobody's work is written over.
  await assert.rejects(handlers.restoreCollection(ref), (error) => {
    return codeOf(error) === 'COLLECTION_EXISTS';
  });
  server.serveAll();
  const completed = untilState('completed');
  await handlers.resume({ ...ref, http });
  await completed;
  assert.equal((await handlers.outlineSession(ref)).name, 'shelves');
});

test('what somebody has put in its place stays', async (t) => {
  const { workspace, file, handlers, untilState } = await begin(t);
  const completed = untilState('completed');
  const { session } = await handlers.start({ workspace, file, http });
  await completed;
  await writeFile(file, 'mine');
  await assert.rejects(handlers.restoreCollection({ workspace, session }));
  assert.equal(await readFile(file, 'utf8'), 'mine');
});
