import type { Collection } from '../core/config.ts';
import type { FileRole } from '../core/events.ts';
import { isJsonObject, parseJson, type JsonValue } from '../core/json.ts';
import { fingerprint, type Fingerprint } from '../core/keys.ts';
import { recordKeysOf } from '../core/recordKeys.ts';

/** What a line of a data file says of its key. `unknown`: it is whole, but the line alone does not tell its key. */
export type LineKey = { readonly key: Fingerprint } | 'unknown' | 'bad';

/** Reads the keys of lines off a data file, as the journal has them: how a line that is there is told from a lost one. */
export function lineKeyReader(role: FileRole, collection: Collection): (line: Buffer) => LineKey {
  const recordKeys = recordKeysOf(collection);
  return (line) => {
    const text = line.toString();
    const value = parseOrUndefined(text);
    switch (role) {
      case 'master': {
        if (!isJsonObject(value)) return 'bad';
        const key = recordKeys.ofMasterRecord(value);
        return key === undefined ? 'unknown' : typeof key === 'string' ? { key } : 'bad';
      }
      case 'rejected': {
        const record = isJsonObject(value) ? rejectedRecord.exec(text)?.[1] : undefined;
        return record === undefined ? 'bad' : { key: fingerprint(record) };
      }
      case 'raw':
        return value === undefined ? 'bad' : { key: fingerprint(text) };
    }
  };
}

/** See `rejectedLine`. */
const rejectedRecord = /^\{"reason":"(?:[^"\\]|\\.)*","unit":\d+,"record":(.*)\}$/s;

function parseOrUndefined(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
