import { hash } from 'node:crypto';
import type { JsonObject, JsonValue } from './json.ts';
import { getKey, isJsonObject } from './json.ts';

/** A 128-bit fingerprint as 32 lower-case hex digits: the first 16 bytes of a sha256. */
export type Fingerprint = string;

/** Bytes of a {@link Fingerprint} in the journal. */
export const fingerprintBytes = 16;

/** The recipe of {@link recordKey}, in the words that the journal's header keeps. */
export const keyRecipe =
  'first 16 bytes of sha256 of JSON.stringify of the tuple of the typed key fields; ' +
  'without record.key: of the page URL for one record per page, of the canonical JSON of a line of a file, else of the whole record';

/** The fingerprint of a text. */
export function fingerprint(text: string): Fingerprint {
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** The fingerprints one after the other as bytes, base64: how the journal keeps them. */
export function packFingerprints(fingerprints: readonly Fingerprint[]): string {
  return Buffer.from(fingerprints.join(''), 'hex').toString('base64');
}

/** The fingerprints of {@link packFingerprints}. */
export function unpackFingerprints(packed: string): Fingerprint[] {
  const hex = Buffer.from(packed, 'base64').toString('hex');
  const keys: Fingerprint[] = [];
  for (let i = 0; i + 32 <= hex.length; i += 32) keys.push(hex.slice(i, i + 32));
  return keys;
}

/** A record without a part of its key: rejected, with the field's name. */
export interface MissingKeyPart {
  readonly missing: string;
}

/** Fields that provenance adds; they take no part in a key. */
export const provenanceFields = ['_unit', '_url', '_fetchedAt'] as const;

/**
 * The key of a record by its key fields: each is a field's name, or a path of names joined by dots. `1` and `"1"` are
 * different keys. A part that is missing or null makes the record one without a key.
 */
export function recordKey(
  record: JsonObject,
  fields: readonly string[],
): Fingerprint | MissingKeyPart {
  const tuple: JsonValue[] = [];
  for (const field of fields) {
    const value = fieldValue(record, field);
    if (value === undefined || value === null) return { missing: field };
    tuple.push(value);
  }
  return fingerprint(JSON.stringify(tuple));
}

/** The key of a record that has no key fields: its text. */
export function wholeRecordKey(line: string): Fingerprint {
  return fingerprint(line);
}

/** A field of a record by its name or, where there is none of that name, by a path of names joined by dots. */
export function fieldValue(record: JsonObject, field: string): JsonValue | undefined {
  const direct = getKey(record, field);
  if (direct !== undefined || !field.includes('.')) return direct;
  let value: JsonValue | undefined = record;
  for (const name of field.split('.')) {
    if (!isJsonObject(value)) return undefined;
    value = getKey(value, name);
  }
  return value;
}
