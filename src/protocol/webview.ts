import type { SessionSnapshot, SnapshotDelta } from '../core/live.ts';
import type { HolderView, SessionRef } from './worker.ts';

/** What the dashboard asks of the host. */
export interface DashboardRequests {
  /** The page is there: answers with all it needs to draw. */
  ready: { params: null; result: DashboardHydration };
  pause: { params: null; result: null };
  resume: { params: null; result: null };
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

/** The dashboard's words, translated by the host, under the names that `src/host/dashboardStrings.ts` gives them. */
export type DashboardStrings = Readonly<Record<string, string>>;
