import { maxNewest, maxNewestText, type NewestRecord } from '../core/live.ts';
import type { CommitReport } from '../storage/committer.ts';

/** The newest durable records: the beginnings of their lines, and of no more than a feed shows. */
export class NewestRecords {
  #count = 0;
  #newest: readonly NewestRecord[] = [];

  /** Newest first; the same array until a record comes. */
  get list(): readonly NewestRecord[] {
    return this.#newest;
  }

  /**
   * Takes in what a commit has made durable.
   *
   * @param at wall clock, milliseconds since 1970.
   * @param keyOf the key of a unit that is under way.
   */
  add({ records, tallies }: CommitReport, at: number, keyOf: (unit: number) => string): void {
    if (records.length === 0) return;
    const added: NewestRecord[] = [];
    let end = records.length;
    // A commit's lines stand in the order of its units.
    for (let i = tallies.length - 1; i >= 0 && added.length < maxNewest; i--) {
      const tally = tallies[i];
      if (tally === undefined || tally.records === 0) continue;
      const unit = keyOf(tally.unit);
      const first = end - tally.records;
      for (let line = end - 1; line >= first && added.length < maxNewest; line--) {
        added.push({ id: this.#count + line + 1, at, unit, ...shown(records[line] ?? '') });
      }
      end = first;
    }
    this.#count += records.length;
    this.#newest = [...added, ...this.#newest.slice(0, maxNewest - added.length)];
  }
}

function shown(line: string): Pick<NewestRecord, 'text' | 'isCut'> {
  if (line.length <= maxNewestText) return { text: line, isCut: false };
  const last = line.charCodeAt(maxNewestText - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  const cut = line.slice(0, splitsPair ? maxNewestText - 1 : maxNewestText);
  // By way of bytes: a slice would keep the whole line in memory.
  return { text: Buffer.from(cut).toString(), isCut: true };
}
