import { UnitSkippedError } from '../../core/errors.ts';
import type { Unit } from '../../core/unit.ts';

/** `scope.maxPagesPerHost`: counts the pages of each host and skips those past the limit. */
export class PageQuota {
  readonly #max: number;
  readonly #doneBefore: (host: string) => number;
  /** Numbers of the units that are being collected or were, by host. */
  readonly #taken = new Map<string, Set<number>>();

  /**
   * @param max undefined for no limit.
   * @param doneBefore pages of a host that were done before the source was made.
   */
  constructor(max: number | undefined, doneBefore: (host: string) => number = () => 0) {
    this.#max = max ?? Number.POSITIVE_INFINITY;
    this.#doneBefore = doneBefore;
  }

  /**
   * Takes a place for a page; it keeps the one it has.
   *
   * @throws UnitSkippedError when there is none left.
   */
  take({ n, lane, key }: Unit): void {
    if (this.#max === Number.POSITIVE_INFINITY) return;
    const taken = this.#taken.get(lane) ?? new Set();
    this.#taken.set(lane, taken);
    if (!taken.has(n) && taken.size + this.#doneBefore(lane) >= this.#max) {
      throw new UnitSkippedError(
        'HOST_PAGE_LIMIT',
        `${key} is past the ${this.#max} pages that source.scope.maxPagesPerHost allows for ${lane}.`,
        { url: key, host: lane },
      );
    }
    taken.add(n);
  }

  /** Gives the place back: the unit brought no page. */
  giveBack({ n, lane }: Unit): void {
    this.#taken.get(lane)?.delete(n);
  }
}
