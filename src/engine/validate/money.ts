import { dollars } from '../../core/format.ts';
import { isJsonObject } from '../../core/json.ts';
import type { JournalEvent } from '../../core/events.ts';
import { isInDoubt } from '../../core/paidCall.ts';
import type { SessionView } from '../../core/view.ts';
import { CallTable } from '../paid/callTable.ts';
import type { Findings, Place } from './findings.ts';

/** What a session paid for, by its journal: each call written down once and settled once, and the sums that follow. */
export class MoneyCheck {
  readonly #findings: Findings;
  readonly #calls = new CallTable();
  /** What is odd, unless lines of the journal turn out to be lost. */
  readonly #oddities: (() => void)[] = [];

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Takes the next event. @param place its line. @param at ISO time of it. */
  take(event: JournalEvent, at: string, place: Place): void {
    switch (event.type) {
      case 'intent':
        this.#findings.checked('money');
        if (this.#calls.get(event.intent) !== undefined)
          this.#odd(place, event.intent, 'begins twice');
        break;
      case 'settled': {
        const call = this.#calls.get(event.intent);
        if (call === undefined) this.#odd(place, event.intent, 'is settled and was never begun');
        else if (call.spentMicroUsd !== undefined)
          this.#odd(place, event.intent, 'is settled twice');
        else if (call.reservedMicroUsd !== event.reservedMicroUsd)
          this.#odd(place, event.intent, 'gives back another sum than was set aside for it');
        break;
      }
      case 'handle':
      case 'answered':
        if (this.#calls.get(event.intent) === undefined)
          this.#odd(place, event.intent, 'has an answer and was never begun');
        break;
      default:
        return;
    }
    this.#calls.add(event, at);
  }

  /**
   * After the last line.
   *
   * @param hasGaps lines are lost: what is folded from the rest need not add up.
   * @param isHeld the session is being carried out: calls that are under way are nothing to tell.
   */
  end(
    view: SessionView,
    { hasGaps, isHeld }: { readonly hasGaps: boolean; readonly isHeld: boolean },
    place: Place,
  ): void {
    const { size } = this.#calls;
    if (size + view.spentMicroUsd + view.reservedMicroUsd + this.#oddities.length === 0) return;
    if (hasGaps) {
      this.#findings.skip(
        'money',
        'lines of the journal are lost, and with them what they said of money',
      );
      return;
    }
    for (const tell of this.#oddities) tell();
    const calls = this.#calls.all();
    const open = calls.filter(({ spentMicroUsd }) => spentMicroUsd === undefined);
    this.#compare(
      place,
      'spent',
      view.spentMicroUsd,
      sum(calls, (call) => call.spentMicroUsd ?? 0),
    );
    this.#compare(
      place,
      'set aside',
      view.reservedMicroUsd,
      sum(open, (call) => call.reservedMicroUsd),
    );
    const { limits } = view.mutable;
    const maxUsd = isJsonObject(limits) ? limits['maxUsd'] : undefined;
    const limit = typeof maxUsd === 'number' ? Math.round(maxUsd * 1e6) : Infinity;
    const bound = view.spentMicroUsd + view.reservedMicroUsd;
    if (bound > limit) {
      this.#findings.add('money', 'warning', 'OVER_BUDGET', place, () => {
        return `${dollars(bound)} are spent or set aside, and limits.maxUsd is ${dollars(limit)}. Was the limit lowered, or a call dearer than its worst case?`;
      });
    }
    if (isHeld) return;
    const inDoubt = open.filter(isInDoubt);
    const named = open.filter((call) => !isInDoubt(call));
    this.#tellOpen(
      place,
      'CALLS_IN_DOUBT',
      inDoubt.length,
      sum(inDoubt, reserved),
      (calls_, money) => {
        return `Of ${calls_} it is not known whether they left, ${money} are set aside for them. Resuming finds out, or asks you.`;
      },
    );
    this.#tellOpen(
      place,
      'CALLS_UNSETTLED',
      named.length,
      sum(named, reserved),
      (calls_, money) => {
        return `${calls_} are not settled yet, ${money} are set aside for them. Resuming fetches what they brought, and their price.`;
      },
    );
  }

  #tellOpen(
    place: Place,
    code: string,
    count: number,
    microUsd: number,
    message: (calls: string, money: string) => string,
  ): void {
    if (count === 0) return;
    const words = count === 1 ? '1 paid call' : `${count} paid calls`;
    this.#findings.add('money', 'warning', code, place, () => message(words, dollars(microUsd)));
  }

  #compare(place: Place, what: string, counted: number, found: number): void {
    if (counted === found) return;
    this.#findings.add('money', 'error', 'MONEY_DIFFERS', place, () => {
      return `The session counts ${dollars(counted)} as ${what}, its calls come to ${dollars(found)}.`;
    });
  }

  #odd(place: Place, intent: string, what: string): void {
    this.#oddities.push(() => {
      this.#findings.add('money', 'error', 'CALL_ODD', place, () => {
        return `The journal says that the paid call ${intent} ${what}.`;
      });
    });
  }
}

const reserved = (call: { readonly reservedMicroUsd: number }): number => call.reservedMicroUsd;

function sum<T>(list: readonly T[], value: (one: T) => number): number {
  return list.reduce((total, one) => total + value(one), 0);
}
