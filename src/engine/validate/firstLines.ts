import { fingerprintBytes, type Fingerprint } from '../../core/keys.ts';
import { FirstLineStore } from '../../storage/firstLineStore.ts';

/** Keys held in memory, 16 bytes each and 8 for a while at the end; with more they all go to disk. */
const maxInMemory = 4_000_000;
/** A double holds so many bits of a key exactly. */
const lowBits = 2 ** 20;

/** A line whose key an earlier line has. */
export type OnRepeat = (line: number, first: number) => void;

/**
 * Which lines of a file have keys that earlier ones have. Exact, in flat memory: keys are kept one after the other as
 * they come; at the end a part of each is sorted, and only lines whose parts are equal are compared whole.
 */
export class FirstLines {
  #keys: Buffer;
  #lines: Uint32Array;
  #count = 0;
  readonly #maxInMemory: number;
  readonly #onRepeat: OnRepeat;
  #store: FirstLineStore | undefined;

  /**
   * @param expected keys to make room for at once; it grows past them.
   * @param onRepeat told of every repeat, at the latest by {@link end}.
   */
  constructor(expected: number, onRepeat: OnRepeat, limit = maxInMemory) {
    this.#onRepeat = onRepeat;
    const room = Math.min(Math.max(16, Math.ceil(expected)), limit);
    this.#keys = Buffer.alloc(room * fingerprintBytes);
    this.#lines = new Uint32Array(room);
    this.#maxInMemory = limit;
  }

  /** Takes keys of lines that follow one another: 16 bytes each. */
  addPacked(keys: Buffer, firstLine: number): void {
    const count = Math.floor(keys.length / fingerprintBytes);
    if (this.#store !== undefined || this.#count + count > this.#maxInMemory) {
      this.#addToStore(keys, firstLine);
      return;
    }
    this.#makeRoom(this.#count + count);
    keys.copy(this.#keys, this.#count * fingerprintBytes, 0, count * fingerprintBytes);
    for (let i = 0; i < count; i++) this.#lines[this.#count + i] = firstLine + i;
    this.#count += count;
  }

  add(key: Fingerprint, line: number): void {
    this.addPacked(Buffer.from(key, 'hex'), line);
  }

  /** After the last key. */
  end(): void {
    if (this.#store === undefined) this.#findRepeats();
    this.close();
  }

  /** Lets go of everything. */

  close(): void {
    this.#store?.close();
    this.#store = undefined;
    this.#keys = Buffer.alloc(0);
    this.#lines = new Uint32Array(0);
    this.#count = 0;
  }

  #findRepeats(): void {
    const parts = new Float64Array(this.#count);
    for (let i = 0; i < parts.length; i++) parts[i] = this.#partOf(i);
    parts.sort();
    const suspects = new Set<number>();
    for (let i = 1; i < parts.length; i++) {
      const part = parts[i];
      if (part !== undefined && part === parts[i - 1]) suspects.add(part);
    }
    if (suspects.size === 0) return;
    const firsts = new Map<Fingerprint, number>();
    for (let i = 0; i < this.#count; i++) {
      if (!suspects.has(this.#partOf(i))) continue;
      const at = i * fingerprintBytes;
      const key = this.#keys.toString('hex', at, at + fingerprintBytes);
      const line = this.#lines[i] ?? 0;
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, line);
      else this.#onRepeat(line, first);
    }
  }

  /** 52 bits of a key, as a number that sorts fast. */
  #partOf(i: number): number {
    const at = i * fingerprintBytes;
    const keys = this.#keys;
    return keys.readUInt32LE(at) * lowBits + (keys.readUInt32LE(at + 4) & (lowBits - 1));
  }

  #addToStore(keys: Buffer, firstLine: number): void {
    if (this.#store === undefined) {
      this.#store = new FirstLineStore();
      for (let i = 0; i < this.#count; i++) {
        const at = i * fingerprintBytes;
        this.#addOne(this.#keys.subarray(at, at + fingerprintBytes), this.#lines[i] ?? 0);
      }
      this.#keys = Buffer.alloc(0);
    }
    for (let at = 0; at + fingerprintBytes <= keys.length; at += fingerprintBytes) {
      this.#addOne(keys.subarray(at, at + fingerprintBytes), firstLine + at / fingerprintBytes);
    }
  }

  #addOne(key: Buffer, line: number): void {
    const first = this.#store?.add(key, line) ?? 0;
    if (first > 0) this.#onRepeat(line, first);
  }

  #makeRoom(count: number): void {
    if (count <= this.#lines.length) return;
    const room = Math.min(Math.max(count, this.#lines.length * 2), this.#maxInMemory);
    const keys = Buffer.alloc(room * fingerprintBytes);
    this.#keys.copy(keys);
    const lines = new Uint32Array(room);
    lines.set(this.#lines);
    this.#keys = keys;
    this.#lines = lines;
  }
}
