import { fingerprintBytes, type Fingerprint } from '../../core/keys.ts';
import { FirstLineStore } from '../../storage/firstLineStore.ts';

/** Four of the key, one of the line. */
const wordsPerSlot = 5;
/** Above this share of filled slots the table doubles. */
const maxLoad = 0.7;
/** Keys held in memory, about 84 MB; further ones go to disk. */
const maxInMemory = 2_900_000;

/**
 * Which line of a file has a key first. Exact, in flat memory: open addressing over a `Uint32Array`; a key is a hash
 * already, so its first word chooses the slot. A slot without a line is empty.
 */
export class FirstLines {
  #slots: Uint32Array;
  #mask: number;
  #size = 0;
  readonly #maxInMemory: number;
  #store: FirstLineStore | undefined;

  /** @param expected keys to make room for at once; it grows past them. */
  constructor(expected: number, limit = maxInMemory) {
    const wanted = Math.min(Math.max(16, expected), limit) / maxLoad;
    const slots = 2 ** Math.ceil(Math.log2(wanted));
    this.#slots = new Uint32Array(slots * wordsPerSlot);
    this.#mask = slots - 1;
    this.#maxInMemory = limit;
  }

  /**
   * Takes keys of lines that follow one another.
   *
   * @param keys 16 bytes each.
   * @param onRepeat called for a line whose key an earlier line has.
   */
  addPacked(
    keys: Buffer,
    firstLine: number,
    onRepeat: (line: number, first: number) => void,
  ): void {
    let line = firstLine;
    for (let at = 0; at + fingerprintBytes <= keys.length; at += fingerprintBytes) {
      const first = this.#add(keys, at, line);
      if (first > 0) onRepeat(line, first);
      line += 1;
    }
  }

  /** Adds one key; the line that had it before, or 0 when it is new. */
  add(key: Fingerprint, line: number): number {
    return this.#add(Buffer.from(key, 'hex'), 0, line);
  }

  /** Lets go of what is on disk. */
  close(): void {
    this.#store?.close();
    this.#store = undefined;
  }

  #add(keys: Buffer, at: number, line: number): number {
    const k0 = keys.readUInt32LE(at);
    const k1 = keys.readUInt32LE(at + 4);
    const k2 = keys.readUInt32LE(at + 8);
    const k3 = keys.readUInt32LE(at + 12);
    const slots = this.#slots;
    let slot = (k0 & this.#mask) >>> 0;
    for (;;) {
      const base = slot * wordsPerSlot;
      const known = slots[base + 4] ?? 0;
      if (known === 0) {
        if (this.#size >= this.#maxInMemory) return this.#addToStore(keys, at, line);
        slots[base] = k0;
        slots[base + 1] = k1;
        slots[base + 2] = k2;
        slots[base + 3] = k3;
        slots[base + 4] = line;
        this.#size += 1;
        if (this.#size > (this.#mask + 1) * maxLoad) this.#grow();
        return 0;
      }
      const isSame =
        slots[base] === k0 &&
        slots[base + 1] === k1 &&
        slots[base + 2] === k2 &&
        slots[base + 3] === k3;
      if (isSame) return known;
      slot = (slot + 1) & this.#mask;
    }
  }

  #addToStore(keys: Buffer, at: number, line: number): number {
    this.#store ??= new FirstLineStore();
    return this.#store.add(keys.subarray(at, at + fingerprintBytes), line);
  }

  #grow(): void {
    const old = this.#slots;
    const slots = (this.#mask + 1) * 2;
    this.#slots = new Uint32Array(slots * wordsPerSlot);
    this.#mask = slots - 1;
    for (let from = 0; from < old.length; from += wordsPerSlot) {
      if (old[from + 4] === 0) continue;
      let slot = ((old[from] ?? 0) & this.#mask) >>> 0;
      while (this.#slots[slot * wordsPerSlot + 4] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots.set(old.subarray(from, from + wordsPerSlot), slot * wordsPerSlot);
    }
  }
}
