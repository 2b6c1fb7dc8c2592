import type { StorageFile } from '../../storage/fileSystem.ts';
import { IndexedRanges } from '../../storage/indexedRanges.ts';
import { newline } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { LineAnchors } from './lineAnchors.ts';

/** A place in a file where a line begins. */
export interface LinePlace {
  readonly line: number;
  readonly offset: number;
}

const pieceBytes = 1024 * 1024;
/** One place is remembered for so many bytes: finding a line reads that much. */
const anchorEveryBytes = 256 * 1024;

/**
 * Where the lines of a file begin, near enough to find any of them by reading little: what the session's index knows, and
 * what was counted of the rest.
 */
export class LineIndex {
  readonly #journalled: { readonly layout: SessionLayout; readonly file: string } | undefined;
  #anchors = new LineAnchors();
  /** How much of the file, from its beginning on, the session's index has places for. */
  #indexed: { bytes: number; lines: number } = { bytes: 0, lines: 0 };
  /** The session's index was wrong about this file once. */
  #isDistrusted = false;
  #counted: LinePlace = { line: 0, offset: 0 };
  #countedBytes = 0;

  /** @param journalled the file as its session's journal names it; left out where it has none. */
  constructor(journalled: { readonly layout: SessionLayout; readonly file: string } | undefined) {
    this.#journalled = journalled;
  }

  /** Lines whose newline was met, and where the next one begins. */
  get counted(): LinePlace {
    return this.#counted;
  }

  /** How much of the file the count has seen. */
  get countedBytes(): number {
    return this.#countedBytes;
  }

  /** Another file, or nothing is known of its lines any more. */
  begin(shownBytes: number): void {
    this.#anchors = new LineAnchors();
    this.#indexed = this.#indexedPart(shownBytes);
    this.#counted = { line: this.#indexed.lines, offset: this.#indexed.bytes };
    this.#countedBytes = this.#indexed.bytes;
  }

  /** The bytes are not those that the session's index speaks of: from the next beginning on, lines are counted as they are. */
  distrust(): void {
    this.#isDistrusted = true;
  }

  /** Goes on counting up to a place in the file, or until it is not `isCurrent` any more. */
  async count(file: StorageFile, shownBytes: number, isCurrent: () => boolean): Promise<void> {
    const buffer = Buffer.allocUnsafe(pieceBytes);
    let { line, offset } = this.#counted;
    let anchored = offset;
    while (isCurrent() && this.#countedBytes < shownBytes) {
      const position = this.#countedBytes;
      const wanted = Math.min(pieceBytes, shownBytes - position);
      const length = await file.read(buffer.subarray(0, wanted), position);
      if (length === 0 || !isCurrent()) return;
      const piece = buffer.subarray(0, length);
      for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, end + 1)) {
        line += 1;
        offset = position + end + 1;
        if (offset - anchored < anchorEveryBytes) continue;
        this.#anchors.add(line, offset);
        anchored = offset;
      }
      this.#counted = { line, offset };
      this.#countedBytes = position + length;
    }
  }

  /** A known place at a line or before it, and as near as there is one. */
  placeBefore(line: number): LinePlace {
    const { bytes, lines } = this.#indexed;
    if (line >= lines) return this.#anchors.before(line) ?? { line: lines, offset: bytes };
    const range = this.#ask((index) => index.atLine(line, bytes));
    return range === undefined
      ? { line: 0, offset: 0 }
      : { line: range.firstLine, offset: range.offset };
  }

  #indexedPart(shownBytes: number): { bytes: number; lines: number } {
    const none = { bytes: 0, lines: 0 };
    if (this.#isDistrusted) return none;
    const extent = this.#ask((index) => index.extent());
    return extent !== undefined && extent.bytes <= shownBytes ? extent : none;
  }

  #ask<T>(question: (index: IndexedRanges) => T): T | undefined {
    if (this.#journalled === undefined) return undefined;
    return IndexedRanges.ask(this.#journalled.layout, this.#journalled.file, question);
  }
}
