import type { Element } from 'domhandler';
import type { HtmlFieldConfig } from '../../core/config/htmlSource.ts';
import { messageOf } from '../../core/errors.ts';
import { toJsonLine, type JsonValue } from '../../core/json.ts';
import type { FieldProposal, FieldTrial, FieldType } from '../../core/picker.ts';
import { compileFields, type FieldSource } from '../../sources/html/fields.ts';
import { compileSelector } from '../../sources/html/selector.ts';
import { elementText } from '../../sources/html/text.ts';
import { classesOf } from './compounds.ts';
import { fieldNameFor, freeName, nameKind } from './names.ts';
import { proposeSelectors } from './proposeSelectors.ts';
import { cutText } from './snapshot.ts';
import { itemOf, parentOf, type StudiedPage } from './studiedPage.ts';

/** Values that a person is shown, and how much of each. */
const shownValues = 5;
const shownLength = 160;
/** Elements that are named, to be marked on the page. */
const markedElements = 5_000;
/** Values that a type is told from. */
const sampledValues = 20;

/**
 * What a field would be that takes an element: its selectors, its name and what is made of it.
 *
 * @param items the collection's `items`; null where a page is one record.
 * @param taken names of fields that are there.
 * @throws Error when `items` is no selector.
 */
export function proposeField(
  page: StudiedPage,
  element: Element,
  items: string | null,
  taken: readonly string[],
): FieldProposal {
  const all = page.items(items);
  const choices = proposeSelectors(page, element, all);
  const attr = attributeOf(element);
  const best = choices[0];
  const sample =
    best === undefined ? [element] : fieldElements(page, best.selector, all, best.takes === 'list');
  const as = typeOf(sample.length === 0 ? [element] : sample, attr);
  return {
    choices,
    name: freeName(fieldNameFor(element, attr), new Set(taken)),
    attr,
    as,
    attributes: Object.entries(element.attribs)
      .slice(0, 40)
      .map(([name, value]) => ({ name, value: shorten(value) })),
    path: pathTo(element, all),
  };
}

/**
 * Tries a field on the page: what it takes there, as a run would.
 *
 * @param items the collection's `items`; null where a page is one record.
 */
export function tryField(
  page: StudiedPage,
  field: HtmlFieldConfig,
  items: string | null,
): FieldTrial {
  try {
    const all = page.items(items);
    const read = compileFields({ value: field });
    const places: readonly FieldSource['place'][] = all ?? [page.document];
    const values = places.map((place) => read({ place, facts: page.facts })['value'] ?? null);
    const given = values.filter(isGiven);
    const elements = elementsOf(page, field, all);
    return {
      matches: elements.length,
      itemsWith: all === null ? null : given.length,
      values: given.slice(0, shownValues).map((value) => shorten(toJsonLine(value))),
      elements: page.numbers(elements.slice(0, markedElements)),
      problem: null,
    };
  } catch (error) {
    return { matches: 0, itemsWith: null, values: [], elements: [], problem: messageOf(error) };
  }
}

/** Whether a field has found something: null and the empty list are what it gives when it has not. */
function isGiven(value: JsonValue): boolean {
  return value !== null && !(Array.isArray(value) && value.length === 0);
}

/** A text for a screen: not longer than its line. */
export function shorten(text: string): string {
  return text.length > shownLength ? `${cutText(text, shownLength)}…` : text;
}

/** What a field's selectors match: one element in each item, or all where it is a list. */
function elementsOf(
  page: StudiedPage,
  config: HtmlFieldConfig,
  items: readonly Element[] | null,
): readonly Element[] {
  const field = typeof config === 'string' ? { select: config } : config;
  if (field.from !== undefined) return [];
  if (field.select === undefined) return items ?? [];
  // Of several selectors those after the first are for pages where it finds nothing.
  for (const selector of [field.select].flat()) {
    const found = fieldElements(page, selector, items, field.list === true);
    if (found.length > 0) return found;
  }
  return [];
}

function fieldElements(
  page: StudiedPage,
  selector: string,
  items: readonly Element[] | null,
  isList: boolean,
): readonly Element[] {
  if (items === null) return page.all(selector);
  const compiled = compileSelector(selector);
  return items.flatMap((item) => {
    if (isList) return compiled.all(item);
    const first = compiled.first(item);
    return first === null ? [] : [first];
  });
}

/** The attribute that says what an element is about, where its text does not. */
function attributeOf(element: Element): string | null {
  const { name, attribs } = element;
  const has = (attr: string): boolean => (attribs[attr] ?? '').trim() !== '';
  if (name === 'meta' && has('content')) return 'content';
  if (name === 'link' && has('href')) return 'href';
  if ((name === 'img' || name === 'video' || name === 'audio') && has('src')) return 'src';
  if (name === 'time' && has('datetime')) return 'datetime';
  if (name === 'input' && has('value')) return 'value';
  if ((name === 'data' || name === 'meter') && has('value')) return 'value';
  const text = elementText(element);
  // Stars and ticks: what they stand for is said elsewhere.
  if (/[\p{L}\p{N}]/u.test(text)) return null;
  const data = Object.keys(attribs).find((attr) => attr.startsWith('data-') && has(attr));
  const others = ['content', 'value', 'datetime', 'title', 'aria-label', 'alt', 'href', 'src'];
  return others.find(has) ?? data ?? (text === '' && has('class') ? 'class' : null);
}

/** What the values are, as far as all of a sample agree. */
function typeOf(elements: readonly Element[], attr: string | null): FieldType | null {
  const texts = elements
    .slice(0, sampledValues)
    .map((element) => (attr === null ? elementText(element) : (element.attribs[attr] ?? '')))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (texts.length === 0) return null;
  if (attr === 'href' || attr === 'src') return 'url';
  if (texts.every((text) => /^https?:\/\/\S+$/i.test(text))) return 'url';
  if (texts.every((text) => wholeNumber.test(text))) return 'integer';
  return texts.every((text) => amount.test(text)) ? 'number' : null;
}

/** "1", "1,234", "-3"; not "007", which is a number by its looks only. */
const wholeNumber = /^[-−]?(?:0|[1-9]\d{0,2}(?:[,\u202f\u00a0 ]\d{3})+|[1-9]\d{0,14})$/;
/** "£51.77", "1.234,50 €", "12 %", "USD 3". */
const amount =
  /^(?:\p{Sc}|[A-Z]{2,3}\p{Sc}?)?\s?[-−]?\s?(?:\d{1,3}(?:[.,\u202f\u00a0' ]\d{3})+|\d+)(?:[.,]\d+)?\s?(?:\p{Sc}|[A-Z]{3}|%)?$/u;

function pathTo(element: Element, items: readonly Element[] | null): string[] {
  const path: string[] = [];
  const end = items === null ? undefined : itemOf(element, items);
  for (let at: Element | undefined = element; at !== undefined; at = parentOf(at)) {
    const meant = classesOf(at).find((name) => nameKind(name) === 'meaningful');
    path.unshift(meant === undefined ? at.name : `${at.name}.${meant}`);
    if (at === end) break;
  }
  return path.slice(-5);
}
