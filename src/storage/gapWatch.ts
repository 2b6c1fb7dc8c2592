import type { JournalEntry } from '../core/view.ts';

/**
 * Follows a journal across damaged lines. A unit that moves on after such a place, and was not claimed after it, was being
 * worked on there: pages of it, and the units that they brought to light, may be in the lines that are lost.
 */
export class GapWatch {
  readonly #spanning = new Set<number>();
  /** Units that were claimed since the last gap; undefined before the first. */
  #claimed: Set<number> | undefined;
  #seq: number;

  /** @param seq the journal line that the watch begins after. */
  constructor(seq: number) {
    this.#seq = seq;
  }

  /** Units that have to start over. */
  get spanning(): ReadonlySet<number> {
    return this.#spanning;
  }

  meet({ seq, events }: JournalEntry): void {
    if (seq !== this.#seq + 1) this.#claimed = new Set();
    this.#seq = seq;
    if (this.#claimed === undefined) return;
    for (const event of events) {
      if (event.type === 'claimed') this.#claimed.add(event.unit);
      const hasMoved =
        event.type === 'advanced' || event.type === 'requeued' || event.type === 'finished';
      if (!hasMoved || this.#claimed.has(event.unit)) continue;
      // What ended otherwise brought nothing to light that counts.
      if (event.type !== 'finished' || event.state === 'done') this.#spanning.add(event.unit);
    }
  }
}
