import { LRUCache } from 'lru-cache';
import type { Fingerprint } from '../core/keys.ts';
import { BloomGenerations } from './bloomGenerations.ts';
import { ExactTable } from './exactTable.ts';

/** Where keys go that are too many for memory: a table on disk. Exact. */
export interface KeyStore {
  has(fingerprint: Fingerprint): boolean;
  /** Adds keys that stand one after the other as bytes; known ones are ignored. */
  addPacked(bytes: Uint8Array): void;
  close(): void;
}

/** How much of everything {@link SeenKeys} is made for. */
export interface SeenKeysOptions {
  /** Keys of the bloom filter's first generation. */
  readonly capacity: number;
  readonly errorRate: number;
  /** Keys kept at hand for repeats that come soon. */
  readonly recent: number;
  /** Keys that are about to be added: room for them is made at once. */
  readonly expected?: number;
  /** Keys held in memory before the rest goes to the store. */
  readonly maxInMemory?: number;
  /** Opens the store; called once, when memory is full. */
  readonly openStore?: () => KeyStore;
}

/** Keys that fit into memory: 4 million take about 134 MB. */
const defaultMaxInMemory = 4_000_000;

/**
 * Which keys have been seen. Exact: "seen" is said of no new key, "new" of no seen one. The bloom filter answers "new"
 * at once; behind it the recent keys answer repeats; behind them the exact table, in memory or on disk.
 */
export class SeenKeys {
  readonly #bloom: BloomGenerations;
  readonly #recent: LRUCache<Fingerprint, true>;
  readonly #table: ExactTable;
  readonly #maxInMemory: number;
  readonly #openStore: (() => KeyStore) | undefined;
  #store: KeyStore | undefined;
  #stored = 0;

  constructor(options: SeenKeysOptions) {
    const expected = options.expected ?? 0;
    this.#bloom = new BloomGenerations(Math.max(options.capacity, expected), options.errorRate);
    this.#recent = new LRUCache({ max: options.recent });
    this.#maxInMemory = options.maxInMemory ?? defaultMaxInMemory;
    this.#table = new ExactTable(Math.min(Math.max(1024, expected), this.#maxInMemory));
    this.#openStore = options.openStore;
  }

  get size(): number {
    return this.#table.size + this.#stored;
  }

  has(fingerprint: Fingerprint): boolean {
    if (!this.#bloom.mayHave(fingerprint)) return false;
    if (this.#recent.get(fingerprint) === true) return true;
    if (this.#table.has(fingerprint)) {
      this.#recent.set(fingerprint, true);
      return true;
    }
    if (this.#store?.has(fingerprint) !== true) return false;
    this.#recent.set(fingerprint, true);
    return true;
  }

  /** Adds keys that are not there yet, as `has` has told. */
  addAll(fingerprints: readonly Fingerprint[]): void {
    for (const fingerprint of fingerprints) {
      this.#bloom.add(fingerprint);
      this.#recent.set(fingerprint, true);
    }
    if (this.#isMemoryFull()) {
      this.#storePacked(Buffer.from(fingerprints.join(''), 'hex'));
    } else {
      for (const fingerprint of fingerprints) this.#table.add(fingerprint);
    }
  }

  /** Adds keys as the index keeps them, bytes one after the other: how a session gets its keys back when it is opened. */
  addPacked(bytes: Uint8Array): void {
    this.#bloom.addPacked(bytes);
    if (this.#isMemoryFull()) this.#storePacked(bytes);
    else this.#table.addPacked(bytes);
  }

  /** Lets go of the store, where there is one. */
  close(): void {
    this.#store?.close();
    this.#store = undefined;
  }

  #isMemoryFull(): boolean {
    return this.#openStore !== undefined && this.#table.size >= this.#maxInMemory;
  }

  #storePacked(bytes: Uint8Array): void {
    this.#store ??= this.#openStore?.();
    this.#store?.addPacked(bytes);
    this.#stored += bytes.byteLength / 16;
  }
}
