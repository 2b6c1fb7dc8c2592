import { findNodeAtLocation, parse, parseTree, type JSONPath, type Node } from 'jsonc-parser';
import type { HtmlFieldConfig } from './config/htmlSource.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import type { PickedCollection } from './picker.ts';

/** A piece of a text that is replaced by another. */
export interface TextEdit {
  readonly offset: number;
  readonly length: number;
  readonly content: string;
}

const lineWidth = 100;

/**
 * The edits that give a collection's text a value at a path, as a person would write it: what stands there is replaced,
 * what does not is added behind the last property, with whatever is missing around it. All comments stay but those in
 * what is replaced.
 *
 * @throws Error for a text that is no JSON object.
 */
export function setInText(text: string, path: JSONPath, value: JsonValue): TextEdit[] {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  if (tree?.type !== 'object') throw new Error('The collection file is no JSON object.');
  const style = styleOf(text);
  const node = findNodeAtLocation(tree, path);
  if (node !== undefined) {
    const content = printJson(value, indentAt(text, node.offset), style);
    return [{ offset: node.offset, length: node.length, content }];
  }
  const name = String(path.at(-1));
  const parent = findNodeAtLocation(tree, path.slice(0, -1));
  if (parent === undefined) return setInText(text, path.slice(0, -1), { [name]: value });
  if (parent.type !== 'object') {
    return [replaced(parent, printJson({ [name]: value }, indentAt(text, parent.offset), style))];
  }
  return addedTo(text, parent, name, value, style);
}

/** The text with edits of {@link setInText} made. */
export function applyTextEdits(text: string, edits: readonly TextEdit[]): string {
  return [...edits]
    .sort((a, b) => b.offset - a.offset)
    .reduce(
      (now, { offset, length, content }) =>
        now.slice(0, offset) + content + now.slice(offset + length),
      text,
    );
}

/** The edits that take a property out, with its comma and, where nothing else is on it, its line; none without it. */
export function removeFromText(text: string, path: JSONPath): TextEdit[] {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const property = tree === undefined ? undefined : findNodeAtLocation(tree, path)?.parent;
  if (property?.type !== 'property') return [];
  const siblings = property.parent?.children ?? [];
  const previous = siblings[siblings.indexOf(property) - 1];
  const end = endOf(property);
  const behind = commaAfter(text, end);
  // The last one's comma is the one before it.
  const before = previous === undefined ? undefined : commaAfter(text, endOf(previous));
  const comma = behind ?? before;
  const edits = comma === undefined || comma === end ? [] : [cut(comma, comma + 1)];
  return [...edits, wholeLine(text, property.offset, comma === end ? end + 1 : end)];
}

/** The comma that ends a property, with nothing but white space and comments before it. */
function commaAfter(text: string, end: number): number | undefined {
  const found = spaceAndComma.exec(text.slice(end));
  return found === null ? undefined : end + found[0].length - 1;
}

const spaceAndComma = /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*,/;

/** Cuts a part of a text out; its line with it where that would be left blank. */
function wholeLine(text: string, start: number, end: number): TextEdit {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', end);
  const isAlone =
    lineStart > 0 &&
    lineEnd !== -1 &&
    text.slice(lineStart, start).trim() === '' &&
    text.slice(end, lineEnd).trim() === '';
  if (isAlone) return cut(lineStart, lineEnd + 1);
  const space = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0;
  return cut(start, end + space);
}

function cut(from: number, to: number): TextEdit {
  return { offset: from, length: to - from, content: '' };
}

/** What the picking of fields needs to know of a collection's text; null where it is none, or has no source. */
export function pickedCollection(text: string): PickedCollection | null {
  const value = parse(text, [], { allowTrailingComma: true }) as JsonValue | undefined;
  const source = isJsonObject(value) ? value['source'] : undefined;
  if (!isJsonObject(value) || !isJsonObject(source)) return null;
  const { items, fields } = source;
  const record = value['record'];
  const key = isJsonObject(record) ? record['key'] : undefined;
  return {
    items: typeof items === 'string' ? items : null,
    fields: isJsonObject(fields) ? fieldsIn(fields) : {},
    key: isTexts(key) ? key : null,
  };
}

