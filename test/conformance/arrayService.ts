import { setTimeout as delay } from 'node:timers/promises';
import { RetryError, ThrottledError, UnitFailedError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { letRun } from '../fixtures/manualClock.ts';
import { type Backend, type Situation, throttledMs } from './subject.ts';

/** How many shelves the service has, how many pages a shelf, how many items a page. */
export const shelves = 3;
const pagesPerShelf = 4;
const itemsPerPage = 2;

/** One answer of the service. */
export interface ShelfPage {
  readonly items: readonly JsonObject[];
  readonly isLast: boolean;
}

/** Every item of the service. */
export const allItems: readonly JsonObject[] = Array.from({ length: shelves }, (_, shelf) =>
  Array.from({ length: pagesPerShelf }, (__, page) => itemsOf(shelf, page)),
).flat(2);

function itemsOf(shelf: number, page: number): JsonObject[] {
  return Array.from({ length: itemsPerPage }, (_, i) => ({
    id: `${shelf}-${page}-${i}`,
    note: { value: `shelf ${shelf}` },
  }));
}

/**
 * A paged service without a network, for the suite to be tried on: calls are method calls that can be held, refused
 * and cut like those of a server.
 */
export class ArrayService implements Backend {
  #calls = 0;
  #open = 0;
  #situation: Situation | 'well' = 'well';
  #stallFrom = Infinity;
  #watchers: { isMet: () => boolean; notify: () => void }[] = [];
  #held: (() => void)[] = [];

  get calls(): number {
    return this.#calls;
  }

  untilCalls(count: number): Promise<void> {
    return this.#until(() => this.#calls >= count);
  }

  behave(situation: Situation | 'well'): void {
    this.#situation = situation;
  }

  stallFrom(nth: number): void {
    this.#stallFrom = this.#calls + nth;
  }

  release(): void {
    this.#stallFrom = Infinity;
    for (const go of this.#held) go();
    this.#held = [];
  }

  untilDisconnected(): Promise<void> {
    return this.#until(() => this.#open === 0);
  }

  async probe(): Promise<void> {
    for (let i = 0; i < 5; i++) await letRun();
  }

  close(): Promise<void> {
    this.release();
    return Promise.resolve();
  }

  /** Calls that are under way. */
  get open(): number {
    return this.#open;
  }

  /** One call. `signal` cuts the connection. */
  async call(
    shelf: number,
    page: number,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<ShelfPage> {
    signal.throwIfAborted();
    this.#calls++;
    this.#open++;
    this.#tell();
    try {
      return await this.#answer(shelf, page, signal, timeoutMs);
    } finally {
      this.#open--;
      this.#tell();
    }
  }

  async #answer(
    shelf: number,
    page: number,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<ShelfPage> {
    await letRun();
    signal.throwIfAborted();
    if (this.#calls >= this.#stallFrom) await this.#hold(signal);
    switch (this.#situation) {
      case 'well':
        return { items: itemsOf(shelf, page), isLast: page === pagesPerShelf - 1 };
      case 'throttled':
        throw new ThrottledError('HTTP_429', 'Come back later.', throttledMs);
      case 'unavailable':
      case 'cut':
      case 'refused':
        throw new RetryError(this.#situation.toUpperCase(), 'Try again.');
      case 'missing':
        throw new UnitFailedError('HTTP_404', 'No such page.');
      case 'silent':
        await delay(timeoutMs, undefined, { signal });
        throw new RetryError('TIMEOUT', 'No answer.');
    }
  }

  #hold(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#held = this.#held.filter((other) => other !== go);
        reject(signal.reason as Error);
      };
      const go = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#held.push(go);
    });
  }

  #until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#watchers.push({ isMet, notify: resolve });
      this.#tell();
    });
  }

  #tell(): void {
    const due = this.#watchers.filter((watcher) => watcher.isMet());
    this.#watchers = this.#watchers.filter((watcher) => !due.includes(watcher));
    for (const watcher of due) watcher.notify();
  }
}
