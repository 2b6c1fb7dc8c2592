import { venueYear } from '../../core/checkpointData.ts';
import type { VenueYear } from '../../core/venueYear.ts';
import type { JsonObject } from '../../core/json.ts';
import {
  maxNamed,
  type DataFileFinding,
  type InterruptionAnalysis,
} from '../../core/recoveryData.ts';
import type { GroupView } from '../../storage/groupTable.ts';
import { findCause } from './cause.ts';
import type { Examined } from './examine.ts';
import { missingCheckpoints } from './missingCheckpoints.ts';

/** Less free space than this, and resuming would pause again at once. */
const leastFreeBytes = 1024 * 1024;

/** What happened to a session, of what its bytes say. Pure. */
export function analyse(examined: Examined): InterruptionAnalysis {
  const { view, facts, scan, units, openUnits, money, layout } = examined;
  const groups = sortGroups(examined);
  const valid = examined.checkpoints.filter((c) => c.data !== undefined);
  const blocking = blockingIssues(examined);
  const files = examined.data.files;
  return {
    session_id: layout.session,
    analysis_timestamp: new Date(examined.now).toISOString(),
    interruption_time: view.lastEventAt === '' ? null : view.lastEventAt,
    last_successful_operation: lastOperation(examined),
    last_checkpoint_id: valid[0]?.id ?? null,
    venues_definitely_completed: named(groups.completed),
    venues_possibly_incomplete: named(groups.incomplete),
    venues_unknown_status: named(groups.unknown),
    venues_not_started: named(groups.notStarted),
    corrupted_checkpoints: examined.checkpoints
      .filter((c) => c.data === undefined)
      .map((c) => c.id),
    missing_checkpoints: missingCheckpoints(
      facts.checkpoints,
      new Set(examined.checkpoints.map((c) => c.id)),
      examined.collection.checkpoints.keep,
    ),
    data_files_found: files.filter((f) => f.actual_bytes !== null).map((f) => f.file),
    data_files_corrupted: files.filter((f) => isCorrupted(examined, f)).map((f) => f.file),
    valid_checkpoints: valid.map((c) => c.id),
    recovery_complexity: complexity(examined, blocking.length > 0),
    blocking_issues: blocking,
    estimated_papers_collected: view.records - lostRecords(examined),
    estimated_papers_lost: lostRecords(examined),
    interruption_cause: findCause({
      facts,
      holder: examined.holder,
      machine: examined.machine,
      log: examined.log,
      logFile: layout.relative(layout.log),
      freeBytes: examined.freeBytes,
      tornBytes: tornBytes(examined),
    }),
    system_state_at_interruption: systemState(examined),
    collector: {
      units_done: units.done,
      units_in_progress: {
        count: openUnits.length,
        keys: openUnits.slice(0, maxNamed).map((unit) => unit.key),
      },
      units_pending: units.pending,
      units_failed: units.failed,
      groups: {
        completed: groups.completed.length,
        incomplete: groups.incomplete.length,
        unknown: groups.unknown.length,
        not_started: groups.notStarted.length,
      },
      money,
      journal: {
        lines: facts.lines,
        bytes: examined.journalBytes,
        torn_bytes: scan.torn?.bytes ?? 0,
        gaps: scan.gaps.length,
      },
      data_files: files,
      deaths: facts.earlierDeaths + (isDead(examined) ? 1 : 0),
      read_ms: Math.round(examined.readMs),
      index: examined.indexCondition,
    },
  };
}

/** Records that were acknowledged and can't be read any more. */
function lostRecords({ data }: Examined): number {
  const masters = data.damage.filter((d) => d.role === 'master');
  return masters.reduce((sum, d) => sum + d.lost, 0);
}

/** What is in the way of resuming until a person has done something, each in words that say what. */
function blockingIssues({ holder, data, money, freeBytes, hasPaidGap }: Examined): string[] {
  const issues = data.obstacles.map((obstacle) => obstacle.message);
  if (holder !== undefined) {
    issues.unshift(
      `Process ${holder.pid} on ${holder.host} carries it out since ${holder.since}. Stop it there.`,
    );
  }
  for (const call of money.in_doubt) {
    issues.push(
      `It is not known whether "${call.what}" for ${call.unit} left (intent ${call.intent}). Say whether to repeat it.`,
    );
  }
  if (hasPaidGap) {
    issues.push(
      'Lines of the journal are damaged, and paid calls may be in them. Say whether to make again what it does not know.',
    );
  }
  if (freeBytes !== undefined && freeBytes < leastFreeBytes) {
    issues.push(`The disk is full: ${freeBytes} bytes are left. Free some.`);
  }
  return issues;
}

