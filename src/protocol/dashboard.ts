import type { CheckpointType, HostHealth, PauseReason, StopReason } from '../core/events.ts';
import type { SessionSnapshot, SnapshotDelta, Stage } from '../core/live.ts';
import type { UnitState } from '../core/unit.ts';
import type { LimitName } from '../core/limits.ts';
import type { SessionState } from '../core/view.ts';
import type { FailureGroup, HistoryMark, SessionHistory } from '../core/history.ts';
import type { CheckpointListing, HolderView, SessionRef } from './worker.ts';

/** What a dashboard's buttons ask for that needs nothing but the session. */
export type DashboardAction =
  | 'pause'
  | 'resume'
  /** Asks for a higher limit, and goes on with it. */
  | 'raiseAndResume'
  | 'stop'
  | 'openMaster'
  | 'openRecords'
  | 'openLog'
  | 'openCollection'
  | 'validate'
  | 'showRecoveryPlan';

/** What the dashboard asks of the host. */
export type DashboardRequests = Record<DashboardAction, { params: null; result: null }> & {
  /** The page is there: answers with all it needs to draw. */
  ready: { params: null; result: DashboardHydration };
  /** What has become of the session so far: read when somebody looks, since it is read from the journal. */
  readPast: { params: null; result: SessionPast };
  /** Its failed units, by what they failed of. */
  readFailures: { params: null; result: readonly FailureGroup[] };
  /** Tries failed units again: these (by their numbers) or all. */
  retryFailed: { params: { readonly units: readonly number[] | null }; result: null };
  /** Takes the session up again from a checkpoint, by its id; a person is asked first. */
  resumeFromCheckpoint: { params: { readonly checkpoint: string }; result: null };
};

/** What the host tells the dashboard unasked. */
export interface DashboardEvents {
  /** The session changed its state or its holder. */
  model: DashboardModel;
  /** Fields that changed since the last model or delta. */
  delta: SnapshotDelta;
  /** Nothing is kept of the session any more. */
  gone: null;
}

/** What a dashboard shows. */
export interface DashboardModel {
  readonly snapshot: SessionSnapshot;
  /** Who carries the session out, when it is not this window. */
  readonly holder: HolderView | null;
  /** Why the session could not be read; the snapshot is then as far as it could be. */
  readonly damage: string | null;
  /** The collection file is not where it was; left out where it is. */
  readonly isCollectionMissing?: true;
}

/** The first answer to the page: what to show, and its words. */
export interface DashboardHydration {
  readonly model: DashboardModel;
  readonly strings: DashboardStrings;
  /** BCP 47, for numbers and times. */
  readonly locale: string;
  /** The session, for a reload of the window. */
  readonly ref: SessionRef;
  /** The host's clock, milliseconds since 1970: another one than the page's in a remote window. */
  readonly nowMs: number;
}

/** The past of a session as a dashboard shows it. */
export interface SessionPast {
  readonly history: SessionHistory;
  /** Newest first. */
  readonly checkpoints: readonly Omit<CheckpointListing, 'path'>[];
}

/** What a dashboard's page keeps (`setState`), so that a reloaded window can fill it again. */
export interface DashboardState {
  readonly version: 2;
  readonly ref: SessionRef;
  /** The sections that a person has folded away. */
  readonly folded: readonly string[];
  readonly charts: ChartSpan;
}

/** What the charts show: the newest two minutes, or the session from its birth on. */
export type ChartSpan = 'now' | 'whole';

/** The dashboard's words, translated by the host. `{0}`, `{1}` stand for values. */
export type DashboardStrings = Readonly<Record<DashboardStringKey, string>>;

type Figure =
  | 'elapsed'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'blocked'
  | 'records'
  | 'rate'
  | 'duplicates'
  | 'rejected'
  | 'notYetSafe'
  | 'inFlight'
  | 'queue'
  | 'received'
  | 'masterSize';
type Column =
  | 'unit'
  | 'host'
  | 'attempt'
  | 'age'
  | 'time'
  | 'error'
  | 'outcome'
  | 'status'
  | 'requests'
  | 'failures'
  | 'response'
  | 'sending'
  | 'lastError';
type Section =
  | 'figures'
  | 'progress'
  | 'limits'
  | 'charts'
  | 'rate'
  | 'latency'
  | 'whole'
  | 'time'
  | 'newest'
  | 'inFlight'
  | 'failures'
  | 'errors'
  | 'hosts'
  | 'timeline';

/** Why something happened to a session, as its marks name it. */
export type MarkReason =
  CheckpointType | PauseReason | StopReason | 'exhausted' | 'target' | 'window' | 'cli';

/** Names of the dashboard's words: `NAME` or `kind.NAME`. */
export type DashboardStringKey =
  | `state.${SessionState | 'held'}`
  | `button.${Exclude<DashboardAction, 'openCollection'>}`
  | `figure.${Figure}`
  | `figureHint.${Figure}`
  | `column.${Column}`
  | `unit.${UnitState}`
  | `health.${HostHealth['status']}`
  | `sending.${'yes' | 'tryingOne' | 'waiting' | 'due'}`
  | `outcome.${'retried' | 'final'}`
  | `section.${Section}`
  | `empty.${'charts' | 'inFlight' | 'errors' | 'hosts' | 'time' | 'newest' | 'timeline'}`
  | `advice.${AdviceKey}`
  | `progress.${'units' | 'timeLeft' | 'timeLeftUnknown' | 'none'}`
  | `limit.${LimitName | 'used' | 'spent' | 'spentOf' | 'reserved' | 'inDoubt'}`
  | `chart.${'now' | 'whole' | 'hint' | 'time' | 'records' | 'units' | 'fetchMedian' | 'fetchP95'}`
  | `chart.${'commitMedian' | 'commitP95' | 'rateSummary' | 'latencySummary' | 'noLatency'}`
  | `chart.${'allRecords' | 'done' | 'failed' | 'wholeSummary' | 'worked' | 'starts' | 'pauses'}`
  | `stage.${Stage}`
  | `stageHint.${Stage}`
  | `newest.${'hint' | 'held' | 'unit'}`
  | `failures.${'retryAll' | 'retry' | 'retryLabel' | 'lastErrors'}`
  | `mark.${HistoryMark['kind']}`
  | `timeline.${'mark' | 'resume' | 'resumeLabel' | 'damaged' | 'more' | 'records'}`
  | `reason.${MarkReason}`
  | 'openCollection'
  | 'merge'
  | 'collectionGone'
  | 'remap'
  | 'session'
  | 'moreRows'
  | 'reading'
  | 'requestFailed';

/** What a dashboard says about a state, and what to do next. */
export type AdviceKey =
  | 'starting'
  | 'held'
  | 'damaged'
  | 'gone'
  | 'pausedByUser'
  | 'pausedDiskFull'
  | 'pausedBudget'
  | 'pausedInDoubt'
  | 'pausedSetup'
  | 'stoppedByUser'
  | 'stoppedByWindow'
  | 'stoppedBySignal'
  | 'stoppedByGuard'
  | 'interrupted'
  | 'faulted'
  | 'completed'
  | 'completedWithFailures'
  | 'completedTarget'
  | 'completedEmpty';
