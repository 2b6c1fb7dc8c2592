import type { JournalEvent } from '../../core/events.ts';
import { maxNamed, type MoneyState } from '../../core/recoveryData.ts';

/** A call that costs money, by what the journal says of it. */
export interface PaidCall {
  readonly intent: string;
  readonly unit: number;
  /** What is bought. */
  readonly what: string;
  readonly reservedMicroUsd: number;
  /** What it cost in the end; undefined until that is known. */
  readonly spentMicroUsd: number | undefined;
  /** The other side has told its name for it: it left, and can be found there. */
  readonly hasHandle: boolean;
  /** An answer to it is durable. */
  readonly isAnswered: boolean;
}

/** Where the money of a call is. */
type Whereabouts = 'safe' | 'in-doubt' | 'to-be-fetched' | 'lost';

/** Follows what a session pays for through its journal. */
export class PaidCalls {
  readonly #calls = new Map<string, PaidCall>();
  /** Units with paid calls, and whether they are done: their records are durable then. */
  readonly #isUnitDone = new Map<number, boolean>();

  /** Takes in one event, in the journal's order. */
  add(event: JournalEvent): void {
    switch (event.type) {
      case 'intent': {
        const { intent, unit, what, reservedMicroUsd } = event;
        const nothingYet = { spentMicroUsd: undefined, hasHandle: false, isAnswered: false };
        this.#calls.set(intent, { intent, unit, what, reservedMicroUsd, ...nothingYet });
        if (!this.#isUnitDone.has(unit)) this.#isUnitDone.set(unit, false);
        return;
      }
      case 'handle':
        this.#change(event.intent, { hasHandle: true });
        return;
      case 'answered':
        this.#change(event.intent, { isAnswered: true });
        return;
      case 'settled':
        this.#change(event.intent, { spentMicroUsd: event.spentMicroUsd });
        return;
      case 'finished':
        if (this.#isUnitDone.has(event.unit)) {
          this.#isUnitDone.set(event.unit, event.state === 'done');
        }
        return;
      case 'requeued':
        if (this.#isUnitDone.has(event.unit)) this.#isUnitDone.set(event.unit, false);
        return;
      default:
        // Nothing else says where money is.
        return;
    }
  }

  /** Calls of which it is not known whether they left: they wait for a person's word. */
  inDoubt(): PaidCall[] {
    return [...this.#calls.values()].filter((call) => this.#whereabouts(call) === 'in-doubt');
  }

  /** Whether anything was ever paid for. */
  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  /** Where the money is. @param keyOf the key of a unit by its number. */
  state(keyOf: (unit: number) => string | undefined): MoneyState {
    const sums: Record<Whereabouts, number> = {
      safe: 0,
      'in-doubt': 0,
      'to-be-fetched': 0,
      lost: 0,
    };
    for (const call of this.#calls.values()) {
      // Until the price is known, the worst case stands for it.
      sums[this.#whereabouts(call)] += call.spentMicroUsd ?? call.reservedMicroUsd;
    }
    return {
      safe_micro_usd: sums.safe,
      in_doubt_micro_usd: sums['in-doubt'],
      to_be_fetched_micro_usd: sums['to-be-fetched'],
      lost_micro_usd: sums.lost,
      in_doubt: this.inDoubt()
        .slice(0, maxNamed)
        .map(({ intent, what, unit, reservedMicroUsd }) => ({
          intent,
          what,
          unit: keyOf(unit) ?? `unit ${unit}`,
          reserved_micro_usd: reservedMicroUsd,
        })),
    };
  }

  #whereabouts(call: PaidCall): Whereabouts {
    if (call.isAnswered || this.#isUnitDone.get(call.unit) === true) return 'safe';
    if (call.hasHandle) return 'to-be-fetched';
    return call.spentMicroUsd === undefined ? 'in-doubt' : 'lost';
  }

  #change(intent: string, change: Partial<PaidCall>): void {
    const call = this.#calls.get(intent);
    if (call !== undefined) this.#calls.set(intent, { ...call, ...change });
  }
}
