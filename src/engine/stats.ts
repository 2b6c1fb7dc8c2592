import type { HostHealth } from '../core/events.ts';
import { idleStats, type InFlightView, type LiveStats, type RateSample } from '../core/live.ts';
import type { Clock } from '../core/ports.ts';
import type { ClaimedUnit } from '../core/unit.ts';
import type { SessionView } from '../core/view.ts';

const maxSamples = 120;
const averagedSamples = 10;

/** Measures a run: one sample a second, what is in flight, how long it has been going. */
export class RunStats {
  readonly #clock: Clock;
  readonly #inFlight = new Map<number, { unit: ClaimedUnit; sinceMs: number }>();
  #samples: RateSample[] = [];
  #lastSampleAt: number;
  #recordsAtSample: number;
  #unitsAtSample: number;
  #startedMs: number | undefined;
  #activeMs = 0;

  constructor(clock: Clock, view: SessionView) {
    this.#clock = clock;
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

  claimed(unit: ClaimedUnit): void {
    this.#inFlight.set(unit.n, { unit, sinceMs: this.#clock.monotonicMs() });
  }

  left(unit: ClaimedUnit): void {
    this.#inFlight.delete(unit.n);
  }

  /** Called once a second. */
  sample(view: SessionView): void {
    const now = this.#clock.monotonicMs();
    const seconds = Math.max(0.001, (now - this.#lastSampleAt) / 1000);
    const units = finishedUnits(view);
    const sample: RateSample = {
      at: this.#clock.now(),
      // Adoption and requeueing may lower counts; a rate below nothing would only confuse.
      records: Math.max(0, (view.records - this.#recordsAtSample) / seconds),
      units: Math.max(0, (units - this.#unitsAtSample) / seconds),
      bytes: 0,
      fetch: null,
      commit: null,
    };
    this.#samples = [...this.#samples, sample].slice(-maxSamples);
    this.#lastSampleAt = now;
    this.#recordsAtSample = view.records;
    this.#unitsAtSample = units;
  }

  live(
    view: SessionView,
    notYetSafe: number,
    hosts: readonly HostHealth[],
    isCountable: boolean,
  ): LiveStats {
    const now = this.#clock.monotonicMs();
    const inFlight: InFlightView[] = [...this.#inFlight.values()].map(({ unit, sinceMs }) => ({
      unit: unit.n,
      key: unit.key,
      lane: unit.lane,
      attempt: unit.attempt,
      ageMs: Math.round(now - sinceMs),
    }));
    return {
      ...idleStats,
      elapsedMs: view.activeMs + this.activeMs,
      recordsPerSecond: mean(this.#samples.slice(-averagedSamples).map((s) => s.records)),
      etaMs: isCountable ? this.#etaMs(view) : null,
      notYetSafe,
      inFlight,
      hosts,
      samples: this.#samples,
    };
  }

  /** Units to go by the rate of the last seconds; unknown while that is nothing. */
  #etaMs(view: SessionView): number | null {
    const rate = mean(this.#samples.slice(-averagedSamples).map((s) => s.units));
    const left = view.units.pending + view.units.in_progress;
    return rate > 0 ? Math.round((left / rate) * 1000) : null;
  }
}

function finishedUnits({ units }: SessionView): number {
  return units.done + units.failed + units.skipped + units.blocked;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
}
