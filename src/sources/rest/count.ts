import type { RestSourceConfig } from '../../core/config/restSource.ts';
import { UnitFailedError } from '../../core/errors.ts';
import type { Logger } from '../../core/ports.ts';
import { integerOf, type PageAnswer } from './paginate/paginator.ts';
import { compileReadAnswer, type ReadAnswer } from './paginate/readAnswer.ts';
import type { UnitProgress } from './unitCursor.ts';

/**
 * A unit whose counts differ is begun again this often: items that came or went while it was paged explain it. What
 * comes a second time is known by its key.
 */
const mostRestarts = 1;

/** Whether a unit was read whole, as far as counting shows. */
export type Verdict =
  | {
      readonly isComplete: true;
      /** How many items the API says there are. */
      readonly expected?: number;
    }
  /** Left out: begin again. */
  | { readonly isComplete: false; readonly failure?: UnitFailedError };

/** Compares what was received with what the API says there is: a difference is never passed over as done. */
export class Count {
  readonly #read: ReadAnswer | undefined;
  readonly #total: string | undefined;
  readonly #isExact: boolean;
  readonly #mostRestarts: number;
  readonly #logger: Logger;

  /** @throws PathSyntaxError */
  constructor(config: RestSourceConfig, logger: Logger) {
    this.#total = config.total;
    this.#read = config.total === undefined ? undefined : compileReadAnswer(config.total);
    this.#isExact = config.totalIsExact;
    // Beginning again would be paying again.
    this.#mostRestarts = config.price === undefined ? mostRestarts : 0;
    this.#logger = logger;
  }

  /** The progress with a page counted in. */
  after(progress: UnitProgress, page: PageAnswer): UnitProgress {
    // The newest total counts: the older ones may be from before something changed.
    const total = integerOf(this.#read?.(page)) ?? progress.total;
    return { ...progress, total, items: progress.items + page.items.length };
  }

  /**
   * Judges a unit that has been paged to its end: a failure where the counts differ, or the API stated none, and
   * beginning again has not helped.
   *
   * @param url the last page's, without secrets.
   */
  atEnd({ items, total, restarts }: UnitProgress, unit: string, url: string): Verdict {
    if (this.#read === undefined) return { isComplete: true };
    if (total === items) return { isComplete: true, expected: total };
    const said = total === undefined ? 'states no number of items' : `states ${total} items`;
    const data = { unit, received: items, ...(total === undefined ? {} : { expected: total }) };
    // Some leave the number out where there is nothing.
    if (total === undefined && items === 0) return { isComplete: true };
    if (!this.#isExact) {
      this.#logger.warn(data, `The API ${said} (source.total), ${items} came`);
      return { isComplete: true, ...(total === undefined ? {} : { expected: total }) };
    }
    if (total !== undefined && restarts < this.#mostRestarts) {
      this.#logger.warn(data, `The API ${said}, ${items} came: the unit is begun again`);
      return { isComplete: false };
    }
    const failure = new UnitFailedError(
      total === undefined ? 'COUNT_MISSING' : 'COUNT_MISMATCH',
      `The API ${said} (source.total, "${this.#total ?? ''}"), but ${items} came. Where its number is an estimate, set ` +
        'source.totalIsExact to false.',
      { ...data, url },
    );
    return { isComplete: false, failure };
  }
}
