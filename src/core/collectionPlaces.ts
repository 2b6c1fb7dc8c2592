import { findNodeAtLocation, type JSONPath, type Node } from 'jsonc-parser';

// Where things stand in the text of a collection file, by their path: `source.fields.title`.

/** A place in a text. Lines and columns count from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** What a path leads to. */
export interface FoundNode {
  readonly node: Node;
  /** The same path as jsonc-parser has it. */
  readonly path: JSONPath;
  /** What of the path is not there: empty when all of it is. */
  readonly rest: string;
}

/**
 * The place to mark for what stands at a path: a value on one line itself, else its name, which stays on one line.
 *
 * @param isAboutKey the name is to be marked, whatever the value.
 */
export function placeOf(text: string, tree: Node, path: string, isAboutKey = false): TextPlace {
  const { node, rest } = nodeAt(tree, path);
  const isWhole = rest === '' && !isAboutKey && node.type !== 'object' && node.type !== 'array';
  const name = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
  const shown = isWhole ? node : (name ?? node);
  return position(text, shown.offset, shown === tree ? 1 : shown.length);
}

/** The node of a dotted path, or of the longest part of it that is there (a missing key is shown at its parent). */
export function nodeAt(tree: Node, path: string): FoundNode {
  const segments: JSONPath = [];
  let node = tree;
  let rest = path;
  while (rest !== '') {
    const next = childOf(node, rest);
    if (next === undefined) break;
    segments.push(next.segment);
    node = findNodeAtLocation(tree, segments) ?? node;
    rest = next.rest;
  }
  return { node, path: segments, rest };
}

/** Keys may hold dots themselves ("content.venueid"), so the longest key that fits is taken. */
function childOf(node: Node, path: string): { segment: string | number; rest: string } | undefined {
  if (node.type === 'array') {
    const [first = '', ...others] = path.split('.');
    return /^\d+$/.test(first) && Number(first) < (node.children?.length ?? 0)
      ? { segment: Number(first), rest: others.join('.') }
      : undefined;
  }
  const keys = (node.children ?? []).map((property) => String(property.children?.[0]?.value));
  const fitting = keys
    .filter((key) => path === key || path.startsWith(`${key}.`))
    .sort((a, b) => b.length - a.length)[0];
  return fitting === undefined
    ? undefined
    : { segment: fitting, rest: path.slice(fitting.length + 1) };
}

/** The place of a stretch of text. */
export function position(text: string, offset: number, length: number): TextPlace {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n'), length };
}
