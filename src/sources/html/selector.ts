import { _compileUnsafe, selectAll, selectOne } from 'css-select';
import {
  isTraversal,
  parse,
  SelectorType,
  type PseudoSelector,
  type Selector as Token,
} from 'css-what';
import { Document, isTag, type AnyNode, type Element } from 'domhandler';
import * as DomUtils from 'domutils';
import nthCheck from 'nth-check';
import { UnitFailedError } from '../../core/errors.ts';
import type { HtmlDocument } from './document.ts';
import { nthPseudos } from './nthPseudos.ts';

/**
 * "~" looks through an element's siblings anew for each element, of 50,000 in one list for a minute. So many looks,
 * some seconds' worth, are the end of it.
 */
const maxSiblingLooks = 200_000_000;

/** Where a selector looks: a page, or what is inside an element. */
export type Place = HtmlDocument | Element;

/** A compiled CSS selector. */
export interface Selector {
  /** The first match in document order. */
  first(place: Place): Element | null;
  /** Every match, in document order. */
  all(place: Place): readonly Element[];
}

/**
 * Compiles CSS selectors (of a list, any may match). Inside an element, as in a browser's `querySelector`, only what
 * is in the element is found, but the selector may speak of what is around it ("ul.books .title"); `:scope` and a
 * leading combinator ("> a", "+ dd") mean the element itself.
 *
 * @throws Error whose message says what is wrong with the selector.
 */
export function compileSelector(selector: string | readonly string[]): Selector {
  const alternatives = [selector].flat().flatMap((text) => parseSelector(text));
  if (alternatives.every(([token, more]) => token !== undefined && isScope(token) && !more)) {
    return { first: itself, all: (place) => [itself(place)].filter((e) => e !== null) };
  }
  return alternatives.some(mentionsScope)
    ? compileScoped(alternatives)
    : compilePlain(alternatives);
}

/** Parses a selector, and refuses what css-what lets pass though it can't be meant: "", "p >", "li..next", "@x". */
function parseSelector(text: string): Token[][] {
  const alternatives = parse(text);
  if (alternatives.length === 0) throw new Error('It is empty');
  if (/[.#]{2}/.test(text.replace(quotedOrEscaped, ''))) {
    throw new Error('A name must follow "." and "#"');
  }
  for (const tokens of alternatives) {
    const last = tokens.at(-1);
    if (last === undefined || isTraversal(last)) throw new Error('Nothing follows the combinator');
    for (const token of tokens) {
      if (token.type === SelectorType.Tag && !tagName.test(token.name)) {
        throw new Error(`"${token.name}" is no element's name`);
      }
    }
  }
  return alternatives;
}

const quotedOrEscaped = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\[[^\]]*\]|\\./gs;
const tagName = /^[\p{L}_][\p{L}\p{N}_:.-]*$/u;

function compilePlain(alternatives: Token[][]): Selector {
  const tag = commonTag(alternatives);
  const looks = new SiblingLooks();
  const options = { adapter: looks.adapter, pseudos: pseudosFor(alternatives) };
  const matches = _compileUnsafe<AnyNode, Element>(alternatives, options);
  const candidates = (page: HtmlDocument): readonly Element[] =>
    tag === undefined ? page.elements : (page.byTag.get(tag) ?? []);
  return {
    first: (place) => {
      looks.reset();
      return isPage(place) ? (candidates(place).find(matches) ?? null) : selectOne(matches, place);
    },
    all: (place) => {
      looks.reset();
      return isPage(place) ? candidates(place).filter(matches) : selectAll(matches, place);
    },
  };
}

function compileScoped(alternatives: Token[][]): Selector {
  // css-select looks into the context at each match, so one compilation serves every element in turn. Its cache
  // would remember answers for another element.
  const context: AnyNode[] = [emptyRoot];
  const looks = new SiblingLooks();
  const pseudos = pseudosFor(alternatives);
  const options = { adapter: looks.adapter, pseudos, cacheResults: false };
  const matches = _compileUnsafe<AnyNode, Element>(alternatives, options, context);
  const within = <T>(place: Place, search: (root: AnyNode) => T): T => {
    looks.reset();
    context[0] = itself(place) ?? emptyRoot;
    try {
      return search(isPage(place) ? place.root : place);
    } finally {
      context[0] = emptyRoot;
    }
  };
  return {
    first: (place) => within(place, (root) => selectOne(matches, root)),
    all: (place) => within(place, (root) => selectAll(matches, root)),
  };
}

/**
 * Our own pseudo-classes, but for ":nth-child(2 of .book)", which they don't know.
 *
 * @throws Error for a formula that is none: they would find out only at the first page.
 */
function pseudosFor(alternatives: readonly (readonly Token[])[]): typeof nthPseudos | undefined {
  const formulas = pseudosIn(alternatives, true)
    .filter(({ name }) => name in nthPseudos)
    .flatMap(({ data }) => (typeof data === 'string' ? [data] : []));
  if (formulas.some((formula) => /\sof\s/.test(formula))) return undefined;
  for (const formula of formulas) nthCheck(formula);
  return nthPseudos;
}

/** Counts how many siblings one search looks at, and ends it when it would take for ever. */
class SiblingLooks {
  #looks = 0;
  readonly adapter = {
    ...DomUtils,
    isTag,
    getSiblings: (node: AnyNode): AnyNode[] => {
      const siblings = DomUtils.getSiblings(node);
      this.#looks += siblings.length;
      if (this.#looks > maxSiblingLooks) {
        throw new UnitFailedError(
          'SELECTOR_TOO_SLOW',
          `A selector with "~" takes too long here: an element has ${siblings.length} siblings.`,
        );
      }
      return siblings;
    },
  };

  reset(): void {
    this.#looks = 0;
  }
}

/** The context between searches: a document, so that css-select does not make every selector a relative one. */
const emptyRoot = new Document([]);

/** What `:scope` is: the element, or the page's root element. */
function itself(place: Place): Element | null {
  return isPage(place) ? (place.root.children.find(isTag) ?? null) : place;
}

function isPage(place: Place): place is HtmlDocument {
  return 'byTag' in place;
}

function isScope(token: Token): boolean {
  return token.type === SelectorType.Pseudo && token.name === 'scope';
}

function mentionsScope(tokens: readonly Token[]): boolean {
  const [first] = tokens;
  if (first !== undefined && isTraversal(first)) return true;
  // ":has(> a)" is about the element that it stands at.
  return pseudosIn([tokens], false).some(isScope);
}

/** Every pseudo-class of a selector, those inside others too. */
function pseudosIn(
  alternatives: readonly (readonly Token[])[],
  insideHas: boolean,
): PseudoSelector[] {
  return alternatives.flat().flatMap((token) => {
    if (token.type !== SelectorType.Pseudo) return [];
    const { data } = token;
    const isOpen = typeof data === 'object' && data !== null && (insideHas || token.name !== 'has');
    return isOpen ? [token, ...pseudosIn(data, insideHas)] : [token];
  });
}

/** The tag that every match has, where the selector says so: "li.next a" can only match an `a`. */
function commonTag(alternatives: readonly (readonly Token[])[]): string | undefined {
  const tags = new Set(alternatives.map(lastTag));
  return tags.size === 1 ? [...tags][0] : undefined;
}

function lastTag(tokens: readonly Token[]): string | undefined {
  const compound = tokens.slice(tokens.findLastIndex(isTraversal) + 1);
  const tag = compound.find((token) => token.type === SelectorType.Tag);
  return tag?.name.toLowerCase();
}
