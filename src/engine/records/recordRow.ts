import { isBigIntegerText, isJsonObject, parseJson, type JsonValue } from '../../core/json.ts';
import type { RecordCell, RecordRow } from '../../core/records.ts';
import type { LinePart } from './lineParts.ts';

/** Longer lines are not looked into for a table. */
export const longLineBytes = 256 * 1024;
const maxTextLength = 500;
const maxCellLength = 200;
const maxCells = 100;
/** Some systems begin a file of UTF-8 with it. */
const byteOrderMark = '\uFEFF';

/** A line as a row of a table. */
export function recordRow(record: number, line: LinePart): RecordRow {
  const row = { record, bytes: line.bytes, cells: [] };
  if (line.bytes > longLineBytes)
    return {
      ...row,
      kind: 'long',
      text: cut(lineText(line.head.subarray(0, maxTextLength * 4)), maxTextLength),
    };
  const text = lineText(line.head);
  const shown = { ...row, text: cut(text, maxTextLength) };
  if (text.trim() === '') return { ...shown, kind: 'blank' };
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch {
    return { ...shown, kind: 'bad' };
  }
  if (!isJsonObject(value)) return { ...shown, kind: 'value' };
  const cells = Object.entries(value).slice(0, maxCells).map(toCell);
  return { ...shown, kind: 'object', cells };
}

/** The text of a line: without a carriage return at its end, or the mark that a file may begin with. */
export function lineText(bytes: Buffer): string {
  const text = bytes.toString();
  return text.slice(text.startsWith(byteOrderMark) ? 1 : 0, text.endsWith('\r') ? -1 : undefined);
}

function toCell([field, value]: [string, JsonValue]): RecordCell {
  return {
    field: cut(field, maxCellLength),
    type: typeOf(value),
    text: cut(cellText(value), maxCellLength),
  };
}

function typeOf(value: JsonValue): RecordCell['type'] {
  if (value === null) return 'null';
  if (isBigIntegerText(value)) return 'number';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return typeof value as 'string' | 'number' | 'boolean';
  return 'json';
}

function cellText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A cut never leaves half a character. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
