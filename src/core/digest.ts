import { createHash } from 'node:crypto';
import { collectionSchema, type Collection } from './config.ts';
import { canonicalJson, type JsonObject, type JsonValue } from './json.ts';
import { mutableKeys } from './mutableKeys.ts';

/** sha256, hex, of the parts of a collection that may not change between a start and a resume. */
export function collectionDigest(collection: Collection): string {
  return createHash('sha256')
    .update(canonicalJson(fixedParts(asJson(collection))))
    .digest('hex');
}

/**
 * The paths at which two collections differ in what may not change: `source.fields.title`.
 *
 * @param before as an older version may have written it: what has got a default since is not a difference.
 */
export function fixedDifferences(before: JsonObject, after: Collection): string[] {
  const known = collectionSchema.safeParse(before);
  const then = known.success ? asJson(known.data) : before;
  return differences(fixedParts(then), fixedParts(asJson(after)), '');
}

/** A collection as the journal keeps it: plain JSON, secrets as their names. */
export function asJson(collection: Collection): JsonObject {
  return JSON.parse(JSON.stringify(collection)) as JsonObject;
}

function fixedParts(collection: JsonObject): JsonObject {
  const mutable: readonly string[] = mutableKeys;
  return Object.fromEntries(Object.entries(collection).filter(([key]) => !mutable.includes(key)));
}

function differences(before: JsonValue, after: JsonValue, path: string): string[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (!isPlainObject(before) || !isPlainObject(after)) return [path];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) =>
    differences(before[key] ?? null, after[key] ?? null, path === '' ? key : `${path}.${key}`),
  );
}

function isPlainObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
