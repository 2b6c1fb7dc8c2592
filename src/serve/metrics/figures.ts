import type { FileRole } from '../../core/events.ts';
import type { LiveStats, Stage } from '../../core/live.ts';
import { unitStates } from '../../core/unit.ts';
import type { SessionState, SessionView } from '../../core/view.ts';

/** What a figure is read of. */
export interface Measured {
  readonly view: SessionView;
  readonly live: LiveStats;
  /** `limits.maxUsd`; undefined where there is none. */
  readonly maxUsd: number | undefined;
}

/** One metric of a session. */
export interface MetricFigure {
  readonly kind: 'counter' | 'gauge';
  /** Without our prefix; in base units, and `_total` for what only grows. */
  readonly name: string;
  readonly help: string;
  /** What tells its values of one session apart. Left out: it has one. */
  readonly label?: string;
  /** Its values, each with what its label says. */
  readonly values: (measured: Measured) => readonly (readonly [label: string, value: number])[];
}

const stages: readonly Stage[] = ['wait', 'fetch', 'parse', 'commit'];
const roles: readonly FileRole[] = ['master', 'raw', 'rejected'];
const states: readonly SessionState[] = [
  'active',
  'paused',
  'stopped',
  'interrupted',
  'faulted',
  'completed',
];

/**
 * Every count is that of the session's journal, over all its starts. What no journal has (bytes received, stages) is
 * counted since this process took the session up.
 */
export const metricFigures: readonly MetricFigure[] = [
  {
    kind: 'counter',
    name: 'records_total',
    help: 'Records that are durable in the master.',
    values: ({ view }) => one(view.records),
  },
  {
    kind: 'counter',
    name: 'duplicates_total',
    help: 'Records that were left out as duplicates.',
    values: ({ view }) => one(view.duplicates),
  },
  {
    kind: 'counter',
    name: 'rejected_total',
    help: 'Records that went to the rejected file.',
    values: ({ view }) => one(view.rejected),
  },
  {
    kind: 'gauge',
    name: 'units',
    help: 'Units by state.',
    label: 'state',
    values: ({ view }) => unitStates.map((state) => [state, view.units[state]]),
  },
  {
    kind: 'gauge',
    name: 'queue_length',
    help: 'Units that wait to be worked on.',
    values: ({ view }) => one(view.units.pending),
  },
  {
    kind: 'gauge',
    name: 'in_flight_units',
    help: 'Units that are being worked on.',
    values: ({ live }) => one(live.inFlight.length),
  },
  {
    kind: 'gauge',
    name: 'not_yet_safe_records',
    help: 'Records that were received and are not durable yet.',
    values: ({ live }) => one(live.notYetSafe),
  },
  {
    kind: 'counter',
    name: 'received_bytes_total',
    help: 'Bytes of answers as they came over the wire, or of files read, since the session was taken up.',
    values: ({ live }) => one(live.receivedBytes),
  },
  {
    kind: 'counter',
    name: 'written_bytes_total',
    help: 'Durable bytes of the data files.',
    label: 'file',
    values: ({ view }) => roles.map((role) => [role, bytesOf(view, role)]),
  },
  {
    kind: 'counter',
    name: 'stage_seconds_total',
    help: 'What the time of units went to since the session was taken up, all units together.',
    label: 'stage',
    values: ({ live }) => stages.map((stage) => [stage, live.stages[stage] / 1000]),
  },
  {
    kind: 'counter',
    name: 'active_seconds_total',
    help: 'Time that the session was worked on.',
    values: ({ live }) => one(live.elapsedMs / 1000),
  },
  {
    kind: 'counter',
    name: 'spent_usd_total',
    help: 'What paid calls have cost, US dollars.',
    values: ({ view }) => one(usdOf(view.spentMicroUsd)),
  },
  {
    kind: 'gauge',
    name: 'reserved_usd',
    help: 'Set aside for the worst case of calls that are not settled, US dollars.',
    values: ({ view }) => one(usdOf(view.reservedMicroUsd)),
  },
  {
    kind: 'gauge',
    name: 'in_doubt_usd',
    help: 'Of what is set aside: for calls of which it is not known whether they left, US dollars.',
    values: ({ live }) => one(usdOf(live.inDoubtMicroUsd)),
  },
  {
    kind: 'gauge',
    name: 'limit_usd',
    help: 'limits.maxUsd, where there is one, US dollars.',
    values: ({ maxUsd }) => (maxUsd === undefined ? [] : one(maxUsd)),
  },
  {
    kind: 'gauge',
    name: 'session_state',
    help: '1 for the state that the session is in, 0 for the others.',
    label: 'state',
    values: ({ view }) => states.map((state) => [state, Number(view.state === state)]),
  },
];

function one(value: number): readonly (readonly [string, number])[] {
  return [['', value]];
}

function bytesOf({ files }: SessionView, role: FileRole): number {
  return files.reduce((sum, file) => sum + (file.role === role ? file.bytes : 0), 0);
}

function usdOf(microUsd: number): number {
  return microUsd / 1e6;
}
