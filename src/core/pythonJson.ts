import type { JsonValue } from './json.ts';
import { isJsonObject } from './json.ts';

/**
 * The text that Python's `json.dumps(value, sort_keys=True)` gives: `", "` and `": "` between, everything outside ASCII
 * escaped. The second earlier system's checksums are over such texts. Numbers must be integers: Python writes floats
 * in its own way.
 */
export function pythonJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((v: JsonValue) => pythonJson(v)).join(', ')}]`;
  if (isJsonObject(value)) {
    // Python sorts by code point, JavaScript by UTF-16 unit: they differ outside the basic plane.
    const keys = Object.keys(value).sort(byCodePoint);
    return `{${keys.map((k) => `${asciiString(k)}: ${pythonJson(value[k] ?? null)}`).join(', ')}}`;
  }
  return typeof value === 'string' ? asciiString(value) : JSON.stringify(value);
}

function asciiString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function byCodePoint(a: string, b: string): number {
  const left = Array.from(a, (c) => c.codePointAt(0) ?? 0);
  const right = Array.from(b, (c) => c.codePointAt(0) ?? 0);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
