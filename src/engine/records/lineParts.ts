import { newline } from '../../storage/journalReader.ts';
import type { StorageFile } from '../../storage/fileSystem.ts';

/** A line of a file, as far as it is kept. */
export interface LinePart {
  readonly offset: number;
  /** Without the newline. */
  readonly bytes: number;
  /** The line's beginning; valid until the next lines are asked for. */
  readonly head: Buffer;
  /** Whether its newline is there. */
  readonly isEnded: boolean;
}

/**
 * The lines of a part of a file, those together that end in one piece of what is read. Of a line only its first bytes are
 * kept, so a line of any length takes no more memory than that.
 *
 * @param to bytes from here on are not read; a line that would go on there is not ended.
 * @param keepBytes how much of each line is kept.
 */
export async function* linesInPieces(
  file: StorageFile,
  {
    from,
    to,
    keepBytes,
    pieceBytes,
  }: {
    from: number;
    to: number;
    keepBytes: number;
    pieceBytes: number;
  },
): AsyncGenerator<readonly LinePart[], void, void> {
  const buffer = Buffer.allocUnsafe(pieceBytes);
  let lineStart = from;
  /** What is kept of a line that began in an earlier piece. */
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const headOf = (rest: Buffer): Buffer => {
    if (begun.length === 0) return rest.subarray(0, keepBytes);
    return Buffer.concat([...begun, rest.subarray(0, keepBytes - begunBytes)]);
  };
  for (let position = from; position < to;) {
    const length = await file.read(
      buffer.subarray(0, Math.min(pieceBytes, to - position)),
      position,
    );
    if (length === 0) break;
    const piece = buffer.subarray(0, length);
    const lines: LinePart[] = [];
    let start = 0;
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, start)) {
      const head = headOf(piece.subarray(start, end));
      const bytes = position + end - lineStart;
      lines.push({ offset: lineStart, bytes, head, isEnded: true });
      begun = [];
      begunBytes = 0;
      start = end + 1;
      lineStart = position + start;
    }
    if (start < length && begunBytes < keepBytes) {
      const kept = Buffer.from(piece.subarray(start, start + keepBytes - begunBytes));
      begun.push(kept);
      begunBytes += kept.length;
    }
    position += length;
    if (lines.length > 0) yield lines;
    if (position >= to && lineStart < position) {
      const bytes = position - lineStart;
      yield [{ offset: lineStart, bytes, head: Buffer.concat(begun), isEnded: false }];
    }
  }
}
