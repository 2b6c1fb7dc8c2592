import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { fingerprint } from '../../core/keys.ts';

/** Hashes of the newest places that are kept at hand. */
const recentPlaces = 10_000;
const hashLength = 16;
/** Items of a page that are compared with those of another. */
const sampledItems = 8;

/**
 * Notices a sequence that comes round again, in constant space, for all its length (Brent): one earlier element is
 * remembered and compared with each new one, and replaced after 1, 2, 4, 8 … elements.
 */
class CycleFinder {
  #mark: string;
  #span: number;
  #steps: number;

  constructor(mark = '', span = 1, steps = 0) {
    this.#mark = mark;
    this.#span = span;
    this.#steps = steps;
  }

  /** Whether the element is the remembered one. */
  sees(hash: string): boolean {
    if (hash === this.#mark) return true;
    this.#steps += 1;
    if (this.#steps === this.#span) {
      this.#mark = hash;
      this.#span *= 2;
      this.#steps = 0;
    }
    return false;
  }

  toJson(): JsonValue {
    return [this.#mark, this.#span, this.#steps];
  }

  static fromJson(json: JsonValue | undefined): CycleFinder {
    if (!Array.isArray(json)) return new CycleFinder();
    const [mark, span, steps] = json as readonly JsonValue[];
    return typeof mark === 'string' && typeof span === 'number' && typeof steps === 'number'
      ? new CycleFinder(mark, span, steps)
      : new CycleFinder();
  }
}

/**
 * Keeps the paging of one unit from going in circles. A circle of places is noticed at once while it is short, and in
 * any case before it has been gone round a few times, also over resumes; so is a page that comes twice in a row.
 */
export class LoopGuard {
  readonly #places: CycleFinder;
  readonly #pages: CycleFinder;
  readonly #recent = new Set<string>();
  #lastPage: string;

  private constructor(places: CycleFinder, pages: CycleFinder, lastPage: string) {
    this.#places = places;
    this.#pages = pages;
    this.#lastPage = lastPage;
  }

  /** A new guard, or the one that {@link toJson} gave. */
  static fromJson(json: JsonValue | undefined): LoopGuard {
    const { places, pages, last }: JsonObject = isJsonObject(json) ? json : {};
    return new LoopGuard(
      CycleFinder.fromJson(places),
      CycleFinder.fromJson(pages),
      typeof last === 'string' ? last : '',
    );
  }

  /** Notes a place that is about to be asked for; whether it was asked for before. */
  comesBackTo(place: JsonValue): boolean {
    const hash = hashOf(canonicalJson(place));
    if (this.#recent.has(hash) || this.#places.sees(hash)) return true;
    this.#recent.add(hash);
    if (this.#recent.size > recentPlaces) {
      const [oldest] = this.#recent;
      if (oldest !== undefined) this.#recent.delete(oldest);
    }
    return false;
  }

  /** Notes the items of a page; whether it is the page before it, or one that comes round again. */
  repeatsPage(items: readonly JsonValue[]): boolean {
    if (items.length === 0) return false;
    const hash = hashOf(sampleOf(items));
    const isRepeated = hash === this.#lastPage;
    this.#lastPage = hash;
    // Pages of one item may well be equal without being neighbours.
    return isRepeated || (items.length > 1 && this.#pages.sees(hash));
  }

  /** What a resume needs to go on. */
  toJson(): JsonObject {
    return { places: this.#places.toJson(), pages: this.#pages.toJson(), last: this.#lastPage };
  }
}

/**
 * The text of so many items, spread over the page from the first to the last, and their number. Whole pages would be
 * a tenth of what a page costs; different pages that agree in all of these do not occur among things that differ.
 */
function sampleOf(items: readonly JsonValue[]): string {
  const step = Math.max(1, (items.length - 1) / (sampledItems - 1));
  let text = String(items.length);
  for (let at = 0; Math.round(at) < items.length; at += step)
    text += JSON.stringify(items[Math.round(at)]);
  return text;
}

function hashOf(text: string): string {
  return fingerprint(text).slice(0, hashLength);
}
