import { LRUCache } from 'lru-cache';
import type { RecordBlock, RecordRow } from '../../src/core/records.ts';

/** Rows that are asked for together. */
const blockRows = 50;
/** Blocks that are kept: some screens in each direction. */
const keptBlocks = 40;
const askedAtOnce = 2;

/** The block that a row is in. */
export function blockAt(index: number): { first: number; count: number } {
  return { first: index - (index % blockRows), count: blockRows };
}

/** The rows of the file, or of the filter's matches, as far as they were seen lately. */
export class Blocks {
  readonly #read: (first: number, count: number) => Promise<RecordBlock>;
  readonly #onChange: (failure: unknown) => void;
  readonly #rows = new LRUCache<number, readonly RecordRow[]>({ max: keptBlocks });
  readonly #asked = new Set<number>();
  /** What was asked for before does not hold any more. */
  #age = 0;

  /**
   * @param read asks for rows; it may give fewer.
   * @param onChange is called when rows have come, or could not.
   */
  constructor(
    read: (first: number, count: number) => Promise<RecordBlock>,
    onChange: (failure: unknown) => void,
  ) {
    this.#read = read;
    this.#onChange = onChange;
  }

  /** A row, where it is there. */
  get(index: number): RecordRow | undefined {
    return this.#rows.get(Math.floor(index / blockRows))?.[index % blockRows];
  }

  /**
   * Asks for rows that are not there.
   *
   * @param total how many rows there are.
   */
  want(from: number, to: number, total: number): void {
    const last = Math.floor((Math.min(to, total) - 1) / blockRows);
    for (let block = Math.floor(from / blockRows); block <= last; block += 1) {
      if (this.#asked.size >= askedAtOnce) return;
      const wanted = Math.min(blockRows, total - block * blockRows);
      const rows = this.#rows.get(block) ?? [];
      if (rows.length < wanted && !this.#asked.has(block)) void this.#ask(block, rows, wanted);
    }
  }

  /** Takes in a block that has come by itself, from its first row on. */
  take(first: number, rows: readonly RecordRow[]): void {
    if (rows.length > 0) this.#rows.set(first / blockRows, rows);
  }

  /** Forgets all rows. */
  clear(): void {
    this.#age += 1;
    this.#rows.clear();
    this.#asked.clear();
  }

  /** Forgets the row that may have grown. */
  forget(index: number): void {
    const block = Math.floor(index / blockRows);
    const rows = this.#rows.get(block);
    if (rows) this.#rows.set(block, rows.slice(0, index % blockRows));
  }

  async #ask(block: number, known: readonly RecordRow[], wanted: number): Promise<void> {
    const age = this.#age;
    this.#asked.add(block);
    let failure: unknown;
    try {
      const first = block * blockRows + known.length;
      const { rows } = await this.#read(first, wanted - known.length);
      if (this.#age !== age) return;
      // What has no more to give is not asked for again and again.
      if (rows.length > 0) this.#rows.set(block, [...known, ...rows]);
    } catch (error) {
      failure = error;
    } finally {
      if (this.#age === age) this.#asked.delete(block);
    }
    this.#onChange(failure);
  }
}
