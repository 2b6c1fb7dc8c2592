// Not the package's index: its other structures would cost each process 10 MB.
import bloomFilter from 'bloom-filters/dist/bloom/bloom-filter.js';
import type { Fingerprint } from '../core/keys.ts';

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
    if (this.#room === 0) {
      // Halved each time, so that all generations together stay below twice the rate (Almeida et al., "Scalable Bloom
      // Filters", 2007).
      const errorRate = this.#errorRate / 2 ** this.#generations.length;
      this.#generations.push(createFilter(this.#nextCapacity, errorRate));
      this.#room = this.#nextCapacity;
      this.#nextCapacity *= 2;
    }
    this.#generations.at(-1)?.add(fingerprint);
    this.#room -= 1;
  }

  /** false: certainly new. */
  mayHave(fingerprint: Fingerprint): boolean {
    return this.#generations.some((filter) => filter.has(fingerprint));
  }

  get generationCount(): number {
    return this.#generations.length;
  }
}

function createFilter(capacity: number, errorRate: number): BloomFilter {
  const filter = bloomFilter.default.create(capacity, errorRate);
  // The library would hash the key again, which is 25 times slower; a key is a sha256 already.
  filter._hashing.getIndexes = (element, size, hashCount) =>
    positions(element as Fingerprint, size, hashCount);
  return filter;
}

/**
 * Bit positions by double hashing (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006) over the key's
 * third and fourth word; the first is what the exact table goes by.
 */
function positions(fingerprint: Fingerprint, size: number, count: number): number[] {
  const first = Number.parseInt(fingerprint.slice(16, 24), 16);
  const step = Number.parseInt(fingerprint.slice(24, 32), 16) | 1;
  const result: number[] = [];
  // `| 1` made it signed; unsigned again, so that no position is negative.
  let position = first % size;
  const stride = (step >>> 0) % size;
  for (let i = 0; i < count; i++) {
    result.push(position);
    // "Enhanced" double hashing adds i, so that a stride of 0 still moves.
    position = (position + stride + i) % size;
  }
  return result;
}
