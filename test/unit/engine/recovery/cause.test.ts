import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEvent, PauseReason, StopReason } from '../../../../src/core/events.ts';
import type { InterruptionCauseType } from '../../../../src/core/recoveryData.ts';
import { findCause, type Clues } from '../../../../src/engine/recovery/cause.ts';
import { JournalFacts } from '../../../../src/engine/recovery/journalFacts.ts';
import type { LogLine } from '../../../../src/storage/sessionLog.ts';

const machine = { machineId: 'm', host: 'here', bootId: 'boot-2' };
const at = (second: number): string =>
  new Date(Date.UTC(2026, 10, 21, 16, 0, second)).toISOString();

function opened(parts: Partial<Extract<JournalEvent, { type: 'opened' }>> = {}): JournalEvent {
  return { type: 'opened', pid: 7, host: 'here', bootId: 'boot-2', via: 'cli', ...parts };
}

function stopped(reason: StopReason): JournalEvent {
  return { type: 'stopped', reason, activeMs: 5 };
}

function paused(reason: PauseReason, message = ''): JournalEvent {
  return { type: 'paused', reason, message };
}

function failed(code: string): JournalEvent {
  const error = { key: 'k', code, message: 'no' };
  return { type: 'requeued', unit: 1, reason: 'retry', attempts: 1, error };
}

const moved: JournalEvent = { type: 'advanced', unit: 1, cursor: 2 };

function times(count: number, event: JournalEvent): JournalEvent[] {
  return Array.from({ length: count }, () => event);
}

/** One journal line for each event, a second apart. */
function clues(events: readonly JournalEvent[], parts: Partial<Clues> = {}): Clues {
  const facts = new JournalFacts();
  events.forEach((event, seq) => {
    facts.add({ seq, at: at(seq), events: [event] });
  });
  const nothing = { holder: undefined, log: [], freeBytes: 1e12, tornBytes: 0 };
  return { facts, machine, logFile: 'logs/collector.ndjson', ...nothing, ...parts };
}

function logged(code: string, message: string, parts: Partial<LogLine> = {}): Partial<Clues> {
  return { log: [{ line: 31, at: at(30), isError: true, code, message, ...parts }] };
}

const holder = { pid: 7, host: 'here', bootId: 'boot-2', via: 'cli', since: at(0) } as const;

