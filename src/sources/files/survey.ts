import { mkdir, open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnConflict } from '../../core/mergeManifest.ts';
import type { Fingerprint } from '../../core/keys.ts';

/** What is noted of one record. */
export interface Noted {
  readonly key: Fingerprint;
  /** Differs where the texts of two lines differ; the other way round all but once in four billion times. */
  readonly textDigest: number;
  readonly textLength: number;
  /** How many of its fields hold something. */
  readonly richness: number;
}

/** Two lines with one key and different texts, by their numbers in the whole; the first is the one that is kept. */
export type UnlikePair = readonly [kept: number, other: number];

/** Which lines of all inputs are kept. */
export interface Verdict {
  /** Whether the record in a line, counted over all inputs from 0, is the one that is kept of those with its key. */
  isKept(line: number): boolean;
  readonly unlike: readonly UnlikePair[];
}

/** key (4), digest, length, richness, number of the line. */
const wordsPerEntry = 8;
const bytesPerEntry = wordsPerEntry * 4;
const partCount = 64;
const entriesPerBlock = 1024;
/** Entries that fit into memory; 2 million take 64 MB. */
const defaultMaxInMemory = 2_000_000;

/**
 * Notes the key of every record of all inputs, and then decides which record of each key is kept. In flat memory: 32 bytes
 * for a record, on disk past the limit; deciding takes one 64th of them at a time.
 */
export class Survey {
  readonly #folder: string;
  readonly #rule: OnConflict;
  readonly #maxInMemory: number;
  readonly #parts = Array.from({ length: partCount }, (_, n) => new Part(n));
  #inMemory = 0;
  #hasSpilled = false;

  /** @param folder is made when memory is full, and is the survey's own. */
  constructor(folder: string, rule: OnConflict, maxInMemory = defaultMaxInMemory) {
    this.#folder = folder;
    this.#rule = rule;
    this.#maxInMemory = maxInMemory;
  }

