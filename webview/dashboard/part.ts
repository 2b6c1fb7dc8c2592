import type { DashboardModel, SessionPast } from '../../src/protocol/dashboard.ts';
import type { FailureGroup } from '../../src/core/history.ts';
import type { Loaded } from '../shared/loader.ts';

/** All that the page has to show. */
export interface Shown {
  readonly model: DashboardModel;
  readonly past: Loaded<SessionPast>;
  readonly failures: Loaded<readonly FailureGroup[]>;
  /** The host's clock, milliseconds since 1970. */
  readonly nowMs: number;
}

/** A part of the page: its element, and how it shows what there is. Called up to five times a second. */
export interface Part {
  readonly element: HTMLElement;
  update(shown: Shown): void;
}
