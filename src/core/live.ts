import type { HostHealth } from './events.ts';
import type { SessionView } from './view.ts';

/** A unit that is being worked on. */
export interface InFlightView {
  readonly unit: number;
  readonly key: string;
  readonly lane: string;
  readonly attempt: number;
  /** Milliseconds since it was claimed. */
  readonly ageMs: number;
}

/** A one-second sample of the run: what the rate chart draws. */
export interface RateSample {
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  /** Durable records in that second. */
  readonly records: number;
  /** Finished units in that second. */
  readonly units: number;
}

/** What is true only now: measured or estimated, never written down, and shown as such. */
export interface LiveStats {
  /** Work time over all starts and resumes, milliseconds. */
  readonly elapsedMs: number;
  /** Mean of the last ten one-second samples, records per second. */
  readonly recordsPerSecond: number;
  /** Milliseconds to go, where it can be known: null while units are still being discovered. */
  readonly etaMs: number | null;
  /** Records that were received and whose commit is not durable yet. */
  readonly notYetSafe: number;
  readonly inFlight: readonly InFlightView[];
  readonly hosts: readonly HostHealth[];
  /** The newest 120 seconds, oldest first. */
  readonly samples: readonly RateSample[];
}

/** No run: a session that nobody carries out at the moment. */
export const idleStats: LiveStats = {
  elapsedMs: 0,
  recordsPerSecond: 0,
  etaMs: null,
  notYetSafe: 0,
  inFlight: [],
  hosts: [],
  samples: [],
};

/** All a screen needs to draw one session. */
export interface SessionSnapshot {
  readonly view: SessionView;
  readonly live: LiveStats;
}

/** The fields of a snapshot that changed since the last one sent. */
export interface SnapshotDelta {
  readonly view: Partial<SessionView>;
  readonly live: Partial<LiveStats>;
}

/** What has changed from one snapshot to the next, by field. */
export function diffSnapshots(from: SessionSnapshot, to: SessionSnapshot): SnapshotDelta {
  return { view: changedFields(from.view, to.view), live: changedFields(from.live, to.live) };
}

/** The snapshot after a delta. */
export function applyDelta(snapshot: SessionSnapshot, delta: SnapshotDelta): SessionSnapshot {
  return {
    view: { ...snapshot.view, ...delta.view },
    live: { ...snapshot.live, ...delta.live },
  };
}

function changedFields<T extends object>(from: T, to: T): Partial<T> {
  const changed: Partial<T> = {};
  for (const key of Object.keys(to) as (keyof T)[]) {
    if (from[key] !== to[key]) Object.assign(changed, { [key]: to[key] });
  }
  return changed;
}
