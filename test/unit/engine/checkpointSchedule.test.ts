import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { CheckpointType, JournalEvent } from '../../../src/core/events.ts';
import type { JournalEntry } from '../../../src/core/view.ts';
import { CheckpointSchedule } from '../../../src/engine/checkpointSchedule.ts';
import { letRun } from '../../fixtures/manualClock.ts';
import { testCollection } from '../../fixtures/storageSession.ts';

const filesSource = { type: 'files', inputs: ['a.jsonl'] };

function begin(t: TestContext, parts: Record<string, unknown> = {}) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const written: CheckpointType[] = [];
  let nowMs = 0;
  let finish: (() => void) | undefined;
  const schedule = new CheckpointSchedule({
    clock: { now: () => nowMs, monotonicMs: () => nowMs, sleep: () => Promise.resolve() },
    collection: testCollection(parts),
    write: (type) =>
      new Promise((resolve) => {
        written.push(type);
        finish = resolve;
      }),
  });
  t.after(() => {
    void schedule.stop();
  });
  return {
    schedule,
    written,
    /** The checkpoint that is being written is written. */
    async finish(): Promise<void> {
      finish?.();
      await letRun();
    },
    /** Time passes; whatever is asked for is written at once. */
    async pass(ms: number): Promise<void> {
      nowMs += ms;
      t.mock.timers.tick(ms);
      finish?.();
      await letRun();
    },
  };
}

function line(...events: JournalEvent[]): JournalEntry[] {
  return [{ seq: 1, at: '', events }];
}

const failed = line({ type: 'finished', unit: 1, state: 'failed' });
const done = line({ type: 'finished', unit: 1, state: 'done' });
const settled = line({
  type: 'settled',
  intent: 'i',
  reservedMicroUsd: 1,
  spentMicroUsd: 1,
  evidence: 'e',
});
const answered = line({ type: 'answered', unit: 1, intent: 'i', cursor: null });

test('each kind of checkpoint is written where its cause is', async (t) => {
  const { schedule, written, finish } = begin(t, { checkpoints: { everyUnits: 2 } });
  schedule.start();
  await finish();
  schedule.groupsEnded();
  await finish();
  schedule.meet(done);
  schedule.meet(settled);
  await finish();
  schedule.meet(failed);
  await finish();
  schedule.unitFinished();
  schedule.unitFinished();
  await finish();
  assert.deepEqual(written, [
    'session_started',
    'venue_completed',
    'api_call_completed',
    'error_occurred',
    'batch_completed',
  ]);
});

test('a session of files has the words of consolidation, and a last checkpoint before it is completed', async (t) => {
  const parts = { source: filesSource, checkpoints: { everyUnits: 1 } };
  const { schedule, written, finish } = begin(t, parts);
  schedule.start();
  await finish();
  schedule.unitFinished();
  await finish();
  schedule.groupsEnded();
  await finish();
  assert.deepEqual(written, ['session_started', 'batch_processed', 'source_completed']);
  schedule.groupsEnded();
  await schedule.stop();
  assert.deepEqual(schedule.takeLast(), ['source_completed', 'deduplication_completed']);
  assert.deepEqual(schedule.takeLast(), ['deduplication_completed']);
});

test('what is asked for while one is written becomes one more of each, in order', async (t) => {
  const { schedule, written, finish, pass } = begin(t);
  schedule.start();
  for (let i = 0; i < 3; i++) {
    schedule.groupsEnded();
    schedule.meet(answered);
  }
  assert.deepEqual(written, ['session_started']);
  await finish();
  await finish();
  await finish();
  await pass(60_000);
  assert.deepEqual(written, ['session_started', 'venue_completed', 'api_call_completed']);
});

test('errors are at least five seconds apart, groups one; none is forgotten', async (t) => {
  const { schedule, written, pass } = begin(t);
  schedule.start();
  await pass(10_000);
  schedule.meet(failed);
  schedule.groupsEnded();
  await pass(0);
  schedule.meet(failed);
  schedule.groupsEnded();
  await pass(999);
  const first = ['session_started', 'error_occurred', 'venue_completed'];
  assert.deepEqual(written, first);
  await pass(1);
  assert.deepEqual(written, [...first, 'venue_completed']);
  await pass(3_999);
  assert.equal(written.length, 4);
  await pass(1);
  assert.deepEqual(written.slice(4), ['error_occurred']);
});

test('units are counted since the last checkpoint of any kind; time alone asks for none', async (t) => {
  const { schedule, written, finish, pass } = begin(t, {
    checkpoints: { everyUnits: 3, everySeconds: 30 },
  });
  schedule.start();
  await finish();
  await pass(30_000);
  assert.equal(written.length, 1, 'nothing has happened');
  schedule.unitFinished();
  schedule.unitFinished();
  schedule.groupsEnded();
  await finish();
  schedule.unitFinished();
  assert.deepEqual(written, ['session_started', 'venue_completed']);
  await pass(30_000);
  assert.deepEqual(written.slice(2), ['batch_completed']);
});

test('held back, it writes none, and afterwards what was asked for', async (t) => {
  const { schedule, written, finish } = begin(t);
  schedule.start();
  let isAtRest = false;
  const held = schedule.hold().then(() => {
    isAtRest = true;
  });
  schedule.groupsEnded();
  await letRun();
  assert.equal(isAtRest, false, 'one is being written');
  await finish();
  await held;
  assert.deepEqual(written, ['session_started']);
  schedule.go();
  await finish();
  assert.deepEqual(written, ['session_started', 'venue_completed']);
  await schedule.stop();
  schedule.meet(failed);
  await letRun();
  assert.equal(written.length, 2);
  assert.deepEqual(schedule.takeLast(), ['error_occurred']);
});
