import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { EngineClient } from '../../../../src/host/engine/engineClient.ts';
import { http } from '../../../fixtures/workerSessions.ts';

const file = new URL('../../../fixtures/fakeWorker.ts', import.meta.url);
const workspace = '/home/me/space';

function makeEngine(t: TestContext) {
  const spawned: Worker[] = [];
  const engine = new EngineClient({
    openSource: () => Promise.reject(new Error('no extensions here')),
    spawn: () => {
      const worker = new Worker(file, { stderr: true });
      spawned.push(worker);
      return worker;
    },
    secret: async (name) => (name === 'TOKEN' ? 'abc' : null),
  });
  t.after(() => engine.dispose());
  return { engine, spawned };
}

test('the worker starts with the first request, and only then', async (t) => {
  const { engine, spawned } = makeEngine(t);
  assert.equal(engine.isRunning, false);
  assert.deepEqual(await engine.request('listSessions', { workspace }, 0), []);
  await engine.request('listSessions', { workspace }, 0);
  assert.equal(engine.isRunning, true);
  assert.equal(spawned.length, 1);
});

test('a session’s state is told before its start is answered', async (t) => {
  const { engine } = makeEngine(t);
  const told: string[] = [];
  engine.events.on('state', ({ session, snapshot }) => {
    told.push(`${session} ${snapshot.view.state}`);
  });
  const params = { workspace, file: `${workspace}/books.collect.json`, http };
  const { session } = await engine.request('start', params, 0);
  assert.deepEqual(told, [`${session} active`]);
});

test('the worker is given the secrets that it asks for', async (t) => {
  const { engine } = makeEngine(t);
  const said = once(engine.events, 'log');
  const params = { workspace, file: `${workspace}/secret.collect.json`, http };
  await engine.request('start', params, 0);
  const [line] = (await said) as [{ message: string }];
  assert.equal(line.message, 'secret is abc');
});

test('an error of the engine arrives with its code and data', async (t) => {
  const { engine } = makeEngine(t);
  const asked = { workspace, session: 's', checkpoint: 'c1' };
  await assert.rejects(engine.request('readCheckpoint', asked, 0), {
    code: 'CHECKPOINT_MISSING',
    data: { checkpoint: 'c1' },
  });
});

test('a worker that dies rejects what waits, says why, and is replaced by the next request', async (t) => {
  const { engine, spawned } = makeEngine(t);
  const died = once(engine.events, 'died');
  const params = { workspace, file: `${workspace}/crash.collect.json`, http };
  await engine.request('start', params, 0);
  const [error] = (await died) as [Error];
  assert.equal(error.message, 'the engine fell over');
  assert.equal(engine.isRunning, false);
  assert.deepEqual(await engine.request('listSessions', { workspace }, 0), []);
  assert.equal(spawned.length, 2);
});

test('a request that waits when the worker dies is rejected', async (t) => {
  const { engine, spawned } = makeEngine(t);
  await engine.request('listSessions', { workspace }, 0);
  const waiting = engine.request('checkCollection', { workspace, file: 'hang', text: null }, 0);
  const rejected = assert.rejects(waiting, { code: 'RPC_CLOSED' });
  await spawned[0]!.terminate();
  await rejected;
});

test('shutting down is not dying, and is for good', async (t) => {
  const { engine } = makeEngine(t);
  let deaths = 0;
  engine.events.on('died', () => (deaths += 1));
  await engine.request('listSessions', { workspace }, 0);
  await engine.dispose();
  await assert.rejects(engine.request('listSessions', { workspace }, 0), /shut down/);
  assert.equal(deaths, 0);
});

test('a job tells how far it is, and is cancelled by its name', async (t) => {
  const { engine } = makeEngine(t);
  const told = once(engine.events, 'progress');
  const targets = { workspace, sessions: [], paths: [], schema: null, fixIndex: false };
  const report = engine.request('validate', { job: 'a', ...targets }, 0);
  assert.deepEqual(await told, [
    { job: 'a', done: 50, total: 100, unit: 'bytes', what: 'books.jsonl' },
  ]);
  await engine.request('cancelJob', { job: 'a' }, 0);
  assert.equal((await report).isCancelled, true);
});
