import type { CheckpointView, SessionView } from '../core/view.ts';
import type { SessionSnapshot, SnapshotDelta } from '../core/live.ts';
import type { UnitError } from '../core/events.ts';
import type { ImportReport } from '../core/importReport.ts';
import type { JobProgress } from '../core/job.ts';
import type { JsonValue } from '../core/json.ts';
import type { CollectionRequests } from './collection.ts';
import type { HistoryRequests } from './history.ts';
import type { MetricsRequests } from './metrics.ts';
import type { MergeManifest, OnConflict } from '../core/mergeManifest.ts';
import type { InDoubtWord, InterruptionAnalysis, RecoveryPlan } from '../core/recoveryData.ts';
import type { ValidationReport } from '../core/validation.ts';
import type { PreviewRequests } from './preview.ts';
import type { RecordRequests } from './records.ts';
import type { PickerEngineRequests } from './picker.ts';
import type { SampleRequests } from './samples.ts';

/**
 * Messages between the extension host and the worker that runs the engine. A request is a name of
 * {@link WorkerRequests} with its parameters; an event is a name of {@link WorkerEvents}.
 */
export interface WorkerRequests {
  /**
   * Every session whose state is kept for a workspace folder, newest first: read from disk, nothing is locked. A
   * session that its journal calls active or paused, and that nobody holds, is listed as `interrupted`.
   */
  listSessions: { params: { workspace: string }; result: readonly SessionListing[] };
  /** Checkpoints of a session, newest first. */
  listCheckpoints: { params: SessionRef; result: readonly CheckpointListing[] };
  /** One checkpoint file, parsed, with what is known about it. */
  readCheckpoint: { params: SessionRef & { checkpoint: string }; result: CheckpointContent };
  /** Failed units of a session, in order of their numbers. */
  listFailedUnits: {
    params: SessionRef & { offset: number; limit: number };
    result: readonly FailedUnit[];
  };
  /**
   * The problems of a collection file, or of what is to stand in it (`text`); empty when it is right. Calls nobody, and
   * looks at the files that it names only where a `workspace` is given.
   */
  checkCollection: {
    params: { workspace: string | null; file: string; text: string | null };
    result: readonly CollectionProblem[];
  };
  /** Starts a new session of a collection file (absolute path). */
  start: {
    params: { workspace: string; file: string; http: HttpSettings };
    result: { session: string };
  };
  /**
   * Takes a session up again, from wherever it was left: also one that this worker holds paused. One with paid calls in
   * doubt is refused with the code `IN_DOUBT` until a person's word is given.
   */
  resume: {
    params: SessionRef & { http: HttpSettings; inDoubt?: InDoubtWord };
    result: { session: string };
  };
  /** Stops claiming; resolves when everything received is durable. */
  pause: { params: SessionRef; result: null };
  /** Ends the run early: checkpointed, lock let go. Also of a paused session. */
  stop: { params: SessionRef & { reason: 'user' | 'window-closed' }; result: null };
  /** Begins to send `delta` events for a session, after answering with a whole snapshot. */
  watch: { params: SessionRef; result: SessionSnapshot };
  unwatch: { params: SessionRef; result: null };
}

/** Requests about sessions that are not being carried out: what happened to them, and what to do about it. */
export interface RecoveryRequests {
  /** What is known of a session, and what resuming it (from an older checkpoint) would do. Reads only. */
  planRecovery: {
    params: SessionRef & { checkpoint: string | null };
    result: { analysis: InterruptionAnalysis; plan: RecoveryPlan };
  };
  /** Takes a session up again from an older checkpoint: what was done since is done again. */
  resumeFromCheckpoint: {
    params: SessionRef & { checkpoint: string; http: HttpSettings; inDoubt?: InDoubtWord };
    result: { session: string };
  };
  /** Failed units go back to pending (all of them: null), and the session is taken up again where it is not running. */
  retryFailedUnits: {
    params: SessionRef & { units: readonly number[] | null; http: HttpSettings };
    result: { session: string; requeued: number };
  };
  /** Removes a session's folder below `.cf_state`; never a master, a raw or a rejected file. */
  discardState: {
    params: SessionRef;
    /** Absolute paths of the data files that stay. */
    result: { kept: readonly string[] };
  };
}

/** Names a piece of work that takes a while: its progress is told by `progress` events, and it can be cancelled. */
export interface JobRef {
  /** Chosen by the asker. */
  readonly job: string;
}

