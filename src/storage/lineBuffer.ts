import { newline } from './journalReader.ts';

/** What {@link LineBuffer} keeps for the next time; more is given back. */
const keptBytes = 4 * 1024 * 1024;
/** Lines are encoded this many characters at a time: one by one costs several times as much. */
const pieceLength = 64 * 1024;
/** A UTF-16 code unit is this many bytes of UTF-8, at most. */
const mostBytesPerUnit = 3;

/**
 * Makes bytes of lines, each time in the same place: a new buffer for every commit is memory that the system gets back
 * late, and in pieces.
 */
export class LineBuffer {
  #bytes: Buffer = Buffer.alloc(0);

  /** The lines with their newlines. Valid until the next call. */
  fill(lines: readonly string[]): Buffer {
    let bytes = this.#room(lines.reduce((sum, line) => sum + line.length + 1, 0));
    let at = 0;
    for (let from = 0; from < lines.length;) {
      let length = 0;
      let to = from;
      while (to < lines.length && length < pieceLength) length += (lines[to++]?.length ?? 0) + 1;
      const piece = lines.slice(from, to).join('\n');
      if (bytes.length - at < length * mostBytesPerUnit) {
        const need = at + Buffer.byteLength(piece) + 1;
        if (need > bytes.length) bytes = this.#grow(bytes, at, need);
      }
      at += bytes.write(piece, at);
      bytes[at] = newline;
      at += 1;
      from = to;
    }
    return bytes.subarray(0, at);
  }

  #room(length: number): Buffer {
    if (length <= this.#bytes.length) return this.#bytes;
    const bytes = Buffer.allocUnsafeSlow(Math.max(length, Math.min(length * 2, keptBytes)));
    if (bytes.length <= keptBytes) this.#bytes = bytes;
    return bytes;
  }

  #grow(bytes: Buffer, used: number, need: number): Buffer {
    const larger = this.#room(Math.ceil(need * 1.5));
    bytes.copy(larger, 0, 0, used);
    return larger;
  }
}
