import type { CheckpointData } from '../../core/checkpointData.ts';
import type { RecoveredEvent } from '../../core/events.ts';
import type {
  CheckpointValidation,
  IntegrityCheckResult,
  SessionResumeResult,
} from '../../core/recoveryData.ts';
import type { FileView, SessionView } from '../../core/view.ts';
import { unitStates } from '../../core/unit.ts';
import type { FileCheck } from '../../storage/dataFileCheck.ts';
import type { StoredCheckpoint } from '../../storage/checkpointFiles.ts';

/** What taking a session up again came to, as it was seen while that was done. */
export interface Resumption {
  readonly session: string;
  readonly planId: string;
  /** Wall clock, milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly durationMs: number;
  readonly recovered: RecoveredEvent | undefined;
  readonly wasIndexRebuilt: boolean;
  /** The session as it is now. */
  readonly view: SessionView;
  readonly openGroups: number;
  readonly checkpoints: readonly StoredCheckpoint[];
  readonly files: readonly FileCheck[];
  /** The checkpoint that it was taken up from, with the units that were given back for it. */
  readonly since: { readonly checkpoint: string; readonly unitsAgain: number } | undefined;
  readonly unitsRetried: number;
  /** Paid calls that a person has given a word on. */
  readonly callsSettled: number;
}

/** Recovering may take this long before it is worth a warning. */
const recoveryBudgetMs = 300_000;

/** What resuming did: of what was found and mended, nothing of it assumed. Pure. */
export function resumeResult(done: Resumption): SessionResumeResult {
  const { recovered, view, since, durationMs } = done;
  const checks = done.files.map((file) => integrity(file, recovered));
  const validations = done.checkpoints.map((checkpoint) => validated(checkpoint, done.session));
  const isConsistent = isStateConsistent(view);
  const areFilesWhole = checks.every((c) => c.checksum_valid && c.size_actual === c.size_expected);
  const isReady = isConsistent && areFilesWhole;
  return {
    session_id: done.session,
    plan_id: done.planId,
    success: isReady,
    recovery_start_time: new Date(done.startedAt).toISOString(),
    recovery_end_time: new Date(done.endedAt).toISOString(),
    recovery_duration_seconds: durationMs / 1000,
    checkpoints_recovered: since === undefined ? 0 : 1,
    papers_recovered: recovered?.adopted ?? 0,
    venues_recovered: done.openGroups,
    data_files_recovered: checks.filter((c) => c.recovery_action !== null).length,
    recovery_steps_executed: steps(done),
    recovery_steps_failed: checks
      .filter((c) => !c.checksum_valid)
      .map((c) => `${c.file_path} still differs from what was journalled`),
    data_integrity_checks: checks,
    state_consistency_validated: isConsistent,
    checkpoint_validation_results: validations,
    session_state_after_recovery: {
      state: view.state,
      units: { ...view.units },
      unit_total: view.unitTotal,
      records: view.records,
      duplicates: view.duplicates,
      rejected: view.rejected,
      spent_micro_usd: view.spentMicroUsd,
      reserved_micro_usd: view.reservedMicroUsd,
      journal_line: view.seq + 1,
    },
    ready_for_continuation: isReady,
    resume_warnings: warnings(done),
    resume_errors: isConsistent ? [] : ['The counts of units and records do not add up.'],
    partial_recovery_issues: issues(recovered, validations),
    collector: {
      units_again: since?.unitsAgain ?? 0,
      units_retried: done.unitsRetried,
      calls_settled: done.callsSettled,
    },
  };
}

/** Units add up to those that are known, and the masters have as many lines as records are counted. */
function isStateConsistent({ units, unitTotal, records, files }: SessionView): boolean {
  const inStates = unitStates.reduce((sum, state) => sum + units[state], 0);
  const lines = files.filter((f) => f.role === 'master').reduce((sum, f) => sum + f.lines, 0);
  return inStates === unitTotal && lines === records;
}

function integrity(
  { view, actualBytes, modifiedAt, isLastRangeWhole }: FileCheck,
  recovered: RecoveredEvent | undefined,
): IntegrityCheckResult {
  const action = actionFor(view, recovered);
  const isDamaged = recovered?.damaged.some((d) => d.file === view.file) === true;
  const status =
    actualBytes === undefined
      ? 'missing'
      : !isLastRangeWhole || actualBytes !== view.bytes
        ? 'corrupted'
        : isDamaged
          ? 'partial'
          : 'valid';
  return {
    file_path: view.file,
    integrity_status: status,
    checksum_valid: isLastRangeWhole,
    size_expected: view.bytes,
    size_actual: actualBytes ?? 0,
    bytes_checked: view.last?.bytes ?? 0,
    last_modified: modifiedAt ?? null,
    recovery_action: action,
  };
}

