import { isUtf8 } from 'node:buffer';
import { messageOf, UnitFailedError } from '../../core/errors.ts';
import { isJsonObject, parseJson, type JsonValue } from '../../core/json.ts';
import type { InputBytes } from './inputBytes.ts';
import type { InputCursor, InputLine, InputPage, Make, ReadOptions } from './inputLine.ts';

/** Bytes that are read, parsed and handed over at once. */
export const pageBytes = 1.5 * 1024 * 1024;
/** A longer line is set aside: it would not fit into memory beside the others. */
export const maxLineBytes = 64 * 1024 * 1024;
/** How much of a line is kept that is too long. */
export const shownOfLongLine = 1000;

const newline = 0x0a;

/**
 * Lines of JSON (or of text), by pages, from a cursor on. Every line is parsed; one that is no record comes with the
 * reason.
 */
export async function* jsonLinePages<T>(
  path: string,
  bytes: InputBytes,
  from: InputCursor | undefined,
  make: Make<T>,
  signal: AbortSignal,
  options: ReadOptions<T> = {},
): AsyncGenerator<InputPage<T>, void, void> {
  const { wanted } = options;
  const reader: LineReader<T> = { make, ...options };
  const state = { lines: from?.lines ?? 0, offset: from?.offset ?? 0, line: from?.line ?? 0 };
  for await (const block of wholeLines(path, bytes, state.offset, signal)) {
    const lines: InputLine<T>[] = [];
    if (block.isTooLong) {
      state.line += 1;
      lines.push(tooLong(block.bytes, state.line));
    } else {
      const isWanted = wanted && ((i: number) => wanted(state.lines + i));
      state.line = addLines(block.bytes, state.line, lines, reader, isWanted);
    }
    state.offset = block.end;
    state.lines += lines.length;
    yield { lines, cursor: { ...state, read: bytes.readSoFar } };
  }
}

interface Block {
  /** Whole lines; the last one of a file may lack its newline. Valid until the next block. */
  readonly bytes: Buffer;
  /** Where they end in the file. */
  readonly end: number;
  /** `bytes` is the beginning of one line that is too long. */
  readonly isTooLong?: true;
}

