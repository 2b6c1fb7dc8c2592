import { assertNever } from '../core/assert.ts';
import { backoffDelayMs } from '../core/backoff.ts';
import { PauseError } from '../core/errors.ts';
import type { Random } from '../core/ports.ts';
import type { ClaimedUnit, NewUnit } from '../core/unit.ts';
import type { Frontier } from './frontier.ts';
import { carryOut, type PipelineParts, type UnitOutcome } from './pipeline.ts';
import type { RunStats } from './stats.ts';

/** What units are carried out with. */
export interface UnitWorkParts {
  readonly pipeline: PipelineParts<unknown>;
  readonly frontier: Frontier;
  readonly stats: RunStats;
  readonly random: Random;
  readonly onUnitFinished: () => void;
  /** The target is reached: nothing more is to be claimed. */
  readonly onTarget: () => void;
  /** Must not wait for the work to come to rest: it is told from within. */
  readonly onPause: (error: PauseError) => void;
}

/** How many units are written down at once while the source plans. */
const planChunk = 1000;

/** A session's units: plans them, and claims and carries them out until there are none. */
export class UnitWork {
  readonly #parts: UnitWorkParts;
  #isPlanned = false;

  constructor(parts: UnitWorkParts) {
    this.#parts = parts;
  }

  /** Whether the source has named all that it knew from the start. */
  get isPlanned(): boolean {
    return this.#isPlanned;
  }

  /**
   * Begins: one who plans, and as many workers as the collection allows. Each promise settles when its part has come to
   * rest, and rejects with what makes going on impossible.
   */
  begin(signal: AbortSignal): readonly Promise<void>[] {
    const { concurrency } = this.#parts.pipeline.store.collection.limits;
    const workers = Array.from({ length: concurrency }, () => this.#claimAndCarryOut(signal));
    return [this.#plan(signal), ...workers];
  }

  async #plan(signal: AbortSignal): Promise<void> {
    if (this.#isPlanned) return;
    const { frontier, onPause } = this.#parts;
    const { store, source } = this.#parts.pipeline;
    const hand = async (newUnits: readonly NewUnit[]): Promise<void> => {
      frontier.add((await store.hand({ newUnits })).newUnits);
    };
    try {
      let chunk: NewUnit[] = [];
      for await (const unit of source.plan(signal)) {
        chunk.push(unit);
        if (chunk.length < planChunk) continue;
        await hand(chunk);
        chunk = [];
      }
      await hand(chunk);
      this.#isPlanned = true;
      frontier.planned();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof PauseError)) throw error;
      onPause(error);
    }
  }

  async #claimAndCarryOut(signal: AbortSignal): Promise<void> {
    const { pipeline, frontier, stats } = this.#parts;
    const { store } = pipeline;
    for (;;) {
      const unit = await frontier.claim(signal);
      if (unit === undefined) return;
      const stages = stats.claimed(unit);
      let outcome: UnitOutcome | undefined;
      const event = { type: 'claimed', unit: unit.n, attempt: unit.attempt } as const;
      const claimed = store.hand({ events: [event], isLazy: true });
      // Met below; until then a fault must not count as unhandled.
      claimed.catch(() => undefined);
      try {
        outcome = await carryOut(unit, pipeline, signal, stages);
        this.#leave(unit, outcome);
      } finally {
        stats.left(unit, outcome?.kind === 'retry' || outcome?.kind === 'throttled');
      }
      await claimed;
      if (store.isTargetReached) this.#parts.onTarget();
    }
  }

  #leave(unit: ClaimedUnit, outcome: UnitOutcome): void {
    const { frontier, random, pipeline } = this.#parts;
    switch (outcome.kind) {
      case 'finished':
        pipeline.ledger?.forget(unit.n);
        frontier.finish(unit);
        this.#parts.onUnitFinished();
        return;
      case 'back':
        frontier.giveBack({ ...unit, ...outcome }, 0, false);
        return;
      case 'retry': {
        const delayMs =
          outcome.delayMs ?? backoffDelayMs(unit.attempt, pipeline.store.collection.retry, random);
        frontier.giveBack({ ...unit, ...outcome }, delayMs, false);
        return;
      }
      case 'throttled':
        frontier.giveBack({ ...unit, ...outcome }, outcome.delayMs, true);
        return;
      case 'pause':
        frontier.giveBack({ ...unit, ...outcome }, 0, false);
        this.#parts.onPause(outcome.error);
        return;
      default:
        assertNever(outcome, 'unit outcome');
    }
  }
}
