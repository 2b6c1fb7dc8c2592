import type { FileHandle } from 'node:fs/promises';

/** Appends lines to a file, with one write and one fdatasync for every `every` of them. */
export class SyncedLines {
  readonly #file: FileHandle;
  readonly #every: number;
  #waiting: string[] = [];

  constructor(file: FileHandle, every: number) {
    this.#file = file;
    this.#every = every;
  }

  /** Adds a line. Whoever completes a batch waits until it is on disk. */
  async add(line: string): Promise<void> {
    this.#waiting.push(line);
    if (this.#waiting.length >= this.#every) await this.#flush();
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const text = `${this.#waiting.join('\n')}\n`;
    this.#waiting = [];
    await this.#file.appendFile(text);
    await this.#file.datasync();
  }
}
