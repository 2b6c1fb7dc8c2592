import { isTag, type Element } from 'domhandler';
import { UsageError } from '../../core/errors.ts';
import type { HtmlDocument } from '../../sources/html/document.ts';
import type { PageFacts } from '../../sources/html/fields.ts';
import { compileSelector, type Selector } from '../../sources/html/selector.ts';

/** A page that somebody picks from, with what was found out about it: every match is the engine's own. */
export class StudiedPage {
  readonly document: HtmlDocument;
  readonly facts: PageFacts;
  readonly #numbers = new Map<Element, number>();
  readonly #matches = new Map<string, readonly Element[]>();

  constructor(document: HtmlDocument, facts: PageFacts) {
    this.document = document;
    this.facts = facts;
    for (const [n, element] of document.elements.entries()) this.#numbers.set(element, n);
  }

  /** The element of a number. @throws UsageError for one that there is not. */
  element(n: number): Element {
    const element = this.document.elements[n];
    if (element === undefined) {
      throw new UsageError('ELEMENT_UNKNOWN', `The page has no element ${n}.`, { n });
    }
    return element;
  }

  /** The places of elements among all of the page. */
  numbers(elements: readonly Element[]): number[] {
    return elements.map((element) => this.#numbers.get(element) ?? -1).filter((n) => n >= 0);
  }

  /** All that a selector matches on the page. @throws Error when it is none. */
  all(selector: string): readonly Element[] {
    let found = this.#matches.get(selector);
    if (found === undefined) {
      found = compileSelector(selector).all(this.document);
      // What people type is not kept for ever.
      if (this.#matches.size > 500) this.#matches.clear();
      this.#matches.set(selector, found);
    }
    return found;
  }

  /** The items of the page; null where a page is one record. @throws Error for a selector that is none. */
  items(selector: string | null): readonly Element[] | null {
    return selector === null ? null : this.all(selector);
  }
}

/** The item that an element stands in; undefined when in none. */
export function itemOf(element: Element, items: readonly Element[]): Element | undefined {
  const set = new Set(items);
  for (let at: Element | undefined = element; at !== undefined; at = parentOf(at)) {
    if (set.has(at)) return at;
  }
  return undefined;
}

/** The element that an element stands in. */
export function parentOf({ parent }: Element): Element | undefined {
  return parent !== null && isTag(parent) ? parent : undefined;
}

/** A selector that may be none: undefined then. */
export function tryCompile(selector: string): Selector | undefined {
  try {
    return compileSelector(selector);
  } catch {
    return undefined;
  }
}
