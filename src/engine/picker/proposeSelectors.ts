import { isTag, type Element } from 'domhandler';
import type { SelectorChoice } from '../../core/picker.ts';
import { compoundsOf, escapeString, type Compound } from './compounds.ts';
import { labelOf } from './label.ts';
import { itemOf, parentOf, tryCompile, type StudiedPage } from './studiedPage.ts';

/** Elements that a search for selectors looks at, at most: half a second's worth on any page. */
const maxLooks = 4_000_000;

/** Choices that a person is given. */
const maxChoices = 6;

/** Items that are looked at to tell one selector from another; what is shown is counted over all. */
const sampledItems = 200;

/** A selector that has the picked element, with what speaks for and against it. */
interface Candidate {
  readonly selector: string;
  readonly cost: number;
  readonly matches: number;
  readonly isFirst: boolean;
}

/** Where a field's selector looks: the page, or the item that was picked in. */
interface Place {
  readonly page: StudiedPage;
  readonly item: Element | undefined;
  /** undefined where a page is one record. */
  readonly items: readonly Element[] | undefined;
}

/**
 * Selectors that have an element, best first: short, of names that mean something, of positions only where nothing
 * else tells the element from others. Each was tried on the page with the engine's own matching.
 *
 * @param items the page's items; null where a page is one record. An element outside of all of them has no selector.
 */
export function proposeSelectors(
  page: StudiedPage,
  element: Element,
  items: readonly Element[] | null,
): SelectorChoice[] {
  const item = items === null ? undefined : itemOf(element, items);
  if (items !== null && item === undefined) return [];
  const place: Place = { page, item, items: items ?? undefined };
  if (item === element) {
    return [{ selector: ':scope', matches: 1, itemsWith: items?.length ?? null, takes: 'one' }];
  }
  return new SelectorSearch(place, element).choices();
}

class SelectorSearch {
  readonly #place: Place;
  readonly #element: Element;
  readonly #candidates = new Map<string, Candidate>();
  #looks = 0;

  constructor(place: Place, element: Element) {
    this.#place = place;
    this.#element = element;
  }

