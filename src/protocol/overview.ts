import type { SessionState } from '../core/view.ts';
import type { SessionRef } from './worker.ts';

/** What the page of all sessions asks of the host. */
export type OverviewRequests = Record<
  SessionAction,
  { params: { readonly session: SessionRef }; result: null }
> &
  Record<EmptyAction, { params: null; result: null }> & {
    /** The page is there: answers with all it needs to draw. */
    ready: { params: null; result: OverviewHydration };
  };

/** What can be asked for of one session. */
export type SessionAction = 'open' | 'pause' | 'resume' | 'stop';

/** What the page offers where there is no session yet. */
export type EmptyAction = 'newCollection' | 'openSample';

/** What the host tells the page unasked. */
export interface OverviewEvents {
  /** Sessions came, went, or changed their states. */
  model: OverviewModel;
  /** Rows whose figures have changed; at most five such messages a second, for all sessions together. */
  rows: readonly OverviewRow[];
}

/** What the page shows. */
export interface OverviewModel {
  /** Those that are being carried out first, then by their last sign of life, newest first. */
  readonly rows: readonly OverviewRow[];
  /** Why the sessions could not be read; null when they could. */
  readonly problem: string | null;
}

/** One session as a row. Counts are those of its journal; rate and time left are estimates. */
export interface OverviewRow {
  readonly ref: SessionRef;
  readonly name: string;
  /** Relative to the folder; empty of a session without one. */
  readonly collectionFile: string;
  /** The folder that is open; empty where there is only one. */
  readonly folder: string;
  /** `held`: another process carries it out. */
  readonly state: SessionState | 'held';
  /** Why it is paused or faulted, where a message says it. */
  readonly reasonMessage: string | null;
  readonly records: number;
  readonly failed: number;
  /** Units that have ended, in whichever way. */
  readonly finished: number;
  readonly total: number;
  /** Null of one that does not run here. */
  readonly recordsPerSecond: number | null;
  readonly etaMs: number | null;
  readonly spentMicroUsd: number;
  readonly reservedMicroUsd: number;
  /** `limits.maxUsd`; null without one. */
  readonly maxMicroUsd: number | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  readonly lastEventAt: number;
  readonly actions: readonly SessionAction[];
}

/** The first answer to the page. */
export interface OverviewHydration {
  readonly model: OverviewModel;
  readonly strings: OverviewStrings;
  /** BCP 47, for numbers and times. */
  readonly locale: string;
  /** The host's clock, milliseconds since 1970. */
  readonly nowMs: number;
}

/** What the page keeps, so that a reloaded window knows that it was there. */
export interface OverviewState {
  readonly version: 1;
}

/** The page's words, translated by the host. */
export type OverviewStrings = Readonly<Record<OverviewStringKey, string>>;

/** Names of the page's words. */
export type OverviewStringKey =
  | `state.${SessionState | 'held'}`
  | `button.${SessionAction | EmptyAction}`
  | `buttonLabel.${SessionAction}`
  | `column.${'session' | 'state' | 'records' | 'rate' | 'progress' | 'money' | 'failed' | 'actions'}`
  | 'title'
  | 'summary.none'
  | 'summary.running'
  | 'summary.rate'
  | 'summary.spent'
  | 'progress.units'
  | 'progress.timeLeft'
  | 'progress.timeLeftUnknown'
  | 'money.spentOf'
  | 'money.reserved'
  | 'perSecond'
  | 'merge'
  | 'empty'
  | 'emptyHint'
  | 'more'
  | 'requestFailed';
