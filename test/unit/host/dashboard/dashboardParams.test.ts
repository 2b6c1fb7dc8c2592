import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dashboardParams, sessionInState } from '../../../../src/host/dashboard/dashboardParams.ts';
import { overviewParams } from '../../../../src/host/dashboard/overviewParams.ts';
import { webviewRpc, type ParamShapes } from '../../../../src/host/webview/webviewRpc.ts';
import type { DashboardRequests } from '../../../../src/protocol/dashboard.ts';
import type { OverviewRequests } from '../../../../src/protocol/overview.ts';
import type { Handlers } from '../../../../src/protocol/rpc.ts';

/** What the host answers to a page's message, and whether it reached a handler. */
async function ask<Requests extends object>(
  shapes: ParamShapes<Requests>,
  name: string,
  params: unknown,
): Promise<string> {
  let receive: (message: unknown) => void = () => undefined;
  const answer = Promise.withResolvers<string>();
  const reached: string[] = [];
  const handlers = Object.fromEntries(
    Object.keys(shapes).map((key) => [key, async () => reached.push(key)]),
  );
  const webview = {
    postMessage: (message: { kind: string; error?: { code: string } }) => {
      answer.resolve(message.error?.code ?? `answered by ${reached.join()}`);
      return true;
    },
    onDidReceiveMessage: (listener: (message: unknown) => void) => {
      receive = listener;
      return { dispose: () => undefined };
    },
  };
  webviewRpc(
    webview as unknown as Parameters<typeof webviewRpc>[0],
    () => Promise.resolve(shapes),
    handlers as unknown as Handlers<Requests>,
  );
  receive({ kind: 'request', id: 1, name, params });
  return answer.promise;
}

const askDashboard = (name: string, params: unknown) =>
  ask<DashboardRequests>(dashboardParams, name, params);
const askOverview = (name: string, params: unknown) =>
  ask<OverviewRequests>(overviewParams, name, params);

test('a dashboard’s requests reach their handlers when they are of their shape', async () => {
  assert.equal(await askDashboard('pause', null), 'answered by pause');
  for (const units of [null, [], [1, 2_000_000]]) {
    assert.equal(await askDashboard('retryFailed', { units }), 'answered by retryFailed');
  }
  const checkpoint = 'checkpoint_books_20261121_161500_00000001';
  assert.equal(
    await askDashboard('resumeFromCheckpoint', { checkpoint }),
    'answered by resumeFromCheckpoint',
  );
});

test('a dashboard’s request of any other shape is refused', async () => {
  const wrong: readonly (readonly [name: string, params: unknown])[] = [
    ['pause', {}],
    ['pause', undefined],
    ['stop', 'now'],
    ['retryFailed', null],
    ['retryFailed', {}],
    ['retryFailed', { units: '1' }],
    ['retryFailed', { units: [0] }],
    ['retryFailed', { units: [1.5] }],
    ['retryFailed', { units: ['1'] }],
    ['retryFailed', { units: [1], ref: { workspace: '/', session: 'another' } }],
    ['resumeFromCheckpoint', { checkpoint: '' }],
    ['resumeFromCheckpoint', { checkpoint: 7 }],
    ['resumeFromCheckpoint', { checkpoint: 'x'.repeat(401) }],
    ['resumeFromCheckpoint', 'checkpoint_1'],
  ];
  for (const [name, params] of wrong) {
    const said = await askDashboard(name, params);
    assert.equal(said, 'RPC_BAD_PARAMS', `${name} ${JSON.stringify(params)}`.slice(0, 100));
  }
  assert.equal(await askDashboard('discardState', null), 'RPC_UNKNOWN');
  assert.equal(await askDashboard('constructor', null), 'RPC_UNKNOWN');
});

test('the page of all sessions is held to the same', async () => {
  const session = { workspace: '/home/me/space', session: 'books_1' };
  assert.equal(await askOverview('resume', { session }), 'answered by resume');
  for (const params of [null, { session: 'books_1' }, { session: { session: 'books_1' } }]) {
    assert.equal(await askOverview('resume', params), 'RPC_BAD_PARAMS');
  }
  assert.equal(
    await askOverview('stop', { session: { ...session, reason: 'x' } }),
    'RPC_BAD_PARAMS',
  );
  assert.equal(await askOverview('newCollection', {}), 'RPC_BAD_PARAMS');
});

test('what any version of a dashboard kept names its session; anything else names none', () => {
  const ref = { workspace: '/home/me/space', session: 'books_1' };
  assert.deepEqual(sessionInState({ version: 1, ref }), ref);
  assert.deepEqual(sessionInState({ version: 2, ref, folded: [], charts: 'now' }), ref);
  assert.deepEqual(sessionInState({ version: 99, ref: { ...ref, more: 1 }, other: {} }), ref);
  for (const state of [undefined, null, 'books', [], {}, { ref: null }, { ref: { session: 7 } }]) {
    assert.equal(sessionInState(state), undefined);
  }
});
