import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecoveredEvent } from '../../../../src/core/events.ts';
import { emptyView, type FileView, type SessionView } from '../../../../src/core/view.ts';
import { resumeResult, type Resumption } from '../../../../src/engine/recovery/result.ts';

const master: FileView = {
  role: 'master',
  file: 'data/m.jsonl',
  lines: 3,
  bytes: 90,
  last: { offset: 60, bytes: 30, sha256: 'x' },
};
const view: SessionView = {
  ...emptyView,
  session: 's',
  unitTotal: 4,
  units: { ...emptyView.units, pending: 1, done: 3 },
  records: 3,
  files: [master],
  seq: 11,
};
const nothingMended: RecoveredEvent = {
  type: 'recovered',
  journalTornBytes: 0,
  journalGaps: 0,
  tornFiles: [],
  adopted: 0,
  damaged: [],
  requeued: 0,
};

function resumption(parts: Partial<Resumption> = {}): Resumption {
  return {
    session: 's',
    planId: 'recovery_s_1',
    startedAt: 1000,
    endedAt: 3500,
    durationMs: 2500,
    recovered: undefined,
    wasIndexRebuilt: false,
    view,
    openGroups: 1,
    checkpoints: [],
    files: [
      {
        view: master,
        actualBytes: 90,
        modifiedAt: '2026-11-21T16:15:00.000Z',
        isLastRangeWhole: true,
      },
    ],
    since: undefined,
    unitsRetried: 0,
    callsSettled: 0,
    ...parts,
  };
}

test('nothing to mend: everything is valid, and only what was done is told', () => {
  const result = resumeResult(resumption());
  assert.equal(result.success, true);
  assert.equal(result.ready_for_continuation, true);
  assert.equal(result.recovery_duration_seconds, 2.5);
  assert.equal(result.recovery_start_time, '1970-01-01T00:00:01.000Z');
  assert.deepEqual(result.recovery_steps_failed, []);
  assert.deepEqual(result.resume_warnings, []);
  assert.equal(result.recovery_steps_executed.length, 3);
  assert.deepEqual(result.data_integrity_checks, [
    {
      file_path: 'data/m.jsonl',
      integrity_status: 'valid',
      checksum_valid: true,
      size_expected: 90,
      size_actual: 90,
      bytes_checked: 30,
      last_modified: '2026-11-21T16:15:00.000Z',
      recovery_action: null,
    },
  ]);
});

for (const [name, changed] of [
  ['units that do not add up', { unitTotal: 5 }],
  ['more records than lines', { records: 4 }],
] as const) {
  test(`not ready: ${name}`, () => {
    const result = resumeResult(resumption({ view: { ...view, ...changed } }));
    assert.equal(result.state_consistency_validated, false);
    assert.equal(result.success, false);
    assert.equal(result.resume_errors.length, 1);
  });
}

for (const [name, change, status] of [
  ['a file that is not there', { actualBytes: undefined, isLastRangeWhole: false }, 'missing'],
  ['a file whose end is not what was written', { isLastRangeWhole: false }, 'corrupted'],
  ['a file that is longer than it should be by now', { actualBytes: 91 }, 'corrupted'],
] as const) {
  test(`not ready: ${name}`, () => {
    const [file] = resumption().files;
    assert.ok(file);
    const result = resumeResult(resumption({ files: [{ ...file, ...change }] }));
    assert.equal(result.data_integrity_checks[0]?.integrity_status, status);
    assert.equal(result.ready_for_continuation, false);
  });
}

test('what was mended is told, place by place', () => {
  const recovered: RecoveredEvent = {
    ...nothingMended,
    journalGaps: 2,
    adopted: 5,
    requeued: 4,
    tornFiles: [{ file: 'data/m.jsonl', offset: 90, bytes: 7, keptAs: 'm.jsonl.torn-3' }],
    damaged: [{ file: 'data/m.jsonl', offset: 0, bytes: 30 }],
  };
  const result = resumeResult(
    resumption({
      recovered,
      wasIndexRebuilt: true,
      since: { checkpoint: 'c', unitsAgain: 6 },
      unitsRetried: 2,
      callsSettled: 1,
      durationMs: 400_000,
    }),
  );
  const [check] = result.data_integrity_checks;
  assert.equal(check?.integrity_status, 'partial');
  assert.match(
    check.recovery_action ?? '',
    /^7 bytes from 90 set aside as m\.jsonl\.torn-3; 30 bytes/,
  );
  assert.equal(result.papers_recovered, 5);
  assert.equal(result.checkpoints_recovered, 1);
  assert.deepEqual(result.collector, { units_again: 6, units_retried: 2, calls_settled: 1 });
  assert.equal(result.recovery_steps_executed.length, 3 + 7);
  assert.equal(result.resume_warnings.length, 3);
  assert.equal(result.partial_recovery_issues.length, 1);
});

test('checkpoints are scored as the second earlier system scored them', () => {
  const data = {
    session_id: 's',
    venues_completed: [['iclr', 2024]],
    venues_in_progress: [],
    venues_not_started: [],
    papers_collected: 100,
    papers_by_venue: { iclr: { 2024: 100 } },
  };
  const score = (changes: object | undefined): [number, boolean, boolean] => {
    const stored = changes === undefined ? undefined : { ...data, ...changes };
    const checkpoint = { id: 'c', path: '', seq: 1, data: stored };
    const [validation] = resumeResult(
      resumption({ checkpoints: [checkpoint] as unknown as Resumption['checkpoints'] }),
    ).checkpoint_validation_results;
    assert.ok(validation);
    const { integrity_score, is_valid, can_be_used_for_recovery } = validation;
    return [integrity_score, is_valid, can_be_used_for_recovery];
  };
  assert.deepEqual(score({}), [1, true, true]);
  assert.deepEqual(score(undefined), [0.5, false, false]);
  assert.deepEqual(score({ venues_completed: [] }), [0.7, false, true]);
  assert.deepEqual(score({ papers_collected: 112 }), [0.8, false, true]);
  assert.deepEqual(score({ papers_collected: 105 }), [1, true, true]);
  assert.deepEqual(score({ session_id: 'other', venues_completed: [] }), [0.3, false, false]);
});
