import { assertNever } from '../../core/assert.ts';
import type { PauseReason, StopReason } from '../../core/events.ts';
import type { InterruptionCause, InterruptionCauseType } from '../../core/recoveryData.ts';
import type { Holder } from '../../storage/lock.ts';
import type { Machine } from '../../storage/machine.ts';
import type { LogLine } from '../../storage/sessionLog.ts';
import type { JournalFacts, Outcome } from './journalFacts.ts';

/** What speaks for one cause or another. */
export interface Clues {
  readonly facts: Pick<JournalFacts, 'opened' | 'end' | 'paused' | 'outcomes' | 'last'>;
  /** Who holds the session; undefined when nobody does. */
  readonly holder: Holder | undefined;
  /** This machine, now. */
  readonly machine: Machine;
  /** The log's last lines. */
  readonly log: readonly LogLine[];
  /** The log's name, for the evidence. */
  readonly logFile: string;
  /** Bytes that may still be written now; undefined when that is not known. */
  readonly freeBytes: number | undefined;
  /** Bytes after the last good line of the journal, and of data files after what it names. */
  readonly tornBytes: number;
}

/** Less free space than this is a full disk to most programs. */
const fullDiskBytes = 1024 * 1024;
/** So many outcomes, and so many failures among them, are needed before a trouble is believed to be the cause. */
const leastOutcomes = 5;
const troubleShare = 0.8;

/**
 * Why a session ended. The rules, the first that fits:
 *
 * - somebody holds it: still running (1; 0.5 when the holder is on another machine, where it can't be asked for);
 * - the journal says so (`stopped`, `completed`): 1;
 * - the log's last errors name a full disk, the end of memory, or a fault of the storage: 0.8;
 * - the disk is full now: 0.6;
 * - the machine has been started again since, on the same host: 0.8, since the process may have ended before it;
 * - at least four of five of the last outcomes failed in one way (network, API, authentication): 0.6. The process ended
 *   without a word, but a person who ends one that gets nowhere is the likeliest story;
 * - the process is gone while the machine runs on: killed, 0.9; 0.6 when a window carried it out, whose end also ends it;
 * - it was carried out on another machine, or there is nothing to go by: unknown, 0.
 */
export function findCause(clues: Clues): InterruptionCause {
  const { facts, holder, machine } = clues;
  if (holder !== undefined) {
    const confidence = holder.host === machine.host ? 1 : 0.5;
    const evidence = `holder.json: process ${holder.pid} on ${holder.host} has held it since ${holder.since}`;
    return cause('still_running', confidence, [evidence]);
  }
  if (facts.end !== undefined) return endedInOrder(clues, facts.end);
  return endedWithoutWord(clues);
}

type End = NonNullable<JournalFacts['end']>;

function endedInOrder({ facts }: Clues, { event, line }: End): InterruptionCause {
  if (event.type === 'completed') {
    return cause('completed', 1, [`journal line ${line}: completed (${event.by})`]);
  }
  const evidence = [`journal line ${line}: stopped (${event.reason})`];
  const { paused } = facts;
  if (paused !== undefined) {
    const { reason, message } = paused.event;
    evidence.push(
      `journal line ${paused.line}: paused (${reason})${message === '' ? '' : `: ${message}`}`,
    );
  }
  return cause(stopCause(event.reason, paused?.event.reason, facts.outcomes), 1, evidence);
}

function stopCause(
  reason: StopReason,
  pause: PauseReason | undefined,
  outcomes: readonly Outcome[],
): InterruptionCauseType {
  switch (reason) {
    case 'user':
    case 'signal':
      return 'user_stop';
    case 'window-closed':
      return 'window_closed';
    case 'guard':
      return pause === undefined ? 'unknown' : guardCause(pause, outcomes);
    default:
      return assertNever(reason, 'stop reason');
  }
}

