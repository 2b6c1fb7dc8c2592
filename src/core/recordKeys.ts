import type { Collection } from './config.ts';
import { walksPages } from './config/pageSources.ts';
import { canonicalJson, setKey, toJsonLine, type JsonObject, type JsonValue } from './json.ts';
import {
  fingerprint,
  provenanceFields,
  recordKey,
  wholeRecordKey,
  type Fingerprint,
  type MissingKeyPart,
} from './keys.ts';

/** How a collection's records get their keys; see `keyRecipe`. */
export interface RecordKeys {
  /**
   * The key of a record without provenance fields.
   *
   * @param pageUrl the canonical URL of the page that it came from.
   */
  of(record: JsonObject, line: string, pageUrl: string): Fingerprint | MissingKeyPart;
  /** The key of a record as it stands in a master; undefined when only its page's URL tells it from others. */
  ofMasterRecord(record: JsonObject): Fingerprint | MissingKeyPart | undefined;
}

/** Chooses how records get their keys, once for a collection. */
export function recordKeysOf(collection: Collection): RecordKeys {
  const { source, record, output } = collection;
  const { key } = record;
  if (key !== undefined) {
    return { of: (r) => recordKey(r, key), ofMasterRecord: (r) => recordKey(r, key) };
  }
  if (walksPages(source) && source.items === undefined) {
    return {
      of: (_record, _line, pageUrl) => fingerprint(pageUrl),
      ofMasterRecord: () => undefined,
    };
  }
  if (source.type === 'files') {
    // Which program wrote a line shows in the order of its fields, and makes it no other record.
    const ofContent = (r: JsonObject): Fingerprint => wholeRecordKey(canonicalJson(r));
    return {
      of: ofContent,
      ofMasterRecord: (r) => ofContent(output.provenance ? without(r, provenanceFields) : r),
    };
  }
  const clockFields = fieldsFromTheClock(source);
  const withoutClock = (r: JsonObject): string => toJsonLine(without(r, clockFields));
  // Without provenance a field of such a name is the record's own.
  const ignored = output.provenance ? [...clockFields, ...provenanceFields] : clockFields;
  return {
    of: (r, line) => wholeRecordKey(clockFields.length === 0 ? line : withoutClock(r)),
    ofMasterRecord: (r) => wholeRecordKey(toJsonLine(without(r, ignored))),
  };
}

/** Fields that differ each time the same thing is received. */
function fieldsFromTheClock(source: Collection['source']): string[] {
  const fields: Readonly<Record<string, string | { readonly from?: string | undefined }>> =
    ('fields' in source ? source.fields : undefined) ?? {};
  return Object.entries(fields)
    .filter(([, field]) => typeof field === 'object' && field.from === 'fetchedAt')
    .map(([name]) => name);
}

function without(record: JsonObject, names: readonly string[]): JsonObject {
  const rest: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(record)) {
    if (!names.includes(name)) setKey(rest, name, value);
  }
  return rest;
}
