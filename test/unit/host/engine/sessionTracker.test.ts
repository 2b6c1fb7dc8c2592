import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { hostname } from 'node:os';
import { test } from 'node:test';
import type { EngineClientEvents } from '../../../../src/host/engine/engineClient.ts';
import { SessionTracker } from '../../../../src/host/engine/sessionTracker.ts';
import type { SessionListing, WorkerEvents } from '../../../../src/protocol/worker.ts';
import { makeListing, makeSnapshot } from '../../../fixtures/views.ts';

const space = '/home/me/space';

/** An engine that answers at once, from what the test puts on its disk. */
function makeTracker(workspaces: readonly string[] = [space]) {
  const disk = new Map<string, readonly SessionListing[]>();
  const asked: string[] = [];
  const events = new EventEmitter<EngineClientEvents>();
  let failure: Error | undefined;
  const engine = {
    events,
    request: async (name: string, params: { workspace: string; session?: string }) => {
      asked.push(`${name} ${params.session ?? params.workspace}`);
      if (failure) throw failure;
      if (name === 'listSessions') return disk.get(params.workspace) ?? [];
      if (name === 'watch') return makeSnapshot({ session: params.session!, state: 'active' });
      return null;
    },
  };
  const tracker = new SessionTracker(
    engine as unknown as ConstructorParameters<typeof SessionTracker>[0],
    () => workspaces,
  );
  const state = (view: Partial<WorkerEvents['state']['snapshot']['view']> & { session: string }) =>
    events.emit('state', { workspace: space, session: view.session, snapshot: makeSnapshot(view) });
  return { tracker, disk, asked, events, state, fail: (error?: Error) => (failure = error) };
}

test('what is listed is kept until something changes', async () => {
  const { tracker, disk, asked } = makeTracker();
  disk.set(space, [makeListing({ session: 'a', state: 'stopped' })]);
  await tracker.list();
  await tracker.list();
  assert.deepEqual(asked, [`listSessions ${space}`]);
  tracker.refresh();
  await tracker.list();
  assert.equal(asked.length, 2);
});

test('newest first, over all folders, each session once', async () => {
  const { tracker, disk } = makeTracker([space, '/home/me/other']);
  const shared = makeListing({ session: 'shared', createdAt: '2026-01-02T00:00:00.000Z' });
  disk.set(space, [shared, makeListing({ session: 'old', createdAt: '2026-01-01T00:00:00.000Z' })]);
  disk.set('/home/me/other', [
    makeListing({ session: 'new', createdAt: '2026-01-03T00:00:00.000Z' }),
    shared,
  ]);
  const sessions = await tracker.list();
  assert.deepEqual(
    sessions.map(({ ref }) => `${ref.workspace} ${ref.session}`),
    ['/home/me/other new', `${space} shared`, `${space} old`],
  );
});

test('a session that is not running has worked as long as its journal says', async () => {
  const { tracker, disk } = makeTracker();
  disk.set(space, [makeListing({ session: 'a', state: 'interrupted', activeMs: 61_000 })]);
  const [session] = await tracker.list();
  assert.equal(session!.snapshot.live.elapsedMs, 61_000);
  assert.equal(session!.isOurs, false);
  assert.equal(session!.resumable, true);
});

test('a session that somebody else holds is not offered for resuming', async () => {
  const { tracker, disk } = makeTracker();
  const holder = { pid: 7, host: 'box', via: 'cli', since: '2026-01-01T00:00:00.000Z' } as const;
  disk.set(space, [makeListing({ session: 'a', state: 'active' }, { holder })]);
  const [session] = await tracker.list();
  assert.equal(session!.resumable, false);
  assert.deepEqual(session!.holder, holder);
  assert.equal(await tracker.hasForeignRuns(), true);
});

