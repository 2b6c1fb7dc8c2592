import type { SessionRef } from './worker.ts';

/** Requests about what has become of a session, read from its journal: of one that runs, too. */
export interface HistoryRequests {
  /** How a session went, from its birth to its last journal line. */
  readHistory: { params: SessionRef; result: SessionHistory };
  /** Its failed units, by what they failed of; the largest group first. */
  groupFailures: { params: SessionRef; result: readonly FailureGroup[] };
}

/** The past of a session: the fold of its journal. */
export interface SessionHistory {
  /** At most 600, equally far apart in the journal's time; the last one is the last journal line. */
  readonly points: readonly HistoryPoint[];
  /** Everything that began, ended or broke off work, and the checkpoints, oldest first. */
  readonly marks: readonly HistoryMark[];
}

/** What had come together by then: counts are cumulative, of durable things only. */
export interface HistoryPoint {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly records: number;
  readonly done: number;
  readonly failed: number;
  /** Of the master. */
  readonly bytes: number;
  readonly spentMicroUsd: number;
}

/** Something that happened to the session. */
export interface HistoryMark {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly seq: number;
  readonly kind:
    | 'opened'
    | 'paused'
    | 'resumed'
    | 'stopped'
    | 'completed'
    | 'recovered'
    | 'damaged'
    | 'wentBack'
    | 'checkpoint';
  /** Why, where the journal says it: a reason's or a checkpoint type's name. */
  readonly reason: string | null;
  /** The checkpoint's id; null of others. */
  readonly checkpoint: string | null;
}

/** Failed units with the same code and host. */
export interface FailureGroup {
  readonly code: string;
  /** The lane of its units: a host, as a rule. */
  readonly lane: string;
  /** The message of the newest of them; any text of a stranger may be in it. */
  readonly message: string;
  readonly failed: number;
  /** Their numbers: what `retryFailedUnits` takes. */
  readonly units: readonly number[];
}
