import { getKey, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** What all items of one answer share. */
export interface ApifyFacts {
  /** Where in the dataset it was read. */
  readonly url: string;
  /** ISO time. */
  readonly fetchedAt: string;
  /** The run's id. */
  readonly run: string;
  readonly actor: string;
}

/** One item of a dataset. */
export interface ApifyItem {
  readonly value: JsonValue;
  readonly facts: ApifyFacts;
}

/** The item as the raw file keeps it: as received, with what its record may need beside it. */
export function itemToRaw({ value, facts }: ApifyItem): JsonObject {
  return { value, ...facts };
}

/** The item of {@link itemToRaw}. */
export function itemFromRaw(raw: JsonValue): ApifyItem {
  if (!isJsonObject(raw)) throw new Error('A raw Apify item is an object');
  const { url, fetchedAt, run, actor } = raw;
  if (
    typeof url !== 'string' ||
    typeof fetchedAt !== 'string' ||
    typeof run !== 'string' ||
    typeof actor !== 'string'
  ) {
    throw new Error('A raw Apify item has a url, a fetchedAt, a run and an actor');
  }
  return { value: getKey(raw, 'value') ?? null, facts: { url, fetchedAt, run, actor } };
}