const cases: readonly {
  readonly name: string;
  readonly clues: Clues;
  readonly cause: InterruptionCauseType;
  readonly confidence: number;
  readonly evidence: RegExp;
}[] = [
  {
    name: 'a holder that lives',
    clues: clues([opened()], { holder }),
    cause: 'still_running',
    confidence: 1,
    evidence: /^holder\.json: process 7 on here/,
  },
  {
    name: 'a holder on another machine, which can not be asked',
    clues: clues([opened()], { holder: { ...holder, host: 'there' } }),
    cause: 'still_running',
    confidence: 0.5,
    evidence: /process 7 on there/,
  },
  {
    name: 'a stop by a person',
    clues: clues([opened(), stopped('user')]),
    cause: 'user_stop',
    confidence: 1,
    evidence: /^journal line 2: stopped \(user\)$/,
  },
  {
    name: 'a stop by a signal',
    clues: clues([opened(), stopped('signal')]),
    cause: 'user_stop',
    confidence: 1,
    evidence: /stopped \(signal\)/,
  },
  {
    name: 'a closed window',
    clues: clues([opened({ via: 'window' }), stopped('window-closed')]),
    cause: 'window_closed',
    confidence: 1,
    evidence: /stopped \(window-closed\)/,
  },
  {
    name: 'the end of the work',
    clues: clues([opened(), { type: 'completed', by: 'exhausted', activeMs: 1 }]),
    cause: 'completed',
    confidence: 1,
    evidence: /^journal line 2: completed \(exhausted\)$/,
  },
  {
    name: 'a guard that paused for the disk',
    clues: clues([opened(), paused('disk-full', 'full'), stopped('guard')]),
    cause: 'disk_full',
    confidence: 1,
    evidence: /journal line 2: paused \(disk-full\): full/,
  },
  {
    name: 'a guard that paused for the budget',
    clues: clues([opened(), paused('budget'), stopped('guard')]),
    cause: 'budget_reached',
    confidence: 1,
    evidence: /paused \(budget\)/,
  },
  {
    name: 'a guard that paused for a missing set-up',
    clues: clues([opened(), moved, paused('setup', 'no secret'), stopped('guard')]),
    cause: 'setup_missing',
    confidence: 1,
    evidence: /no secret/,
  },
  {
    name: 'a guard that paused since access was refused',
    clues: clues([opened(), failed('HTTP_UNAUTHORIZED'), paused('setup'), stopped('guard')]),
    cause: 'authentication_failure',
    confidence: 1,
    evidence: /paused \(setup\)/,
  },
  {
    name: 'no end, the process gone, the machine running on',
    clues: clues([opened(), moved]),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /^journal line 1: opened by process 7, which is gone/,
  },
  {
    name: 'the same in a window',
    clues: clues([opened({ via: 'window' }), moved]),
    cause: 'process_killed',
    confidence: 0.6,
    evidence: /VS Code window/,
  },
  {
    name: 'no end while it was paused',
    clues: clues([opened(), paused('user')]),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /journal line 2: it was paused \(user\)/,
  },
  {
    name: 'a pause that was over does not count',
    clues: clues([opened(), paused('user'), { type: 'resumed' }, moved]),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /journal line 4: the last one/,
  },
  {
    name: 'an end of an earlier start does not count',
    clues: clues([opened(), stopped('user'), opened(), moved]),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /journal line 3: opened/,
  },
  {
    name: 'another boot id',
    clues: clues([opened({ bootId: 'boot-1' }), moved]),
    cause: 'system_crash',
    confidence: 0.8,
    evidence: /another start of the machine \(boot-1, now boot-2\)/,
  },
  {
    name: 'a boot id that is a time and drifts by a minute',
    clues: clues([opened({ bootId: 'started-100' }), moved], {
      machine: { ...machine, bootId: 'started-101' },
    }),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /not been started again/,
  },
  {
    name: 'a boot id that is another time',
    clues: clues([opened({ bootId: 'started-100' }), moved], {
      machine: { ...machine, bootId: 'started-140' },
    }),
    cause: 'system_crash',
    confidence: 0.8,
    evidence: /another start/,
  },
  {
    name: 'another machine',
    clues: clues([opened({ host: 'there' }), moved]),
    cause: 'unknown',
    confidence: 0,
    evidence: /carried out on there, and this is here/,
  },
  {
    name: 'no line at all',
    clues: clues([]),
    cause: 'unknown',
    confidence: 0,
    evidence: /^journal: no line can be read$/,
  },
  {
    name: 'the log names a full disk',
    clues: clues([opened(), moved], logged('DISK_FULL', 'The disk is full.')),
    cause: 'disk_full',
    confidence: 0.8,
    evidence: /^logs\/collector\.ndjson line 31: DISK_FULL: The disk is full\.$/,
  },
  {
    name: 'the log names the end of memory',
    clues: clues([opened(), moved], logged('', 'JavaScript heap out of memory')),
    cause: 'memory_error',
    confidence: 0.8,
    evidence: /line 31: JavaScript heap out of memory/,
  },
  {
    name: 'the log names a fault of the storage',
    clues: clues([opened(), moved], logged('SYNC_FAILED', 'EIO')),
    cause: 'storage_fault',
    confidence: 0.8,
    evidence: /SYNC_FAILED/,
  },
  {
    name: 'an error in the log of an earlier start does not count',
    clues: clues([opened(), stopped('user'), opened(), moved], {
      ...logged('SYNC_FAILED', 'EIO', { at: at(1) }),
    }),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /gone/,
  },
  {
    name: 'a warning in the log does not count',
    clues: clues([opened(), moved], logged('ENOSPC', 'tried', { isError: false })),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /gone/,
  },
  {
    name: 'the disk is full now',
    clues: clues([opened(), moved], { freeBytes: 4096 }),
    cause: 'disk_full',
    confidence: 0.6,
    evidence: /4096 bytes left now/,
  },
  {
    name: 'nothing but failures of the network',
    clues: clues([opened(), ...times(9, failed('CONNECTION_FAILED'))]),
    cause: 'network_failure',
    confidence: 0.6,
    evidence: /9 of the last 9 outcomes/,
  },
  {
    name: 'mostly refusals of the other side',
    clues: clues([opened(), moved, ...times(5, failed('HTTP_RATE_LIMITED'))]),
    cause: 'api_failure',
    confidence: 0.6,
    evidence: /journal line 7: HTTP_RATE_LIMITED: no/,
  },
  {
    name: 'nothing but refused access',
    clues: clues([opened(), ...times(5, failed('HTTP_FORBIDDEN'))]),
    cause: 'authentication_failure',
    confidence: 0.6,
    evidence: /HTTP_FORBIDDEN/,
  },
  {
    name: 'failures that were followed by successes',
    clues: clues([opened(), ...times(9, failed('CONNECTION_FAILED')), ...times(9, moved)]),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /gone/,
  },
  {
    name: 'too few failures to go by',
    clues: clues([opened(), ...times(4, failed('CONNECTION_FAILED'))]),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /gone/,
  },
  {
    name: 'failures of one page’s content say nothing about the world',
    clues: clues([opened(), ...times(9, failed('ITEMS_MISSING'))]),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /gone/,
  },
  {
    name: 'torn ends are told, and change nothing',
    clues: clues([opened(), moved], { tornBytes: 17 }),
    cause: 'process_killed',
    confidence: 0.9,
    evidence: /^17 bytes after what the journal names/,
  },
];

for (const { name, clues: given, cause, confidence, evidence } of cases) {
  test(`cause: ${name}`, () => {
    const found = findCause(given);
    assert.equal(found.cause_type, cause);
    assert.equal(found.confidence, confidence);
    assert.ok(
      found.evidence.some((text) => evidence.test(text)),
      found.evidence.join('\n'),
    );
    assert.ok(found.recovery_implications.length > 0);
  });
}
