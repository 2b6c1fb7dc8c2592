/** The past of a session: the fold of its journal. */
export interface SessionHistory {
  /**
   * At most 600, equally far apart in the journal's time: what was true then. The last one is the last journal line,
   * wherever that falls.
   */
  readonly points: readonly HistoryPoint[];
  /** Everything that began, ended or broke off work, and the newest 1,000 checkpoints at least, oldest first. */
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
  /**
   * Why, where the journal says it: a reason's or a checkpoint type's name; of `opened` where (`cli`, `window`), of
   * `damaged` the file's role.
   */
  readonly reason: string | null;
  /** The checkpoint's id, of `wentBack` the one that it went back to; null of others. */
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
