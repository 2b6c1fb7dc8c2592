import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test, type TestContext } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import type { SessionSnapshot } from '../../../../src/core/live.ts';
import type { EngineClientEvents } from '../../../../src/host/engine/engineClient.ts';
import type { SessionTrackerEvents } from '../../../../src/host/engine/sessionTracker.ts';
import { RunFollower } from '../../../../src/host/tasks/followRun.ts';
import { makeSnapshot } from '../../../fixtures/views.ts';

const workspace = '/home/me/space';

/** A window in which one session is told of. */
function makeWindow(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const lines: string[] = [];
  const statuses: string[] = [];
  const engine = { events: new EventEmitter<EngineClientEvents>() };
  const running: { now: SessionSnapshot | undefined } = { now: undefined };
  const tracker = {
    events: new EventEmitter<SessionTrackerEvents>(),
    live: () =>
      running.now
        ? [{ ref: { workspace, session: running.now.view.session }, snapshot: running.now }]
        : [],
  };
  const follower = new RunFollower(
    { engine, tracker, formats: formatsFor('en') },
    { line: (text) => lines.push(text), status: (text) => statuses.push(text) },
  );
  t.after(() => {
    follower[Symbol.dispose]();
    assert.equal(engine.events.listenerCount('state'), 0);
    assert.equal(tracker.events.listenerCount('lost'), 0);
  });
  return {
    lines,
    statuses,
    follower,
    running,
    lose: (ref: { workspace: string; session: string }) =>
      tracker.events.emit('lost', [ref], new Error('gone')),
    tell: (snapshot: SessionSnapshot) => {
      const { session, state } = snapshot.view;
      running.now = state === 'active' || state === 'paused' ? snapshot : undefined;
      engine.events.emit('state', { workspace, session, snapshot });
    },
  };
}

const { session } = makeSnapshot().view;
const ref = { workspace, session };

test('a run that ends before it is followed is not missed', async (t) => {
  const { tell, follower, lines } = makeWindow(t);
  const units = { pending: 0, in_progress: 0, done: 200, failed: 0, skipped: 0, blocked: 0 };
  tell(makeSnapshot({ state: 'completed', units }));
  assert.equal((await follower.follow(ref)).exitCode, 0);
  assert.equal(lines[0], 'books is complete.');
  assert.match(lines[1]!, /^1,234 records .* from 200 units, 0 failed, 0 to do/);
  assert.equal(lines[2], 'data/raw/books_master_20261121_161500.jsonl');
});

test('figures are told once a second, each failure once', async (t) => {
  const { tell, running, follower, lines, statuses } = makeWindow(t);
  tell(makeSnapshot({ state: 'active' }));
  const end = follower.follow(ref);
  const error = { unit: 7, at: 'now', key: '/x', message: 'HTTP 404', code: 'HTTP_404' };
  const errors = [
    { ...error, retried: false },
    { ...error, unit: 8, retried: true },
  ];
  running.now = makeSnapshot({ state: 'active', errors }, { recordsPerSecond: 5, etaMs: 60_000 });
  t.mock.timers.tick(2000);
  assert.deepEqual(lines, ['Failed: /x: HTTP 404 (HTTP_404)']);
  assert.equal(
    statuses.at(-1),
    '1,234 records · 5.0/s · 132 of 200 units · 2 failed · about 0:01:00 left',
  );
  tell(makeSnapshot({ state: 'completed', errors }));
  assert.equal((await end).exitCode, 3);
  assert.equal(lines.filter((line) => line.startsWith('Failed:')).length, 1);
});

test('a person’s pause is waited through, a guard’s ends the task', async (t) => {
  const { tell, follower, lines } = makeWindow(t);
  tell(makeSnapshot({ state: 'active' }));
  const end = follower.follow(ref);
  tell(makeSnapshot({ state: 'paused', reason: 'user' }));
  tell(makeSnapshot({ state: 'paused', reason: 'user' }));
  tell(makeSnapshot({ state: 'active' }));
  tell(makeSnapshot({ state: 'paused', reason: 'budget', reasonMessage: 'The money is spent.' }));
  assert.equal((await end).exitCode, 4);
  assert.equal(lines.filter((line) => line.includes('Ctrl+C stops it')).length, 1);
  assert.ok(lines.includes('books is paused: The money is spent.'));
});

test('a fault, which is told twice, ends it once', async (t) => {
  const { tell, follower, lines } = makeWindow(t);
  tell(makeSnapshot({ state: 'active' }));
  const end = follower.follow(ref);
  const faulted = makeSnapshot({ state: 'faulted', reasonMessage: 'fsync failed.' });
  tell(faulted);
  tell(faulted);
  assert.equal((await end).exitCode, 1);
  assert.equal(lines.filter((line) => line === 'books has stopped: fsync failed.').length, 1);
});

test('stopped by a person: 130; the engine gone: 1', async (t) => {
  const first = makeWindow(t);
  first.tell(makeSnapshot({ state: 'active' }));
  const stopped = first.follower.follow(ref);
  first.tell(makeSnapshot({ state: 'stopped', reason: 'user' }));
  assert.equal((await stopped).exitCode, 130);
  t.mock.timers.reset();
  const second = makeWindow(t);
  second.tell(makeSnapshot({ state: 'active' }));
  const lost = second.follower.follow(ref);
  second.lose({ workspace, session: 'another' });
  second.lose(ref);
  assert.equal((await lost).exitCode, 1);
});
