/** Matches, at most: more are not kept. */
export const maxMatches = 1_000_000;

/** Records that fit a filter, in the order of the file: 16 bytes for each. */
export class MatchList {
  #records = new Float64Array(256);
  #offsets = new Float64Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(record: number, offset: number): void {
    if (this.#length === this.#records.length) {
      const length = this.#length * 2;
      const [records, offsets] = [new Float64Array(length), new Float64Array(length)];
      records.set(this.#records);
      offsets.set(this.#offsets);
      this.#records = records;
      this.#offsets = offsets;
    }
    this.#records[this.#length] = record;
    this.#offsets[this.#length] = offset;
    this.#length += 1;
  }

  /** Takes the last one away where it is this record. */
  drop(record: number): void {
    if (this.#length > 0 && this.#records[this.#length - 1] === record) this.#length -= 1;
  }

  /** Some of them, from one on. */
  slice(first: number, count: number): { record: number; offset: number }[] {
    const end = Math.min(first + count, this.#length);
    return Array.from({ length: Math.max(0, end - first) }, (_, i) => ({
      record: this.#records[first + i] ?? 0,
      offset: this.#offsets[first + i] ?? 0,
    }));
  }
}
