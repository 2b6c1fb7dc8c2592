import type { Latency } from '../core/live.ts';
import type { Meter } from '../sources/source.ts';

/** Told of each answer and each commit as they come, milliseconds. */
export interface TimingListener {
  onAnswer(ms: number): void;
  onCommit(ms: number): void;
}

/** What came in, and how long it took, since the last {@link RunMeter.takeSample}. */
export interface MeterSample {
  readonly bytes: number;
  readonly fetch: Latency | null;
  readonly commit: Latency | null;
}

/** Measures what a run receives and commits. */
export class RunMeter implements Meter {
  /** Who wants every single one; undefined: nobody. */
  listener: TimingListener | undefined;
  #receivedBytes = 0;
  #sampledBytes = 0;
  #answersMs: number[] = [];
  #commitsMs: number[] = [];

  /** Bytes received since the run began. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  received(bytes: number): void {
    this.#receivedBytes += bytes;
  }

  answered(ms: number): void {
    this.#answersMs.push(ms);
    this.listener?.onAnswer(ms);
  }

  /** A commit has become durable. */
  committed(ms: number): void {
    this.#commitsMs.push(ms);
    this.listener?.onCommit(ms);
  }

  /** Takes what has come together; the next sample begins with nothing. */
  takeSample(): MeterSample {
    const sample = {
      bytes: this.#receivedBytes - this.#sampledBytes,
      fetch: latencyOf(this.#answersMs),
      commit: latencyOf(this.#commitsMs),
    };
    this.#sampledBytes = this.#receivedBytes;
    this.#answersMs = [];
    this.#commitsMs = [];
    return sample;
  }
}

/** By the nearest rank: both are times that were measured. */
function latencyOf(timesMs: readonly number[]): Latency | null {
  if (timesMs.length === 0) return null;
  const sorted = Float64Array.from(timesMs).sort();
  const rank = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { median: rounded(rank(0.5)), p95: rounded(rank(0.95)) };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
