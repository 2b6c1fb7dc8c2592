import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** Reads what a path leads to; undefined when it leads nowhere. */
export type PathReader = (value: JsonValue | undefined) => JsonValue | undefined;

/** A key of an object, or a place in a list (negative: from its end). */
export type PathStep = string | number;

/** A path that is none: says where, counted from 0. */
export class PathSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'PathSyntaxError';
    this.offset = offset;
  }
}

/**
 * The steps of a path: names joined by dots, `[0]` and `[-1]` for places in a list, `["any key"]` for keys that hold
 * dots or brackets. The empty path has none.
 *
 * @throws PathSyntaxError
 */
export function parsePath(text: string): readonly PathStep[] {
  const steps: PathStep[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === '[') {
      const match = /\[(?:(-?\d+)|("(?:[^"\\]|\\.)*"))\]/y;
      match.lastIndex = at;
      const found = match.exec(text);
      if (found === null) {
        throw new PathSyntaxError(
          'After "[" comes a number or a quoted key, and then "]": [0], [-1], ["a.b"]',
          at,
        );
      }
      steps.push(found[1] === undefined ? keyOf(found[2] ?? '', at) : Number(found[1]));
      at += found[0].length;
      continue;
    }
    // A dot goes before every name but the first.
    if (steps.length > 0) {
      if (text[at] !== '.') throw new PathSyntaxError('A dot or "[" is missing', at);
      at += 1;
    }
    const name = /[^.[\]]+/y;
    name.lastIndex = at;
    const found = name.exec(text);
    if (found === null) throw new PathSyntaxError('A name is missing', at);
    steps.push(found[0]);
    at += found[0].length;
  }
  return steps;
}

/**
 * Makes a reader of a path. Only own keys are read: `constructor` leads nowhere unless the data has it.
 *
 * @throws PathSyntaxError
 */
export function compilePath(text: string): PathReader {
  const steps = parsePath(text);
  const [only] = steps;
  if (only === undefined) return (value) => value;
  if (steps.length === 1) return (value) => readStep(value, only);
  return (value) => {
    let at = value;
    for (const step of steps) {
      at = readStep(at, step);
      if (at === undefined) return undefined;
    }
    return at;
  };
}

/** A copy of `target` with `value` where the keys lead; objects on the way are made where they are missing. */
export function withValueAt(
  target: JsonValue | undefined,
  keys: readonly string[],
  value: JsonValue,
): JsonValue {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  const object: JsonObject = isJsonObject(target) ? target : {};
  const inner = Object.hasOwn(object, key) ? object[key] : undefined;
  // A computed key makes an own property, even of `__proto__`.
  return { ...object, [key]: withValueAt(inner, rest, value) };
}

function readStep(value: JsonValue | undefined, step: PathStep): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (typeof step === 'number') {
    return Array.isArray(value) ? (value as readonly JsonValue[]).at(step) : undefined;
  }
  return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function keyOf(quoted: string, offset: number): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new PathSyntaxError(`${quoted} is no JSON text`, offset);
  }
}
