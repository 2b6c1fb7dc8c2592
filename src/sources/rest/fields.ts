import type { RestFieldConfig } from '../../core/config/restSource.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { compilePath } from '../text/jsonPath.ts';
import { recordReader, type ReadField } from '../text/recordReader.ts';
import type { RestItem } from './restItem.ts';
import { compileSelect } from './select.ts';

/** Makes the record of an item; a promise only where a field is an expression. */
export type FieldReader = (item: RestItem, values: JsonObject) => JsonObject | Promise<JsonObject>;

/** The facts that a field may be taken from, beside `for.NAME`. */
export const factNames = ['url', 'fetchedAt', 'status'] as const;

/**
 * Compiles the fields of a record. A field that its item does not have is null: every record has every field. Without
 * fields the record is the item itself, or `{value: item}` for one that is no object.
 *
 * An expression sees the item as its input, and `$for`, `$url`, `$fetchedAt` and `$status`.
 *
 * @throws PathSyntaxError, ExpressionError
 */
export function compileFields(
  fields: Readonly<Record<string, RestFieldConfig>> | undefined,
): FieldReader {
  if (fields === undefined) return ({ value }) => (isJsonObject(value) ? value : { value });
  return recordReader(
    Object.entries(fields).map(([name, field]) => [name, compileField(field)] as const),
  );
}

function compileField(field: RestFieldConfig): ReadField<[item: RestItem, values: JsonObject]> {
  if (typeof field === 'string') {
    const select = compileSelect(field);
    return (item, values) => select(item.value, () => bindingsOf(item, values));
  }
  const { from } = field;
  if (from.startsWith('for.')) {
    const read = compilePath(from.slice('for.'.length));
    return (_item, values) => read(values);
  }
  const fact = factNames.find((name) => name === from);
  if (fact === undefined) throw new Error(`Nothing is called "${from}"`);
  return (item) => item.facts[fact];
}

function bindingsOf({ facts }: RestItem, values: JsonObject): JsonObject {
  return { for: values, url: facts.url, fetchedAt: facts.fetchedAt, status: facts.status };
}
