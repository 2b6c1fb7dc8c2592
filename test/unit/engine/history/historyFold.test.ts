import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEvent } from '../../../../src/core/events.ts';
import { emptyView, reduceView, type JournalEntry } from '../../../../src/core/view.ts';
import {
  HistoryFold,
  maxCheckpointMarks,
  maxPoints,
} from '../../../../src/engine/history/historyFold.ts';
import { SeededRandom } from '../../../fixtures/seededRandom.ts';

const birthMs = Date.UTC(2026, 10, 21, 16, 15);

/** Lines whose times are given, each with one unit that is done and some records. */
function linesAt(timesMs: readonly number[]): JournalEntry[] {
  return timesMs.map((ms, seq) => {
    const n = seq + 1;
    const range = { file: 'm', sha256: '', keys: 'A'.repeat(43) } as const;
    const events: JournalEvent[] = [
      { type: 'units', first: n, lane: 'l', group: 'g', items: [{ key: `${n}` }] },
      { type: 'claimed', unit: n, attempt: 1 },
      {
        type: 'committed',
        ranges: [{ ...range, role: 'master', offset: seq * 10, bytes: 10 }],
        units: [{ unit: n, records: 2, duplicates: 0, rejected: 0 }],
      },
      { type: 'finished', unit: n, state: seq % 5 === 0 ? 'failed' : 'done' },
      { type: 'settled', intent: '', reservedMicroUsd: 0, spentMicroUsd: 3, evidence: '' },
    ];
    return { seq, at: new Date(birthMs + ms).toISOString(), events };
  });
}

/** What was true at a time: a fold of the lines up to then. */
function trueAt(lines: readonly JournalEntry[], at: number) {
  const until = lines.filter((line) => Date.parse(line.at) <= at);
  const { records, units, files, spentMicroUsd } = until.reduce(reduceView, emptyView);
  const bytes = files[0]?.bytes ?? 0;
  return { at, records, done: units.done, failed: units.failed, bytes, spentMicroUsd };
}

function historyOf(lines: readonly JournalEntry[]) {
  const fold = new HistoryFold();
  for (const line of lines) fold.add(line);
  return fold.result();
}

const random = new SeededRandom(11);
const anyTimes = (count: number, spreadMs: number): number[] =>
  Array.from({ length: count }, () => Math.floor(random.next() * spreadMs)).sort((a, b) => a - b);

for (const [what, timesMs] of [
  ['one line', [0]],
  ['all lines in one moment', [0, 0, 0]],
  ['a few lines', [0, 1, 7, 7, 12]],
  ['lines of a second', anyTimes(50, 1000)],
  ['lines of a month, with nights between', [...anyTimes(40, 1e6), ...[1e9, 1e9 + 1, 2.6e9]]],
  ['many lines', anyTimes(900, 1e7)],
] as const) {
  test(`each point is what was true then: ${what}`, () => {
    const lines = linesAt(timesMs);
    const { points } = historyOf(lines);
    assert.ok(points.length <= maxPoints, `${points.length}`);
    for (const point of points) assert.deepEqual(point, trueAt(lines, point.at));
    assert.equal(points.at(-1)?.at, birthMs + (timesMs.at(-1) ?? 0));
    const steps = points.slice(1, -1).map(({ at }, i) => at - (points[i]?.at ?? 0));
    assert.equal(new Set(steps).size <= 1, true, 'equally far apart');
    const spanMs = (timesMs.at(-1) ?? 0) - timesMs[0];
    if (spanMs > maxPoints) assert.ok(points.length >= maxPoints / 2, `${points.length}`);
  });
}

test('a clock that is put back draws no line that goes back', () => {
  const { points } = historyOf(linesAt([0, 100, 50, 120]));
  const times = points.map(({ at }) => at);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
  assert.equal(points.at(-1)?.records, 8);
});

test('marks say what began, ended or broke off work, and why', () => {
  const events: JournalEvent[] = [
    { type: 'opened', pid: 1, host: 'h', bootId: 'b', via: 'window' },
    { type: 'paused', reason: 'budget', message: 'm' },
    { type: 'resumed' },
    { type: 'checkpoint', id: 'c1', checkpointType: 'batch_completed', health: [] },
    { type: 'stopped', reason: 'signal', activeMs: 1 },
    {
      type: 'requeueSince',
      since: 1,
      checkpoint: 'c1',
      from: { pending: 0, done: 0, failed: 0, skipped: 0, blocked: 0 },
    },
    { type: 'completed', by: 'target', activeMs: 1 },
  ];
  const lines = events.map((event, seq) => ({
    seq,
    at: new Date(birthMs + seq).toISOString(),
    events: [event],
  }));
  assert.deepEqual(
    historyOf(lines).marks.map(({ at, seq, kind, reason, checkpoint }) => [
      at - birthMs,
      seq,
      kind,
      reason,
      checkpoint,
    ]),
    [
      [0, 0, 'opened', 'window', null],
      [1, 1, 'paused', 'budget', null],
      [2, 2, 'resumed', null, null],
      [3, 3, 'checkpoint', 'batch_completed', 'c1'],
      [4, 4, 'stopped', 'signal', null],
      [5, 5, 'wentBack', null, 'c1'],
      [6, 6, 'completed', 'target', null],
    ],
  );
});

test('of checkpoints only the newest are marked, all else is', () => {
  const lines = Array.from({ length: 5000 }, (_, seq): JournalEntry => {
    const type = 'checkpoint';
    const id = `c${seq}`;
    const isStart = seq % 1000 === 0;
    return {
      seq,
      at: new Date(birthMs + seq).toISOString(),
      events: isStart
        ? [{ type: 'resumed' }]
        : [{ type, id, checkpointType: 'batch_completed', health: [] }],
    };
  });
  const { marks } = historyOf(lines);
  assert.equal(marks.filter(({ kind }) => kind === 'resumed').length, 5);
  const checkpoints = marks.filter(({ kind }) => kind === 'checkpoint');
  assert.ok(checkpoints.length >= maxCheckpointMarks && checkpoints.length < 2000);
  const all = lines.flatMap(({ events }) => events.filter((event) => event.type === 'checkpoint'));
  assert.deepEqual(
    checkpoints.map(({ checkpoint }) => checkpoint),
    all.slice(-checkpoints.length).map(({ id }) => id),
  );
});
