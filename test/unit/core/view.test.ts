import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEvent, UnitTally } from '../../../src/core/events.ts';
import { fingerprint, packFingerprints } from '../../../src/core/keys.ts';
import type { FinalUnitState, UnitState } from '../../../src/core/unit.ts';
import {
  emptyView,
  isResumable,
  reduceView,
  type SessionState,
  type SessionView,
} from '../../../src/core/view.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';

const startMs = Date.UTC(2026, 10, 21, 16, 15, 0);
const timeOf = (seq: number): string => new Date(startMs + seq * 1000).toISOString();

function fold(lines: readonly (readonly JournalEvent[])[]): SessionView {
  return lines.reduce(
    (view, events, seq) => reduceView(view, { seq, at: timeOf(seq), events }),
    emptyView,
  );
}

const session: JournalEvent = {
  type: 'session',
  format: 1,
  session: 'session_1',
  collectionFile: 'books.collect.json',
  collection: { name: 'books', limits: { target: 5 }, source: {} },
  digest: 'd',
  keyRecipe: 'k',
  machineId: 'm',
  workspace: '/w',
  createdBy: 't',
};
const opened: JournalEvent = { type: 'opened', pid: 1, host: 'h', bootId: 'b', via: 'cli' };
const master: JournalEvent = { type: 'file', role: 'master', file: 'm.jsonl' };
const units = (first: number, count: number): JournalEvent => ({
  type: 'units',
  first,
  lane: 'l',
  group: 'g',
  items: Array.from({ length: count }, (_, i) => ({ key: `u${first + i}` })),
});

function committed(offset: number, tallies: readonly UnitTally[]): JournalEvent {
  const records = tallies.reduce((sum, tally) => sum + tally.records, 0);
  const keys = packFingerprints(Array.from({ length: records }, (_, i) => fingerprint(`${i}`)));
  const range = {
    role: 'master',
    file: 'm.jsonl',
    offset,
    bytes: records * 10,
    sha256: '',
    keys,
  } as const;
  return { type: 'committed', ranges: records === 0 ? [] : [range], units: tallies };
}

test('the counts are those of a recount of the events, whatever happened', () => {
  const random = new SeededRandom(42);
  for (let round = 0; round < 30; round++) {
    const lines: JournalEvent[][] = [[session, opened, master]];
    const states = new Map<number, UnitState>();
    const recount = { records: 0, duplicates: 0, rejected: 0, bytes: 0, lines: 0 };
    for (let step = 0; step < 200; step++) {
      const events: JournalEvent[] = [];
      for (let i = random.below(4); i >= 0; i--) {
        const unit = 1 + random.below(Math.max(1, states.size));
        const state = states.get(unit);
        const dice = random.below(5);
        if (dice === 0 || state === undefined) {
          const count = 1 + random.below(3);
          events.push(units(states.size + 1, count));
          for (let n = 0; n < count; n++) states.set(states.size + 1, 'pending');
        } else if (state === 'pending' && dice < 4) {
          events.push({ type: 'claimed', unit, attempt: 1 });
          states.set(unit, 'in_progress');
        } else if (state === 'pending') {
          events.push({ type: 'finished', unit, state: 'skipped', from: 'pending' });
          states.set(unit, 'skipped');
        } else if (state !== 'in_progress') {
          events.push({ type: 'requeued', unit, reason: 'asked', attempts: 0, from: state });
          states.set(unit, 'pending');
        } else if (dice === 1) {
          const tally = {
            unit,
            records: random.below(5),
            duplicates: random.below(3),
            rejected: random.below(2),
          };
          events.push(committed(recount.bytes, [tally]));
          recount.records += tally.records;
          recount.duplicates += tally.duplicates;
          recount.rejected += tally.rejected;
          recount.lines += tally.records;
          recount.bytes += tally.records * 10;
        } else if (dice === 2) {
          const forget = Math.min(recount.duplicates, random.below(2));
          events.push({ type: 'requeued', unit, reason: 'retry', attempts: 1, forget });
          recount.duplicates -= forget;
          states.set(unit, 'pending');
        } else {
          const finals: FinalUnitState[] = ['done', 'failed', 'skipped', 'blocked'];
          const final = finals[random.below(4)] ?? 'done';
          events.push({ type: 'finished', unit, state: final });
          states.set(unit, final);
        }
      }
      lines.push(events);
    }
    const view = fold(lines);
    const counts: Record<UnitState, number> = {
      pending: 0,
      in_progress: 0,
      done: 0,
      failed: 0,
      skipped: 0,
      blocked: 0,
    };
    for (const state of states.values()) counts[state] += 1;
    assert.deepEqual(view.units, counts);
    assert.equal(view.unitTotal, states.size);
    const { records, duplicates, rejected, files } = view;
    assert.deepEqual(
      { records, duplicates, rejected, bytes: files[0]?.bytes, lines: files[0]?.lines },
      recount,
    );
    assert.equal(view.seq, lines.length - 1);
    assert.equal(view.lastEventAt, timeOf(lines.length - 1));
  }
});

