import type { SessionView } from '../core/view.ts';
import type { SessionLayout } from '../storage/layout.ts';

/** The last line of `--json`. */
export interface Summary {
  readonly type: 'summary';
  readonly session: string;
  readonly state: SessionView['state'];
  readonly units: {
    readonly done: number;
    readonly failed: number;
    readonly skipped: number;
    readonly blocked: number;
    readonly pending: number;
  };
  readonly records: number;
  readonly duplicates: number;
  readonly rejected: number;
  /** Absolute paths. */
  readonly masters: readonly string[];
  readonly seconds: number;
}

/** Sums a session up. */
export function summaryOf(layout: SessionLayout, view: SessionView, elapsedMs: number): Summary {
  const { done, failed, skipped, blocked, pending, in_progress: inProgress } = view.units;
  return {
    type: 'summary',
    session: view.session,
    state: view.state,
    units: { done, failed, skipped, blocked, pending: pending + inProgress },
    records: view.records,
    duplicates: view.duplicates,
    rejected: view.rejected,
    masters: view.files.filter((f) => f.role === 'master').map((f) => layout.absolute(f.file)),
    seconds: Math.round(elapsedMs / 100) / 10,
  };
}
