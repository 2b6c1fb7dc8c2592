/** Places in a file where lines begin, as pairs of flat numbers: a file of 100 GB has some hundred thousand. */
export class LineAnchors {
  #lines = new Float64Array(64);
  #offsets = new Float64Array(64);
  #count = 0;

  /** Adds one that comes after all others. */
  add(line: number, offset: number): void {
    if (this.#count === this.#lines.length) {
      this.#lines = doubled(this.#lines);
      this.#offsets = doubled(this.#offsets);
    }
    this.#lines[this.#count] = line;
    this.#offsets[this.#count] = offset;
    this.#count += 1;
  }

  /** The last one that is not after a line. */
  before(line: number): { line: number; offset: number } | undefined {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lines[middle] ?? 0) <= line) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    return { line: this.#lines[low - 1] ?? 0, offset: this.#offsets[low - 1] ?? 0 };
  }
}

function doubled(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
