import type { RecordFilter, SearchStatus } from '../../core/records.ts';
import type { StorageFile } from '../../storage/fileSystem.ts';
import { linesInPieces } from './lineParts.ts';
import { lineTest, type LineTest } from './recordFilter.ts';
import { lineText } from './recordRow.ts';
import { MatchList, maxMatches } from './matchList.ts';

const pieceBytes = 1024 * 1024;
/** Longer lines are looked for in their beginning only. */
const keepBytes = 16 * 1024 * 1024;

/** Looking for records that fit: from the file's beginning to its end, and on from there when it has grown. */
export class RecordSearch {
  readonly matches = new MatchList();
  readonly #test: LineTest;
  #record = 0;
  #offset = 0;
  #end = 0;
  #isEnded = false;

  constructor(filter: RecordFilter) {
    this.#test = lineTest(filter);
  }

  /** Whether a file with so many bytes has some that were not looked at. */
  isBehind(bytes: number): boolean {
    return !this.#isEnded && this.#end < bytes && !this.#isFull;
  }

  status(bytes: number): SearchStatus {
    return {
      matches: this.matches.length,
      doneBytes: this.#end,
      isDone: !this.isBehind(bytes),
      isFull: this.#isFull,
    };
  }

  /** Looks on, up to a byte of the file. */
  async run(file: StorageFile, to: number): Promise<void> {
    // A last line without its newline was looked at, and may have got longer.
    this.matches.drop(this.#record);
    const part = { from: this.#offset, to, keepBytes, pieceBytes };
    for await (const lines of linesInPieces(file, part)) {
      for (const { offset, bytes, head, isEnded } of lines) {
        if (this.#isEnded || this.#isFull) return;
        if (this.#test(lineText(head))) this.matches.add(this.#record, offset);
        if (isEnded) {
          this.#record += 1;
          this.#offset = offset + bytes + 1;
        }
        this.#end = offset + bytes + (isEnded ? 1 : 0);
      }
    }
    this.#end = to;
  }

  /** Nobody wants to know any more. */
  end(): void {
    this.#isEnded = true;
  }

  get #isFull(): boolean {
    return this.matches.length >= maxMatches;
  }
}
