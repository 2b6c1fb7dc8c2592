import { fingerprintBytes, type Fingerprint } from '../core/keys.ts';

const wordsPerKey = 4;
/** Above this share of filled slots the table doubles. */
const maxLoad = 0.7;
/** In place of a slot: the key is there. */
const there = -1;
/** In place of a slot: the all-zero key, which is not there. */
const zeroKey = -2;

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
    return this.#find(...wordsOf(fingerprint)) === there;
  }

  /** Adds a key; false when it was there. */
  add(fingerprint: Fingerprint): boolean {
    return this.#insert(...wordsOf(fingerprint));
  }

  /** Adds keys that stand one after the other as bytes. */
  addPacked(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + fingerprintBytes <= bytes.byteLength; at += fingerprintBytes) {
      this.#insert(
        view.getUint32(at),
        view.getUint32(at + 4),
        view.getUint32(at + 8),
        view.getUint32(at + 12),
      );
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

  #insert(k0: number, k1: number, k2: number, k3: number): boolean {
    const base = this.#find(k0, k1, k2, k3);
    if (base === there) return false;
    this.#size += 1;
    if (base === zeroKey) {
      this.#hasZero = true;
      return true;
    }
    const words = this.#words;
    words[base] = k0;
    words[base + 1] = k1;
    words[base + 2] = k2;
    words[base + 3] = k3;
    if (this.#size > (this.#mask + 1) * maxLoad) this.#grow();
    return true;
  }

  /** Where a key would go; {@link there} when it is there. */
  #find(k0: number, k1: number, k2: number, k3: number): number {
    if ((k0 | k1 | k2 | k3) === 0) return this.#hasZero ? there : zeroKey;
    const words = this.#words;
    for (let slot = (k0 & this.#mask) >>> 0; ; slot = (slot + 1) & this.#mask) {
      const base = slot * wordsPerKey;
      const first = words[base];
      if (
        first === k0 &&
        words[base + 1] === k1 &&
        words[base + 2] === k2 &&
        words[base + 3] === k3
      ) {
        return there;
      }
      if (first === 0 && this.#isEmpty(base)) return base;
    }
  }

  #isEmpty(base: number): boolean {
    const words = this.#words;
    return (
      words[base] === 0 && words[base + 1] === 0 && words[base + 2] === 0 && words[base + 3] === 0
    );
  }

  #grow(): void {
    const old = this.#words;
    const slots = (this.#mask + 1) * 2;
    this.#words = new Uint32Array(slots * wordsPerKey);
    this.#mask = slots - 1;
    for (let from = 0; from < old.length; from += wordsPerKey) {
      const k0 = old[from] ?? 0;
      const k1 = old[from + 1] ?? 0;
      const k2 = old[from + 2] ?? 0;
      const k3 = old[from + 3] ?? 0;
      if ((k0 | k1 | k2 | k3) === 0) continue;
      let slot = (k0 & this.#mask) >>> 0;
      while (!this.#isEmpty(slot * wordsPerKey)) slot = (slot + 1) & this.#mask;
      const base = slot * wordsPerKey;
      this.#words[base] = k0;
      this.#words[base + 1] = k1;
      this.#words[base + 2] = k2;
      this.#words[base + 3] = k3;
    }
  }
}

function wordsOf(fingerprint: Fingerprint): [number, number, number, number] {
  return [
    Number.parseInt(fingerprint.slice(0, 8), 16),
    Number.parseInt(fingerprint.slice(8, 16), 16),
    Number.parseInt(fingerprint.slice(16, 24), 16),
    Number.parseInt(fingerprint.slice(24, 32), 16),
  ];
}
