import { PauseError, ThrottledError } from '../../core/errors.ts';
import { dollars } from '../../core/format.ts';

/** How long a unit waits for money that units hold which are tried again. */
const heldMs = 2000;

/** What a session may spend, and what of that is spent or set aside. All amounts are millionths of a US dollar. */
export interface BudgetState {
  readonly maxMicroUsd: number;
  readonly spentMicroUsd: number;
  readonly reservedMicroUsd: number;
}

/**
 * Keeps spending below the ceiling: the worst case of a call is set aside before it leaves, and what it did not cost is
 * given back. A unit whose call does not fit waits as long as other units in flight may still give something back, and
 * goes back where those may that are tried again later: they need its place.
 */
export class Budget {
  readonly #maxMicroUsd: number;
  #spent: number;
  #reserved: number;
  /** Units in flight, and how many of their calls are not settled. */
  readonly #holders = new Map<number, number>();
  readonly #waiting = new Set<number>();
  /** Units with calls that are not settled, which wait to be tried again. */
  readonly #resting = new Set<number>();
  readonly #wakers = new Set<() => void>();

  /** @param state what earlier starts have spent and set aside. */
  constructor({ maxMicroUsd, spentMicroUsd, reservedMicroUsd }: BudgetState) {
    this.#maxMicroUsd = maxMicroUsd;
    this.#spent = spentMicroUsd;
    this.#reserved = reservedMicroUsd;
  }

  /**
   * Sets an amount aside for a call of a unit; what is set aside counts at once.
   *
   * @throws PauseError `BUDGET_REACHED` when there is no room, and nobody who might make some; ThrottledError
   *   `BUDGET_HELD` when only units may make some that wait to be tried again; the signal's reason.
   */
  async reserve(unit: number, microUsd: number, what: string, signal: AbortSignal): Promise<void> {
    this.#waiting.add(unit);
    try {
      while (this.#spent + this.#reserved + microUsd > this.#maxMicroUsd) {
        signal.throwIfAborted();
        if (!this.#mayGetRoom()) throw this.#noRoom(microUsd, what);
        await this.#changed(signal);
      }
    } finally {
      this.#waiting.delete(unit);
      // One that waits no more may be the one that others wait for, or was the last hope of one that does.
      this.#wake();
    }
    this.#reserved += microUsd;
    this.hold(unit);
  }

  /** A unit in flight has a call that is not settled, whose money is set aside already. */
  hold(unit: number): void {
    this.#resting.delete(unit);
    this.#holders.set(unit, (this.#holders.get(unit) ?? 0) + 1);
  }

  /** A call is settled, or was never made. */
  settle(unit: number, reservedMicroUsd: number, spentMicroUsd: number): void {
    this.#reserved -= reservedMicroUsd;
    this.#spent += spentMicroUsd;
    const left = (this.#holders.get(unit) ?? 1) - 1;
    if (left > 0) this.#holders.set(unit, left);
    else this.#holders.delete(unit);
    this.#wake();
  }

  /**
   * A unit is in flight no more: what it has set aside stays so, and nobody waits for it.
   *
   * @param comesBack it is tried again later in this run.
   */
  leave(unit: number, comesBack = false): void {
    const isHolding = this.#holders.delete(unit);
    if (isHolding && comesBack) this.#resting.add(unit);
    this.#wake();
  }

  #mayGetRoom(): boolean {
    return [...this.#holders.keys()].some((unit) => !this.#waiting.has(unit));
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }

  #noRoom(microUsd: number, what: string): PauseError | ThrottledError {
    const isHopeless = this.#spent + microUsd > this.#maxMicroUsd;
    if (this.#resting.size === 0 || isHopeless) return this.#reached(microUsd, what);
    const message = 'The budget is set aside for units that are tried again first.';
    return new ThrottledError('BUDGET_HELD', message, heldMs);
  }

  #reached(microUsd: number, what: string): PauseError {
    const setAside =
      this.#reserved > 0 ? ` and ${dollars(this.#reserved)} is set aside for calls under way` : '';
    return new PauseError(
      'BUDGET_REACHED',
      `The budget of ${dollars(this.#maxMicroUsd)} (limits.maxUsd) has no room for the next call: ${dollars(this.#spent)} is ` +
        `spent${setAside}, and "${what}" may cost up to ${dollars(microUsd)}. Raise limits.maxUsd and resume.`,
      {
        maxMicroUsd: this.#maxMicroUsd,
        spentMicroUsd: this.#spent,
        reservedMicroUsd: this.#reserved,
        neededMicroUsd: microUsd,
      },
      { reason: 'budget' },
    );
  }
}
