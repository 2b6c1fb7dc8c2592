import type { CheckpointView, SessionView } from '../core/view.ts';
import type { SessionSnapshot, SnapshotDelta } from '../core/live.ts';
import type { UnitError } from '../core/events.ts';

/**
 * Messages between the extension host and the worker that runs the engine. A request is a name of
 * {@link WorkerRequests} with its parameters; an event is a name of {@link WorkerEvents}.
 */
export interface WorkerRequests {
  /** Every session of a workspace folder, newest first: read from disk, nothing is locked. */
  listSessions: { params: { workspace: string }; result: readonly SessionListing[] };
  /** Checkpoints of a session, newest first. */
  listCheckpoints: { params: SessionRef; result: readonly CheckpointListing[] };
  /** Failed units of a session, in order of their numbers. */
  listFailedUnits: {
    params: SessionRef & { offset: number; limit: number };
    result: readonly FailedUnit[];
  };
  /** The collection file's problems; empty when it is right. */
  checkCollection: { params: { file: string }; result: readonly CollectionProblem[] };
  /** Starts a new session of a collection file (absolute path). */
  start: { params: { workspace: string; file: string }; result: { session: string } };
  /** Takes a session up again. */
  resume: { params: SessionRef; result: { session: string } };
  /** Stops claiming; resolves when everything received is durable. */
  pause: { params: SessionRef; result: null };
  /** Ends the run early: checkpointed, lock let go. */
  stop: { params: SessionRef & { reason: 'user' | 'window-closed' }; result: null };
  /** Begins to send `delta` events for a session, after answering with a whole snapshot. */
  watch: { params: SessionRef; result: SessionSnapshot };
  unwatch: { params: SessionRef; result: null };
}

/** What the worker says unasked. */
export interface WorkerEvents {
  /** A watched session changed; at most five a second for each. */
  delta: { session: string; delta: SnapshotDelta };
  /** A session began, ended or changed its state; the tree and the status bar go by it. */
  state: { workspace: string; session: string; snapshot: SessionSnapshot };
  log: { session: string | null; level: 'debug' | 'info' | 'warn' | 'error'; message: string };
}

/** What the host does for the worker. */
export interface HostRequests {
  /** The value of `${secret:NAME}`; null when it is not set. */
  secret: { params: { name: string }; result: string | null };
}

/** Names a session in a workspace folder (absolute path). */
export interface SessionRef {
  readonly workspace: string;
  readonly session: string;
}

/** A session as the tree shows it. */
export interface SessionListing {
  readonly view: SessionView;
  /** Who carries it out now, where somebody does. */
  readonly holder: HolderView | null;
  /** Whether Resume makes sense. */
  readonly resumable: boolean;
  /** Why the session could not be read; its view is then as far as it could be. */
  readonly damage: string | null;
}

/** Who holds a session. */
export interface HolderView {
  readonly pid: number;
  readonly host: string;
  readonly via: 'cli' | 'window';
  /** ISO time. */
  readonly since: string;
}

/** A checkpoint file as the tree shows it. */
export interface CheckpointListing extends CheckpointView {
  /** Absolute path. */
  readonly path: string;
  readonly valid: boolean;
  readonly records: number;
}

/** A failed unit. */
export interface FailedUnit extends UnitError {
  readonly unit: number;
  readonly attempts: number;
}

/** One thing wrong with a collection file. Lines and columns count from 1. */
export interface CollectionProblem {
  readonly code: string;
  readonly message: string;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}
