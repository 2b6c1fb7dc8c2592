import type { HostHealth } from '../../src/core/events.ts';
import { maxNewest, type RateSample, type SessionSnapshot } from '../../src/core/live.ts';
import { makeSnapshot } from '../fixtures/views.ts';

/** How often a worker tells of a run. */
export const deltasPerSecond = 5;

const recordsPerUnit = 10;
const bytesPerRecord = 330;
const inFlightUnits = 32;
const startedAt = Date.parse('2026-11-21T16:15:00.000Z');

/** A run that makes so many records a second, as its worker would tell of it: every field that changes, changes. */
export class ModelRun {
  readonly #recordsPerDelta: number;
  #deltas = 0;
  #samples: readonly RateSample[] = [];
  snapshot: SessionSnapshot;

  constructor(recordsPerSecond: number) {
    this.#recordsPerDelta = recordsPerSecond / deltasPerSecond;
    this.snapshot = this.#make();
  }

  /** What it looks like a fifth of a second later. */
  step(): SessionSnapshot {
    this.#deltas += 1;
    if (this.#deltas % deltasPerSecond === 0) this.#addSample();
    this.snapshot = this.#make();
    return this.snapshot;
  }

  #make(): SessionSnapshot {
    const records = this.#deltas * this.#recordsPerDelta;
    const units = Math.floor(records / recordsPerUnit);
    const atMs = startedAt + (this.#deltas * 1000) / deltasPerSecond;
    const failed = Math.floor(units / 500);
    const isNewSecond = this.#deltas % deltasPerSecond === 0;
    return makeSnapshot(
      {
        state: 'active',
        records,
        duplicates: Math.floor(records / 20),
        rejected: Math.floor(records / 1000),
        unitTotal: units + 5000,
        units: {
          pending: 5000 - inFlightUnits,
          in_progress: inFlightUnits,
          done: units - failed,
          failed,
          skipped: 0,
          blocked: 0,
        },
        files: [
          {
            role: 'master',
            file: 'data/raw/books_master_20261121_161500.jsonl',
            lines: records,
            bytes: records * bytesPerRecord,
          },
        ],
        errors: Array.from({ length: Math.min(20, failed) }, (_, i) => ({
          unit: (failed - i) * 500,
          key: `http://books.example.com/catalogue/book_${(failed - i) * 500}/index.html`,
          code: 'HTTP_503',
          message: 'The server has no time at the moment (HTTP 503)',
          at: new Date(atMs).toISOString(),
          retried: i % 2 === 0,
        })),
        checkpointCount: Math.floor(units / 1000),
        seq: this.#deltas * 4,
      },
      {
        elapsedMs: atMs - startedAt,
        recordsPerSecond: this.#recordsPerDelta * deltasPerSecond,
        etaMs: 1_000_000 - this.#deltas * 200,
        notYetSafe: this.#deltas % 40,
        receivedBytes: records * bytesPerRecord * 3,
        samples: this.#samples,
        hosts: isNewSecond || this.#deltas === 0 ? hostsAt(records) : this.snapshot.live.hosts,
        stages: { wait: atMs / 9, fetch: atMs / 3, parse: atMs / 40, commit: atMs / 60 },
        inFlight: Array.from({ length: inFlightUnits }, (_, i) => ({
          unit: units + i,
          key: `http://books.example.com/catalogue/a-rather-long-title-of-a-book_${units + i}/index.html`,
          lane: 'books.example.com',
          attempt: 1,
          ageMs: i * 17,
        })),
        newest: Array.from({ length: Math.min(records, maxNewest) }, (_, i) => ({
          id: records - i,
          at: atMs,
          unit: `http://books.example.com/catalogue/book_${units}/index.html`,
          text: `{"title":"A Rather Long Title of a Book ${records - i}","price":12.99,"url":"http://books.example.com/${records - i}","text":"${'words '.repeat(50)}"}`,
          isCut: true,
        })),
      },
    );
  }

  #addSample(): void {
    const second = this.#deltas / deltasPerSecond;
    const sample: RateSample = {
      at: startedAt + second * 1000,
      records: this.#recordsPerDelta * deltasPerSecond + ((second * 37) % 50),
      units: 200 + ((second * 13) % 9),
      bytes: 2_000_000,
      fetch: { median: 80 + ((second * 7) % 30), p95: 200 + ((second * 11) % 90) },
      commit: { median: 5 + (second % 3), p95: 12 + (second % 7) },
    };
    this.#samples = [...this.#samples, sample].slice(-120);
  }
}

function hostsAt(records: number): readonly HostHealth[] {
  return Array.from({ length: 6 }, (_, i) => ({
    host: `shard-${i}.books.example.com`,
    status: 'healthy',
    requests: Math.floor(records / (10 + i)),
    failures: i,
    consecutiveErrors: 0,
    avgResponseMs: 80 + i,
    circuit: 'closed',
  }));
}
