import { newline } from '../../storage/journalReader.ts';
import { isAscii, isUtf8 } from 'node:buffer';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { findNodeAtLocation, parseTree, visit, type ParseError } from 'jsonc-parser';
import { messageOf } from '../../core/errors.ts';
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Findings } from './findings.ts';

/** What ends a line, and nothing else does. */
const carriageReturn = 0x0d;

/**
 * A line as it was met: `record` is undefined when it is none; its long integers may have lost digits. Its bytes are
 * `from` to `to`, without the newline.
 */
export type OnLine = (
  record: JsonObject | undefined,
  line: number,
  from: number,
  to: number,
) => void;

/** How lines of a file are judged. */
export interface LineRules {
  /** Absolute path. */
  readonly file: string;
  readonly validate: ValidateFunction | undefined;
  /** Fields that were added after the record was checked against its schema. */
  readonly addedFields: readonly string[];
  /** A blank line, or a last one without a newline, is a warning here: of a file that is not ours. */
  readonly isLenient: boolean;
}

/**
 * Parses as `JSON.parse`. Long integers lose digits, which costs less to ask for again where it matters than to look for
 * in every line.
 */
const parseFast = (text: string): JsonValue => JSON.parse(text) as JsonValue;

/** Checks lines one by one: strict UTF-8, one JSON object, and the record schema. */
export class LineChecker {
  readonly #findings: Findings;
  readonly #rules: LineRules;
  readonly #parseValue: (text: string) => JsonValue;
  /** What is wrong with lines that are known to be damaged is no news. */
  #isKnown = false;

  constructor(findings: Findings, rules: LineRules) {
    this.#findings = findings;
    this.#rules = rules;
    // To a schema, a long integer is what it was when the record was collected.
    this.#parseValue = rules.validate === undefined ? parseFast : parseJson;
  }

  /**
   * Checks whole lines that stand one after the other; what follows the last newline is a line that was cut off.
   *
   * @param firstLine number of the first of them.
   * @param isKnown it is known already that something may be wrong with them: warnings, then.
   * @returns how many lines there are.
   */
  check(bytes: Buffer, firstLine: number, onLine: OnLine, isKnown = false): number {
    this.#isKnown = isKnown;
    const isPlain = isAscii(bytes);
    const isValid = isPlain || isUtf8(bytes);
    let line = firstLine;
    let from = 0;
    for (let to = bytes.indexOf(newline); to >= 0; to = bytes.indexOf(newline, from)) {
      const isReadable = isValid || this.#isUtf8(bytes.subarray(from, to), line);
      const text = isReadable ? bytes.toString(isPlain ? 'latin1' : 'utf8', from, to) : undefined;
      onLine(text === undefined ? undefined : this.#parse(text, line), line, from, to);
      line += 1;
      from = to + 1;
    }
    if (from < bytes.length) {
      const record = this.#cutOff(bytes.subarray(from), line);
      onLine(record, line, from, bytes.length);
      line += 1;
    }
    this.#findings.checked('lines', line - firstLine);
    return line - firstLine;
  }

  #parse(text: string, line: number): JsonObject | undefined {
    let value: JsonValue;
    try {
      value = this.#parseValue(text);
    } catch (error) {
      this.#notJson(text, line, error);
      return undefined;
    }
    if (!isJsonObject(value)) {
      this.#add('error', 'LINE_NO_OBJECT', line, 1, () => {
        return `A record is a JSON object, but this line is ${nameOf(value)}. ${this.#advice()}`;
      });
      return undefined;
    }
    if (this.#rules.validate !== undefined)
      this.#checkSchema(this.#rules.validate, value, text, line);
    return value;
  }

  #notJson(text: string, line: number, error: unknown): void {
    if (text.trim() === '') {
      const severity = this.#rules.isLenient ? 'warning' : 'error';
      this.#add(severity, 'LINE_BLANK', line, 1, `The line is blank. ${this.#advice()}`);
      return;
    }
    const column = this.#findings.isListing('lines') ? columnOf(text, error) : 1;
    this.#add('error', 'LINE_NOT_JSON', line, column, () => {
      return `Not JSON: ${reasonOf(error)}. ${this.#advice()}`;
    });
  }

  #isUtf8(bytes: Buffer, line: number): boolean {
    if (isUtf8(bytes)) return true;
    this.#add('error', 'LINE_NOT_UTF8', line, columnOfBadByte(bytes), () => {
      return `The bytes here are not UTF-8: they were damaged, or written in another encoding. ${this.#advice()}`;
    });
    return false;
  }

  #cutOff(bytes: Buffer, line: number): JsonObject | undefined {
    if (!this.#isUtf8(bytes, line)) return undefined;
    const text = bytes.toString();
    const record = this.#parse(text, line);
    if (record === undefined) return undefined;
    this.#add(
      this.#rules.isLenient ? 'warning' : 'error',
      'LINE_NO_NEWLINE',
      line,
      text.length + 1,
      'The last line has no newline at its end: a program that appends to the file would join two records.',
    );
    return record;
  }

  #checkSchema(validate: ValidateFunction, record: JsonObject, text: string, line: number): void {
    const { addedFields } = this.#rules;
    const subject =
      addedFields.length === 0
        ? record
        : Object.fromEntries(Object.entries(record).filter(([k]) => !addedFields.includes(k)));
    this.#findings.checked('schema');
    if (validate(subject)) return;
    const error = validate.errors?.[0];
    const column = this.#findings.isListing('schema') ? columnOfProperty(text, error) : 1;
    this.#findings.add(
      'schema',
      this.#isKnown ? 'warning' : 'error',
      'RECORD_UNFIT',
      { file: this.#rules.file, line, column },
      () => `The record does not fit its schema: ${wordsFor(error)}. ${this.#advice()}`,
    );
  }

  #add(
    severity: 'error' | 'warning',
    code: string,
    line: number,
    column: number,
    message: string | (() => string),
  ): void {
    const place = { file: this.#rules.file, line, column };
    this.#findings.add('lines', this.#isKnown ? 'warning' : severity, code, place, message);
  }

  #advice(): string {
    return this.#rules.isLenient
      ? 'Correct the line, or merge the file: that sets such lines aside.'
      : 'Undo what changed it, or merge the file into a new one: that sets such lines aside.';
  }
}

