import { assertNever } from '../../core/assert.ts';
import { venueYear } from '../../core/checkpointData.ts';
import type { VenueYear } from '../../core/venueYear.ts';
import type { Collection } from '../../core/config.ts';
import { maxNamed, type InterruptionAnalysis, type RecoveryPlan } from '../../core/recoveryData.ts';
import { unitStates } from '../../core/unit.ts';
import { hasPattern } from '../../sources/files/inputList.ts';
import { doubtRuleOf } from '../../sources/registry.ts';
import type { Examined } from './examine.ts';

/** What a person asks for beside going on. */
export interface PlanChoices {
  /** The checkpoint that {@link Examined} was read for. */
  readonly checkpoint?: { readonly id: string; readonly seq: number };
  /** Failed units are tried again. */
  readonly retriesFailed?: boolean;
}

/** What resuming a session will do and cost, before it does anything. Pure. */
export function plan(
  examined: Examined,
  analysis: InterruptionAnalysis,
  choices: PlanChoices = {},
): RecoveryPlan {
  const { view, layout, money, now } = examined;
  const work = workOf(examined, choices);
  const estimates = estimate(examined, work.toDo);
  const restarted = restartedGroups(examined);
  const { venues_definitely_completed: completed, venues_unknown_status: unknown } = analysis;
  return {
    session_id: layout.session,
    plan_id: planId(layout.session, now),
    created_at: new Date(now).toISOString(),
    based_on_analysis: analysis.analysis_timestamp,
    resumption_strategy: strategy(examined, choices),
    optimal_checkpoint_id: choices.checkpoint?.id ?? analysis.last_checkpoint_id,
    venues_to_skip: work.again === 0 ? completed : [],
    venues_to_resume: without(analysis.venues_possibly_incomplete, restarted),
    venues_to_restart: restarted,
    venues_to_validate: unknown,
    checkpoints_to_restore: choices.checkpoint === undefined ? [] : [choices.checkpoint.id],
    data_files_to_recover: analysis.collector.data_files
      .filter((f) => f.records_to_adopt > 0 || f.damaged.length > 0)
      .map((f) => f.file),
    corrupted_data_to_discard: discarded(examined),
    estimated_recovery_time_minutes: examined.readMs / 60_000,
    estimated_papers_to_recover: analysis.collector.data_files.reduce(
      (sum, f) => sum + f.records_to_adopt,
      0,
    ),
    data_loss_estimate: analysis.estimated_papers_lost,
    confidence_score: confidence(analysis, estimates.calls !== null),
    recovery_confidence: analysis.blocking_issues.length > 0 ? 0 : damageFactor(analysis),
    recommended_validation_steps: validationSteps(examined, analysis),
    risk_assessment: risks(examined, analysis, work),
    collector: {
      units_to_do: work.toDo,
      units_again: work.again,
      units_retried: work.retried,
      units_at_cursor: work.atCursor,
      checkpoint:
        choices.checkpoint === undefined
          ? null
          : { id: choices.checkpoint.id, line: choices.checkpoint.seq + 1 },
      may_grow: mayGrow(examined.collection),
      estimated_by: estimates.by,
      estimated_calls: estimates.calls,
      estimated_minutes: estimates.minutes,
      estimated_micro_usd: costsNothing(examined) ? 0 : estimates.microUsd,
      money,
      needs_a_word: money.in_doubt.length > 0 || examined.hasPaidGap,
    },
  };

  function costsNothing({ facts, collection }: Examined): boolean {
    return facts.money.isEmpty && view.spentMicroUsd === 0 && doubtRuleOf(collection) === undefined;
  }
}

/** The id of a plan that is made at a time, milliseconds since 1970. */
export function planId(session: string, now: number): string {
  return `recovery_${session}_${Math.floor(now / 1000)}`;
}

interface Work {
  readonly toDo: number;
  readonly again: number;
  readonly retried: number;
  readonly atCursor: number;
}

function workOf(
  { view, movedSince, openUnits, pendingAtCursor }: Examined,
  choices: PlanChoices,
): Work {
  const { pending, in_progress: inProgress, failed } = view.units;
  const moved = movedSince ?? { pending: 0, done: 0, failed: 0, skipped: 0, blocked: 0 };
  const again = moved.done + moved.failed + moved.skipped + moved.blocked;
  const retried = choices.retriesFailed === true ? failed - moved.failed : 0;
  const atCursor = pendingAtCursor + openUnits.filter((unit) => unit.hasCursor).length;
  return {
    toDo: pending + inProgress + again + retried,
    again,
    retried,
    // What moved on after the checkpoint goes back to its start.
    atCursor: Math.max(0, atCursor - moved.pending),
  };
}

/**
 * `full_restart`: nothing has come of it yet. `from_last_checkpoint`: an older checkpoint was asked for.
 * `from_venue_start`: units that were under way start over, since their source has no cursor. `partial_restart`: it goes
 * on where it was, page by page.
 */
function strategy(
  { view, openUnits }: Examined,
  { checkpoint }: PlanChoices,
): RecoveryPlan['resumption_strategy'] {
  if (checkpoint !== undefined) return 'from_last_checkpoint';
  if (view.records === 0 && endedUnits(view.units) === 0) return 'full_restart';
  const startsOver = openUnits.some((unit) => !unit.hasCursor);
  return startsOver ? 'from_venue_start' : 'partial_restart';
}