function guardCause(pause: PauseReason, outcomes: readonly Outcome[]): InterruptionCauseType {
  switch (pause) {
    case 'disk-full':
      return 'disk_full';
    case 'budget':
      return 'budget_reached';
    case 'in-doubt':
      return 'in_doubt';
    case 'setup': {
      const isRefused = outcomes.some(
        ({ error }) => troubleOf(error?.code) === 'authentication_failure',
      );
      return isRefused ? 'authentication_failure' : 'setup_missing';
    }
    case 'user':
      return 'user_stop';
    default:
      return assertNever(pause, 'pause reason');
  }
}

function endedWithoutWord(clues: Clues): InterruptionCause {
  const { facts, machine, freeBytes, tornBytes } = clues;
  const { opened, last, paused } = facts;
  const evidence = [
    last === undefined
      ? 'journal: no line can be read'
      : `journal line ${last.line}: the last one, of ${last.at}, and no end after it`,
  ];
  if (tornBytes > 0)
    evidence.push(
      `${tornBytes} bytes after what the journal names: it ended in the middle of writing`,
    );
  if (paused !== undefined) {
    evidence.push(
      `journal line ${paused.line}: it was paused (${paused.event.reason}) at that time`,
    );
  }
  const logged = loggedCause(clues);
  if (logged !== undefined) return cause(logged.type, 0.8, [...evidence, logged.evidence]);
  if (freeBytes !== undefined && freeBytes < fullDiskBytes) {
    return cause('disk_full', 0.6, [...evidence, `the disk has ${freeBytes} bytes left now`]);
  }
  if (opened?.event.host !== machine.host) {
    const where = opened === undefined ? 'nobody knows where' : `on ${opened.event.host}`;
    return cause('unknown', 0, [
      ...evidence,
      `it was carried out ${where}, and this is ${machine.host}`,
    ]);
  }
  const { pid, bootId, via } = opened.event;
  const start = `journal line ${opened.line}: opened by process ${pid}`;
  if (!isSameBoot(bootId, machine.bootId)) {
    evidence.push(`${start} in another start of the machine (${bootId}, now ${machine.bootId})`);
    return cause('system_crash', 0.8, evidence);
  }
  evidence.push(`${start}, which is gone; the machine has not been started again since`);
  const trouble = lastTrouble(facts.outcomes);
  if (trouble !== undefined) {
    return cause(trouble.type, 0.6, [...evidence, ...trouble.evidence]);
  }
  if (via === 'cli') return cause('process_killed', 0.9, evidence);
  evidence.push('a VS Code window carried it out: its crash or its end also ends that process');
  return cause('process_killed', 0.6, evidence);
}

/** Where the boot id is the minute of the machine's start, it may differ by one or two from reading to reading. */
function isSameBoot(then: string, now: string): boolean {
  const minutes = [then, now].map((id) => /^started-(\d+)$/.exec(id)?.[1]);
  const [a, b] = minutes;
  if (a !== undefined && b !== undefined) return Math.abs(Number(a) - Number(b)) <= 2;
  return then === now;
}

const loggedCauses: readonly {
  readonly type: InterruptionCauseType;
  readonly says: RegExp;
}[] = [
  { type: 'disk_full', says: /\b(DISK_FULL|ENOSPC|EDQUOT)\b/ },
  { type: 'memory_error', says: /out of memory|heap limit|\b(ENOMEM|ERR_WORKER_OUT_OF_MEMORY)\b/i },
  {
    type: 'storage_fault',
    says: /\b(WRITE_FAILED|SYNC_FAILED|STORAGE_FAILED|DATA_FILE_[A-Z]+|JOURNAL_[A-Z_]+|E(IO|ROFS|MFILE|ACCES|PERM))\b/,
  },
];

/** What the errors at the end of the log name, the newest first; only those of the last start count. */
function loggedCause({
  facts,
  log,
  logFile,
}: Clues): { type: InterruptionCauseType; evidence: string } | undefined {
  const since = facts.opened?.at ?? '';
  for (const entry of log.toReversed()) {
    if (!entry.isError || entry.at < since) continue;
    const text = `${entry.code} ${entry.message}`;
    const found = loggedCauses.find(({ says }) => says.test(text));
    if (found === undefined) continue;
    const said = entry.code === '' ? entry.message : `${entry.code}: ${entry.message}`;
    return { type: found.type, evidence: `${logFile} line ${entry.line}: ${said}` };
  }
  return undefined;
}

