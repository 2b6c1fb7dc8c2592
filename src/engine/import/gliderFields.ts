import { compileRegex } from '../../sources/html/regex.ts';
import type { HtmlFieldConfig } from '../../core/config/htmlSource.ts';
import { getKey, isJsonObject, setKey, type JsonObject, type JsonValue } from '../../core/json.ts';
import { cssOfXpath } from './xpath.ts';

/** Tells that something is left out, and why. */
export type LeaveOut = (what: string, why: string) => void;

type LongField = Exclude<HtmlFieldConfig, string>;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What makes one record. */
export interface MappedFields {
  /** Selector of the elements that are one record each; undefined when a page is one. */
  readonly items: string | undefined;
  readonly fields: Readonly<Record<string, HtmlFieldConfig>>;
}

/** Maps glider's fields for HTML: a list with children is what the records are, its children are their fields. */
export function mapHtmlFields(list: readonly JsonValue[], leaveOut: LeaveOut): MappedFields {
  const all = list.filter(isJsonObject);
  const record = all.find((field) => field['is_list'] === true && childrenOf(field).length > 0);
  if (record === undefined) return { items: undefined, fields: mapAll(all, 'fields', leaveOut) };
  const name = nameOf(record);
  for (const other of all) {
    if (other === record) continue;
    leaveOut(
      `fields.${nameOf(other)}`,
      `a collection makes one kind of record, and "${name}" is it; make another collection for this one`,
    );
  }
  const selectors = cssSelectors(record, `fields.${name}`, leaveOut);
  for (const other of selectors.slice(1)) {
    leaveOut(
      `fields.${name}: the selector "${other.css}"`,
      'records have one selector; it is tried no second time',
    );
  }
  return {
    items: selectors[0]?.css,
    fields: mapAll(childrenOf(record), `fields.${name}`, leaveOut),
  };
}

function mapAll(
  list: readonly JsonObject[],
  path: string,
  leaveOut: LeaveOut,
): Record<string, HtmlFieldConfig> {
  const fields: Record<string, HtmlFieldConfig> = {};
  for (const field of list) {
    const name = nameOf(field);
    const place = `${path}.${name}`;
    for (const [key, value] of mapField(field, name, place, leaveOut)) {
      setKey(fields as Record<string, JsonValue>, key, value as JsonValue);
    }
  }
  return fields;
}

function mapField(
  field: JsonObject,
  name: string,
  place: string,
  leaveOut: LeaveOut,
): (readonly [string, HtmlFieldConfig])[] {
  const children = childrenOf(field);
  if (children.length > 0 && field['is_list'] === true) {
    leaveOut(place, 'a list of objects inside a record: fields hold texts and lists of texts');
    return [];
  }
  if (children.length > 0) return flattened(field, children, name, place, leaveOut);
  if (field['follow_url'] === true || isNonEmpty(field['nested_fields'])) {
    leaveOut(
      `${place}.nested_fields`,
      'fields of linked pages: put the link into source.follow and make the linked pages the records',
    );
  }
  for (const key of Object.keys(field)) {
    if (!knownFieldKeys.has(key)) leaveOut(`${place}.${key}`, 'unknown, also to glider');
  }
  const mapped = selected(field, place, leaveOut);
  if (mapped === undefined) return [];
  transform(field, mapped, place, leaveOut);
  const { select, ...rest } = mapped;
  const isPlain = typeof select === 'string' && Object.keys(rest).length === 0;
  return [[name, isPlain ? select : mapped]];
}

/** An object inside a record becomes fields of the record. */
function flattened(
  field: JsonObject,
  children: readonly JsonObject[],
  name: string,
  place: string,
  leaveOut: LeaveOut,
): (readonly [string, HtmlFieldConfig])[] {
  const [parent] = cssSelectors(field, place, leaveOut);
  leaveOut(`${place} as an object`, `its children are fields of the record: ${name}_…`);
  return children.flatMap((child) => {
    const inner = `${name}_${nameOf(child)}`;
    return mapField(child, inner, `${place}.${nameOf(child)}`, leaveOut).map(
      ([key, config]) => [key, parent === undefined ? config : below(parent.css, config)] as const,
    );
  });
}

function below(parent: string, config: HtmlFieldConfig): HtmlFieldConfig {
  if (typeof config === 'string') return `${parent} ${config}`;
  const { select } = config;
  const inner = select === undefined ? [] : [select].flat();
  if (inner.length === 0) return { ...config, select: parent };
  return { ...config, select: inner.map((css) => `${parent} ${css}`) };
}