test('folding changes no view that was given out', () => {
  const before = fold([[session, opened, master, units(1, 2)]]);
  const copy = structuredClone(before);
  reduceView(before, {
    seq: 1,
    at: timeOf(1),
    events: [
      { type: 'claimed', unit: 1, attempt: 1 },
      committed(0, [{ unit: 1, records: 2, duplicates: 1, rejected: 0 }]),
      { type: 'finished', unit: 1, state: 'failed', error: { key: 'u1', code: 'X', message: 'm' } },
    ],
  });
  assert.deepEqual(before, copy);
});

test('the states follow the events', () => {
  const lines: JournalEvent[][] = [[session, opened]];
  const expect = (
    event: JournalEvent,
    state: SessionState,
    reason: SessionView['reason'],
  ): void => {
    lines.push([event]);
    const view = fold(lines);
    assert.deepEqual([view.state, view.reason], [state, reason], event.type);
  };
  expect({ type: 'paused', reason: 'disk-full', message: 'full' }, 'paused', 'disk-full');
  assert.equal(fold(lines).reasonMessage, 'full');
  assert.equal(fold(lines).reasonCode, null);
  expect({ type: 'resumed' }, 'active', null);
  assert.equal(fold(lines).reasonMessage, null);
  const code = 'BROWSER_MISSING';
  expect({ type: 'paused', reason: 'setup', message: 'none', code }, 'paused', 'setup');
  assert.equal(fold(lines).reasonCode, code);
  expect({ type: 'resumed' }, 'active', null);
  assert.equal(fold(lines).reasonCode, null);
  expect({ type: 'stopped', reason: 'signal', activeMs: 500 }, 'stopped', 'signal');
  expect(opened, 'active', null);
  expect({ type: 'completed', by: 'target', activeMs: 250 }, 'completed', 'target');
  assert.equal(fold(lines).activeMs, 750);
});

const recoveredFromNothing = {
  type: 'recovered',
  journalTornBytes: 0,
  journalGaps: 1,
  tornFiles: [],
  adopted: 0,
  damaged: [],
  requeued: 0,
} as const;

test('adopted records count, taken ones are the same ones', () => {
  const adopted: JournalEvent = {
    type: 'adopted',
    records: 2,
    range: {
      role: 'master',
      file: 'm.jsonl',
      offset: 0,
      bytes: 20,
      sha256: '',
      keys: packFingerprints([fingerprint('a'), fingerprint('b')]),
    },
  };
  const taken: JournalEvent = {
    type: 'taken',
    unit: 1,
    keys: packFingerprints([fingerprint('a')]),
  };
  const view = fold([[session, opened, master], [adopted], [taken]]);
  assert.equal(view.records, 2);
  const last = { offset: 0, bytes: 20, sha256: '' };
  assert.deepEqual(view.files, [{ role: 'master', file: 'm.jsonl', lines: 2, bytes: 20, last }]);
});

test('adopted rejects are rejects', () => {
  const range = { role: 'rejected', file: 'r', offset: 0, bytes: 9, sha256: '', keys: '' } as const;
  const view = fold([[session, opened, { type: 'adopted', records: 1, range }]]);
  assert.deepEqual([view.records, view.rejected], [0, 1]);
});

