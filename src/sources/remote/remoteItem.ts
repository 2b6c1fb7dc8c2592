import type { Mapped } from '../../core/customSource/wire.ts';
import { getKey, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** An item of somebody's own code. */
export interface RemoteItem {
  readonly value: JsonValue;
  /** What came of mapping it, where that was done with it. */
  readonly mapped: Mapped | undefined;
  readonly url: string;
  /** ISO time. */
  readonly fetchedAt: string;
}

/** The item as the raw file keeps it. */
export function itemToRaw({ value, url, fetchedAt }: RemoteItem): JsonObject {
  return { value, url, fetchedAt };
}

/** The item of {@link itemToRaw}; it has to be mapped again. */
export function itemFromRaw(raw: JsonValue): RemoteItem {
  const { url, fetchedAt } = isJsonObject(raw) ? raw : {};
  if (!isJsonObject(raw) || typeof url !== 'string' || typeof fetchedAt !== 'string')
    throw new Error('A raw item of one’s own code has a value, a url and a fetchedAt');
  return { value: getKey(raw, 'value') ?? null, mapped: undefined, url, fetchedAt };
}
