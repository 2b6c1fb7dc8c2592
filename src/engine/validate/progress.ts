import type { JobContext } from '../../core/job.ts';

/** How many bytes of all that is to be read have been read. */
export class Progress {
  readonly #context: JobContext;
  #total = 0;
  #done = 0;
  #what = '';

  constructor(context: JobContext) {
    this.#context = context;
  }

  /** So much more is going to be read. */
  expect(bytes: number): void {
    this.#total += bytes;
  }

  /** What is being read now: a file's name. */
  begin(what: string): void {
    this.#what = what;
    this.add(0);
  }

  add(bytes: number): void {
    this.#done += bytes;
    // A file that grows meanwhile is not more than all of it.
    const done = Math.min(this.#done, this.#total);
    this.#context.onProgress({ done, total: this.#total, unit: 'bytes', what: this.#what });
  }
}