const authenticationCodes =
  /^(HTTP_UNAUTHORIZED|HTTP_FORBIDDEN|PROXY_UNAUTHORIZED|SECRET_MISSING)$/;
const networkCodes =
  /^(DNS_NOT_FOUND|CONNECT_TIMEOUT|CONNECTION_FAILED|REQUEST_TIMEOUT|BODY_CUT|TLS_CERTIFICATE|RESPONSE_MALFORMED)$/;
const apiCodes = /^(HTTP_\w+|API_BUSY|CIRCUIT_OPEN|HOST_RESTING)$/;

type Trouble = 'network_failure' | 'api_failure' | 'authentication_failure';

/** The kind of trouble that an error's code speaks of; undefined for one with the content or the collection. */
function troubleOf(code: string | undefined): Trouble | undefined {
  if (code === undefined) return undefined;
  if (authenticationCodes.test(code)) return 'authentication_failure';
  if (networkCodes.test(code)) return 'network_failure';
  return apiCodes.test(code) ? 'api_failure' : undefined;
}

function lastTrouble(
  outcomes: readonly Outcome[],
): { type: Trouble; evidence: string[] } | undefined {
  if (outcomes.length < leastOutcomes) return undefined;
  for (const type of ['authentication_failure', 'network_failure', 'api_failure'] as const) {
    const ofType = outcomes.filter(({ error }) => troubleOf(error?.code) === type);
    if (ofType.length < outcomes.length * troubleShare) continue;
    const newest = ofType.at(-1);
    const share = `${ofType.length} of the last ${outcomes.length} outcomes were failures of this kind`;
    const example = `journal line ${newest?.line ?? 0}: ${newest?.error?.code ?? ''}: ${newest?.error?.message ?? ''}`;
    return { type, evidence: [share, example] };
  }
  return undefined;
}

function cause(
  type: InterruptionCauseType,
  confidence: number,
  evidence: readonly string[],
): InterruptionCause {
  return { cause_type: type, confidence, evidence, recovery_implications: implications(type) };
}

function implications(type: InterruptionCauseType): readonly string[] {
  switch (type) {
    case 'user_stop':
    case 'window_closed':
      return [
        'It ended in order: everything received is durable, and resuming goes on where it was.',
      ];
    case 'completed':
      return [
        'Nothing is left to do, unless the target is raised or failed units are tried again.',
      ];
    case 'still_running':
      return ['It can not be resumed while it is being carried out.'];
    case 'process_killed':
    case 'system_crash':
      return [
        'Everything acknowledged is durable; pages that were under way are asked for again from their cursors.',
      ];
    case 'memory_error':
      return [
        'Pages that were under way are asked for again; limits.concurrency makes it need less memory.',
      ];
    case 'network_failure':
      return ['Resume when the network is there again; nothing is lost by waiting.'];
    case 'api_failure':
      return ['Resume when the other side answers again; limits.perHost makes it ask less often.'];
    case 'authentication_failure':
      return ['Correct the secret or the rights before resuming: it would be refused again.'];
    case 'disk_full':
      return ['Free space before resuming: it would pause again at once.'];
    case 'storage_fault':
      return ['Look at the disk and at the file that is named; resuming checks what is on disk.'];
    case 'budget_reached':
      return ['Raise limits.maxUsd to go on.'];
    case 'in_doubt':
      return ['Say what to do about the paid calls of which it is not known whether they left.'];
    case 'setup_missing':
      return ['Put right what the pause names before resuming.'];
    case 'unknown':
      return ['Resuming checks what is on disk before it goes on.'];
    default:
      return assertNever(type, 'cause');
  }
}
