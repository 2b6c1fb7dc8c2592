import { UnitFailedError } from '../errors.ts';
import { isBigIntegerText, toJsonLine, type JsonValue } from '../json.ts';

/** Deeper than this nobody means it, and the stack has an end. */
const maxDepth = 500;

/**
 * The JSON text of a value that somebody's own code made. What JSON can't hold is told and not changed in silence; only
 * properties that are undefined are left out, as JavaScript does.
 *
 * @param name what the value is called in errors: "item".
 * @throws UnitFailedError `SOURCE_NOT_JSON` that says where in the value the trouble is, and what to do about it.
 */
export function jsonTextOf(value: unknown, name: string): string {
  check(value, name, new Set());
  return toJsonLine(value as JsonValue);
}

function check(value: unknown, path: string, above: Set<object>): void {
  const trouble = troubleWith(value);
  if (trouble !== undefined) throw notJson(`${path} is ${trouble}`, path);
  if (typeof value !== 'object' || value === null || isBigIntegerText(value)) return;
  if (above.has(value)) throw notJson(`${path} holds itself: JSON has no circles`, path);
  if (above.size >= maxDepth) throw notJson(`${path} is nested too deep`, path);
  above.add(value);
  if (Array.isArray(value)) {
    for (const [i, part] of value.entries()) check(part, `${path}[${i}]`, above);
  } else {
    for (const [key, part] of Object.entries(value)) {
      if (part !== undefined) check(part, `${path}.${key}`, above);
    }
  }
  above.delete(value);
}

/** What JSON can't hold about a value itself, in words; undefined when it can. */
function troubleWith(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : `${value}: JSON has no such number, use null`;
    case 'bigint':
      return 'a BigInt: JSON has none, use String(…)';
    case 'undefined':
      return 'undefined: use null';
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      return value === null || Array.isArray(value) ? undefined : troubleWithObject(value);
    case 'string':
    case 'boolean':
      return undefined;
  }
}

function troubleWithObject(value: object): string | undefined {
  if (value instanceof Date) return 'a Date: use .toISOString()';
  if (value instanceof Promise) return 'a promise: an "await" is missing';
  if (value instanceof Map) return 'a Map: use Object.fromEntries(…)';
  if (value instanceof Set) return 'a Set: use […]';
  if (value instanceof URL) return 'a URL: use .href';
  if (value instanceof Error) return 'an Error: throw it, or use .message';
  if (value instanceof RegExp) return 'a RegExp: use .source';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return 'binary data: JSON has none';
  return undefined;
}

function notJson(what: string, path: string): UnitFailedError {
  return new UnitFailedError('SOURCE_NOT_JSON', `${what}.`, { path });
}
