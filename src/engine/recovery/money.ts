import type { JournalEvent } from '../../core/events.ts';
import { isInDoubt, type PaidCall } from '../../core/paidCall.ts';
import { maxNamed, type MoneyState } from '../../core/recoveryData.ts';
import type { DoubtRule } from '../../sources/source.ts';
import { CallTable } from '../paid/callTable.ts';

/** Where the money of a call is. */
type Whereabouts = 'safe' | 'in-doubt' | 'to-be-fetched' | 'lost';

/** Where the money of a call in doubt is going to be. */
const placeInDoubt: Readonly<Record<DoubtRule, Whereabouts>> = {
  ask: 'in-doubt',
  'look-up': 'to-be-fetched',
  repeat: 'lost',
};

/** Follows what a session pays for through its journal. */
export class PaidCalls {
  readonly #calls = new CallTable();
  /** Units with paid calls, and whether they are done: their records are durable then. */
  readonly #isUnitDone = new Map<number, boolean>();

  /** Takes in one event, in the journal's order. @param at the ISO time of its line. */
  add(event: JournalEvent, at: string): void {
    this.#calls.add(event, at);
    switch (event.type) {
      case 'intent':
        if (!this.#isUnitDone.has(event.unit)) this.#isUnitDone.set(event.unit, false);
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
    return this.#calls.all().filter((call) => this.#whereabouts(call) === 'in-doubt');
  }

  /** Whether anything was ever paid for. */
  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  /**
   * Where the money is.
   *
   * @param keyOf the key of a unit by its number.
   * @param rule what becomes of calls in doubt: only with `ask` they wait for a person.
   */
  state(keyOf: (unit: number) => string | undefined, rule: DoubtRule): MoneyState {
    const sums: Record<Whereabouts, number> = {
      safe: 0,
      'in-doubt': 0,
      'to-be-fetched': 0,
      lost: 0,
    };
    for (const call of this.#calls.all()) {
      // Until the price is known, the worst case stands for it.
      const place = this.#whereabouts(call);
      sums[place === 'in-doubt' ? placeInDoubt[rule] : place] +=
        call.spentMicroUsd ?? call.reservedMicroUsd;
    }
    return {
      safe_micro_usd: sums.safe,
      in_doubt_micro_usd: sums['in-doubt'],
      to_be_fetched_micro_usd: sums['to-be-fetched'],
      lost_micro_usd: sums.lost,
      in_doubt: (rule === 'ask' ? this.inDoubt() : [])
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
    if (isInDoubt(call)) return 'in-doubt';
    return call.handle === undefined ? 'lost' : 'to-be-fetched';
  }
}
