import { isDeepStrictEqual } from 'node:util';
import { idleStats, type Stage } from '../core/live.ts';
import type { Clock } from '../core/ports.ts';
import type { StageWatch } from '../sources/source.ts';

/**
 * Adds up what the time of units goes to. A unit is on one stage at a time from its claim until it leaves, so the stages
 * together are the time that all units have been under way.
 */
export class StageTimes {
  readonly #clock: Clock;
  readonly #totalsMs: Record<Stage, number> = { wait: 0, fetch: 0, parse: 0, commit: 0 };
  readonly #watches = new Map<number, UnitWatch>();
  #told: Readonly<Record<Stage, number>> = idleStats.stages;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A unit is claimed, for the first time or after it had to {@link StageTimes.wait}. */
  begin(unit: number): StageWatch {
    const before = this.#watches.get(unit);
    if (before !== undefined) {
      before.enter('fetch');
      return before;
    }
    const watch = new UnitWatch(this.#clock, this.#totalsMs);
    this.#watches.set(unit, watch);
    return watch;
  }

  /** The unit was sent back to be tried again: until then its time is waiting. */
  wait(unit: number): void {
    this.#watches.get(unit)?.enter('wait');
  }

  /** The unit is under way no more. */
  end(unit: number): void {
    this.#watches.get(unit)?.end();
    this.#watches.delete(unit);
  }

  /** Work has stopped: no unit is under way. */
  endAll(): void {
    for (const unit of [...this.#watches.keys()]) this.end(unit);
  }

  /** Milliseconds by stage, those of units that are under way included; the same object while nothing is under way. */
  totalsMs(): Readonly<Record<Stage, number>> {
    for (const watch of this.#watches.values()) watch.settle();
    const { wait, fetch, parse, commit } = this.#totalsMs;
    const now = {
      wait: Math.round(wait),
      fetch: Math.round(fetch),
      parse: Math.round(parse),
      commit: Math.round(commit),
    };
    if (!isDeepStrictEqual(now, this.#told)) this.#told = now;
    return this.#told;
  }
}

class UnitWatch implements StageWatch {
  readonly #clock: Clock;
  readonly #totalsMs: Record<Stage, number>;
  #stage: Stage = 'fetch';
  #sinceMs: number;
  #hasEnded = false;

  constructor(clock: Clock, totalsMs: Record<Stage, number>) {
    this.#clock = clock;
    this.#totalsMs = totalsMs;
    this.#sinceMs = clock.monotonicMs();
  }

  get stage(): Stage {
    return this.#stage;
  }

  enter(stage: Stage): void {
    // A source may be late to notice that its unit is over.
    if (this.#hasEnded || stage === this.#stage) return;
    this.settle();
    this.#stage = stage;
  }

  /** Adds the time so far. */
  settle(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#totalsMs[this.#stage] += nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
  }

  end(): void {
    this.settle();
    this.#hasEnded = true;
  }
}
