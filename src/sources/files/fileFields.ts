import type { FileFieldConfig } from '../../core/config/filesSource.ts';
import { getKey, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Place } from '../../core/unit.ts';
import { compileSelect } from '../rest/select.ts';
import { recordReader, type ReadField } from '../text/recordReader.ts';

/** Makes the record of what stands in a line; a promise only where a field is an expression. */
export type FileFieldReader = (value: JsonValue, place: Place) => JsonObject | Promise<JsonObject>;

/**
 * Compiles the fields of a record. A field that the line does not have is null. A column of a CSV file may have any name:
 * one that is called like the whole path comes first. An expression sees the line as its input, and `$file` and `$line`.
 *
 * @throws PathSyntaxError, ExpressionError
 */
export function compileFileFields(
  fields: Readonly<Record<string, FileFieldConfig>>,
): FileFieldReader {
  return recordReader(
    Object.entries(fields).map(([name, field]) => [name, compileField(field)] as const),
  );
}

function compileField(field: FileFieldConfig): ReadField<[value: JsonValue, place: Place]> {
  if (typeof field !== 'string') {
    const { from } = field;
    return (_value, place) => place[from];
  }
  const select = compileSelect(field);
  return (value, place) => {
    const own = isJsonObject(value) ? getKey(value, field) : undefined;
    return own ?? select(value, () => ({ file: place.file, line: place.line }));
  };
}
