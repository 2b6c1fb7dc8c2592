import type { Collection } from '../core/config.ts';
import type { CheckpointType } from '../core/events.ts';
import type { Clock } from '../core/ports.ts';
import type { JournalEntry } from '../core/view.ts';

/** What a schedule works with. */
export interface CheckpointScheduleOptions {
  readonly clock: Clock;
  readonly collection: Collection;
  /** Writes a checkpoint. Never rejects: one that can't be written is the log's business. */
  readonly write: (type: CheckpointType) => Promise<void>;
}

/** Checkpoints of one type come no sooner after each other, milliseconds; what is asked for sooner waits. */
const apartMs: Readonly<Partial<Record<CheckpointType, number>>> = {
  venue_completed: 1_000,
  source_completed: 1_000,
  api_call_completed: 1_000,
  error_occurred: 5_000,
};

/**
 * Which checkpoints are written while a session runs, and when: at its start, when a group has ended, when a paid call
 * was answered, when a unit has failed for good, and every so many units or seconds. One at a time; what is asked for
 * several times meanwhile becomes one. The one at a pause or an end is written by whoever pauses or ends.
 */
export class CheckpointSchedule {
  readonly #options: CheckpointScheduleOptions;
  readonly #groupEnded: CheckpointType;
  readonly #batch: CheckpointType;
  readonly #isOfFiles: boolean;
  /** In the order in which they were asked for. */
  readonly #due = new Set<CheckpointType>();
  readonly #writtenAtMs = new Map<CheckpointType, number>();
  #unitsSince = 0;
  #isHeld = true;
  #writing: Promise<void> | undefined;
  #wait: ReturnType<typeof setTimeout> | undefined;
  #period: ReturnType<typeof setInterval> | undefined;

  constructor(options: CheckpointScheduleOptions) {
    this.#options = options;
    this.#isOfFiles = options.collection.source.type === 'files';
    this.#groupEnded = this.#isOfFiles ? 'source_completed' : 'venue_completed';
    this.#batch = this.#isOfFiles ? 'batch_processed' : 'batch_completed';
  }

  /** Begins, with the session's first checkpoint. */
  start(): void {
    this.#period = setInterval(() => {
      if (this.#unitsSince > 0) this.#ask(this.#batch);
    }, this.#options.collection.checkpoints.everySeconds * 1000);
    this.#isHeld = false;
    this.#ask('session_started');
  }

  /** A unit came to its end, whichever. */
  unitFinished(): void {
    this.#unitsSince += 1;
    if (this.#unitsSince >= this.#options.collection.checkpoints.everyUnits) this.#ask(this.#batch);
  }

  /** Groups have nothing left to do. */
  groupsEnded(): void {
    this.#ask(this.#groupEnded);
  }

  /** Looks through what became durable. */
  meet(entries: readonly JournalEntry[]): void {
    for (const { events } of entries) {
      for (const event of events) {
        if (event.type === 'answered' || event.type === 'settled') this.#ask('api_call_completed');
        if (event.type === 'finished' && event.state === 'failed') this.#ask('error_occurred');
      }
    }
  }

  /** Writes none until {@link go}; resolves when the one that is being written is. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    clearTimeout(this.#wait);
    await this.#writing;
  }

  /** Goes on after {@link hold}. */
  go(): void {
    this.#isHeld = false;
    this.#next();
  }

  /** Ends; see {@link hold}. */
  stop(): Promise<void> {
    clearInterval(this.#period);
    return this.hold();
  }

  /** What is left to write before a session is called completed, in order: for it there is no later. */
  takeLast(): readonly CheckpointType[] {
    const last = [...this.#due].filter((type) => Object.hasOwn(apartMs, type));
    this.#due.clear();
    return this.#isOfFiles ? [...last, 'deduplication_completed'] : last;
  }

  #ask(type: CheckpointType): void {
    this.#due.add(type);
    this.#next();
  }

  #next(): void {
    if (this.#isHeld || this.#writing !== undefined) return;
    clearTimeout(this.#wait);
    const now = this.#options.clock.monotonicMs();
    let soonestMs = Infinity;
    for (const type of this.#due) {
      const waitMs = this.#waitMs(type, now);
      if (waitMs <= 0) {
        this.#writing = this.#write(type, now).finally(() => {
          this.#writing = undefined;
          this.#next();
        });
        return;
      }
      soonestMs = Math.min(soonestMs, waitMs);
    }
    if (soonestMs < Infinity) this.#wait = setTimeout(() => this.#next(), soonestMs);
  }

  #waitMs(type: CheckpointType, now: number): number {
    return (this.#writtenAtMs.get(type) ?? -Infinity) + (apartMs[type] ?? 0) - now;
  }

  async #write(type: CheckpointType, now: number): Promise<void> {
    this.#due.delete(type);
    // Every checkpoint is of everything, so any is a batch's.
    this.#due.delete(this.#batch);
    this.#unitsSince = 0;
    this.#writtenAtMs.set(type, now);
    await this.#options.write(type);
  }
}
