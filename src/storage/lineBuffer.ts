import { newline } from './journalReader.ts';

/** What {@link LineBuffer} keeps for the next time; more is given back. */
const keptBytes = 4 * 1024 * 1024;

/**
 * Makes bytes of lines, each time in the same place: a new buffer for every commit is memory that the system gets back
 * late, and in pieces.
 */
export class LineBuffer {
  #bytes: Buffer = Buffer.alloc(0);

  /** The lines with their newlines. Valid until the next call. */
  fill(lines: readonly string[]): Buffer {
    let length = lines.length;
    for (const line of lines) length += Buffer.byteLength(line);
    const bytes = this.#room(length);
    let at = 0;
    for (const line of lines) {
      at += bytes.write(line, at);
      bytes[at] = newline;
      at += 1;
    }
    return bytes.subarray(0, length);
  }

  #room(length: number): Buffer {
    if (length <= this.#bytes.length) return this.#bytes;
    const bytes = Buffer.allocUnsafeSlow(Math.max(length, Math.min(length * 2, keptBytes)));
    if (bytes.length <= keptBytes) this.#bytes = bytes;
    return bytes;
  }
}
