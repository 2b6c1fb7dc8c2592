import type { ValidateFunction } from 'ajv';
import type { Collection } from '../../core/config.ts';
import { toJsonLine, type JsonObject } from '../../core/json.ts';
import { wholeRecordKey, type Fingerprint } from '../../core/keys.ts';
import { recordKeysOf, type RecordKeys } from '../../core/recordKeys.ts';
import type { PreparedRecord, PreparedReject } from '../../storage/committer.ts';
import { rejectedLine } from '../../storage/sessionStore.ts';
import { compileRecordSchema } from '../prepare.ts';

/** A record of an earlier system. */
export interface EarlierRecord {
  readonly record: JsonObject;
  /** The line that it was, where it was one by itself: it is written as it is. */
  readonly text?: string;
}

/** Makes lines for the master of earlier records. */
export class RecordPreparer {
  readonly #keys: RecordKeys;
  readonly #validate: ValidateFunction | undefined;

  private constructor(keys: RecordKeys, validate: ValidateFunction | undefined) {
    this.#keys = keys;
    this.#validate = validate;
  }

  /** @throws when `record.schema` can't be compiled. */
  static async of(collection: Collection): Promise<RecordPreparer> {
    const { schema } = collection.record;
    const validate = schema === undefined ? undefined : await compileRecordSchema(schema);
    return new RecordPreparer(recordKeysOf(collection), validate);
  }

  /** @param comesAgain the unit is collected once more: its duplicates are counted then. */
  batch(unit: number, comesAgain: boolean): Batch {
    const seen = comesAgain ? new Set<Fingerprint>() : undefined;
    return new Batch(unit, seen, (record) => this.#keyOf(record));
  }

  #keyOf(record: JsonObject): Fingerprint | { readonly reason: string } {
    if (this.#validate?.(record) === false) {
      const error = this.#validate.errors?.[0];
      return { reason: `schema: ${error?.instancePath ?? ''} ${error?.message ?? ''}` };
    }
    // Of one record per page only its page's URL would do, and that is not known of earlier records.
    const key = this.#keys.ofMasterRecord(record) ?? wholeRecordKey(toJsonLine(record));
    return typeof key === 'string'
      ? key
      : { reason: `no key: field "${key.missing}" is missing or null` };
  }
}

type KeyOf = (record: JsonObject) => Fingerprint | { readonly reason: string };

/** Records of one unit on their way. */
class Batch {
  readonly #unit: number;
  readonly #seen: Set<Fingerprint> | undefined;
  readonly #keyOf: KeyOf;
  #records: PreparedRecord[] = [];
  #rejected: PreparedReject[] = [];

  constructor(unit: number, seen: Set<Fingerprint> | undefined, keyOf: KeyOf) {
    this.#unit = unit;
    this.#seen = seen;
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#records.length + this.#rejected.length;
  }

  add({ record, text }: EarlierRecord): void {
    const line = text ?? toJsonLine(record);
    const key = this.#keyOf(record);
    if (typeof key !== 'string') {
      this.#rejected.push(rejectedLine(this.#unit, key.reason, line));
      return;
    }
    if (this.#seen?.has(key) === true) return;
    this.#seen?.add(key);
    this.#records.push({ line, key });
  }

  take(): { records: PreparedRecord[]; rejected: PreparedReject[] } {
    const taken = { records: this.#records, rejected: this.#rejected };
    this.#records = [];
    this.#rejected = [];
    return taken;
  }
}
