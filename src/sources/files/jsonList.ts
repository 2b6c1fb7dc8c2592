import { isUtf8 } from 'node:buffer';
import { toJsonLine } from '../../core/json.ts';
import type { InputBytes } from './inputBytes.ts';
import type { InputCursor, InputLine, InputPage, Make, ReadOptions } from './inputLine.ts';
import {
  addLine,
  checkEncoding,
  jsonLinePages,
  markBytes,
  maxLineBytes,
  pageBytes,
  parserFor,
  shownOfLongLine,
  tooLong,
  unparsed,
} from './jsonLines.ts';
import { ListScanner } from './listScanner.ts';

const newline = 0x0a;

/**
 * The items of a JSON file, by pages, from a cursor on, with flat memory: of a list, of a list in an object (`items`),
 * or of values one after the other; lines of JSON, too, since files are often called `.json` that hold those.
 */
export async function* jsonListPages<T>(
  path: string,
  bytes: InputBytes,
  from: InputCursor | undefined,
  make: Make<T>,
  signal: AbortSignal,
  options: ReadOptions<T> = {},
): AsyncGenerator<InputPage<T>, void, void> {
  const head = await Head.read(bytes);
  checkEncoding(path, head.bytes);
  if (options.items === undefined && head.isOfLines) {
    yield* jsonLinePages(path, head, from, make, signal, options);
    return;
  }
  const keys = options.items ?? (head.isList ? [] : undefined);
  const scanner = new ListScanner(
    path,
    keys,
    from === undefined ? undefined : { line: from.line, items: from.lines },
  );
  const state = { lines: from?.lines ?? 0, offset: from?.offset ?? 0, line: from?.line ?? 0 };
  const source = new ItemBytes(head, scanner, from?.offset ?? 0);
  for (let isAtEnd = false; !isAtEnd;) {
    signal.throwIfAborted();
    const lines: InputLine<T>[] = [];
    let failure: { readonly error: unknown } | undefined;
    try {
      isAtEnd = await source.fill();
    } catch (error) {
      // The items before the damage are whole.
      failure = { error };
    }
    for (const item of source.takeItems()) {
      const number = item.line;
      if (item.isTooLong) lines.push(tooLong(item.bytes, number));
      else addItem(item.bytes, number, state.lines + lines.length, lines, make, options);
    }
    if (lines.length > 0) {
      state.lines += lines.length;
      state.offset = source.itemsEnd;
      state.line = source.itemsEndLine;
      yield { lines, cursor: { ...state, read: bytes.readSoFar } };
    }
    if (failure !== undefined) throw failure.error;
  }
}

/** Adds one item. */
function addItem<T>(
  bytes: Buffer,
  number: number,
  index: number,
  into: InputLine<T>[],
  make: Make<T>,
  options: ReadOptions<T>,
): void {
  const text = bytes.toString('utf8');
  if (options.wanted?.(index) === false) {
    into.push(unparsed(text, number));
    return;
  }
  if (!isUtf8(bytes)) {
    into.push({ text, number, value: undefined, reason: 'not UTF-8' });
    return;
  }
  addLine(text, number, parserFor(bytes), { make, ...options }, into);
  const added = into.at(-1);
  if (added?.value === undefined || !bytes.includes(newline)) return;
  // A record is one line in a master, however it was laid out.
  into[into.length - 1] = { ...added, text: toJsonLine(parserFor(bytes)(text)) };
}

interface FoundItem {
  /** Of one that is too long, its beginning. Valid until the next {@link ItemBytes.fill}. */
  readonly bytes: Buffer;
  /** Where it begins, from 1. */
  readonly line: number;
  readonly isTooLong: boolean;
}

/** Reads the bytes that items stand in, as much at once as makes a page. */
class ItemBytes {
  readonly #bytes: InputBytes;
  readonly #scanner: ListScanner;
  readonly #from: number;
  #buffer = Buffer.allocUnsafe(pageBytes);
  #filled = 0;
  #scanned = 0;
  /** Where in the file the buffer begins. */
  #base = 0;
  #items: FoundItem[] = [];
  /** The beginning of an item that is longer than the memory for it. */
  #long: Buffer | undefined;
  /** Where in the file the last item that was found ends, and how many line breaks are before that. */
  itemsEnd = 0;
  itemsEndLine = 0;

  constructor(bytes: InputBytes, scanner: ListScanner, from: number) {
    this.#bytes = bytes;
    this.#scanner = scanner;
    this.#from = from;
  }

