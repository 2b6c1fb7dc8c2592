import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fingerprint } from '../../core/keys.ts';
import { compareSortValues, readSortValue, writeSortValue, type SortValue } from './sortOrder.ts';

/** A record's line on its way to its place. */
export interface SortedLine {
  readonly value: SortValue;
  readonly key: Fingerprint;
  /** Which input it is from. */
  readonly input: number;
  readonly text: string;
}

/** Characters that are sorted in memory at once. */
const defaultRunLength = 24 * 1024 * 1024;
const pieceBytes = 128 * 1024;

/**
 * Sorts lines that do not fit into memory: sorted runs on disk, merged when they are read. Stable. Lines can be read as
 * often as one likes once all are there.
 */
export class Sorter {
  readonly #folder: string;
  readonly #runLength: number;
  readonly #runs: string[] = [];
  #lines: SortedLine[] = [];
  #length = 0;
  #isSorted = false;

  /** @param folder is made when memory is full, and is the sorter's own. */
  constructor(folder: string, runLength = defaultRunLength) {
    this.#folder = folder;
    this.#runLength = runLength;
  }

  async add(lines: readonly SortedLine[]): Promise<void> {
    this.#isSorted = false;
    for (const line of lines) {
      this.#lines.push(line);
      this.#length += line.text.length;
    }
    if (this.#length >= this.#runLength) await this.#writeRun();
  }

  /** Every line in its order. */
  async *sorted(): AsyncGenerator<SortedLine[], void, void> {
    if (!this.#isSorted) this.#lines.sort((a, b) => compareSortValues(a.value, b.value));
    this.#isSorted = true;
    const files: FileHandle[] = [];
    try {
      const readers: LineReader[] = [];
      for (const run of this.#runs) {
        const file = await open(run, 'r');
        files.push(file);
        readers.push(new RunReader(file));
      }
      readers.push(new MemoryReader(this.#lines));
      yield* merge(readers);
    } finally {
      for (const file of files) await file.close();
    }
  }

  /** Forgets everything, also what is on disk. */
  async clear(): Promise<void> {
    this.#lines = [];
    this.#length = 0;
    if (this.#runs.length > 0) await rm(this.#folder, { recursive: true, force: true });
    this.#runs.length = 0;
  }

  async #writeRun(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const path = join(this.#folder, `run-${this.#runs.length}.txt`);
    const lines = this.#lines.sort((a, b) => compareSortValues(a.value, b.value));
    const file = await open(path, 'w');
    try {
      for (let at = 0; at < lines.length; at += linesPerPiece) {
        const piece = lines.slice(at, at + linesPerPiece).map(writeLine);
        await file.appendFile(piece.join(''));
      }
    } finally {
      await file.close();
    }
    this.#runs.push(path);
    this.#lines = [];
    this.#length = 0;
  }
}

const linesPerPiece = 2000;

function writeLine({ value, key, input, text }: SortedLine): string {
  return `${writeSortValue(value)}\t${key}\t${input}\t${text}\n`;
}

function readLine(line: string): SortedLine {
  const first = line.indexOf('\t');
  const second = line.indexOf('\t', first + 1);
  const third = line.indexOf('\t', second + 1);
  return {
    value: readSortValue(line.slice(0, first)),
    key: line.slice(first + 1, second),
    input: Number(line.slice(second + 1, third)),
    text: line.slice(third + 1),
  };
}

/** Sorted lines, one after the other. */
interface LineReader {
  /** The next line; undefined when it is not at hand or there is none. */
  readonly head: SortedLine | undefined;
  /** Moves on; false where {@link fill} must be asked. */
  next(): boolean;
  /** Gets lines where none are at hand; false when there are no more. */
  fill(): Promise<boolean>;
}

class MemoryReader implements LineReader {
  readonly #lines: readonly SortedLine[];
  #at = 0;

  constructor(lines: readonly SortedLine[]) {
    this.#lines = lines;
  }

  get head(): SortedLine | undefined {
    return this.#lines[this.#at];
  }

  next(): boolean {
    this.#at += 1;
    return this.head !== undefined;
  }

  fill(): Promise<boolean> {
    return Promise.resolve(this.#at < this.#lines.length);
  }
}

class RunReader implements LineReader {
  readonly #file: FileHandle;
  readonly #decoder = new TextDecoder('utf-8');
  readonly #piece = Buffer.allocUnsafe(pieceBytes);
  #lines: string[] = [];
  #at = 0;
  #rest = '';
  head: SortedLine | undefined;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  next(): boolean {
    const line = this.#lines[this.#at];
    this.#at += 1;
    this.head = line === undefined ? undefined : readLine(line);
    return line !== undefined;
  }

  async fill(): Promise<boolean> {
    while (this.head === undefined) {
      const { bytesRead } = await this.#file.read(this.#piece, 0, pieceBytes, null);
      if (bytesRead === 0) return false;
      const text = this.#decoder.decode(this.#piece.subarray(0, bytesRead), { stream: true });
      this.#lines = `${this.#rest}${text}`.split('\n');
      this.#rest = this.#lines.pop() ?? '';
      this.#at = 0;
      this.next();
    }
    return true;
  }
}

/** The lines of all readers in order, in pieces; of equal ones that of an earlier reader comes first. */
async function* merge(readers: readonly LineReader[]): AsyncGenerator<SortedLine[], void, void> {
  const heap: number[] = [];
  const isBefore = (a: number, b: number): boolean => {
    const order = compareSortValues(readers[a]?.head?.value ?? [3], readers[b]?.head?.value ?? [3]);
    return order < 0 || (order === 0 && a < b);
  };
  const sink = (at: number): void => {
    const moved = heap[at] ?? 0;
    for (;;) {
      let child = at * 2 + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child += 1;
      const smaller = heap[child] ?? 0;
      if (isBefore(moved, smaller)) break;
      heap[at] = smaller;
      at = child;
    }
    heap[at] = moved;
  };
  for (const [i, reader] of readers.entries()) if (await reader.fill()) heap.push(i);
  for (let at = heap.length >> 1; at >= 0; at--) if (heap.length > 0) sink(at);
  let piece: SortedLine[] = [];
  while (heap.length > 0) {
    const reader = readers[heap[0] ?? 0];
    if (reader?.head === undefined) break;
    piece.push(reader.head);
    if (!reader.next() && !(await reader.fill())) {
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) heap[0] = last;
    }
    if (heap.length > 0) sink(0);
    if (piece.length < linesPerPiece) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}