  /** Notes records, in order of their lines. `undefined` stands for a line without one. */
  async note(firstLine: number, records: readonly (Noted | undefined)[]): Promise<void> {
    const keys: string[] = [];
    for (const record of records) if (record !== undefined) keys.push(record.key);
    const packed = Buffer.from(keys.join(''), 'hex');
    let at = 0;
    for (const [i, record] of records.entries()) {
      if (record === undefined) continue;
      this.#part(packed[at] ?? 0).add(packed, at, record, firstLine + i);
      at += 16;
    }
    this.#inMemory += keys.length;
    if (this.#inMemory > this.#maxInMemory) await this.#spill();
  }

  /** Decides. The survey is empty afterwards. */
  async decide(lineCount: number): Promise<Verdict> {
    const kept = new Uint8Array(Math.ceil(lineCount / 8));
    const unlike: UnlikePair[] = [];
    // One after the other in the same place: 64 times as much at once would be as large as the survey itself.
    const [all, table, slots] = [new Scratch(), new Scratch(), new Scratch()];
    for (const part of this.#parts) {
      const entries = await part.take(this.#hasSpilled ? this.#folder : undefined, all);
      decidePart(entries, { rule: this.#rule, table, slots }, kept, unlike);
    }
    await this.clear();
    return { unlike, isKept: (line) => (((kept[line >> 3] ?? 0) >> (line & 7)) & 1) === 1 };
  }

  /** Forgets everything, also what is on disk. */
  async clear(): Promise<void> {
    for (const part of this.#parts) part.clear();
    this.#inMemory = 0;
    if (this.#hasSpilled) await rm(this.#folder, { recursive: true, force: true });
    this.#hasSpilled = false;
  }

  #part(firstByte: number): Part {
    const part = this.#parts[firstByte % partCount];
    if (part === undefined) throw new RangeError('no such part');
    return part;
  }

  async #spill(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    this.#hasSpilled = true;
    for (const part of this.#parts) await part.spill(this.#folder);
    this.#inMemory = 0;
  }
}

/** Entries whose keys begin alike. */
class Part {
  readonly #name: string;
  #blocks: Uint32Array[] = [];
  /** Entries in the last block. */
  #filled = 0;

  constructor(n: number) {
    this.#name = `keys-${n}.bin`;
  }

  add(packed: Buffer, at: number, record: Noted, line: number): void {
    let block = this.#blocks.at(-1);
    if (block === undefined || this.#filled === entriesPerBlock) {
      block = new Uint32Array(entriesPerBlock * wordsPerEntry);
      this.#blocks.push(block);
      this.#filled = 0;
    }
    const base = this.#filled * wordsPerEntry;
    for (let i = 0; i < 4; i++) block[base + i] = packed.readUInt32LE(at + i * 4);
    block[base + 4] = record.textDigest;
    block[base + 5] = record.textLength;
    block[base + 6] = record.richness;
    block[base + 7] = line;
    this.#filled += 1;
  }

  async spill(folder: string): Promise<void> {
    const blocks = this.#takeBlocks();
    if (blocks.length === 0) return;
    let file: FileHandle | undefined;
    try {
      file = await open(join(folder, this.#name), 'a');
      for (const block of blocks) {
        await file.appendFile(new Uint8Array(block.buffer, block.byteOffset, block.byteLength));
      }
    } finally {
      await file?.close();
    }
  }

  /** All entries in the order in which they were added. Valid until the scratch is used again. */
  async take(folder: string | undefined, scratch: Scratch): Promise<Uint32Array> {
    const spilled = folder === undefined ? undefined : await readIfThere(join(folder, this.#name));
    const blocks = this.#takeBlocks();
    const own = blocks.reduce((sum, block) => sum + block.byteLength, 0);
    const entries = scratch.words(((spilled?.byteLength ?? 0) + own) / 4);
    const all = new Uint8Array(entries.buffer, 0, entries.byteLength);
    let at = 0;
    if (spilled !== undefined) {
      all.set(spilled);
      at = spilled.byteLength;
    }
    for (const block of blocks) {
      all.set(new Uint8Array(block.buffer, block.byteOffset, block.byteLength), at);
      at += block.byteLength;
    }
    return entries;
  }

  clear(): void {
    this.#blocks = [];
    this.#filled = 0;
  }

  #takeBlocks(): Uint32Array[] {
    const blocks = this.#blocks;
    const last = blocks.pop();
    if (last !== undefined) blocks.push(last.subarray(0, this.#filled * wordsPerEntry));
    this.clear();
    return blocks;
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Memory that is used again and again. */
class Scratch {
  #words = new Uint32Array(0);

  /** So many words, with whatever is in them. */
  words(count: number): Uint32Array {
    if (count > this.#words.length) this.#words = new Uint32Array(count + (count >> 2));
    return this.#words.subarray(0, count);
  }
}

/** Marks the kept entries of one part. Open addressing over the entries: a slot holds an entry's number plus one. */
function decidePart(
  entries: Uint32Array,
  use: { readonly rule: OnConflict; readonly table: Scratch; readonly slots: Scratch },
  kept: Uint8Array,
  unlike: UnlikePair[],
): void {
  const count = (entries.byteLength / bytesPerEntry) | 0;
  const slots = 2 ** Math.ceil(Math.log2(Math.max(16, count * 2)));
  const table = use.table.words(slots).fill(0);
  /** The slot of each entry's key. */
  const slotOf = use.slots.words(count);
  const mask = slots - 1;
  for (let entry = 0; entry < count; entry++) {
    const base = entry * wordsPerEntry;
    let slot = (entries[base + 1] ?? 0) & mask;
    for (;;) {
      const held = table[slot] ?? 0;
      if (held === 0) {
        table[slot] = entry + 1;
        break;
      }
      const heldBase = (held - 1) * wordsPerEntry;
      if (isSameKey(entries, heldBase, base)) {
        if (takesItsPlace(entries, heldBase, base, use.rule)) table[slot] = entry + 1;
        break;
      }
      slot = (slot + 1) & mask;
    }
    slotOf[entry] = slot;
  }
  for (let entry = 0; entry < count; entry++) {
    const base = entry * wordsPerEntry;
    const line = entries[base + 7] ?? 0;
    const winner = (table[slotOf[entry] ?? 0] ?? 0) - 1;
    if (winner === entry) {
      kept[line >> 3] = (kept[line >> 3] ?? 0) | (1 << (line & 7));
      continue;
    }
    const winnerBase = winner * wordsPerEntry;
    const isLike =
      entries[base + 4] === entries[winnerBase + 4] &&
      entries[base + 5] === entries[winnerBase + 5];
    if (!isLike) unlike.push([entries[winnerBase + 7] ?? 0, line]);
  }
}

function isSameKey(entries: Uint32Array, a: number, b: number): boolean {
  return (
    entries[a] === entries[b] &&
    entries[a + 1] === entries[b + 1] &&
    entries[a + 2] === entries[b + 2] &&
    entries[a + 3] === entries[b + 3]
  );
}

/** Whether a later entry is kept instead of an earlier one. */
function takesItsPlace(
  entries: Uint32Array,
  earlier: number,
  later: number,
  rule: OnConflict,
): boolean {
  if (rule === 'first') return false;
  return rule === 'last' || (entries[later + 6] ?? 0) > (entries[earlier + 6] ?? 0);
}
