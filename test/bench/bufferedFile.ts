import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file that is written from its start to its end, a few megabytes at a time. */
export class BufferedFile {
  readonly #fd: number;
  #pieces: Buffer[] = [];
  #held = 0;
  /** Bytes so far, written or held. */
  size = 0;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#fd = openSync(path, 'wx');
  }

  write(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    this.size += bytes.length;
    if (this.#held > 4 * 1_048_576) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#pieces);
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    this.#pieces = [];
    this.#held = 0;
  }
}
