import type { Fingerprint } from '../core/keys.ts';

const wordsPerKey = 4;
/** Above this share of filled slots the table doubles. */
const maxLoad = 0.7;

/**
 * An exact set of 128-bit fingerprints in flat memory: open addressing with linear probing over a `Uint32Array`, about
 * 23 to 46 bytes a key. A fingerprint is already a hash, so its first word chooses the slot.
 */
export class ExactTable {
  #words: Uint32Array;
  #mask: number;
  #size = 0;
  /** An all-zero slot is an empty one, so the all-zero key is remembered aside. */
  #hasZero = false;
  readonly #key = new Uint32Array(wordsPerKey);

  /** @param expected keys to make room for at once; it grows past them. */
  constructor(expected = 1024) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, expected / maxLoad)));
    this.#words = new Uint32Array(slots * wordsPerKey);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size;
  }

  has(fingerprint: Fingerprint): boolean {
    this.#load(fingerprint);
    return this.#find() < 0;
  }

  /** Adds a key; false when it was there. */
  add(fingerprint: Fingerprint): boolean {
    this.#load(fingerprint);
    return this.#insert();
  }

  /** Adds keys that stand one after the other as bytes. */
  addPacked(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 16 <= bytes.byteLength; at += 16) {
      for (let i = 0; i < wordsPerKey; i++) this.#key[i] = view.getUint32(at + i * 4);
      this.#insert();
    }
  }

  /** Every key as bytes, 16 each, in no particular order, in pieces of at most `perPiece` keys. */
  *packed(perPiece = 4096): Generator<Buffer> {
    let piece = Buffer.allocUnsafe(perPiece * 16);
    let filled = 0;
    if (this.#hasZero) filled = piece.fill(0, 0, 16).length > 0 ? 16 : 0;
    for (let slot = 0; slot <= this.#mask; slot++) {
      const base = slot * wordsPerKey;
      if (this.#isEmpty(base)) continue;
      for (let i = 0; i < wordsPerKey; i++)
        filled = piece.writeUInt32BE(this.#words[base + i] ?? 0, filled);
      if (filled === piece.length) {
        yield piece;
        piece = Buffer.allocUnsafe(perPiece * 16);
        filled = 0;
      }
    }
    if (filled > 0) yield piece.subarray(0, filled);
  }

  #load(fingerprint: Fingerprint): void {
    for (let i = 0; i < wordsPerKey; i++) {
      this.#key[i] = Number.parseInt(fingerprint.slice(i * 8, i * 8 + 8), 16);
    }
  }

  #insert(): boolean {
    if (this.#isZeroKey()) {
      if (this.#hasZero) return false;
      this.#hasZero = true;
      this.#size += 1;
      return true;
    }
    const base = this.#find();
    if (base < 0) return false;
    this.#words.set(this.#key, base);
    this.#size += 1;
    if (this.#size > (this.#mask + 1) * maxLoad) this.#grow();
    return true;
  }

  /** Where the loaded key would go; -1 when it is there. */
  #find(): number {
    if (this.#isZeroKey()) return this.#hasZero ? -1 : 0;
    const [k0, k1, k2, k3] = this.#key;
    const words = this.#words;
    let slot = ((k0 ?? 0) & this.#mask) >>> 0;
    for (;;) {
      const base = slot * wordsPerKey;
      if (
        words[base] === k0 &&
        words[base + 1] === k1 &&
        words[base + 2] === k2 &&
        words[base + 3] === k3
      ) {
        return -1;
      }
      if (this.#isEmpty(base)) return base;
      slot = (slot + 1) & this.#mask;
    }
  }

  #isEmpty(base: number): boolean {
    const words = this.#words;
    return (
      words[base] === 0 && words[base + 1] === 0 && words[base + 2] === 0 && words[base + 3] === 0
    );
  }

  #isZeroKey(): boolean {
    const key = this.#key;
    return key[0] === 0 && key[1] === 0 && key[2] === 0 && key[3] === 0;
  }

  #grow(): void {
    const old = this.#words;
    const slots = (this.#mask + 1) * 2;
    this.#words = new Uint32Array(slots * wordsPerKey);
    this.#mask = slots - 1;
    for (let base = 0; base < old.length; base += wordsPerKey) {
      const key = old.subarray(base, base + wordsPerKey);
      if (key[0] === 0 && key[1] === 0 && key[2] === 0 && key[3] === 0) continue;
      let slot = ((key[0] ?? 0) & this.#mask) >>> 0;
      while (!this.#isEmpty(slot * wordsPerKey)) slot = (slot + 1) & this.#mask;
      this.#words.set(key, slot * wordsPerKey);
    }
  }
}
