import type { Element } from 'domhandler';
import { messageOf } from '../../core/errors.ts';
import { toJsonLine, type JsonObject, type JsonValue } from '../../core/json.ts';
import { fieldValue } from '../../core/keys.ts';
import type { ItemsStudy, PageStudy, PickedCollection } from '../../core/picker.ts';
import { compileFields } from '../../sources/html/fields.ts';
import { tryField } from './proposeField.ts';
import type { StudiedPage } from './studiedPage.ts';

const markedElements = 5_000;
/** Items whose records are compared for a key. */
const comparedItems = 5_000;

/** What a collection takes from a page: each field with its matches, and what could be its records' key. */
export function studyPage(page: StudiedPage, collection: PickedCollection): PageStudy {
  const items = studyItems(page, collection.items);
  const usable = (items?.problem ?? null) === null;
  const fields = Object.fromEntries(
    Object.entries(collection.fields).map(([name, field]) => [
      name,
      tryField(page, field, usable ? collection.items : null),
    ]),
  );
  const records = usable ? recordsOf(page, collection) : undefined;
  return {
    items,
    fields,
    keySuggestion: collection.key === null && records !== undefined ? suggestKey(records) : null,
    keyRepeats:
      collection.key === null || records === undefined ? null : repeats(records, collection.key),
  };
}

function studyItems(page: StudiedPage, selector: string | null): ItemsStudy | null {
  if (selector === null) return null;
  try {
    const all = page.all(selector);
    const elements = page.numbers(all.slice(0, markedElements));
    return { selector, matches: all.length, elements, problem: null };
  } catch (error) {
    return { selector, matches: 0, elements: [], problem: messageOf(error) };
  }
}

/** The records of the page; undefined where it is one, or a field is wrong: that is told beside it. */
function recordsOf(
  page: StudiedPage,
  { items, fields }: PickedCollection,
): JsonObject[] | undefined {
  const all: readonly Element[] | null = page.items(items);
  if (all === null || all.length < 2) return undefined;
  try {
    const read = compileFields(fields);
    return all.slice(0, comparedItems).map((place) => read({ place, facts: page.facts }));
  } catch {
    return undefined;
  }
}

/** Names that identify things, the best first. */
const keyNames = [
  /(?:^|_)(?:id|uuid|sku|isbn|doi|key|asin)$/i,
  /(?:^|_)(?:url|link|href|slug|code)$/i,
];

/** The field that tells all records apart: one that is named like it before others. */
export function suggestKey(records: readonly JsonObject[]): string | null {
  const names = Object.keys(records[0] ?? {});
  const unique = names.filter((name) => {
    const values = records.map((record) => record[name] ?? null);
    return (
      values.every(isScalar) && new Set(values.map((v) => toJsonLine(v))).size === values.length
    );
  });
  for (const pattern of keyNames) {
    const named = unique.find((name) => pattern.test(name));
    if (named !== undefined) return named;
  }
  return unique[0] ?? null;
}

function isScalar(value: JsonValue): boolean {
  return value !== null && value !== '' && !Array.isArray(value) && typeof value !== 'object';
}

function repeats(records: readonly JsonObject[], key: readonly string[]): number {
  const keys = records.map((record) =>
    toJsonLine(key.map((name) => fieldValue(record, name) ?? null)),
  );
  return keys.length - new Set(keys).size;
}
