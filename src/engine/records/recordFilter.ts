import { assertNever } from '../../core/assert.ts';
import { getKey, isJsonObject, parseJson, scalarText, type JsonValue } from '../../core/json.ts';
import type { RecordFilter } from '../../core/records.ts';

/** Whether the text of a line fits. */
export type LineTest = (text: string) => boolean;

/** A filter as a test of lines. A line that is no JSON has no fields, and is text all the same. */
export function lineTest(filter: RecordFilter): LineTest {
  const wanted = filter.text.toLowerCase();
  switch (filter.kind) {
    case 'text':
      return (text) =>
        text.toLowerCase().includes(wanted) ||
        // An escape (\n, \", \u00e9) hides what it stands for.
        (text.includes('\\') && hasText(parsed(text), wanted));
    case 'contains':
    case 'equals': {
      const { field } = filter;
      const fits =
        filter.kind === 'equals'
          ? (value: JsonValue) =>
              textOf(value).toLowerCase() === wanted || isListWith(value, wanted)
          : (value: JsonValue) => textOf(value).toLowerCase().includes(wanted);
      // A number may be written in many ways: 2e3 is 2000.
      const isPlain = !/\d/.test(wanted);
      return (text) => {
        if (isPlain && !text.includes('\\') && !text.toLowerCase().includes(wanted)) return false;
        const value = valueAt(parsed(text), field);
        return value !== undefined && fits(value);
      };
    }
    default:
      return assertNever(filter, 'filter');
  }
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** `author.name` is the field of that name where there is one, else the name of the author. */
function valueAt(record: JsonValue | undefined, path: string): JsonValue | undefined {
  if (Array.isArray(record)) {
    const list: readonly JsonValue[] = record;
    return list[Number(path)];
  }
  if (!isJsonObject(record)) return undefined;
  const own = getKey(record, path);
  if (own !== undefined) return own;
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const inner = valueAt(getKey(record, path.slice(0, dot)), path.slice(dot + 1));
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function textOf(value: JsonValue): string {
  return scalarText(value) ?? JSON.stringify(value);
}

function isListWith(value: JsonValue, wanted: string): boolean {
  return (
    Array.isArray(value) && value.some((item: JsonValue) => textOf(item).toLowerCase() === wanted)
  );
}

function hasText(value: JsonValue | undefined, wanted: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(wanted);
  if (Array.isArray(value)) return value.some((item: JsonValue) => hasText(item, wanted));
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(
    ([key, inner]) => key.toLowerCase().includes(wanted) || hasText(inner, wanted),
  );
}
