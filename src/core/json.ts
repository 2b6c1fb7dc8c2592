/** A value that JSON can hold. Big integers appear as `JSON.rawJSON` objects, see {@link parseJson}. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. Its keys may include `__proto__`, as an own property. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** What `JSON.rawJSON` gives: serialised as its text, whatever that is. */
interface RawJson {
  readonly rawJSON: string;
}

// TypeScript's library does not know these three yet (ES proposal "JSON.parse source text access").
interface JsonWithSource {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
}
const jsonWithSource = JSON as unknown as JsonWithSource;

const longDigits = 16;

/**
 * Whether a text has 16 digits in a row. Each such row covers one of every 16 characters, and with it the eight before or
 * the eight after it: nearly everything is looked at there only.
 */
function hasLongDigits(text: string): boolean {
  for (let at = longDigits - 1; at < text.length; at += longDigits) {
    if (!isDigitAt(text, at)) continue;
    const isBefore = isDigitAt(text, at - 8) && isDigitAt(text, at - 4);
    if (!isBefore && !(isDigitAt(text, at + 8) && isDigitAt(text, at + 4))) continue;
    let start = at;
    while (isDigitAt(text, start - 1)) start -= 1;
    let end = at + 1;
    while (isDigitAt(text, end)) end += 1;
    if (end - start >= longDigits) return true;
  }
  return false;
}

function isDigitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/**
 * Parses JSON without loss: an integer past 2^53 keeps its source text, so that an id of 20 digits comes out as it
 * went in. Only a text that has 16 digits in a row pays for that.
 *
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseJson(text: string): JsonValue {
  if (!hasLongDigits(text)) return JSON.parse(text) as JsonValue;
  return jsonWithSource.parse(text, (_key, value, context) =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    context.source !== undefined &&
    /^-?\d+$/.test(context.source)
      ? jsonWithSource.rawJSON(context.source)
      : value,
  ) as JsonValue;
}

/** Whether the value is an integer that only its source text holds exactly. */
export function isBigIntegerText(value: unknown): value is RawJson {
  return typeof value === 'object' && value !== null && jsonWithSource.isRawJSON(value);
}

/** The exact value of a scalar as text: what a template or a key puts into a string. */
export function scalarText(value: JsonValue): string | undefined {
  if (isBigIntegerText(value)) return value.rawJSON;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}

const lineSeparators = /[\u2028\u2029]/;
const everyLineSeparator = /[\u2028\u2029]/g;

/**
 * One line of JSON, without the newline. U+2028 and U+2029 are escaped: some readers take them for line ends. Lone
 * surrogates come out as escapes (well-formed `JSON.stringify`), so the line is valid UTF-8.
 */
export function toJsonLine(value: JsonValue): string {
  const line = JSON.stringify(value);
  if (!lineSeparators.test(line)) return line;
  return line.replace(everyLineSeparator, (c) => (c === '\u2028' ? '\\u2028' : '\\u2029'));
}

/** Whether a value is an object with keys: not an array, not null, not a big integer's text. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isBigIntegerText(value)
  );
}

/** Sets a key of an object under construction; `__proto__` becomes a plain property, as in `JSON.parse`. */
export function setKey(target: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    target[key] = value;
  }
}

/** Reads an own key; undefined for one that is inherited (`constructor`, `toString`). */
export function getKey(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** JSON text with sorted keys and no blanks: equal values give equal texts, so it can be hashed. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((v: JsonValue) => canonicalJson(v)).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((k) => `${JSON.stringify(k)}:${canonicalJson(value[k] ?? null)}`).join(',')}}`;
}
