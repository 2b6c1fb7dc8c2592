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

/**
 * What a unit's time is spent on. `wait`: for its host's turn, rate limit or circuit, for its next try, for the budget.
 * `fetch`: until an answer is there whole. `parse`: making items and records of it; of files and of somebody's own code
 * all that is not another stage. `commit`: until they are durable.
 */
export type Stage = 'wait' | 'fetch' | 'parse' | 'commit';

/** How long something took in one second's sample, milliseconds. */
export interface Latency {
  readonly median: number;
  readonly p95: number;
}

/** A record that has just become durable, as a feed shows it. */
export interface NewestRecord {
  /** Counts up over the life of the run: tells a new one from one that is shown already. */
  readonly id: number;
  /** Wall clock of its commit, milliseconds since 1970. */
  readonly at: number;
  readonly unit: string;
  /** The beginning of its JSON line, {@link maxNewestText} characters at most; any text of a stranger may be in it. */
  readonly text: string;
  readonly isCut: boolean;
}

/** How many characters of a record a feed shows. */
export const maxNewestText = 400;
/** How many of the newest records a feed has. */
export const maxNewest = 20;

/** A one-second sample of the run: what the rate chart draws. */
export interface RateSample {
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  /** Durable records in that second. */
  readonly records: number;
  /** Finished units in that second. */
  readonly units: number;
  /** Bytes of bodies that came over the wire in that second, compressed as they were; of files, bytes read. */
  readonly bytes: number;
  /** Of the answers that came whole in that second, from sending on; null without one. */
  readonly fetch: Latency | null;
  /** Of the commits that ended in that second; null without one. */
  readonly commit: Latency | null;
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
  /** Milliseconds that units have spent on each stage since this start, all units together: eight at once spend eight. */
  readonly stages: Readonly<Record<Stage, number>>;
  /** Bytes received since this start, as in {@link RateSample.bytes}. What a browser loads is not seen. */
  readonly receivedBytes: number;
  /** Of what is reserved: money of calls of which it is not known whether they left. */
  readonly inDoubtMicroUsd: number;
  /** The newest {@link maxNewest} records, newest first. */
  readonly newest: readonly NewestRecord[];
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
  stages: { wait: 0, fetch: 0, parse: 0, commit: 0 },
  receivedBytes: 0,
  inDoubtMicroUsd: 0,
  newest: [],
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
