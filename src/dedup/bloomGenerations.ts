// Not the package's index: its other structures would cost each process 10 MB.
import bloomFilter from 'bloom-filters/dist/bloom/bloom-filter.js';
import { fingerprintBytes, type Fingerprint } from '../core/keys.ts';

/** A filter of the library, as what its bits are found by. */
interface Generation {
  /** The library's bits. */
  readonly bits: Uint8Array;
  /** How many there are. */
  readonly size: number;
  /** Bits of one key. */
  readonly count: number;
}

/**
 * Bloom filters that grow: when a generation holds as many keys as it was made for, a larger one is added. May say
 * "maybe" for a key that was never added; never says "new" for one that was.
 */
export class BloomGenerations {
  readonly #errorRate: number;
  readonly #generations: Generation[] = [];
  #room: number;
  #nextCapacity: number;

  constructor(capacity: number, errorRate: number) {
    this.#errorRate = errorRate;
    this.#nextCapacity = capacity;
    this.#room = 0;
  }

  add(fingerprint: Fingerprint): void {
    setBits(this.#withRoom(), thirdWord(fingerprint), fourthWord(fingerprint));
    this.#room -= 1;
  }

  /** Adds keys that stand one after the other as bytes. */
  addPacked(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = bytes.byteLength - (bytes.byteLength % fingerprintBytes);
    for (let at = 0; at < end;) {
      const generation = this.#withRoom();
      const until = Math.min(end, at + this.#room * fingerprintBytes);
      this.#room -= (until - at) / fingerprintBytes;
      for (; at < until; at += fingerprintBytes) {
        setBits(generation, view.getUint32(at + 8), view.getUint32(at + 12));
      }
    }
  }

  /** false: certainly new. */
  mayHave(fingerprint: Fingerprint): boolean {
    const third = thirdWord(fingerprint);
    const fourth = fourthWord(fingerprint);
    return this.#generations.some((generation) => hasBits(generation, third, fourth));
  }

  get generationCount(): number {
    return this.#generations.length;
  }

  #withRoom(): Generation {
    const last = this.#generations.at(-1);
    if (last !== undefined && this.#room > 0) return last;
    // Halved each time, so that all generations together stay below twice the rate (Almeida et al., "Scalable Bloom
    // Filters", 2007).
    const errorRate = this.#errorRate / 2 ** this.#generations.length;
    const filter = bloomFilter.default.create(this.#nextCapacity, errorRate);
    const next = { bits: filter._filter.array, size: filter._size, count: filter._nbHashes };
    this.#generations.push(next);
    this.#room = this.#nextCapacity;
    this.#nextCapacity *= 2;
    return next;
  }
}

/*
 * The library would hash the key again, which is 25 times slower; a key is a sha256 already. So its bits are set and read
 * here, at positions by double hashing (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006) over the key's
 * third and fourth word; the first is what the exact table goes by.
 */

function setBits({ bits, size, count }: Generation, third: number, fourth: number): void {
  const stride = strideOf(fourth, size);
  let position = third % size;
  for (let i = 0; i < count; i++) {
    const at = position >>> 3;
    bits[at] = (bits[at] ?? 0) | (1 << (position & 7));
    position = nextPosition(position, stride, i, size);
  }
}

function hasBits({ bits, size, count }: Generation, third: number, fourth: number): boolean {
  const stride = strideOf(fourth, size);
  let position = third % size;
  for (let i = 0; i < count; i++) {
    if (((bits[position >>> 3] ?? 0) & (1 << (position & 7))) === 0) return false;
    position = nextPosition(position, stride, i, size);
  }
  return true;
}

function strideOf(fourth: number, size: number): number {
  // `| 1` made it signed; unsigned again, so that no position is negative.
  return ((fourth | 1) >>> 0) % size;
}

function nextPosition(position: number, stride: number, i: number, size: number): number {
  // "Enhanced" double hashing adds i, so that a stride of 0 still moves.
  let next = position + stride + i;
  while (next >= size) next -= size;
  return next;
}

function thirdWord(fingerprint: Fingerprint): number {
  return Number.parseInt(fingerprint.slice(16, 24), 16);
}

function fourthWord(fingerprint: Fingerprint): number {
  return Number.parseInt(fingerprint.slice(24, 32), 16);
}