/** Where the value stands; undefined when nothing can be said of that. */
function selected(
  field: JsonObject,
  place: string,
  leaveOut: LeaveOut,
): Writable<LongField> | undefined {
  const css = cssSelectors(field, place, leaveOut);
  const attrs = new Set(css.map(({ attr }) => attr));
  const mapped: Writable<LongField> = {};
  const [first] = css;
  if (first === undefined) {
    const regex = regexSelector(field, place, leaveOut);
    if (regex === undefined) {
      leaveOut(place, 'no selector of it can be carried over');
      return undefined;
    }
    mapped.as = 'html';
    mapped.regex = regex;
    return mapped;
  }
  const fitting = css.filter(({ attr }) => attr === first.attr);
  if (attrs.size > 1) {
    leaveOut(`${place}: some of its selectors`, 'they take different attributes');
  }
  const selectors = fitting.map((selector) => selector.css);
  mapped.select = selectors.length === 1 ? first.css : selectors;
  const attribute = typeof field['attribute'] === 'string' ? field['attribute'] : first.attr;
  if (attribute !== undefined) mapped.attr = attribute.trim().toLowerCase();
  if (field['is_list'] === true) mapped.list = true;
  return mapped;
}

interface Selector {
  readonly css: string;
  readonly attr: string | undefined;
}

function cssSelectors(field: JsonObject, place: string, leaveOut: LeaveOut): Selector[] {
  return selectorsOf(field).flatMap(({ type, value }): Selector[] => {
    switch (type) {
      case 'css':
        return [{ css: value, attr: undefined }];
      case 'xpath': {
        const css = cssOfXpath(value);
        if (css !== undefined) return [css];
        leaveOut(`${place}: the XPath ${value}`, 'no CSS selector says the same');
        return [];
      }
      case 'regex':
        // Only where nothing else is said; see regexSelector.
        return [];
      default:
        leaveOut(`${place}: the ${type} selector ${value}`, 'it is not for HTML');
        return [];
    }
  });
}

function regexSelector(field: JsonObject, place: string, leaveOut: LeaveOut): string | undefined {
  const found = selectorsOf(field).find(({ type }) => type === 'regex');
  if (found === undefined) return undefined;
  if (field['is_list'] === true) {
    leaveOut(
      `${place}: every match of ${found.value}`,
      'a regular expression gives its first match',
    );
  }
  return regexOf(found.value, place, leaveOut);
}

/** glider's selectors of a field, its short form included. */
export function selectorsOf(
  field: JsonObject,
): { readonly type: string; readonly value: string }[] {
  const short = field['selector'];
  const list = Array.isArray(field['selectors'])
    ? (field['selectors'] as readonly JsonValue[])
    : [];
  return [...(short === undefined ? [] : [short]), ...list].flatMap((selector) => {
    if (typeof selector === 'string') return [{ type: 'css', value: selector }];
    if (!isJsonObject(selector) || typeof selector['value'] !== 'string') return [];
    const { type, value } = selector;
    return [{ type: typeof type === 'string' ? type : 'css', value }];
  });
}

function transform(
  field: JsonObject,
  mapped: Writable<LongField>,
  place: string,
  leaveOut: LeaveOut,
): void {
  const list = field['transformers'];
  for (const entry of Array.isArray(list) ? (list as readonly JsonValue[]) : []) {
    const name =
      typeof entry === 'string' ? entry : isJsonObject(entry) ? entry['name'] : undefined;
    const args = isJsonObject(entry) && Array.isArray(entry['args']) ? entry['args'] : [];
    const [first] = args as readonly JsonValue[];
    switch (name) {
      case 'strip':
        // Texts come without surrounding blanks.
        break;
      case 'to_float':
      case 'to_int':
        mapped.as = name === 'to_float' ? 'number' : 'integer';
        break;
      case 'regex':
        if (typeof first !== 'string' || mapped.regex !== undefined || mapped.as !== undefined) {
          leaveOut(
            `${place}: the transformer regex`,
            'a field has one, and it comes before the number',
          );
          break;
        }
        setRegex(mapped, regexOf(first, place, leaveOut));
        break;
      default:
        leaveOut(
          `${place}: the transformer ${JSON.stringify(entry)}`,
          'there is none like it; change the values afterwards',
        );
    }
  }
}

function setRegex(mapped: Writable<LongField>, regex: string | undefined): void {
  if (regex !== undefined) mapped.regex = regex;
}

/** A regular expression of Python's as one of JavaScript's; undefined when there is none. */
function regexOf(source: string, place: string, leaveOut: LeaveOut): string | undefined {
  const regex = source.replaceAll('(?P<', '(?<').replace(/\(\?P=(\w+)\)/g, '\\k<$1>');
  try {
    compileRegex(regex);
    return regex;
  } catch {
    leaveOut(`${place}: the regular expression ${source}`, 'JavaScript reads it differently');
    return undefined;
  }
}

const knownFieldKeys: ReadonlySet<string> = new Set([
  'name',
  'selector',
  'selectors',
  'is_list',
  'attribute',
  'transformers',
  'children',
  'follow_url',
  'nested_fields',
]);

/** The fields inside a field. */
export function childrenOf(field: JsonObject): JsonObject[] {
  const children = getKey(field, 'children');
  return Array.isArray(children) ? (children as readonly JsonValue[]).filter(isJsonObject) : [];
}

/** A field's name. */
export function nameOf(field: JsonObject): string {
  return typeof field['name'] === 'string' ? field['name'] : 'unnamed';
}

function isNonEmpty(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.length > 0;
}