/** Bytes by blocks of whole lines, without a byte order mark. */
async function* wholeLines(
  path: string,
  source: InputBytes,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Block, void, void> {
  let buffer = Buffer.allocUnsafe(pageBytes);
  let filled = 0;
  /** Where in the file the buffer begins. */
  let base = 0;
  let tooLong: Buffer | undefined;
  for (let isAtEnd = false; !isAtEnd;) {
    signal.throwIfAborted();
    let count = 0;
    try {
      count = await source.read(buffer, filled);
    } catch (error) {
      // The lines before the damage are whole.
      const whole = buffer.subarray(0, filled).lastIndexOf(newline) + 1;
      const start = Math.max(base === 0 ? markBytes(buffer.subarray(0, filled)) : 0, from - base);
      if (whole > start && tooLong === undefined) {
        yield { bytes: buffer.subarray(start, whole), end: base + whole };
      }
      throw error;
    }
    isAtEnd = count === 0;
    if (base === 0 && filled === 0) checkEncoding(path, buffer.subarray(0, count));
    filled += count;
    if (base + filled <= from) {
      // Before the cursor: nothing of it is needed again.
      base += filled;
      filled = 0;
      continue;
    }
    if (!isAtEnd && filled < buffer.length) continue;
    let start = Math.max(0, from - base);
    if (start === 0 && base === 0) start = markBytes(buffer.subarray(0, filled));
    const cut = buffer.subarray(0, filled).lastIndexOf(newline) + 1;
    const end = isAtEnd ? filled : cut;
    if (tooLong !== undefined) {
      const after = buffer.subarray(0, filled).indexOf(newline) + 1;
      if (after > 0 || isAtEnd) {
        start = after > 0 ? after : filled;
        yield { bytes: tooLong, end: base + start, isTooLong: true };
        tooLong = undefined;
      } else {
        base += filled;
        filled = 0;
        continue;
      }
    }
    if (end > start) {
      yield { bytes: buffer.subarray(start, end), end: base + end };
    } else if (filled === buffer.length && cut === 0) {
      if (buffer.length >= maxLineBytes) {
        tooLong = Buffer.from(buffer.subarray(0, shownOfLongLine));
        base += filled;
        filled = 0;
        buffer = Buffer.allocUnsafe(pageBytes);
      } else {
        const larger = Buffer.allocUnsafe(Math.min(buffer.length * 2, maxLineBytes));
        buffer.copy(larger, 0, 0, filled);
        buffer = larger;
      }
      continue;
    }
    const used = Math.max(start, end);
    if (buffer.length > pageBytes && filled - used < pageBytes) {
      const usual = Buffer.allocUnsafe(pageBytes);
      buffer.copy(usual, 0, used, filled);
      buffer = usual;
    } else {
      buffer.copyWithin(0, used, filled);
    }
    base += used;
    filled -= used;
  }
}

/** What becomes of a line. */
export interface LineReader<T> extends Pick<ReadOptions<T>, 'makeOther' | 'kind'> {
  readonly make: Make<T>;
}

/** Adds the lines of a block that hold something; gives the number of the last one. */
function addLines<T>(
  block: Buffer,
  lineBefore: number,
  into: InputLine<T>[],
  reader: LineReader<T>,
  isWanted?: (i: number) => boolean,
): number {
  let number = lineBefore;
  const isText = isUtf8(block);
  // Lone bytes that are no UTF-8 must not take their neighbours with them: then each line is looked at by itself.
  const text = isText ? block.toString('utf8') : block.toString('latin1');
  const parse = reader.kind === 'text' ? asText : parserFor(block);
  for (let at = 0; at < text.length;) {
    const newlineAt = text.indexOf('\n', at);
    const next = newlineAt < 0 ? text.length : newlineAt;
    const end = next > at && text.charCodeAt(next - 1) === 0x0d ? next - 1 : next;
    number += 1;
    if (isWanted?.(into.length) === false) {
      const line = text.slice(at, end);
      if (!isBlank(line)) into.push(unparsed(line, number));
    } else if (isText) {
      addLine(text.slice(at, end), number, parse, reader, into);
    } else {
      const bytes = block.subarray(at, end);
      const line = bytes.toString('utf8');
      if (isUtf8(bytes)) addLine(line, number, parse === asText ? asText : parseJson, reader, into);
      else into.push({ text: line, number, value: undefined, reason: 'not UTF-8' });
    }
    at = next + 1;
  }
  return number;
}

/** How the JSON in some bytes is parsed without loss. */
export function parserFor(bytes: Buffer): (text: string) => JsonValue {
  return hasLongNumber(bytes) ? parseJson : (JSON.parse as (text: string) => JsonValue);
}

/** Adds a line that is UTF-8; a blank one is none. */
export function addLine<T>(
  text: string,
  number: number,
  parse: (line: string) => JsonValue,
  { make, makeOther }: LineReader<T>,
  into: InputLine<T>[],
): void {
  if (isBlank(text)) return;
  let value: JsonValue;
  try {
    value = parse(text);
  } catch (error) {
    into.push({ text, number, value: undefined, reason: `not JSON: ${messageOf(error)}` });
    return;
  }
  if (isJsonObject(value)) into.push({ text, number, value: make(value, text) });
  else if (makeOther !== undefined) into.push({ text, number, value: makeOther(value, text) });
  else into.push({ text, number, value: undefined, reason: 'not an object' });
}

/** A line that is itself the value. */
function asText(line: string): string {
  return line.trim();
}

/** A line that nobody wants to know, in its place. */
export function unparsed(text: string, number: number): InputLine<never> {
  return { text, number, value: undefined, reason: 'not asked for' };
}

function isBlank(text: string): boolean {
  return text.charCodeAt(0) !== 0x7b && text.trim() === '';
}

/** A line, or an item of a list, that does not fit into memory. */
export function tooLong(beginning: Buffer, number: number): InputLine<never> {
  return {
    text: beginning.toString('utf8'),
    number,
    value: undefined,
    reason: `longer than ${maxLineBytes / 1024 / 1024} MB; this is its beginning`,
  };
}

/**
 * Whether sixteen digits stand in a row somewhere: a number of so many needs {@link parseJson}. Where they do, one stands
 * at a multiple of sixteen, so the other bytes need not be looked at.
 */
function hasLongNumber(bytes: Buffer): boolean {
  for (let at = 15; at < bytes.length; at += 16) {
    if (!isDigit(bytes[at])) continue;
    let first = at;
    while (isDigit(bytes[first - 1])) first -= 1;
    let last = at;
    while (isDigit(bytes[last + 1])) last += 1;
    if (last - first >= 15) return true;
  }
  return false;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** How many bytes a byte order mark takes. */
export function markBytes(head: Buffer): number {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
}

/** @throws UnitFailedError when the first bytes are those of another encoding than UTF-8. */
export function checkEncoding(path: string, head: Buffer): void {
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (!isUtf16) return;
  throw new UnitFailedError('INPUT_NOT_UTF8', `${path} is UTF-16. Save it as UTF-8.`, {
    file: path,
  });
}
