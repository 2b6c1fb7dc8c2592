import { setKey, type JsonObject, type JsonValue } from '../../core/json.ts';

type FieldValue = JsonValue | undefined;

/** Reads one field; a promise only where it is an expression. */
export type ReadField<Given extends readonly unknown[]> = (
  ...given: Given
) => FieldValue | Promise<FieldValue>;

/**
 * Makes a record of what its fields' readers give. A field that has nothing is null: every record has every field. A
 * promise only where a reader gives one: without an expression there is nothing to wait for.
 */
export function recordReader<Given extends readonly unknown[]>(
  fields: readonly (readonly [name: string, read: ReadField<Given>])[],
): (...given: Given) => JsonObject | Promise<JsonObject> {
  const names = fields.map(([name]) => name);
  const readers = fields.map(([, read]) => read);
  return (...given) => {
    const read = readers.map((reader) => reader(...given));
    return read.every(isThere)
      ? recordOf(names, read)
      : Promise.all(read.map(async (value) => value)).then((all) => recordOf(names, all));
  };
}

function isThere(value: FieldValue | Promise<FieldValue>): value is FieldValue {
  return !(value instanceof Promise);
}

function recordOf(names: readonly string[], values: readonly FieldValue[]): JsonObject {
  const record: Record<string, JsonValue> = {};
  names.forEach((name, i) => {
    setKey(record, name, values[i] ?? null);
  });
  return record;
}
