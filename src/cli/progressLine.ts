import type { JobProgress } from '../core/job.ts';
import { shownLines } from '../core/shownText.ts';

/** One line on the terminal that is kept up to date; nothing where there is none. */
export class ProgressLine {
  readonly #verb: string;
  #shownAtMs = -Infinity;
  #isOpen = false;

  /** @param verb what is being done: "checking". */
  constructor(verb: string) {
    this.#verb = verb;
  }

  show({ done, total, what }: JobProgress): void {
    if (!process.stderr.isTTY || performance.now() - this.#shownAtMs < 200) return;
    this.#shownAtMs = performance.now();
    const percent = total === null || total === 0 ? '' : ` ${Math.floor((done / total) * 100)} %`;
    const text = shownLines(`${this.#verb}${percent} ${what}`);
    process.stderr.write(`\r\x1b[2K${text.slice(0, Math.max(20, process.stderr.columns - 1))}`);
    this.#isOpen = true;
  }

  clear(): void {
    if (this.#isOpen) process.stderr.write('\r\x1b[2K');
    this.#isOpen = false;
  }
}