/** Whether a line ends as Windows ends it: the byte belongs to the end and not to the record. */
export function endsWithCarriageReturn(bytes: Buffer, from: number, to: number): boolean {
  return to > from && bytes[to - 1] === carriageReturn;
}

function nameOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** What `JSON.parse` said, without the excerpt and the place, which stands beside it. */
function reasonOf(error: unknown): string {
  return messageOf(error)
    .replace(/, ".*$/s, '')
    .replace(/,? \.\.\..*$/s, '')
    .replace(/ in JSON at position.*$/s, '')
    .replace(/ at position.*$/s, '')
    .replace(/ in JSON$/, '');
}

/** The column at which parsing ended. */
function columnOf(text: string, error: unknown): number {
  const position = /at position (\d+)/.exec(messageOf(error))?.[1];
  if (position !== undefined) return Number(position) + 1;
  // For some mistakes V8 gives an excerpt and no place.
  const places: number[] = [];
  const onError = (_code: ParseError['error'], offset: number): number => places.push(offset);
  visit(text, { onError }, { disallowComments: true });
  return Math.min(places[0] ?? text.length, text.length) + 1;
}

function columnOfBadByte(line: Buffer): number {
  // Decoding replaces what is invalid, so the first byte that does not come back is where it begins.
  const again = Buffer.from(line.toString());
  let at = 0;
  while (at < line.length && line[at] === again[at]) at += 1;
  return line.toString('utf8', 0, at).length + 1;
}

function columnOfProperty(text: string, error: ErrorObject | undefined): number {
  if (error === undefined || error.instancePath === '') return 1;
  const tree = parseTree(text);
  if (tree === undefined) return 1;
  const path = error.instancePath
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const node = findNodeAtLocation(tree, path) ?? findNodeAtLocation(tree, path.map(String));
  return node === undefined ? 1 : node.offset + 1;
}

function wordsFor(error: ErrorObject | undefined): string {
  if (error === undefined) return 'no reason given';
  const where = error.instancePath === '' ? 'it' : error.instancePath.slice(1).replaceAll('/', '.');
  return `${where} ${error.message ?? ''}`;
}
