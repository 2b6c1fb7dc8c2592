// Not the package's index: its other structures would cost each process 10 MB.
import bloomFilter from 'bloom-filters/dist/bloom/bloom-filter.js';
import { fingerprintBytes, type Fingerprint } from '../core/keys.ts';

type BloomFilter = InstanceType<typeof bloomFilter.default>;

/**
 * Bloom filters that grow: when a generation holds as many keys as it was made for, a larger one is added. May say
 * "maybe" for a key that was never added; never says "new" for one that was.
 */
export class BloomGenerations {
  readonly #errorRate: number;
  readonly #generations: BloomFilter[] = [];
  #room: number;
  #nextCapacity: number;

  constructor(capacity: number, errorRate: number) {
    this.#errorRate = errorRate;
    this.#nextCapacity = capacity;
    this.#room = 0;
  }

  add(fingerprint: Fingerprint): void {
    this.#setBits(thirdWord(fingerprint), fourthWord(fingerprint));
  }

  /** Adds keys that stand one after the other as bytes. */
  addPacked(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + fingerprintBytes <= bytes.byteLength; at += fingerprintBytes) {
      this.#setBits(view.getUint32(at + 8), view.getUint32(at + 12));
    }
  }

  /** false: certainly new. */
  mayHave(fingerprint: Fingerprint): boolean {
    const third = thirdWord(fingerprint);
    const fourth = fourthWord(fingerprint);
    return this.#generations.some((filter) => hasBits(filter, third, fourth));
  }

  get generationCount(): number {
    return this.#generations.length;
  }

  #setBits(third: number, fourth: number): void {
    if (this.#room === 0) {
      // Halved each time, so that all generations together stay below twice the rate (Almeida et al., "Scalable Bloom
      // Filters", 2007).
      const errorRate = this.#errorRate / 2 ** this.#generations.length;
      this.#generations.push(bloomFilter.default.create(this.#nextCapacity, errorRate));
      this.#room = this.#nextCapacity;
      this.#nextCapacity *= 2;
    }
    this.#room -= 1;
    const filter = this.#generations.at(-1);
    if (filter === undefined) return;
    const { _filter: bits, _size: size, _nbHashes: count } = filter;
    const stride = strideOf(fourth, size);
    let position = third % size;
    for (let i = 0; i < count; i++) {
      bits.add(position);
      position = nextPosition(position, stride, i, size);
    }
  }
}

/**
 * The library would hash the key again, which is 25 times slower; a key is a sha256 already. So its bits are set and read
 * here, at positions by double hashing (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006) over the key's
 * third and fourth word; the first is what the exact table goes by.
 */
function hasBits(filter: BloomFilter, third: number, fourth: number): boolean {
  const { _filter: bits, _size: size, _nbHashes: count } = filter;
  const stride = strideOf(fourth, size);
  let position = third % size;
  for (let i = 0; i < count; i++) {
    if (!bits.has(position)) return false;
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
