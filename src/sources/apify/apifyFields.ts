import type { ApifyFieldConfig } from '../../core/config/apifySource.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { compileSelect } from '../rest/select.ts';
import { compilePath } from '../text/jsonPath.ts';
import { recordReader, type ReadField } from '../text/recordReader.ts';
import type { ApifyItem } from './apifyItem.ts';

/** What a unit knows before its run gives anything. */
export interface UnitValues {
  readonly for: JsonObject;
  /** What is kept of the item that the unit follows up; empty for the first runs. */
  readonly parent: JsonObject;
}

/** Makes the record of an item; a promise only where a field is an expression. */
export type FieldReader = (item: ApifyItem, values: UnitValues) => JsonObject | Promise<JsonObject>;

/** Whether an item is one that is wanted; a promise only for an expression. */
export type Condition = (item: ApifyItem, values: UnitValues) => boolean | Promise<boolean>;

type Value = JsonValue | undefined;
type Read = ReadField<[item: ApifyItem, values: UnitValues]>;

/** The facts that a field may be taken from, beside `for.NAME` and `parent.NAME`. */
export const factNames = ['url', 'fetchedAt', 'run', 'actor'] as const;

/**
 * Compiles the fields of a record. A field that its item does not have is null: every record has every field. Without
 * fields the record is the item itself, or `{value: item}` for one that is no object.
 *
 * @throws PathSyntaxError, ExpressionError
 */
export function compileFields(
  fields: Readonly<Record<string, ApifyFieldConfig>> | undefined,
): FieldReader {
  if (fields === undefined) return ({ value }) => (isJsonObject(value) ? value : { value });
  return recordReader(compileAll(fields));
}

/** Reads values of an item by the paths that a collection names: what is kept of one that is followed up. */
export function compileValues(selects: Readonly<Record<string, string>>): FieldReader {
  return recordReader(compileAll(selects));
}

/** @throws PathSyntaxError, ExpressionError */
export function compileCondition(select: string | undefined): Condition {
  if (select === undefined) return () => true;
  const read = compileText(select);
  return (item, values) => {
    const value = read(item, values);
    return value instanceof Promise ? value.then(isWanted) : isWanted(value);
  };
}

/** A value that says yes: everything but nothing, false, 0, an empty text and an empty list. */
function isWanted(value: Value): boolean {
  if (value === undefined || value === null || value === false || value === 0) return false;
  return value !== '' && !(Array.isArray(value) && value.length === 0);
}

function compileAll(
  fields: Readonly<Record<string, ApifyFieldConfig>>,
): (readonly [string, Read])[] {
  return Object.entries(fields).map(([name, field]) => [
    name,
    typeof field === 'string' ? compileText(field) : compileFrom(field.from),
  ]);
}

function compileText(text: string): Read {
  const select = compileSelect(text);
  return (item, values) => select(item.value, () => ({ ...values, ...item.facts }));
}

function compileFrom(from: string): Read {
  for (const group of ['for', 'parent'] as const) {
    if (!from.startsWith(`${group}.`)) continue;
    const read = compilePath(from.slice(group.length + 1));
    return (_item, values) => read(values[group]);
  }
  const fact = factNames.find((name) => name === from);
  if (fact === undefined) throw new Error(`Nothing is called "${from}"`);
  return (item) => item.facts[fact];
}