function actionFor({ file }: FileView, recovered: RecoveredEvent | undefined): string | null {
  if (recovered === undefined) return null;
  const torn = recovered.tornFiles.filter((t) => t.file === file);
  const damaged = recovered.damaged.filter((d) => d.file === file);
  const actions = [
    ...torn.map((t) => `${t.bytes} bytes from ${t.offset} set aside as ${t.keptAs}`),
    ...damaged.map(
      (d) => `${d.bytes} bytes from ${d.offset} are damaged: what they held is collected again`,
    ),
  ];
  return actions.length === 0 ? null : actions.join('; ');
}

function steps({
  recovered,
  wasIndexRebuilt,
  since,
  unitsRetried,
  callsSettled,
}: Resumption): string[] {
  const done = ['lock taken', 'journal read', 'data files compared with the journal'];
  if (wasIndexRebuilt) done.push('index rebuilt from the journal');
  for (const torn of recovered?.tornFiles ?? []) {
    done.push(`${torn.bytes} torn bytes of ${torn.file} set aside as ${torn.keptAs}`);
  }
  if ((recovered?.adopted ?? 0) > 0) {
    done.push(`${recovered?.adopted ?? 0} records that the journal did not know adopted`);
  }
  if ((recovered?.requeued ?? 0) > 0) {
    done.push(`${recovered?.requeued ?? 0} units that were under way put back`);
  }
  if (since !== undefined) {
    done.push(`${since.unitsAgain} units that moved on after ${since.checkpoint} put back`);
  }
  if (unitsRetried > 0) done.push(`${unitsRetried} failed units put back`);
  if (callsSettled > 0) done.push(`${callsSettled} paid calls in doubt settled by a person's word`);
  return done;
}

function warnings({ recovered, durationMs, session }: Resumption): string[] {
  const found: string[] = [];
  if ((recovered?.journalGaps ?? 0) > 0) {
    found.push(`Lines of the journal are lost in ${recovered?.journalGaps ?? 0} places.`);
  }
  if ((recovered?.damaged.length ?? 0) > 0) {
    found.push(`Parts of data files are damaged. cf-collect validate ${session} says which lines.`);
  }
  if (durationMs > recoveryBudgetMs) {
    found.push(`Recovering took ${Math.round(durationMs / 1000)} s; 300 s is what it should take.`);
  }
  return found;
}

function issues(
  recovered: RecoveredEvent | undefined,
  validations: readonly CheckpointValidation[],
): string[] {
  return [
    ...(recovered?.damaged ?? []).map(
      (d) => `${d.file}: ${d.bytes} bytes from ${d.offset} can't be read as they were written`,
    ),
    ...validations
      .filter((v) => !v.is_valid)
      .map((v) => `${v.checkpoint_id}: ${v.validation_errors.join(', ')}`),
  ];
}

/** The second earlier system's score of a checkpoint, from the bytes. */
function validated({ id, data }: StoredCheckpoint, session: string): CheckpointValidation {
  const errors: string[] = [];
  let score = 1;
  const minus = (points: number, error: string): void => {
    errors.push(error);
    score -= points;
  };
  if (data === undefined) minus(0.5, 'its sums do not hold, or it can not be read');
  else {
    if (groupCount(data) === 0 && data.papers_collected > 0) minus(0.3, 'no groups at all');
    if (countsDiffer(data)) minus(0.2, 'the groups do not add up to the records');
    if (data.session_id !== session) minus(0.4, `it is of ${data.session_id}`);
  }
  const rounded = Math.round(score * 10) / 10;
  return {
    checkpoint_id: id,
    is_valid: errors.length === 0,
    validation_errors: errors,
    integrity_score: rounded,
    can_be_used_for_recovery: data !== undefined && rounded >= 0.5,
  };
}

function groupCount(data: CheckpointData): number {
  const { venues_completed: a, venues_in_progress: b, venues_not_started: c } = data;
  return a.length + b.length + c.length;
}

function countsDiffer({
  papers_by_venue: byVenue,
  papers_collected: total,
}: CheckpointData): boolean {
  const years = Object.values(byVenue).flatMap((counts) => Object.values(counts));
  const sum = years.reduce((a, b) => a + b, 0);
  return Math.abs(sum - total) > total * 0.1;
}
