import type { ValidateFunction } from 'ajv';
import type { Collection } from '../core/config.ts';
import { messageOf } from '../core/errors.ts';
import {
  isJsonObject,
  scalarText,
  setKey,
  toJsonLine,
  type JsonObject,
  type JsonValue,
} from '../core/json.ts';
import { fieldValue } from '../core/keys.ts';
import { recordKeysOf, type RecordKeys } from '../core/recordKeys.ts';
import type { Unit } from '../core/unit.ts';
import type { ItemFacts, Source } from '../sources/source.ts';
import type { PreparedRecord, PreparedReject } from '../storage/committer.ts';
import { rejectedLine } from '../storage/sessionStore.ts';

/** Records ready to be committed, and items that made none. */
export interface Prepared {
  readonly records: PreparedRecord[];
  readonly rejected: PreparedReject[];
}

/**
 * Makes lines for the master of items: map, check, key, serialise. An item that can't be made a record goes to the
 * rejected file with its reason, and takes no other with it.
 */
export class Preparer<Item> {
  readonly #source: Source<Item>;
  readonly #keys: RecordKeys;
  readonly #validate: ValidateFunction | undefined;
  readonly #limitField: string | undefined;
  readonly #hasProvenance: boolean;
  /** Whether more of a record is needed than its line and its key. */
  readonly #looksInside: boolean;

  /** @param validate the compiled `record.schema`, where there is one. */
  constructor(
    source: Source<Item>,
    collection: Collection,
    validate: ValidateFunction | undefined,
  ) {
    this.#source = source;
    this.#keys = recordKeysOf(collection);
    this.#validate = validate;
    this.#limitField = collection.limits.perKey?.field;
    this.#hasProvenance = collection.output.provenance;
    this.#looksInside =
      validate !== undefined || this.#limitField !== undefined || this.#hasProvenance;
  }

  async prepare(items: readonly Item[], unit: Unit): Promise<Prepared> {
    const prepared: Prepared = { records: [], rejected: [] };
    for (const item of items) {
      const facts = this.#source.facts?.(item) ?? noFacts;
      if (!this.#looksInside && facts.line !== undefined && typeof facts.key === 'string') {
        prepared.records.push({ line: facts.line, key: facts.key });
        continue;
      }
      const { unit: receivedFor = unit } = facts;
      try {
        const makes = this.#source.makesRecord?.(item, receivedFor) ?? true;
        if (!(makes instanceof Promise ? await makes : makes)) continue;
        const mapped = this.#source.map(item, receivedFor);
        this.#add(mapped instanceof Promise ? await mapped : mapped, item, facts, unit, prepared);
      } catch (error) {
        const line = toJsonLine(this.#source.toRaw(item));
        // At a place it is the line that is wrong, and not what was made of it.
        const what = facts.place === undefined ? 'mapping: ' : '';
        const reason = at(facts.place, `${what}${messageOf(error)}`);
        prepared.rejected.push(rejectedLine(unit.n, reason, line));
      }
    }
    return prepared;
  }

  #add(record: JsonObject, item: Item, facts: ItemFacts, unit: Unit, prepared: Prepared): void {
    const line = facts.line ?? toJsonLine(record);
    const reject = (reason: string): void => {
      prepared.rejected.push(rejectedLine(unit.n, at(facts.place, reason), line));
    };
    if (!isJsonObject(record)) {
      reject('not an object');
      return;
    }
    if (this.#validate?.(record) === false) {
      reject(`schema: ${schemaErrors(this.#validate)}`);
      return;
    }
    const receivedFor = facts.unit ?? unit;
    const key = facts.key ?? this.#keys.of(record, line, receivedFor.key);
    if (typeof key !== 'string') {
      reject(`no key: field "${key.missing}" is missing or null`);
      return;
    }
    const limitValue = this.#limitValue(record);
    const written = this.#hasProvenance
      ? toJsonLine(this.#withProvenance(record, item, receivedFor))
      : line;
    prepared.records.push(
      limitValue === undefined ? { line: written, key } : { line: written, key, limitValue },
    );
  }

  #limitValue(record: JsonObject): string | undefined {
    if (this.#limitField === undefined) return undefined;
    const value = fieldValue(record, this.#limitField);
    return value === undefined ? undefined : scalarText(value);
  }

  #withProvenance(record: JsonObject, item: Item, unit: Unit): JsonObject {
    const { url, fetchedAt } = this.#source.provenance(item);
    const result: Record<string, JsonValue> = {};
    for (const [name, value] of Object.entries(record)) setKey(result, name, value);
    return Object.assign(result, { _unit: unit.n, _url: url, _fetchedAt: fetchedAt });
  }
}

const noFacts: ItemFacts = {};

function at(place: ItemFacts['place'], reason: string): string {
  return place === undefined ? reason : `${place.file}:${place.line}: ${reason}`;
}

/** Compiles `record.schema`. @throws with ajv's words when it is no JSON Schema. */
export async function compileRecordSchema(schema: JsonObject): Promise<ValidateFunction> {
  // 13 MB that only collections with a schema need.
  const [{ Ajv }, { default: addFormats }] = await Promise.all([
    import('ajv'),
    import('ajv-formats'),
  ]);
  const ajv = new Ajv({ allErrors: false, strict: false, allowUnionTypes: true });
  addFormats.default(ajv);
  return ajv.compile(schema);
}

function schemaErrors(validate: ValidateFunction): string {
  return (validate.errors ?? [])
    .map(
      (e) =>
        `${e.instancePath === '' ? 'record' : e.instancePath.slice(1).replaceAll('/', '.')} ${e.message ?? ''}`,
    )
    .join('; ');
}
