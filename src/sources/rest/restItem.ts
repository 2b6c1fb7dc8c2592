import { getKey, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** What all items of one answer share. */
export interface AnswerFacts {
  /** Where it came from; secrets stand in it as names. */
  readonly url: string;
  /** ISO time. */
  readonly fetchedAt: string;
  readonly status: number;
}

/** One item of an answer. */
export interface RestItem {
  readonly value: JsonValue;
  readonly facts: AnswerFacts;
}

/** The item as the raw file keeps it: as received, with what its record may need beside it. */
export function itemToRaw({ value, facts }: RestItem): JsonObject {
  return { value, url: facts.url, fetchedAt: facts.fetchedAt, status: facts.status };
}

/** The item of {@link itemToRaw}. */
export function itemFromRaw(raw: JsonValue): RestItem {
  if (!isJsonObject(raw)) throw new Error('A raw REST item is an object');
  const { url, fetchedAt, status } = raw;
  if (typeof url !== 'string' || typeof fetchedAt !== 'string' || typeof status !== 'number')
    throw new Error('A raw REST item has a url, a fetchedAt and a status');
  return { value: getKey(raw, 'value') ?? null, facts: { url, fetchedAt, status } };
}
