import serialize from 'dom-serializer';
import { isTag, type Element } from 'domhandler';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Unit } from '../../core/unit.ts';
import { forValuesOf } from '../forValues/forUnits.ts';
import { parseHtml, type HtmlDocument } from './document.ts';
import type { FieldSource, PageFacts } from './fields.ts';
import { depthOf } from './units.ts';

/** One item as received: a whole page, or an element of it. */
export type HtmlItem = PageItem | ElementItem;

interface PageItem extends FieldSource {
  readonly place: HtmlDocument;
  /** The page's text, as it was decoded. */
  readonly html: string;
}

interface ElementItem extends FieldSource {
  readonly place: Element;
}

/** The item for the raw file: its markup, and the facts that the unit does not give. */
export function itemToRaw(item: HtmlItem): JsonObject {
  const { url, page, base, fetchedAt, status } = item.facts;
  return {
    url,
    ...(page === url ? {} : { page }),
    ...(base === url ? {} : { base }),
    fetchedAt,
    status,
    ...('html' in item
      ? { html: item.html }
      : { element: serialize(item.place, { encodeEntities: 'utf8' }) }),
  };
}

/**
 * The item of {@link itemToRaw}. An element comes back without what was around it: a field's selector that speaks of
 * that ("ul.books .title") finds nothing any more.
 *
 * @throws Error for what {@link itemToRaw} never gives.
 */
export function itemFromRaw(raw: JsonValue, unit: Unit): HtmlItem {
  if (!isJsonObject(raw)) throw new Error('A raw item of an HTML source is an object.');
  const { status, html, element } = raw;
  const url = text(raw['url']) ?? unit.key;
  const facts: PageFacts = {
    url,
    page: text(raw['page']) ?? url,
    base: text(raw['base']) ?? url,
    depth: depthOf(unit),
    for: forValuesOf(unit.input),
    fetchedAt: text(raw['fetchedAt']) ?? '',
    status: typeof status === 'number' ? status : 0,
  };
  if (typeof html === 'string') return { place: parseHtml(html), html, facts };
  const place =
    typeof element === 'string' ? parseHtml(element).root.children.find(isTag) : undefined;
  if (place === undefined) throw new Error('A raw item of an HTML source has "html" or "element".');
  return { place, facts };
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