/** Groups with units that were under way and start over. */
function restartedGroups({ openUnits, damagedGroups }: Examined): VenueYear[] {
  const groups = new Set(damagedGroups);
  for (const unit of openUnits) if (!unit.hasCursor) groups.add(unit.group);
  return [...groups].slice(0, maxNamed).map((name) => venueYear(name));
}

function without(venues: readonly VenueYear[], others: readonly VenueYear[]): VenueYear[] {
  const known = new Set(others.map((venue) => JSON.stringify(venue)));
  return venues.filter((venue) => !known.has(JSON.stringify(venue)));
}

function discarded({ scan, data, layout }: Examined): string[] {
  const journal = scan.torn;
  const parts = data.files
    .filter((f) => f.torn_bytes > 0)
    .map(({ file, torn_bytes: bytes, actual_bytes: size }) =>
      part(file, bytes, (size ?? 0) - bytes),
    );
  if (journal === undefined) return parts;
  return [part(layout.relative(layout.journal), journal.bytes, journal.offset), ...parts];
}

function part(file: string, bytes: number, offset: number): string {
  return `${file}, ${bytes} bytes from ${offset}`;
}

interface Estimates {
  readonly calls: number | null;
  readonly minutes: number | null;
  readonly microUsd: number | null;
  readonly by: string | null;
}

/** By what units have taken so far: calls from what hosts counted, else from pages; time from work time. */
function estimate({ view, facts }: Examined, toDo: number): Estimates {
  const ended = endedUnits(view.units);
  if (ended === 0) return { calls: null, minutes: null, microUsd: null, by: null };
  const requests = facts.health.reduce((sum, host) => sum + host.requests, 0);
  // Hosts are counted at checkpoints only, so pages may be ahead of them.
  const calls = Math.max(requests, facts.pages);
  const minutes = view.activeMs / 60_000;
  return {
    calls: Math.ceil((calls / ended) * toDo),
    minutes: view.activeMs === 0 ? null : (minutes / ended) * toDo,
    microUsd: Math.ceil((view.spentMicroUsd / ended) * toDo),
    by: `${ended} ${ended === 1 ? 'unit' : 'units'} took ${calls} calls and ${durationText(view.activeMs)}`,
  };
}

function durationText(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} seconds` : `${(ms / 60_000).toFixed(1)} minutes`;
}

function endedUnits(units: Examined['view']['units']): number {
  return unitStates.reduce(
    (sum, state) => (state === 'pending' || state === 'in_progress' ? sum : sum + units[state]),
    0,
  );
}

/** Whether pages may bring more units to light. */
function mayGrow({ source, remap }: Collection): boolean {
  if (remap !== undefined) return false;
  switch (source.type) {
    case 'html':
    case 'browser':
      return source.follow.length + source.sitemaps.length > 0;
    case 'module':
    case 'extension':
      return true;
    case 'apify':
      return source.followUp !== undefined;
    case 'rest':
      return false;
    case 'files':
      // A pattern's files come to light when it is looked up.
      return source.inputs.some(hasPattern);
    default:
      return assertNever(source, 'source');
  }
}

/** 1 where everything is known; less for each thing that resuming can only find out by doing. */
function confidence(analysis: InterruptionAnalysis, hasEstimates: boolean): number {
  const unknown = hasEstimates ? 1 : 0.8;
  return round(
    unknown * damageFactor(analysis) * Math.max(0.5, analysis.interruption_cause.confidence),
  );
}

/** 1 for whole data; four fifths for each kind of damage. */
function damageFactor({
  collector,
  data_files_corrupted: corrupted,
}: InterruptionAnalysis): number {
  const kinds = [collector.journal.gaps > 0, corrupted.length > 0, collector.groups.unknown > 0];
  return round(kinds.filter(Boolean).reduce((factor) => factor * 0.8, 1));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function validationSteps({ layout, data }: Examined, analysis: InterruptionAnalysis): string[] {
  const unread = data.files.some((f) => f.checked_bytes < f.journalled_bytes);
  const isDamaged =
    analysis.data_files_corrupted.length +
      analysis.corrupted_checkpoints.length +
      analysis.missing_checkpoints.length +
      analysis.collector.journal.gaps >
    0;
  const steps: string[] = [];
  if (unread || isDamaged) steps.push(`cf-collect validate ${layout.session}`);
  if (isDamaged) steps.push(`cf-collect resume ${layout.session} --thorough`);
  return steps;
}

function risks(examined: Examined, analysis: InterruptionAnalysis, work: Work): string[] {
  const { money, data, scan } = examined;
  const found: string[] = [];
  if (analysis.estimated_papers_lost > 0) {
    found.push(
      `${analysis.estimated_papers_lost} records can't be read any more; their units are collected again.`,
    );
  }
  if (scan.gaps.length > 0) {
    found.push(
      `Lines of the journal are lost in ${scan.gaps.length} places; what they named is won back or collected again.`,
    );
  }
  if (work.again > 0) {
    found.push(
      `${work.again} units that are done are collected again; records that the master has are not written twice.`,
    );
  }
  if (money.lost_micro_usd > 0) found.push('Answers that were paid for are gone.');
  if (money.in_doubt.length > 0)
    found.push('Repeating calls that are in doubt may pay for them twice.');
  if (mayGrow(examined.collection)) {
    found.push('Pages may bring more pages to light: the estimates are the least that it takes.');
  }
  if (data.files.some((f) => f.checked_bytes < f.journalled_bytes)) {
    found.push('The data files are large: only their ends were compared with the journal.');
  }
  return found;
}