  choices(): SelectorChoice[] {
    this.#search();
    const ranked = [...this.#candidates.values()].map((candidate) => ({
      candidate,
      choice: this.#choice(candidate),
      rank: this.#rank(candidate),
    }));
    ranked.sort(
      (a, b) => a.rank - b.rank || a.candidate.selector.length - b.candidate.selector.length,
    );
    const best = ranked.filter(({ candidate }) => candidate.isFirst).slice(0, maxChoices - 2);
    const lists = ranked.filter(({ candidate }) => !candidate.isFirst).slice(0, 2);
    return [...best, ...lists].map(({ choice }) => choice);
  }

  #search(): void {
    const own = compoundsOf(this.#element, this.#place.item !== undefined);
    for (const { text, cost } of own) this.#try(text, cost);
    if (this.#hasGood(4)) return;
    const label = labelOf(this.#element);
    if (label !== undefined) {
      const { name } = this.#element;
      this.#try(`${label.tag}:contains("${escapeString(label.text)}") + ${name}`, 4);
    }
    const ancestors = this.#ancestors();
    for (const [distance, ancestor] of ancestors.entries()) {
      const around = compoundsOf(ancestor, this.#place.item !== undefined).slice(0, 4);
      for (const outer of around) {
        for (const inner of own.slice(0, 4)) {
          this.#try(`${outer.text} ${inner.text}`, outer.cost + within(inner) + 1 + distance * 0.3);
          if (distance === 0) {
            this.#try(`${outer.text} > ${inner.text}`, outer.cost + within(inner) + 1.5);
          }
        }
      }
      if (this.#hasGood(9) || this.#looks > maxLooks / 2) break;
    }
    if (this.#hasGood(12)) return;
    this.#tryPositions(own, ancestors);
    if (![...this.#candidates.values()].some(({ isFirst }) => isFirst)) this.#tryWholePath();
  }

  /** Positions among siblings, below the nearest element that has a name. */
  #tryPositions(own: readonly Compound[], ancestors: readonly Element[]): void {
    const steps: string[] = [];
    let at: Element = this.#element;
    for (const [distance, ancestor] of ancestors.entries()) {
      steps.unshift(positionOf(at));
      const path = steps.join(' > ');
      for (const outer of compoundsOf(ancestor, this.#place.item !== undefined).slice(0, 3)) {
        this.#try(`${outer.text} > ${path}`, outer.cost + 9 + distance * 2);
        const [inner] = own;
        if (distance > 0 || inner === undefined) continue;
        // A row that has the picked element somewhere in it.
        const row = parentOf(ancestor);
        const [around] = row === undefined ? [] : compoundsOf(row, false);
        if (around === undefined) continue;
        this.#try(
          `${around.text} > ${positionOf(ancestor)} ${inner.text}`,
          around.cost + inner.cost + 8,
        );
      }
      at = ancestor;
      if (this.#hasGood(20) || this.#looks > maxLooks) break;
    }
    if (this.#place.item !== undefined && ancestors.length === 0) {
      this.#try(`:scope > ${positionOf(this.#element)}`, 12);
    }
  }

  /** From the root, or from the item, by positions alone: this always leads there. */
  #tryWholePath(): void {
    const { item } = this.#place;
    const steps: string[] = [];
    let at: Element | undefined = this.#element;
    while (at !== undefined && at !== item) {
      steps.unshift(positionOf(at));
      at = parentOf(at);
    }
    if (item === undefined && steps[0] !== undefined) steps[0] = `${steps[0]}:root`;
    this.#try((item === undefined ? '' : ':scope > ') + steps.join(' > '), 40, true);
  }

  /** What the element stands in, nearest first: within the item, where there is one. */
  #ancestors(): Element[] {
    const ancestors: Element[] = [];
    let at = parentOf(this.#element);
    while (at !== undefined && at !== this.#place.item) {
      ancestors.push(at);
      at = parentOf(at);
    }
    return ancestors;
  }

  #try(selector: string, cost: number, isLast = false): void {
    if (this.#candidates.has(selector) || (this.#looks > maxLooks && !isLast)) return;
    const { page, item } = this.#place;
    const found = this.#matches(selector);
    this.#looks += item === undefined ? page.document.elements.length : 200;
    if (!found.includes(this.#element)) return;
    const isFirst = found[0] === this.#element;
    this.#candidates.set(selector, { selector, cost, matches: found.length, isFirst });
  }

  #matches(selector: string): readonly Element[] {
    const { page, item } = this.#place;
    if (item === undefined) return tryAll(page, selector);
    return tryCompile(selector)?.all(item) ?? [];
  }

  /** Whether something that has just the element is as cheap as this. */
  #hasGood(cost: number): boolean {
    return [...this.#candidates.values()].some(
      (candidate) => candidate.matches === 1 && candidate.cost <= cost,
    );
  }

  /** What a selector costs on top when it matches more than the element, or nothing in other items. */
  #rank({ selector, cost, matches, isFirst }: Candidate): number {
    const { items } = this.#place;
    const alone = matches === 1 ? 0 : 5;
    if (items === undefined || !isFirst) return cost + alone;
    const sample = items.slice(0, sampledItems);
    const compiled = tryCompile(selector);
    const having = sample.filter((one) => (compiled?.first(one) ?? null) !== null).length;
    return cost + alone + (1 - having / sample.length) * 12;
  }

  #choice({ selector, matches, isFirst }: Candidate): SelectorChoice {
    const { items } = this.#place;
    const compiled = items === undefined ? undefined : tryCompile(selector);
    const itemsWith =
      items?.filter((one) => (compiled?.first(one) ?? null) !== null).length ?? null;
    return {
      selector,
      matches,
      itemsWith,
      takes: matches === 1 ? 'one' : isFirst ? 'first' : 'list',
    };
  }
}

/** What the inner part of a selector costs: what it stands in makes up for a plain tag, not for a name of chance. */
function within({ cost }: Compound): number {
  return cost > 10 ? cost : cost / 2;
}

function tryAll(page: StudiedPage, selector: string): readonly Element[] {
  try {
    return page.all(selector);
  } catch {
    return [];
  }
}

/** An element by its position among siblings of its tag, or of all where the tag can't be written. */
function positionOf(element: Element): string {
  const siblings: readonly Element[] = element.parent?.children.filter(isTag) ?? [element];
  if (!/^[a-z][a-z0-9-]*$/.test(element.name)) {
    return `*:nth-child(${siblings.indexOf(element) + 1})`;
  }
  const alike = siblings.filter(({ name }) => name === element.name);
  return alike.length === 1
    ? element.name
    : `${element.name}:nth-of-type(${alike.indexOf(element) + 1})`;
}