/** Requests that read or make files beside running sessions. Those with a {@link JobRef} have no time limit. */
export interface ToolRequests {
  cancelJob: { params: JobRef; result: null };
  /** Checks sessions (by id) and files or folders (absolute paths); every session of the workspace when both are empty. */
  validate: {
    params: JobRef & {
      workspace: string;
      sessions: readonly string[];
      paths: readonly string[];
      /** Absolute path of a JSON Schema file for records; null takes the collection's. */
      schema: string | null;
      fixIndex: boolean;
    };
    result: ValidationReport;
  };
  /** Starts a merge: a session of source type `files`, shown and stopped like every other. */
  merge: {
    params: {
      workspace: string;
      /** Absolute paths, in the order in which the first wins. */
      inputs: readonly string[];
      /** Absolute path of the new file; null chooses a name with the time. */
      output: string | null;
      key: readonly string[] | null;
      onConflict: OnConflict;
      sort: string | null;
    };
    result: { session: string };
  };
  /** Maps what a session has received again: a session of its own. */
  remap: {
    params: SessionRef & {
      /** Absolute path of the collection with the mapping; null: the session's own, as it is now. */
      collectionFile: string | null;
    };
    result: { session: string };
  };
  /** The manifest of a merge that is complete. */
  readMergeManifest: { params: SessionRef; result: { path: string; manifest: MergeManifest } };
  /** Writes a master or any JSONL as a table beside it. */
  exportTable: {
    params: JobRef & {
      /** Absolute path. */
      input: string;
      format: 'csv' | 'parquet';
      /** Absolute path of the new file, which must not exist. */
      output: string;
    };
    result: { rows: number; columns: number; bytes: number; rejected: number };
  };
  /** Carries an earlier system's data over. */
  importEarlier: {
    params: JobRef & {
      workspace: string;
      /** Absolute path of a file or folder. */
      path: string;
      /** Absolute path of the collection file to carry it over to; null makes one. */
      collection: string | null;
    };
    result: ImportReport;
  };
  /** Makes a session from a master whose state is gone. */
  adopt: {
    params: JobRef & { workspace: string; master: string; collection: string };
    result: { session: string; records: number; rejected: number };
  };
  /** Downloads Playwright's Chromium to where Playwright keeps it. */
  installBrowser: {
    params: JobRef & { http: HttpSettings };
    /** `version`: as it says itself; null where it can't be asked. */
    result: { executable: string; version: string | null };
  };
}

/** Everything that the worker answers. */
export interface EngineRequests
  extends
    WorkerRequests,
    RecoveryRequests,
    ToolRequests,
    CollectionRequests,
    HistoryRequests,
    MetricsRequests,
    SampleRequests,
    PreviewRequests,
    RecordRequests,
    PickerEngineRequests {}

/** What the worker says unasked. */
export interface WorkerEvents {
  /** How far a job is; `total` is null while it is not known. */
  progress: JobRef & JobProgress;
  /** A watched session changed; at most five a second for each. */
  delta: { session: string; delta: SnapshotDelta };
  /**
   * A session that this worker carries out began, ended or changed its state; the tree and the status bar go by it.
   * It comes before the answer to the request that caused it.
   */
  state: { workspace: string; session: string; snapshot: SessionSnapshot };
  log: {
    session: string | null;
    level: 'debug' | 'info' | 'warn' | 'error';
    message: string;
  };
  /** The engine's word in a conversation with another extension's source. */
  sourceMessage: SourceLink & { message: unknown };
}

/** Names a conversation with another extension's source, from `openSource` on. */
export interface SourceLink {
  /** Chosen by the worker. */
  readonly link: number;
}

/** What the host does for the worker. */
export interface HostRequests {
  /** The value of `${secret:NAME}`; null when it is not set. */
  secret: { params: { name: string }; result: string | null };
  /**
   * Opens a conversation with a source that another extension has registered, which is started where needed. What is
   * said in it are the `sourceMessage` events of both sides: an RPC within this one (`protocol/customSource.ts`).
   */
  openSource: { params: SourceLink & { id: string }; result: null };
  closeSource: { params: SourceLink; result: null };
}

/** What the host says unasked. */
export interface HostEvents {
  /** The source's word in a conversation. */
  sourceMessage: SourceLink & { message: unknown };
  /** The source was taken away; the conversation is over. */
  sourceGone: SourceLink & { reason: string };
}

/** The editor's settings about the network, as they are when a run begins. */
export interface HttpSettings {
  /** VS Code's `http.proxy`; null leaves it to the collection file and the environment. */
  readonly proxy: string | null;
  /** Hosts that are reached without the proxy (`http.noProxy`). */
  readonly noProxy: readonly string[];
  /** Whether certificates are checked (`http.proxyStrictSSL`). */
  readonly strictSsl: boolean;
  /** Whether the operating system's certificates are trusted, too (`http.systemCertificates`). */
  readonly systemCertificates: boolean;
  /** Goes into the User-Agent of collections that name no contact of their own; null when not set. */
  readonly contact: string | null;
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
  /** Its collection file is not where it was: it goes on with what its journal has. */
  readonly isCollectionMissing: boolean;
  /** Absolute path of the folder that the file names in `view` are relative to. */
  readonly root: string;
  /** Absolute path of the session's log; it may not exist yet. */
  readonly log: string;
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

/** A checkpoint with its file's content; null when the file is no JSON. */
export interface CheckpointContent {
  readonly listing: CheckpointListing;
  readonly content: JsonValue;
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
  /** What was probably meant; left out when there is nothing near. */
  readonly suggestion?: string;
  /** Absolute path of a file that is not there and could be made. */
  readonly missingFile?: string;
}