/** A field as it stands in a file: without what is not given. */
export function fieldJson(field: HtmlFieldConfig): JsonValue {
  if (typeof field === 'string') return field;
  const given = Object.entries(field).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as JsonObject;
}

function fieldsIn(fields: JsonObject): Record<string, HtmlFieldConfig> {
  const entries = Object.entries(fields).filter(
    ([, field]) => typeof field === 'string' || isJsonObject(field),
  );
  // What is wrong with a field is found out, and told, where it is tried.
  return Object.fromEntries(entries) as Record<string, HtmlFieldConfig>;
}

function isTexts(value: JsonValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

interface Style {
  readonly indent: string;
  readonly newline: string;
}

function styleOf(text: string): Style {
  return {
    indent: /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ',
    newline: text.includes('\r\n') ? '\r\n' : '\n',
  };
}

/** A value as JSON: on one line where it fits and is simple, else one property or element a line. */
function printJson(value: JsonValue, indent: string, style: Style): string {
  const flat = printFlat(value);
  const isShort = indent.length + flat.length <= lineWidth;
  if (typeof value !== 'object' || value === null) return flat;
  const isList = Array.isArray(value);
  const inner = isList ? (value as readonly JsonValue[]) : Object.values(value);
  if (inner.length === 0) return flat;
  const isNested = !isList && inner.some((one) => isJsonObject(one));
  if (isShort && !isNested && inner.length <= 6) return flat;
  const deeper = indent + style.indent;
  const lines = isList
    ? inner.map((one) => printJson(one, deeper, style))
    : Object.entries(value).map(
        ([name, one]) => `${JSON.stringify(name)}: ${printJson(one, deeper, style)}`,
      );
  const [open, close] = isList ? '[]' : '{}';
  const { newline } = style;
  return `${open}${newline}${lines.map((line) => deeper + line).join(`,${newline}`)}${newline}${indent}${close}`;
}

function printFlat(value: JsonValue): string {
  if (Array.isArray(value)) {
    return `[${(value as readonly JsonValue[]).map(printFlat).join(', ')}]`;
  }
  if (!isJsonObject(value)) return JSON.stringify(value);
  const parts = Object.entries(value).map(
    ([name, one]) => `${JSON.stringify(name)}: ${printFlat(one)}`,
  );
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

/** Adds a property to an object: on a line of its own, unless the object stands on one line. */
function addedTo(
  text: string,
  object: Node,
  name: string,
  value: JsonValue,
  style: Style,
): TextEdit[] {
  const { indent: unit, newline } = style;
  const last = object.children?.at(-1);
  const outer = indentAt(text, object.offset);
  const inside = text.slice(object.offset, endOf(object));
  if (last === undefined && inside.slice(1, -1).trim() === '') {
    return [replaced(object, printJson({ [name]: value }, outer, style))];
  }
  if (!inside.includes('\n')) {
    const merged: JsonObject = { ...(parse(inside) as JsonObject), [name]: value };
    const isCommented = inside.includes('/*');
    if (!isCommented) return [replaced(object, printJson(merged, outer, style))];
  }
  const indent = last === undefined ? outer + unit : indentAt(text, last.offset);
  const line = `${newline}${indent}${JSON.stringify(name)}: ${printJson(value, indent, style)}`;
  if (last === undefined) {
    // Only comments are in it: behind them.
    const content = `${line}${newline}${outer}`;
    return [
      {
        offset: endOf(object) - 1,
        length: 0,
        content: content.replace(/\s*$/, `${newline}${outer}`),
      },
    ];
  }
  const end = endOf(last);
  const after = spaceAndComma.exec(text.slice(end, endOf(object)));
  const from = end + (after?.[0].length ?? 0);
  // A comment behind the last property stays with it.
  const rest = /^[ \t]*(?:\/\/[^\r\n]*|\/\*[^\n]*?\*\/)?/.exec(text.slice(from, endOf(object) - 1));
  const offset = from + (rest?.[0].trimEnd().length ?? 0);
  const comma = after === null ? ',' : '';
  if (offset === end) return [{ offset, length: 0, content: comma + line }];
  return [
    { offset: end, length: 0, content: comma },
    { offset, length: 0, content: line },
  ].filter(({ content }) => content !== '');
}

function replaced({ offset, length }: Node, content: string): TextEdit {
  return { offset, length, content };
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}

/** The white space that the line of an offset begins with. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}
