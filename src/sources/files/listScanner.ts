import { UnitFailedError } from '../../core/errors.ts';

const tab = 0x09;
const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openList = 0x5b;
const backslash = 0x5c;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/** Longer keys can't be one that a collection names. */
const longestKey = 10_000;

/** Where a scanner stands between two bytes. */
type Phase =
  /** Before the object or list that comes next on the way to the list. */
  | 'open'
  /** In an object on the way, before a key. */
  | 'key'
  | 'in key'
  | 'colon'
  /** Before a value that is passed over, or before an item. */
  | 'value'
  | 'in nested'
  | 'in text'
  | 'in scalar'
  /** After an item. */
  | 'after'
  /** After the list. */
  | 'done';

/**
 * Finds where the items of a JSON list begin and end, byte by byte, however the bytes are cut into pieces. What stands in
 * an item is not looked at: one that is no JSON costs no other as long as its brackets and quotes fit.
 */
export class ListScanner {
  readonly #file: string;
  /** Keys that lead to the list; `undefined`: the items stand one after the other, without a list. */
  readonly #path: readonly string[] | undefined;
  #phase: Phase;
  #level = 0;
  #key: number[] = [];
  #isPassingOver = false;
  #depth = 0;
  #isQuoted = false;
  #isEscaped = false;
  /** Line breaks so far. */
  #line: number;
  #items: number;
  #itemLine = 0;
  /** Where in the buffer the item begins that is not at its end; -1 outside of one. */
  start = -1;

  /**
   * @param path keys that lead to the list; undefined for items one after the other.
   * @param from where scanning goes on behind an item: line breaks and items before that.
   */
  constructor(
    file: string,
    path: readonly string[] | undefined,
    from: { readonly line: number; readonly items: number } | undefined,
  ) {
    this.#file = file;
    this.#path = path;
    this.#line = from?.line ?? 0;
    this.#items = from?.items ?? 0;
    const first = path === undefined ? 'value' : 'open';
    const later = path === undefined ? 'value' : 'after';
    this.#phase = from === undefined ? first : later;
  }

  /** Line breaks so far. */
  get line(): number {
    return this.#line;
  }

  /** Whether an item has begun that is not at its end. */
  get isInItem(): boolean {
    return this.#phase.startsWith('in ') && this.#phase !== 'in key' && !this.#isPassingOver;
  }

