import { PauseError } from '../core/errors.ts';
import type { RequestsEvent } from '../core/events.ts';
import type { RequestMeter } from '../sources/source.ts';
import type { SessionStore } from '../storage/sessionStore.ts';

const mostAtOnce = 100;
/** What a process that is killed takes along is lost to the limit: not more than a hundredth of it. */
const blocksInLimit = 100;

const taken = Promise.resolve();

/**
 * Holds `limits.maxRequests` over all starts of a session. Requests are set apart in blocks, durably, before the first
 * of a block leaves; so a kill can lose the rest of a block, and never lead past the limit.
 */
export class RequestBlocks implements RequestMeter {
  readonly #store: Pick<SessionStore, 'view' | 'record'>;
  readonly #max: number | undefined;
  /** Set apart, and not sent yet. */
  #inHand = 0;
  #settingApart: Promise<void> | undefined;

  /** @param max `limits.maxRequests`; undefined counts nothing. */
  constructor(store: Pick<SessionStore, 'view' | 'record'>, max: number | undefined) {
    this.#store = store;
    this.#max = max;
  }

  take(): Promise<void> {
    if (this.#max === undefined) return taken;
    if (this.#inHand === 0) return this.#takeOfNext(this.#max);
    this.#inHand -= 1;
    return taken;
  }

  /** What has to be journalled to give back what was not sent. Only while nothing is sent. */
  giveBack(): RequestsEvent[] {
    const count = -this.#inHand;
    this.#inHand = 0;
    return count === 0 ? [] : [{ type: 'requests', count }];
  }

  async #takeOfNext(max: number): Promise<void> {
    // Others may be quicker when a block is there.
    while (this.#inHand === 0) {
      this.#settingApart ??= this.#setApart(max).finally(() => {
        this.#settingApart = undefined;
      });
      await this.#settingApart;
    }
    this.#inHand -= 1;
  }

  async #setApart(max: number): Promise<void> {
    const left = max - this.#store.view.requests;
    if (left <= 0) {
      throw new PauseError(
        'REQUESTS_USED_UP',
        `All ${max.toLocaleString('en')} requests of limits.maxRequests are used up.`,
        { limit: 'maxRequests', max, used: this.#store.view.requests },
        { reason: 'budget' },
      );
    }
    const atOnce = Math.min(mostAtOnce, Math.max(1, Math.floor(max / blocksInLimit)));
    const count = Math.min(left, atOnce);
    await this.#store.record({ type: 'requests', count });
    this.#inHand += count;
  }
}