  /** Reads until some items are whole and a page is full; true at the end of the file. */
  async fill(): Promise<boolean> {
    this.#makeRoom();
    for (;;) {
      const count = await this.#bytes.read(this.#buffer, this.#filled);
      if (count === 0) {
        this.#scanner.end(this.#filled, this.#found);
        return true;
      }
      this.#filled += count;
      if (this.#base + this.#filled <= this.#from) {
        // Before the cursor: nothing of it is needed again.
        this.#base += this.#filled;
        this.#filled = 0;
        continue;
      }
      if (this.#scanned === 0) this.#scanned = this.#firstByte();
      this.#scanner.scan(this.#buffer, this.#scanned, this.#filled, this.#found);
      this.#scanned = this.#filled;
      if (this.#filled < this.#buffer.length) continue;
      if (this.#items.length > 0) return false;
      this.#makeRoom();
    }
  }

  takeItems(): FoundItem[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  readonly #found = (start: number, end: number, line: number): void => {
    const long = this.#long;
    this.#long = undefined;
    this.#items.push({
      bytes: long ?? this.#buffer.subarray(start, end),
      line,
      isTooLong: long !== undefined,
    });
    this.itemsEnd = this.#base + end;
    this.itemsEndLine = this.#scanner.line;
  };

  #firstByte(): number {
    const start = Math.max(0, this.#from - this.#base);
    return this.#base === 0 && start === 0
      ? markBytes(this.#buffer.subarray(0, this.#filled))
      : start;
  }

  /** Keeps what was read of an item that is not at its end, and nothing else. */
  #makeRoom(): void {
    const { start } = this.#scanner;
    const kept = start < 0 || this.#long !== undefined ? this.#filled : start;
    const rest = this.#filled - kept;
    if (rest >= maxLineBytes) {
      this.#long = Buffer.from(this.#buffer.subarray(0, shownOfLongLine));
      this.#moveTo(this.#filled, pageBytes);
      return;
    }
    // An item that fills more than half of the room gets twice as much.
    this.#moveTo(kept, rest * 2 > this.#buffer.length ? this.#buffer.length * 2 : pageBytes);
  }

  #moveTo(kept: number, wanted: number): void {
    const rest = this.#filled - kept;
    const size = Math.min(Math.max(wanted, rest + pageBytes / 2), maxLineBytes);
    const buffer = size === this.#buffer.length ? this.#buffer : Buffer.allocUnsafe(size);
    this.#buffer.copy(buffer, 0, kept, this.#filled);
    this.#buffer = buffer;
    this.#base += kept;
    this.#filled = rest;
    this.#scanned = rest;
    if (this.#scanner.start >= 0) this.#scanner.start = Math.max(0, this.#scanner.start - kept);
  }
}

/** An input of which the beginning has been looked at. */
class Head implements InputBytes {
  readonly #rest: InputBytes;
  readonly bytes: Buffer;
  #given = 0;

  private constructor(rest: InputBytes, bytes: Buffer) {
    this.#rest = rest;
    this.bytes = bytes;
  }

  /** Reads up to the end of the first line that holds something. */
  static async read(rest: InputBytes): Promise<Head> {
    const bytes = Buffer.allocUnsafe(pageBytes);
    let filled = 0;
    for (;;) {
      const count = filled === bytes.length ? 0 : await rest.read(bytes, filled);
      filled += count;
      const head = bytes.subarray(0, filled);
      if (count === 0 || firstLine(head).isWhole) return new Head(rest, head);
    }
  }

  get isList(): boolean {
    return firstLine(this.bytes).text.startsWith('[');
  }

  /** Whether the first line is a value by itself: then each line is. */
  get isOfLines(): boolean {
    const { text, isWhole } = firstLine(this.bytes);
    if (text === '') return isWhole;
    if (text.startsWith('[')) return false;
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  }

  async read(into: Buffer, at: number): Promise<number> {
    if (this.#given === this.bytes.length) return this.#rest.read(into, at);
    const count = this.bytes.copy(into, at, this.#given);
    this.#given += count;
    return count;
  }

  get readSoFar(): InputBytes['readSoFar'] {
    return this.#rest.readSoFar;
  }

  close(): Promise<void> {
    return this.#rest.close();
  }
}

/** The first line with something in it; not whole where its end is not among the bytes. */
function firstLine(head: Buffer): { readonly text: string; readonly isWhole: boolean } {
  for (let at = markBytes(head); at < head.length;) {
    const end = head.indexOf(newline, at);
    const text = head.toString('utf8', at, end < 0 ? head.length : end).trim();
    if (text !== '') return { text, isWhole: end >= 0 };
    if (end < 0) break;
    at = end + 1;
  }
  return { text: '', isWhole: false };
}