  /**
   * Goes through bytes of a buffer; `found` is told of each item that ends there.
   *
   * @throws UnitFailedError `INPUT_DAMAGED` for what can't stand there, `INPUT_NO_LIST`.
   */
  scan(
    buffer: Buffer,
    from: number,
    to: number,
    found: (start: number, end: number, line: number) => void,
  ): void {
    for (let at = from; at < to;) {
      switch (this.#phase) {
        case 'in nested':
          at = this.#skipNested(buffer, at, to);
          if (this.#depth === 0) this.#endValue(at, found);
          continue;
        case 'in text':
          at = this.#skipText(buffer, at, to);
          if (!this.#isQuoted) this.#endValue(at, found);
          continue;
        case 'in scalar':
          while (at < to && !endsScalar(buffer[at])) at += 1;
          if (at < to) this.#endValue(at, found);
          continue;
        default:
          this.#step(buffer[at] ?? 0, at);
          at += 1;
      }
    }
  }

  /**
   * The file is at its end.
   *
   * @throws UnitFailedError as `scan` does.
   */
  end(at: number, found: (start: number, end: number, line: number) => void): void {
    if (this.#phase === 'in scalar' && this.#path === undefined) this.#endValue(at, found);
    const isWhole = this.#path === undefined ? this.#phase === 'value' : this.#phase === 'done';
    if (isWhole) return;
    if (this.isInItem) {
      throw this.#damaged(`ends in the middle of item ${this.#items + 1}`);
    }
    if (this.#phase === 'after' || (this.#phase === 'value' && !this.#isPassingOver)) {
      throw this.#damaged('ends before its list does');
    }
    throw this.#noList();
  }

  #step(byte: number, at: number): void {
    if (byte === newline) this.#line += 1;
    if (this.#phase === 'in key') {
      this.#readKey(byte);
      return;
    }
    if (this.#phase === 'done') {
      // Behind a list inside an object whatever closes that may follow.
      if (!isBlank(byte) && this.#path?.length === 0) throw this.#damaged('goes on after its list');
      return;
    }
    if (isBlank(byte)) return;
    switch (this.#phase) {
      case 'open':
        this.#open(byte);
        return;
      case 'key':
        if (byte === quote) {
          this.#phase = 'in key';
          this.#key = [];
        } else if (byte !== comma) {
          throw this.#noList();
        }
        return;
      case 'colon':
        if (byte !== colon) throw this.#damaged('is no JSON');
        this.#chooseKey();
        return;
      case 'value':
        this.#beginValue(byte, at);
        return;
      case 'after':
        if (byte === comma) this.#phase = 'value';
        else if (byte === closeList) this.#phase = 'done';
        else throw this.#damaged(`has no comma after item ${this.#items}`);
        return;
      default:
        throw new RangeError(this.#phase);
    }
  }

  #open(byte: number): void {
    const isLast = this.#level === this.#path?.length;
    if (isLast && byte === openList) this.#phase = 'value';
    else if (!isLast && byte === openObject) this.#phase = 'key';
    else throw this.#noList();
  }

  #readKey(byte: number): void {
    if (byte === quote && !this.#isEscaped) {
      this.#phase = 'colon';
      return;
    }
    this.#isEscaped = byte === backslash && !this.#isEscaped;
    if (this.#key.length < longestKey) this.#key.push(byte);
  }

  #chooseKey(): void {
    const key = Buffer.from([quote, ...this.#key, quote]).toString();
    if (textOf(key) === this.#path?.[this.#level]) {
      this.#level += 1;
      this.#phase = 'open';
    } else {
      this.#isPassingOver = true;
      this.#phase = 'value';
    }
  }

  #beginValue(byte: number, at: number): void {
    if (byte === closeList && !this.#isPassingOver && this.#path !== undefined) {
      this.#phase = 'done';
      return;
    }
    if (byte === comma || byte === colon || byte === closeList || byte === closeObject) {
      throw this.#damaged(`has a "${String.fromCharCode(byte)}" where a value has to be`);
    }
    if (!this.#isPassingOver) {
      this.start = at;
      this.#itemLine = this.#line + 1;
    }
    if (byte === openObject || byte === openList) {
      this.#phase = 'in nested';
      this.#depth = 1;
    } else if (byte === quote) {
      this.#phase = 'in text';
      this.#isQuoted = true;
    } else {
      this.#phase = 'in scalar';
    }
  }

  /** Up to behind the bracket that closes the value, or to the end of the bytes. */
  #skipNested(buffer: Buffer, from: number, to: number): number {
    let at = from;
    let depth = this.#depth;
    let line = this.#line;
    while (at < to && depth > 0) {
      if (this.#isQuoted) {
        at = this.#skipText(buffer, at, to);
        continue;
      }
      const byte = buffer[at];
      at += 1;
      if (byte === quote) this.#isQuoted = true;
      else if (byte === openObject || byte === openList) depth += 1;
      else if (byte === closeObject || byte === closeList) depth -= 1;
      else if (byte === newline) line += 1;
    }
    this.#depth = depth;
    this.#line = line;
    return at;
  }

  /** Up to behind the quote that ends the text, or to the end of the bytes. */
  #skipText(buffer: Buffer, from: number, to: number): number {
    let at = from;
    if (this.#isEscaped && at < to) {
      this.#isEscaped = false;
      at += 1;
    }
    while (at < to) {
      const byte = buffer[at];
      at += 1;
      if (byte === quote) {
        this.#isQuoted = false;
        return at;
      }
      if (byte !== backslash) continue;
      if (at === to) this.#isEscaped = true;
      else at += 1;
    }
    return at;
  }

  #endValue(at: number, found: (start: number, end: number, line: number) => void): void {
    if (this.#isPassingOver) {
      this.#isPassingOver = false;
      this.#phase = 'key';
      return;
    }
    this.#items += 1;
    this.#phase = this.#path === undefined ? 'value' : 'after';
    const { start } = this;
    this.start = -1;
    found(start, at, this.#itemLine);
  }

  #damaged(what: string): UnitFailedError {
    const message = `${this.#file} ${what} (line ${this.#line + 1}). What came before that was read.`;
    return new UnitFailedError('INPUT_DAMAGED', message, { file: this.#file });
  }

  #noList(): UnitFailedError {
    const at = this.#path?.join('.') ?? '';
    const where = at === '' ? 'is no list' : `has no list at "${at}"`;
    const message = `${this.#file} ${where}. Say where its list is in source.items.`;
    return new UnitFailedError('INPUT_NO_LIST', message, { file: this.#file });
  }
}

function isBlank(byte: number): boolean {
  return byte === space || byte === newline || byte === carriageReturn || byte === tab;
}

function endsScalar(byte: number | undefined): boolean {
  return (
    byte === undefined ||
    isBlank(byte) ||
    byte === comma ||
    byte === closeList ||
    byte === closeObject
  );
}

function textOf(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}
