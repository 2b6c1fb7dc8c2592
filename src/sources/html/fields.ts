import serialize from 'dom-serializer';
import { isDocument, type Document, type Element } from 'domhandler';
import { assertNever } from '../../core/assert.ts';
import type { HtmlFieldConfig } from '../../core/config/htmlSource.ts';
import { scalarText, setKey, type JsonObject, type JsonValue } from '../../core/json.ts';
import { compilePath } from '../text/jsonPath.ts';
import type { HtmlDocument } from './document.ts';
import { parseInteger, parseNumber } from './numbers.ts';
import { compileRegex } from './regex.ts';
import { compileSelector, type Selector } from './selector.ts';
import { collapse, elementText } from './text.ts';

/** What is known of a page beside its content. */
export interface PageFacts {
  /** The address that answered. */
  readonly url: string;
  /** Its canonical address: the unit's key. */
  readonly page: string;
  /** What relative links are relative to. */
  readonly base: string;
  readonly depth: number;
  /** ISO time. */
  readonly fetchedAt: string;
  readonly status: number;
  /** Those values of `for` that fields are taken from. */
  readonly for?: JsonObject | undefined;
}

/** What fields are taken from: a whole page, or one element of it. */
export interface FieldSource {
  readonly place: HtmlDocument | Element;
  readonly facts: PageFacts;
}

/** Takes a record out of a page or an element. */
export type FieldReader = (source: FieldSource) => JsonObject;

type LongField = Exclude<HtmlFieldConfig, string>;
type ValueReader = (source: FieldSource) => JsonValue;

/**
 * Compiles the collection's `fields`. A field that finds nothing is null (a list: empty), never 0 or "".
 *
 * @throws Error for a selector or regular expression that does not compile; `checkPageConfig` says which.
 */
export function compileFields(fields: Readonly<Record<string, HtmlFieldConfig>>): FieldReader {
  const readers = Object.entries(fields).map(
    ([name, field]) => [name, compileField(field)] as const,
  );
  return (source) => {
    const record: Record<string, JsonValue> = {};
    for (const [name, read] of readers) setKey(record, name, read(source));
    return record;
  };
}

const forPrefix = 'for.';

/** Whether a field's `from` is a value of `for`, or a part of one. */
export function isForPath(from: string): from is `for.${string}` {
  return from.startsWith(forPrefix);
}

function compileField(config: HtmlFieldConfig): ValueReader {
  const field: LongField = typeof config === 'string' ? { select: config } : config;
  const convert = conversion(field);
  if (field.from !== undefined) {
    const { from } = field;
    if (isForPath(from)) {
      const read = compilePath(from.slice(forPrefix.length));
      return ({ facts }) => convert.value(read(facts.for) ?? null, facts);
    }
    return ({ facts }) => convert.value(facts[from], facts);
  }
  if (field.select === undefined) {
    return field.list === true
      ? ({ place, facts }) => [convert.node(nodeOf(place), facts)]
      : ({ place, facts }) => convert.node(nodeOf(place), facts);
  }
  const selectors = [field.select].flat().map((selector) => compileSelector(selector));
  return field.list === true
    ? ({ place, facts }) =>
        firstMatches(selectors, place).map((element) => convert.node(element, facts))
    : ({ place, facts }) => firstValue(selectors, place, (element) => convert.node(element, facts));
}

/** Of several selectors the first that gives a value; an element that is there but empty does not stop the search. */
function firstValue(
  selectors: readonly Selector[],
  place: FieldSource['place'],
  read: (element: Element) => JsonValue,
): JsonValue {
  let found: JsonValue = null;
  for (const selector of selectors) {
    const element = selector.first(place);
    if (element === null) continue;
    const value = read(element);
    if (value !== null && value !== '') return value;
    found ??= value;
  }
  return found;
}

function firstMatches(
  selectors: readonly Selector[],
  place: FieldSource['place'],
): readonly Element[] {
  for (const selector of selectors) {
    const matches = selector.all(place);
    if (matches.length > 0) return matches;
  }
  return [];
}

interface Conversion {
  node(node: Element | Document, facts: PageFacts): JsonValue;
  value(value: JsonValue, facts: PageFacts): JsonValue;
}

function conversion(field: LongField): Conversion {
  const regex = field.regex === undefined ? undefined : compileRegex(field.regex);
  const matched = (text: string): string | null => {
    if (regex === undefined) return text;
    const match = regex.exec(text);
    return match === null ? null : (match[1] ?? (match.length > 1 ? null : match[0]));
  };
  const typed = (text: string | null, facts: PageFacts): JsonValue => {
    const part = text === null ? null : matched(text);
    return part === null ? null : typedValue(part, field.as ?? 'text', facts.base);
  };
  const read = textReader(field);
  return {
    node: (node, facts) => typed(read(node), facts),
    // A number stays one unless the field asks for something else.
    value: (value, facts) =>
      typeof value !== 'string' && regex === undefined && field.as === undefined
        ? value
        : typed(scalarText(value) ?? null, facts),
  };
}

/** How a node's text is had before the regular expression and the conversion: null where there is none. */
export function textReader({
  attr,
  as,
}: Pick<LongField, 'attr' | 'as'>): (node: Element | Document) => string | null {
  if (attr !== undefined) {
    const name = attr.toLowerCase();
    if (as === 'boolean') return (node) => booleanAttribute(attribute(node, name));
    return (node) => attribute(node, name);
  }
  if (as === 'html') return (node) => serialize(node.children, { encodeEntities: 'utf8' });
  if (as === 'url') return (node) => linkOf(node) ?? elementText(node);
  return elementText;
}

/** An HTML boolean attribute is true by being there: `<input checked>`. Others say what they are: data-sold="false". */
function booleanAttribute(value: string | null): string {
  return value === null ? 'false' : falseWords.test(collapse(value)) ? 'false' : 'true';
}

const trueWords = /^(?:true|yes|on|1)$/i;
const falseWords = /^(?:false|no|off|0)$/i;

function typedValue(text: string, as: NonNullable<LongField['as']>, base: string): JsonValue {
  switch (as) {
    case 'text':
    case 'html':
      return text;
    case 'number':
      return parseNumber(text);
    case 'integer':
      return parseInteger(text);
    case 'boolean': {
      const word = collapse(text);
      return trueWords.test(word) ? true : falseWords.test(word) ? false : null;
    }
    case 'url': {
      const link = text.trim();
      return link === '' ? null : (URL.parse(link, base)?.href ?? null);
    }
    default:
      return assertNever(as, 'field type');
  }
}

/** An attribute's own value: `constructor` and the like are not there unless the page has them. */
function attribute(node: Element | Document, name: string): string | null {
  return isDocument(node) || !Object.hasOwn(node.attribs, name)
    ? null
    : (node.attribs[name] ?? null);
}

/** Where an element leads, or what it shows. */
function linkOf(node: Element | Document): string | null {
  return attribute(node, 'href') ?? attribute(node, 'src');
}

function nodeOf(place: FieldSource['place']): Element | Document {
  return 'root' in place ? place.root : place;
}
