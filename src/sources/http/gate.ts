import type { Clock } from '../../core/ports.ts';

interface Waiter {
  readonly admit: () => void;
}

/**
 * Lets at most so many requests to one host run at once, and spaces their starts. Requests are let in in the order in
 * which they came.
 */
export class Gate {
  readonly #clock: Clock;
  readonly #concurrency: number;
  readonly #spacingMs: number;
  readonly #closing: AbortSignal;
  readonly #waiting = new Set<Waiter>();
  #inside = 0;
  /** The earliest time (monotonic) for the next start. */
  #nextStartMs = -Infinity;

  /** @param closing ends all waiting when it is aborted. */
  constructor(
    clock: Clock,
    limits: { concurrency: number; ratePerSecond?: number | undefined },
    closing: AbortSignal,
  ) {
    this.#clock = clock;
    this.#closing = closing;
    this.#concurrency = limits.concurrency;
    this.#spacingMs = limits.ratePerSecond === undefined ? 0 : 1000 / limits.ratePerSecond;
  }

  /**
   * Goes in, waiting as long as it takes; whoever is in calls {@link leave}. Undefined when there was nothing to wait
   * for.
   *
   * @param minDelayMs least time since the start before this one.
   * @returns a promise that rejects with the signal's reason when it is aborted first; then nothing was entered.
   */
  enter(minDelayMs: number, signal: AbortSignal): Promise<void> | undefined {
    const spacingMs = Math.max(this.#spacingMs, minDelayMs);
    if (this.#inside < this.#concurrency && this.#waiting.size === 0) {
      this.#inside += 1;
      return spacingMs === 0 ? undefined : this.#start(spacingMs, signal);
    }
    return this.#queue(signal).then(() => this.#start(spacingMs, signal));
  }

  /** Makes room for the next. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#inside -= 1;
    // The place goes over to whoever waited longest.
    else next.admit();
  }

  #queue(caller: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([caller, this.#closing]);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        admit: () => {
          this.#waiting.delete(waiter);
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  /** Called with a place inside; gives it back when aborted. */
  #start(spacingMs: number, caller: AbortSignal): Promise<void> | undefined {
    if (spacingMs === 0) return undefined;
    const now = this.#clock.monotonicMs();
    const startMs = Math.max(now, this.#nextStartMs);
    this.#nextStartMs = startMs + spacingMs;
    if (startMs <= now) return undefined;
    const signal = AbortSignal.any([caller, this.#closing]);
    return this.#clock.sleep(startMs - now, signal).catch((error: unknown) => {
      this.leave();
      throw signal.aborted ? signal.reason : error;
    });
  }
}
