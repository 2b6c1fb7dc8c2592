import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { HeldError } from '../../../src/core/errors.ts';
import { RemoteError, Rpc, type RpcChannel } from '../../../src/protocol/rpc.ts';

interface Requests {
  add: { params: { a: number; b: number }; result: number };
  fail: { params: null; result: null };
  never: { params: null; result: null };
}
interface Events {
  ticked: number;
}

/** Two ends of a wire; what is posted at one arrives at the other, cloned, in a later turn. */
function makeWire(): { near: RpcChannel; far: RpcChannel; push: (message: unknown) => void } {
  const wire = new EventEmitter();
  const end = (mine: string, theirs: string): RpcChannel => ({
    post: (message) => {
      const copy: unknown = structuredClone(message);
      setImmediate(() => wire.emit(theirs, copy));
    },
    listen: (listener) => {
      wire.on(mine, listener);
      return () => wire.off(mine, listener);
    },
  });
  return {
    near: end('near', 'far'),
    far: end('far', 'near'),
    push: (message) => wire.emit('far', message),
  };
}

function makePair(fail: () => never = () => assert.fail('not asked for')) {
  const { near, far, push } = makeWire();
  const ticks: number[] = [];
  const asker = new Rpc<object, Requests, Events, object>({
    channel: near,
    handlers: {},
    onEvent: (_name, payload) => ticks.push(payload),
  });
  const answerer = new Rpc<Requests, object, object, Events>({
    channel: far,
    handlers: {
      add: async ({ a, b }) => a + b,
      fail: async () => fail(),
      never: () => new Promise(() => undefined),
    },
    onEvent: () => undefined,
  });
  return { asker, answerer, ticks, push };
}

test('a request is answered, whatever else is asked meanwhile', async () => {
  const { asker } = makePair();
  const sums = await Promise.all([1, 2, 3].map((a) => asker.request('add', { a, b: 10 })));
  assert.deepEqual(sums, [11, 12, 13]);
});

test('an error crosses with its code, class name and data', async () => {
  const { asker } = makePair(() => {
    throw new HeldError('SESSION_HELD', 'Somebody holds it', { pid: 7, host: 'box' });
  });
  await assert.rejects(asker.request('fail', null), (error: unknown) => {
    assert.ok(error instanceof RemoteError);
    assert.equal(error.code, 'SESSION_HELD');
    assert.equal(error.remoteName, 'HeldError');
    assert.equal(error.message, 'Somebody holds it');
    assert.deepEqual(error.data, { pid: 7, host: 'box' });
    return true;
  });
});

test('what is thrown and is no error crosses as one', async () => {
  const { asker } = makePair(() => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- a careless handler
    throw 'just text';
  });
  await assert.rejects(asker.request('fail', null), { code: 'INTERNAL', message: 'just text' });
});

test('an answer that does not come rejects in time, and comes too late to matter', async () => {
  const { asker } = makePair();
  await assert.rejects(asker.request('never', null, 5), { code: 'RPC_TIMEOUT' });
  assert.equal(await asker.request('add', { a: 1, b: 1 }), 2);
});

test('closing rejects what waits and what is asked later', async () => {
  const { asker } = makePair();
  const waiting = asker.request('never', null, 0);
  asker.close('the worker ended');
  await assert.rejects(waiting, { code: 'RPC_CLOSED', message: 'the worker ended' });
  await assert.rejects(asker.request('add', { a: 1, b: 1 }), { code: 'RPC_CLOSED' });
});

test('a request that can not be cloned rejects at once instead of waiting', async () => {
  const { asker } = makePair();
  const unclonable = { a: 1, b: () => 2 } as unknown as { a: number; b: number };
  await assert.rejects(asker.request('add', unclonable, 0), { name: 'DataCloneError' });
});

test('events arrive in order', async () => {
  const { asker, answerer, ticks } = makePair();
  for (const n of [1, 2, 3]) answerer.emit('ticked', n);
  // Behind the events on the same wire.
  await asker.request('add', { a: 0, b: 0 });
  assert.deepEqual(ticks, [1, 2, 3]);
});

test('a request by a name that is nobody’s, inherited ones included, is refused', async () => {
  const { near, far } = makeWire();
  new Rpc<Requests, object, object, object>({
    channel: far,
    handlers: { add: async () => 0, fail: async () => null, never: async () => null },
    onEvent: () => undefined,
  });
  const stranger = new Rpc<object, Record<string, { params: null; result: null }>, object, object>({
    channel: near,
    handlers: {},
    onEvent: () => undefined,
  });
  for (const name of ['constructor', '__proto__', 'toString', 'drop']) {
    await assert.rejects(stranger.request(name, null), { code: 'RPC_UNKNOWN' }, name);
  }
});

test('parameters of another shape are refused and reach no handler', async () => {
  const { near, far } = makeWire();
  const asked: unknown[] = [];
  new Rpc<Pick<Requests, 'add'>, object, object, object>({
    channel: far,
    handlers: { add: async (params) => asked.push(params) },
    isParams: (_name, params) => params === null,
    onEvent: () => undefined,
  });
  const page = new Rpc<object, { add: { params: unknown; result: number } }, object, object>({
    channel: near,
    handlers: {},
    onEvent: () => undefined,
  });
  await assert.rejects(page.request('add', { a: 1, b: 2 }), { code: 'RPC_BAD_PARAMS' });
  assert.deepEqual(asked, []);
  assert.equal(await page.request('add', null), 1);
});

test('messages of the wrong shape are left alone', async () => {
  const { asker, push } = makePair();
  const malformed = [
    null,
    undefined,
    7,
    'request',
    [],
    {},
    { kind: 'request' },
    { kind: 'request', id: '1', name: 'add' },
    { kind: 'request', id: 1, name: 7 },
    { kind: 'result' },
    { kind: 'error', id: 1, error: null },
    { kind: 'event' },
    { kind: 'vscode-scroll', id: 1 },
  ];
  for (const message of malformed) push(message);
  assert.equal(await asker.request('add', { a: 2, b: 2 }), 4);
});