/**
 * `trivial`: it ended in order and nothing is to be mended. `simple`: what was under way goes back, torn ends are set
 * aside. `complex`: something that was durable is damaged, or answers are to be fetched again. `problematic`: a person
 * has to do something first.
 */
function complexity(
  examined: Examined,
  isBlocked: boolean,
): InterruptionAnalysis['recovery_complexity'] {
  const { data, scan, money, checkpoints, indexCondition } = examined;
  if (isBlocked) return 'problematic';
  const isDamaged =
    data.damage.length > 0 ||
    scan.gaps.length > 0 ||
    money.to_be_fetched_micro_usd > 0 ||
    checkpoints.some((c) => c.data === undefined);
  if (isDamaged) return 'complex';
  const isSimple = isDead(examined) || tornBytes(examined) > 0 || indexCondition !== 'usable';
  return isSimple ? 'simple' : 'trivial';
}

function isDead({ view }: Examined): boolean {
  return view.state === 'interrupted';
}

function isCorrupted({ layout, data }: Examined, finding: DataFileFinding): boolean {
  const path = layout.absolute(finding.file);
  return finding.damaged.length > 0 || data.obstacles.some((o) => o.data['file'] === path);
}

/** Bytes that resuming sets aside, and whole records that it adopts. */
function tornBytes({ scan, data }: Examined): number {
  return data.files.reduce((sum, f) => sum + f.torn_bytes, scan.torn?.bytes ?? 0);
}

function lastOperation({ facts, view }: Examined): string {
  const { last } = facts;
  if (last === undefined) return 'nothing';
  const { units, unitTotal, records } = view;
  return `journal line ${last.line}, ${last.at}: ${records} records, ${units.done} of ${unitTotal} units done`;
}

interface SortedGroups {
  readonly completed: string[];
  readonly incomplete: string[];
  readonly unknown: string[];
  readonly notStarted: string[];
}

/**
 * `completed`: every unit has ended, none failed, and nothing of it is lost. `unknown`: lines of it are lost, or lines of
 * the journal are lost while it was open. `not started`: nothing of it was ever claimed.
 */
function sortGroups({ groups, damagedGroups, scan }: Examined): SortedGroups {
  const sorted: SortedGroups = { completed: [], incomplete: [], unknown: [], notStarted: [] };
  for (const [name, group] of groups) sorted[kindOf(name, group)].push(name);
  return sorted;

  function kindOf(name: string, group: GroupView): keyof SortedGroups {
    const { pending, in_progress: inProgress, done, failed, skipped, blocked } = group.units;
    const isOpen = pending + inProgress > 0;
    if (damagedGroups.has(name)) return 'unknown';
    if (isOpen && group.records + inProgress + done + failed + skipped + blocked === 0) {
      return 'notStarted';
    }
    if (isOpen && scan.gaps.length > 0) return 'unknown';
    return isOpen || failed > 0 ? 'incomplete' : 'completed';
  }
}

function named(groups: readonly string[]): VenueYear[] {
  return groups.slice(0, maxNamed).map((name) => venueYear(name));
}

function systemState({ facts, view, journalState, freeBytes }: Examined): JsonObject {
  const { opened } = facts;
  return {
    state: journalState,
    reason: view.reason,
    reason_message: view.reasonMessage,
    opened_at: opened?.at ?? null,
    pid: opened?.event.pid ?? null,
    host: opened?.event.host ?? null,
    boot_id: opened?.event.bootId ?? null,
    via: opened?.event.via ?? null,
    active_ms: view.activeMs,
    units: { ...view.units },
    records: view.records,
    duplicates: view.duplicates,
    rejected: view.rejected,
    hosts: facts.health.map(({ host, status, consecutiveErrors, lastError }) => ({
      host,
      status,
      consecutive_errors: consecutiveErrors,
      last_error: lastError?.code ?? null,
    })),
    last_errors: view.errors.slice(0, 5).map(({ at, key, code, message }) => ({
      at,
      key,
      code,
      message,
    })),
    free_bytes_now: freeBytes ?? null,
  };
}
