import type { HostHealth } from '../core/events.ts';
import type { SessionSnapshot, SnapshotDelta } from '../core/live.ts';
import type { UnitState } from '../core/unit.ts';
import type { LimitName } from '../core/limits.ts';
import type { SessionState } from '../core/view.ts';
import type { HolderView, SessionRef } from './worker.ts';

/** What the dashboard asks of the host. */
export interface DashboardRequests {
  /** The page is there: answers with all it needs to draw. */
  ready: { params: null; result: DashboardHydration };
  pause: { params: null; result: null };
  resume: { params: null; result: null };
  /** Asks for a higher limit, and goes on with it. */
  raiseAndResume: { params: null; result: null };
  stop: { params: null; result: null };
  openMaster: { params: null; result: null };
  openLog: { params: null; result: null };
  openCollection: { params: null; result: null };
}

/** What the host tells the dashboard unasked. */
export interface DashboardEvents {
  /** The session changed its state or its holder. */
  model: DashboardModel;
  /** Fields that changed since the last model or delta. */
  delta: SnapshotDelta;
}

/** What a dashboard shows. */
export interface DashboardModel {
  readonly snapshot: SessionSnapshot;
  /** Who carries the session out, when it is not this window. */
  readonly holder: HolderView | null;
}

/** The first answer to the page: what to show, and its words. */
export interface DashboardHydration {
  readonly model: DashboardModel;
  readonly strings: DashboardStrings;
  /** BCP 47, for numbers and times. */
  readonly locale: string;
  /** What the page keeps for a reload of the window. */
  readonly state: DashboardState;
}

/** What a dashboard's page keeps (`setState`), so that a reloaded window can fill it again. */
export interface DashboardState {
  readonly version: 1;
  readonly ref: SessionRef;
}

/** The dashboard's words, translated by the host. `{0}`, `{1}` stand for values. */
export type DashboardStrings = Readonly<Record<DashboardStringKey, string>>;

type Figure =
  | 'elapsed'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'blocked'
  | 'records'
  | 'duplicates'
  | 'rejected'
  | 'notYetSafe'
  | 'rate';
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
  | 'circuit'
  | 'lastError';

/** Names of the dashboard's words: `NAME` or `kind.NAME`. */
export type DashboardStringKey =
  | `state.${SessionState | 'held'}`
  | `button.${'raiseAndResume' | 'pause' | 'resume' | 'stop' | 'openMaster' | 'openLog'}`
  | `figure.${Figure}`
  | `figureHint.${Figure}`
  | `column.${Column}`
  | `unit.${UnitState}`
  | `health.${HostHealth['status']}`
  | `circuit.${HostHealth['circuit']}`
  | `outcome.${'retried' | 'final'}`
  | `section.${'figures' | 'progress' | 'limits' | 'rate' | 'inFlight' | 'errors' | 'hosts'}`
  | `empty.${'rate' | 'inFlight' | 'errors' | 'hosts'}`
  | `advice.${AdviceKey}`
  | `progress.${'units' | 'timeLeft' | 'timeLeftUnknown' | 'none'}`
  | `limit.${LimitName | 'used' | 'reserved'}`
  | `chart.${'time' | 'records' | 'units' | 'summary'}`
  | 'openCollection'
  | 'merge'
  | 'remap'
  | 'session'
  | 'moreRows'
  | 'requestFailed';

/** What a dashboard says about a state, and what to do next. */
export type AdviceKey =
  | 'starting'
  | 'held'
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
