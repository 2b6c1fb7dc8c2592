import type { SessionSnapshot, SnapshotDelta } from '../core/live.ts';

/** What the dashboard asks of the host. */
export interface DashboardRequests {
  /** The page is there: answers with all it needs to draw. */
  ready: { params: null; result: DashboardHydration };
  pause: { params: null; result: null };
  resume: { params: null; result: null };
  stop: { params: null; result: null };
  openMaster: { params: null; result: null };
  openLog: { params: null; result: null };
}

/** What the host tells the dashboard unasked. */
export interface DashboardEvents {
  snapshot: SessionSnapshot;
  delta: SnapshotDelta;
}

/** The first answer to the page: what to show, and its words. */
export interface DashboardHydration {
  readonly snapshot: SessionSnapshot;
  readonly strings: Readonly<Record<string, string>>;
}
