import type { Page, Request } from 'playwright-core';
import type { Clock } from '../../core/ports.ts';

/** What pages load as data or as code that makes content: pictures and the like change no text. */
const watchedTypes: ReadonlySet<string> = new Set(['document', 'script', 'xhr', 'fetch']);

/** How often is looked. */
const stepMs = 20;

/** Notices what a page is loading. */
export class Activity {
  readonly #page: Page;
  readonly #clock: Clock;
  readonly #running = new Set<Request>();
  #lastAtMs: number;

  constructor(page: Page, clock: Clock) {
    this.#page = page;
    this.#clock = clock;
    this.#lastAtMs = clock.monotonicMs();
    page.on('request', this.#onStart);
    page.on('requestfinished', this.#onEnd);
    page.on('requestfailed', this.#onEnd);
  }

  /** Looks no more. */
  close(): void {
    this.#page.off('request', this.#onStart);
    this.#page.off('requestfinished', this.#onEnd);
    this.#page.off('requestfailed', this.#onEnd);
  }

  /** Whether something is being loaded. */
  get isLoading(): boolean {
    return this.#running.size > 0;
  }

  /**
   * Resolves once nothing has been loaded for `quietMs`, at the latest after `limitMs`: some pages never stop.
   *
   * @returns whether it is quiet.
   */
  async untilQuiet(quietMs: number, limitMs: number, signal: AbortSignal): Promise<boolean> {
    const startedAtMs = this.#clock.monotonicMs();
    for (;;) {
      const now = this.#clock.monotonicMs();
      if (!this.isLoading && now - this.#lastAtMs >= quietMs) return true;
      if (now - startedAtMs >= limitMs) return false;
      await this.#clock.sleep(stepMs, signal);
    }
  }

  readonly #onStart = (request: Request): void => {
    if (!watchedTypes.has(request.resourceType())) return;
    this.#running.add(request);
    this.#lastAtMs = this.#clock.monotonicMs();
  };

  readonly #onEnd = (request: Request): void => {
    if (this.#running.delete(request)) this.#lastAtMs = this.#clock.monotonicMs();
  };
}
