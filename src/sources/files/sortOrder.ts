import { canonicalJson, isBigIntegerText, type JsonObject } from '../../core/json.ts';
import { fieldValue } from '../../core/keys.ts';

/** What a record is sorted by. Kinds come in this order: numbers, texts, everything else, records without the field. */
export type SortValue =
  | readonly [kind: 0, value: number | bigint]
  | readonly [kind: 1, value: string]
  /** Canonical JSON. */
  | readonly [kind: 2, value: string]
  | readonly [kind: 3];

const missing: SortValue = [3];

/** The value of a record's field. null counts as missing. */
export function sortValue(record: JsonObject, field: string): SortValue {
  const value = fieldValue(record, field);
  if (value === undefined || value === null) return missing;
  if (typeof value === 'number') return [0, value];
  if (isBigIntegerText(value)) return [0, BigInt(value.rawJSON)];
  if (typeof value === 'string') return [1, value];
  return [2, canonicalJson(value)];
}

/** Below 0 where `a` comes first, 0 where neither does. Texts are compared by their UTF-16 units, in no language. */
export function compareSortValues(a: SortValue, b: SortValue): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  if (a[0] === 3 || b[0] === 3 || a[1] === b[1]) return 0;
  return a[1] < b[1] ? -1 : 1;
}

/** A sort value as one line of text without a tab. */
export function writeSortValue(value: SortValue): string {
  if (value[0] === 3) return '3';
  const isBig = typeof value[1] === 'bigint';
  return `${value[0]}${isBig ? `n${value[1]}` : JSON.stringify(value[1])}`;
}

/** The value of {@link writeSortValue}. */
export function readSortValue(text: string): SortValue {
  const rest = text.slice(1);
  switch (text[0]) {
    case '0':
      return [0, rest.startsWith('n') ? BigInt(rest.slice(1)) : Number(rest)];
    case '1':
      return [1, JSON.parse(rest) as string];
    case '2':
      return [2, JSON.parse(rest) as string];
    default:
      return missing;
  }
}