test('what is damaged is no longer counted, and a file that is cut ends there', () => {
  const tally = { unit: 1, records: 3, duplicates: 0, rejected: 0 };
  const lines = [[session, opened, master], [committed(0, [tally])], [committed(30, [tally])]];
  const lost = { type: 'damaged', role: 'master', file: 'm.jsonl', bytes: 30, keys: '' } as const;
  const before = fold(lines);
  const units = [{ unit: 1, lost: 2 }];
  const inPlace = fold([...lines, [{ ...lost, offset: 0, isCut: false, lost: 2, units }]]);
  assert.equal(inPlace.records, before.records - 2);
  assert.deepEqual([inPlace.files[0]?.bytes, inPlace.files[0]?.last], [60, undefined]);
  const cut = fold([...lines, [{ ...lost, offset: 30, isCut: true, lost: 3, units }]]);
  assert.deepEqual([cut.records, cut.files[0]?.bytes], [3, 30]);
});

test('going back to a checkpoint makes units pending, whatever they were', () => {
  const done = (unit: number): JournalEvent => ({
    type: 'finished',
    unit,
    state: 'done',
    from: 'pending',
  });
  const from = { pending: 1, done: 2, failed: 0, skipped: 0, blocked: 0 };
  const view = fold([
    [session, opened, units(1, 4)],
    [done(1), done(2), done(3)],
    [{ type: 'requeueSince', since: 0, checkpoint: 'c', from }],
  ]);
  assert.deepEqual([view.units.pending, view.units.done], [3, 1]);
});

test('units that were counted anew are what the fold goes on from', () => {
  const units = { pending: 5, in_progress: 0, done: 1, failed: 0, skipped: 0, blocked: 0 };
  const recovered = { ...recoveredFromNothing, units };
  assert.deepEqual(fold([[session, opened], [recovered]]).units, units);
});

test('after a damaged line, lengths and unit numbers are still those of the files', () => {
  const lost = [committed(0, [{ unit: 1, records: 3, duplicates: 0, rejected: 0 }]), units(3, 4)];
  const next = [committed(30, [{ unit: 1, records: 1, duplicates: 0, rejected: 0 }]), units(7, 1)];
  const whole = fold([[session, opened, master, units(1, 2)], lost, next]);
  const damaged = fold([[session, opened, master, units(1, 2)], next]);
  assert.equal(damaged.files[0]?.bytes, whole.files[0]?.bytes);
  assert.equal(damaged.unitTotal, 7);
});

test('money that is reserved is released when it is settled', () => {
  const intent = { type: 'intent', intent: 'i', unit: 1, what: 'w', inputHash: 'h' } as const;
  const view = fold([
    [session, opened],
    [{ ...intent, reservedMicroUsd: 900 }],
    [{ ...intent, intent: 'j', reservedMicroUsd: 50 }],
    [{ type: 'settled', intent: 'i', reservedMicroUsd: 900, spentMicroUsd: 400, evidence: 'e' }],
  ]);
  assert.deepEqual([view.spentMicroUsd, view.reservedMicroUsd], [400, 50]);
});

test('the newest errors are kept, newest first', () => {
  const lines: JournalEvent[][] = [[session, opened, units(1, 50)]];
  for (let unit = 1; unit <= 50; unit++) {
    const error = { key: `u${unit}`, code: 'X', message: `m${unit}` };
    lines.push([
      { type: 'claimed', unit, attempt: 1 },
      { type: 'finished', unit, state: 'failed', error },
    ]);
  }
  const { errors } = fold(lines);
  assert.equal(errors.length, 20);
  assert.deepEqual([errors[0]?.unit, errors[0]?.at], [50, timeOf(50)]);
  assert.equal(errors.at(-1)?.unit, 31);
});

test('limits are those of the last opening that changed them', () => {
  const view = fold([
    [session, opened],
    [{ ...opened, collection: { limits: { target: 9 } } }],
    [opened],
  ]);
  assert.deepEqual(view.mutable, { limits: { target: 9 } });
  assert.deepEqual(fold([[session]]).mutable, { limits: { target: 5 } });
});

test('everything but work going on and work that is over can be resumed', () => {
  const none = { pending: 0, in_progress: 0, done: 3, failed: 0, skipped: 0, blocked: 0 };
  const states: SessionState[] = [
    'active',
    'paused',
    'stopped',
    'interrupted',
    'faulted',
    'completed',
  ];
  const resumable = states.filter((state) => isResumable({ ...emptyView, state, units: none }));
  assert.deepEqual(resumable, ['paused', 'stopped', 'interrupted', 'faulted']);
});
