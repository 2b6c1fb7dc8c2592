import { UnitFailedError } from '../../../core/errors.ts';
import { scalarText, type JsonObject, type JsonValue } from '../../../core/json.ts';

/** What a page asks for beyond the request that all pages of a unit share. */
export interface PageRequest {
  /** Parameters that are added, or replace those of the same name. */
  readonly params?: JsonObject;
  /** The whole URL, instead of the collection's. */
  readonly url?: string;
}

/** One page as it was answered. */
export interface PageAnswer {
  readonly body: JsonValue;
  readonly items: readonly JsonValue[];
  /** The URL that answered, after redirects; may hold a secret. */
  readonly url: string;
  header(name: string): string | undefined;
  /** Takes secrets out of a text. */
  redact(text: string): string;
}

/** How one page leads on: to another place, or to the end, with what shows it. */
export type Step = { readonly next: JsonValue } | { readonly end: string };

/** How to join the parts of an item. */
export interface BatchRule {
  /** What identifies an item; undefined for one that stands for itself. */
  identify(item: JsonValue): string | undefined;
  /** Whether all parts of all items have come with this answer. */
  isComplete(page: PageAnswer): boolean;
}

/**
 * One way of paging. A place is all that is needed to ask for a page: it goes into the journal, and a resume goes on
 * from it. Whether places repeat is none of a paginator's business.
 */
export interface Paginator {
  /** The place of the first page. */
  readonly first: JsonValue;
  /** Two pages with the same items are no sign of going in circles. */
  readonly mayRepeatItems?: true;
  /** Status of an answer that says that its page is after the last one. */
  readonly pastEnd?: number | undefined;
  /** How the parts of an item that come in several answers become one; left out where items come whole. */
  readonly batch?: BatchRule;
  /** What to ask for at a place. */
  request(place: JsonValue): PageRequest;
  /**
   * Where to go after the page at `place`.
   *
   * @throws UnitFailedError when the answer does not hold what the paging needs.
   */
  next(place: JsonValue, page: PageAnswer): Step;
}

/** The place of a first page that needs nothing to be asked for. */
export const start = null;

/** An answer that does not page as the collection says. */
export function pagingFailed(code: string, message: string, page: PageAnswer): UnitFailedError {
  return new UnitFailedError(code, page.redact(message), { url: page.redact(page.url) });
}

/**
 * Whether a value in an answer says "there is no more": absent, null, false or an empty text.
 */
export function isNothing(value: JsonValue | undefined): value is undefined | null | false | '' {
  return value === undefined || value === null || value === false || value === '';
}

/** Whether an API has put a mark into its answer: an empty text is one, too (MediaWiki's `batchcomplete`). */
export function isThere(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && value !== false;
}

/**
 * A value of an answer as the place of the next page.
 *
 * @param isScalar whether it has to fit into a query.
 * @throws UnitFailedError when it does not.
 */
export function placeOf(value: JsonValue, isScalar: boolean, page: PageAnswer): JsonValue {
  if (!isScalar || scalarText(value) !== undefined) return value;
  throw pagingFailed(
    'PAGINATION_VALUE_INVALID',
    `What to go on with is no text or number but ${JSON.stringify(value).slice(0, 80)} (source.paginate.from).`,
    page,
  );
}

/** An integer, also one that is written as a text; undefined for anything else. */
export function integerOf(value: JsonValue | undefined): number | undefined {
  const text = value === undefined ? undefined : scalarText(value);
  if (text === undefined || !/^\s*\d+\s*$/.test(text)) return undefined;
  const n = Number(text);
  return Number.isSafeInteger(n) ? n : undefined;
}

/** A place that is a number, from the journal. */
export function numberPlace(place: JsonValue): number {
  if (typeof place !== 'number') throw new Error('The place of a page must be a number');
  return place;
}
