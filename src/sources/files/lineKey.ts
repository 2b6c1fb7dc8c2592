import { canonicalJson, type JsonObject } from '../../core/json.ts';
import {
  recordKey,
  wholeRecordKey,
  type Fingerprint,
  type MissingKeyPart,
} from '../../core/keys.ts';

/** A record's key, as `recordKeysOf` makes it for files. */
export function keyOf(
  record: JsonObject,
  keyFields: readonly string[] | undefined,
): Fingerprint | MissingKeyPart {
  if (keyFields === undefined) return wholeRecordKey(canonicalJson(record));
  return recordKey(record, keyFields);
}
