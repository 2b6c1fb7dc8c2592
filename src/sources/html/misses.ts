import type { PageSourceConfig } from '../../core/config/htmlSource.ts';
import type { SourceContext } from '../source.ts';
import type { HtmlItem } from './htmlItem.ts';
import type { ReadPage } from './pageWalk.ts';
import { compileSelector, type Selector } from './selector.ts';

/** A page that has been read. */
export interface LookedAt {
  /** Its canonical address. */
  readonly url: string;
  readonly html: string;
  readonly page: ReadPage;
  /** Whether there were items on it, also earlier than `page` was read. */
  readonly hasItems: boolean;
}

/** A selector is told of for so many pages; then only for the hundredth, the thousandth … */
const toldPages = 10;

/** What is known of one selector of the collection. */
interface Watched {
  /** Where it stands: "items", "fields.title". */
  readonly place: string;
  readonly text: string;
  readonly selectors: readonly Selector[];
  missed: number;
  matched: number;
  told: number;
}

/**
 * Notices selectors that match nothing: a warning with the page, and the page itself when snapshots are on. Where a page
 * only leads to others, nothing is said of its items, unless no page had any.
 */
export class Misses {
  readonly #context: Pick<SourceContext, 'logger' | 'saveSnapshot'>;
  readonly #items: Watched | undefined;
  readonly #fields: readonly Watched[];

  constructor(config: PageSourceConfig, context: Pick<SourceContext, 'logger' | 'saveSnapshot'>) {
    this.#context = context;
    this.#items = config.items === undefined ? undefined : watch('items', config.items);
    this.#fields = Object.entries(config.fields).flatMap(([name, field]) => {
      const select = typeof field === 'string' ? field : field.select;
      return select === undefined ? [] : [watch(`fields.${name}`, select)];
    });
  }

  /** Looks which selectors matched nothing on a page, and tells of them. Resolves when that is done; never rejects. */
  tell(looked: LookedAt): Promise<void> | undefined {
    const missed = this.#missedOn(looked);
    return missed.length === 0 ? undefined : this.#tell(missed, looked);
  }

  /** Tells of selectors that matched nothing at all, where that was not told before. */
  tellAtEnd(): void {
    for (const watched of [this.#items, ...this.#fields]) {
      if (watched === undefined || watched.missed === 0 || watched.told > 0) continue;
      if (watched.matched > 0) continue;
      this.#context.logger.warn(
        { selector: watched.text, place: watched.place, pages: watched.missed },
        `${watched.place} "${watched.text}" matched nothing on any of ${watched.missed} pages`,
      );
    }
  }

  #missedOn({ page, hasItems }: LookedAt): Watched[] {
    const missed: Watched[] = [];
    if (this.#items !== undefined) {
      if (hasItems) {
        this.#items.matched += 1;
      } else {
        this.#items.missed += 1;
        const leadsOn = page.units.length > 0;
        const isHopeless = this.#items.matched === 0 && this.#items.missed >= toldPages;
        if (!leadsOn || isHopeless) missed.push(this.#items);
      }
    }
    for (const field of this.#fields) {
      if (page.items.length === 0) break;
      if (page.items.some((item) => matches(field, item))) field.matched += 1;
      else {
        field.missed += 1;
        missed.push(field);
      }
    }
    return missed.filter(isToTell);
  }

  async #tell(missed: readonly Watched[], { url, html }: LookedAt): Promise<void> {
    const { logger, saveSnapshot } = this.#context;
    const snapshot = await saveSnapshot?.(url, '.html', html);
    for (const watched of missed) {
      watched.told += 1;
      const isLast = watched.told === toldPages;
      logger.warn(
        {
          page: url,
          selector: watched.text,
          place: watched.place,
          ...(snapshot === undefined ? {} : { snapshot }),
        },
        `${watched.place} "${watched.text}" matches nothing on ${url}` +
          (snapshot === undefined ? '' : `: see ${snapshot}`) +
          (isLast ? ` (on ${watched.missed} pages so far; further ones are hardly told)` : ''),
      );
    }
  }
}

function watch(place: string, select: string | readonly string[]): Watched {
  const all = [select].flat();
  return {
    place,
    text: all.join(' | '),
    selectors: all.map((one) => compileSelector(one)),
    missed: 0,
    matched: 0,
    told: 0,
  };
}

function matches({ selectors }: Watched, { place }: HtmlItem): boolean {
  return selectors.some((selector) => selector.first(place) !== null);
}

function isToTell({ told, missed }: Watched): boolean {
  return told < toldPages || (missed >= 100 && Number.isInteger(Math.log10(missed)));
}
