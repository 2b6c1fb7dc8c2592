import { isDeepStrictEqual } from 'node:util';
import type { HostHealth } from '../core/events.ts';
import type { InFlightView, LiveStats, RateSample } from '../core/live.ts';
import type { Clock } from '../core/ports.ts';
import type { ClaimedUnit } from '../core/unit.ts';
import type { SessionView } from '../core/view.ts';
import type { StageWatch } from '../sources/source.ts';
import type { CommitReport } from '../storage/committer.ts';
import { NewestRecords } from './newestRecords.ts';
import type { RunMeter } from './runMeter.ts';
import { StageTimes } from './stageTimes.ts';

const maxSamples = 120;
const averagedSamples = 10;

/** What a run's figures are made of beside what {@link RunStats} has seen itself. */
export interface LiveParts {
  readonly view: SessionView;
  readonly notYetSafe: number;
  readonly hosts: readonly HostHealth[];
  /** It is known how many units are left. */
  readonly isCountable: boolean;
  readonly inDoubtMicroUsd: number;
}

/**
 * Measures a run: one sample a second, what is in flight and where its time goes, the newest records. Parts that have not
 * changed are the same objects, so that they need not be sent again.
 */
export class RunStats {
  readonly #clock: Clock;
  readonly #meter: RunMeter;
  readonly #inFlight = new Map<number, { unit: ClaimedUnit; sinceMs: number }>();
  readonly #stages: StageTimes;
  readonly #newest = new NewestRecords();
  #samples: readonly RateSample[] = [];
  #hosts: readonly HostHealth[] = [];
  #lastSampleAt: number;
  #recordsAtSample: number;
  #unitsAtSample: number;
  #startedMs: number | undefined;
  #activeMs = 0;

  constructor(clock: Clock, view: SessionView, meter: RunMeter) {
    this.#clock = clock;
    this.#meter = meter;
    this.#stages = new StageTimes(clock);
    this.#lastSampleAt = clock.monotonicMs();
    this.#recordsAtSample = view.records;
    this.#unitsAtSample = finishedUnits(view);
  }

  /** Work begins, or goes on after a pause. */
  start(): void {
    this.#startedMs ??= this.#clock.monotonicMs();
  }

  /** Work has stopped for now. */
  stop(): void {
    this.#stages.endAll();
    if (this.#startedMs === undefined) return;
    this.#activeMs += this.#clock.monotonicMs() - this.#startedMs;
    this.#startedMs = undefined;
  }

  /** The time so far is in the journal now. */
  reset(): void {
    this.#activeMs = 0;
  }

  /** Milliseconds of work in this process. */
  get activeMs(): number {
    const running = this.#startedMs === undefined ? 0 : this.#clock.monotonicMs() - this.#startedMs;
    return Math.round(this.#activeMs + running);
  }

  /** A unit was claimed. @returns whom to tell where its time goes. */
  claimed(unit: ClaimedUnit): StageWatch {
    this.#inFlight.set(unit.n, { unit, sinceMs: this.#clock.monotonicMs() });
    return this.#stages.begin(unit.n);
  }

  /** The unit is in flight no more. @param waits it is tried again: what it waits for is a host. */
  left(unit: ClaimedUnit, waits: boolean): void {
    this.#inFlight.delete(unit.n);
    if (waits) this.#stages.wait(unit.n);
    else this.#stages.end(unit.n);
  }

  /** A commit is durable. */
  committed(report: CommitReport): void {
    this.#meter.committed(report.ms);
    this.#newest.add(
      report,
      this.#clock.now(),
      (unit) => this.#inFlight.get(unit)?.unit.key ?? `${unit}`,
    );
  }

  /** Called once a second. */
  sample(view: SessionView): void {
    const now = this.#clock.monotonicMs();
    const seconds = Math.max(0.001, (now - this.#lastSampleAt) / 1000);
    const units = finishedUnits(view);
    const { bytes, fetch, commit } = this.#meter.takeSample();
    const sample: RateSample = {
      at: this.#clock.now(),
      // Adoption and requeueing may lower counts; a rate below nothing would only confuse.
      records: Math.max(0, (view.records - this.#recordsAtSample) / seconds),
      units: Math.max(0, (units - this.#unitsAtSample) / seconds),
      bytes: bytes / seconds,
      fetch,
      commit,
    };
    this.#samples = [...this.#samples, sample].slice(-maxSamples);
    this.#lastSampleAt = now;
    this.#recordsAtSample = view.records;
    this.#unitsAtSample = units;
  }

  /** The figures as they are now. */
  live({ view, notYetSafe, hosts, isCountable, inDoubtMicroUsd }: LiveParts): LiveStats {
    this.#hosts = sameWhereEqual(this.#hosts, hosts);
    return {
      elapsedMs: view.activeMs + this.activeMs,
      recordsPerSecond: mean(this.#samples.slice(-averagedSamples).map((s) => s.records)),
      etaMs: isCountable ? this.#etaMs(view) : null,
      notYetSafe,
      inFlight: this.#inFlightViews(),
      hosts: this.#hosts,
      samples: this.#samples,
      stages: this.#stages.totalsMs(),
      receivedBytes: this.#meter.receivedBytes,
      inDoubtMicroUsd,
      newest: this.#newest.list,
    };
  }

  #inFlightViews(): readonly InFlightView[] {
    if (this.#inFlight.size === 0) return noneInFlight;
    const now = this.#clock.monotonicMs();
    return [...this.#inFlight.values()].map(({ unit, sinceMs }) => ({
      unit: unit.n,
      key: unit.key,
      lane: unit.lane,
      attempt: unit.attempt,
      ageMs: Math.round(now - sinceMs),
    }));
  }

  /** Units to go by the rate of the last seconds; unknown while that is nothing. */
  #etaMs(view: SessionView): number | null {
    const rate = mean(this.#samples.slice(-averagedSamples).map((s) => s.units));
    const left = view.units.pending + view.units.in_progress;
    return rate > 0 ? Math.round((left / rate) * 1000) : null;
  }
}

const noneInFlight: readonly InFlightView[] = [];

/** `now` with the objects of `before` wherever they say the same; `before` itself where all do. */
function sameWhereEqual(
  before: readonly HostHealth[],
  now: readonly HostHealth[],
): readonly HostHealth[] {
  const merged = now.map((host, i) => {
    const known = before[i];
    return known !== undefined && isDeepStrictEqual(known, host) ? known : host;
  });
  const isSame = merged.length === before.length && merged.every((host, i) => host === before[i]);
  return isSame ? before : merged;
}

function finishedUnits({ units }: SessionView): number {
  return units.done + units.failed + units.skipped + units.blocked;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
}