test('a running session is shown by what the engine says, and watched once', async () => {
  const { tracker, disk, asked, events, state } = makeTracker();
  disk.set(space, [makeListing({ session: 'a', state: 'active', records: 1 })]);
  state({ session: 'a', state: 'active', records: 5 });
  state({ session: 'a', state: 'active', records: 6 });
  await once(tracker.events, 'changed');
  const deltas: string[] = [];
  tracker.events.on('delta', (session, delta) => {
    deltas.push(`${session} ${delta.view.records}`);
  });
  events.emit('delta', { session: 'a', delta: { view: { records: 77 }, live: {} } });
  events.emit('delta', { session: 'nobody', delta: { view: { records: 1 }, live: {} } });
  assert.deepEqual(deltas, ['a 77']);
  const [session] = await tracker.list();
  assert.equal(session!.snapshot.view.records, 77);
  assert.equal(session!.isOurs, true);
  assert.deepEqual(
    asked.filter((request) => request.startsWith('watch')),
    ['watch a'],
  );
  assert.equal(await tracker.hasForeignRuns(), false);
});

test('a session that ends is read from disk again', async () => {
  const { tracker, disk, state } = makeTracker();
  disk.set(space, [makeListing({ session: 'a', state: 'active' })]);
  state({ session: 'a', state: 'active' });
  await tracker.list();
  disk.set(space, [makeListing({ session: 'a', state: 'completed' }, { resumable: false })]);
  state({ session: 'a', state: 'completed' });
  assert.deepEqual(tracker.live(), []);
  const session = await tracker.find({ workspace: space, session: 'a' });
  assert.equal(session!.snapshot.view.state, 'completed');
  assert.equal(session!.resumable, false);
});

test('when the engine dies its runs are interrupted, and nothing is asked of a new engine', async () => {
  const { tracker, disk, asked, events, state } = makeTracker();
  disk.set(space, [
    makeListing({ session: 'a', state: 'active', records: 1 }),
    makeListing({ session: 'b', state: 'stopped' }),
  ]);
  state({ session: 'a', state: 'active', records: 50 });
  await once(tracker.events, 'changed');
  await tracker.list();
  const asks = asked.length;
  const lost = once(tracker.events, 'lost');
  events.emit('died', new Error('fell over'));
  assert.deepEqual((await lost)[0], [{ workspace: space, session: 'a' }]);
  const sessions = await tracker.list();
  assert.deepEqual(
    sessions.map(({ ref, snapshot, resumable }) => [ref.session, snapshot.view.state, resumable]),
    [
      ['a', 'interrupted', true],
      ['b', 'stopped', true],
    ],
  );
  assert.equal(asked.length, asks);
});

test('a listing that failed is not kept', async () => {
  const { tracker, disk, fail } = makeTracker();
  disk.set(space, [makeListing({ session: 'a' })]);
  fail(new Error('no engine'));
  await assert.rejects(tracker.list(), /no engine/);
  fail(undefined);
  assert.equal((await tracker.list()).length, 1);
});

test('a folder that is not open, or not trusted, is not looked into', async () => {
  const { tracker, asked } = makeTracker([]);
  assert.deepEqual(await tracker.list(), []);
  assert.equal(await tracker.find({ workspace: space, session: 'a' }), undefined);
  assert.deepEqual(asked, []);
});

test('a session that faulted stays faulted, with its reason, until it is opened again', async () => {
  const { tracker, disk, state } = makeTracker();
  // On disk it looks like one whose process died.
  disk.set(space, [makeListing({ session: 'a', state: 'interrupted' })]);
  state({ session: 'a', state: 'active' });
  state({ session: 'a', state: 'faulted', reasonMessage: 'the master was replaced' });
  const find = () => tracker.find({ workspace: space, session: 'a' });
  const faulted = await find();
  assert.equal(faulted!.snapshot.view.state, 'faulted');
  assert.equal(faulted!.snapshot.view.reasonMessage, 'the master was replaced');
  assert.equal(faulted!.resumable, true);
  state({ session: 'a', state: 'active' });
  disk.set(space, [makeListing({ session: 'a', state: 'completed' }, { resumable: false })]);
  state({ session: 'a', state: 'completed' });
  assert.equal((await find())!.snapshot.view.state, 'completed');
});

test('a session whose lock this window is just letting go of is not somebody else’s', async () => {
  const { tracker, disk } = makeTracker();
  const since = '2026-01-01T00:00:00.000Z';
  const holder = { pid: process.pid, host: hostname(), via: 'window', since } as const;
  disk.set(space, [makeListing({ session: 'a', state: 'stopped' }, { holder })]);
  const [session] = await tracker.list();
  assert.equal(session!.holder, null);
  assert.equal(session!.resumable, true);
  assert.equal(await tracker.hasForeignRuns(), false);
});
