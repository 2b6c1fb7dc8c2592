import { newline } from '../../storage/journalReader.ts';
import type { FileWindow } from '../../storage/fileWindow.ts';

const blockBytes = 4 * 1024 * 1024;
/** Longer lines are told of and not looked into: they would have to be held whole. */
const maxLineBytes = 128 * 1024 * 1024;

/** Lines of a file that stand one after the other. Good until the next block is asked for. */
export interface LineBlock {
  readonly offset: number;
  /** Whole lines, but for a last one of the file that was cut off. The beginning of a line that is too long. */
  readonly bytes: Buffer;
  readonly isTooLong: boolean;
}

/** The lines of a part of a file, in large blocks, with flat memory. */
export async function* lineBlocks(
  window: FileWindow,
  from: number,
  to: number,
): AsyncGenerator<LineBlock, void, void> {
  let length = blockBytes;
  for (let offset = from; offset < to;) {
    const bytes = await window.read(offset, Math.min(length, to - offset));
    if (bytes.length === 0) return;
    const isLast = offset + bytes.length >= to;
    const end = isLast ? bytes.length : bytes.lastIndexOf(newline) + 1;
    if (end > 0) {
      yield { offset, bytes: bytes.subarray(0, end), isTooLong: false };
      offset += end;
      length = blockBytes;
    } else if (length < maxLineBytes) {
      length *= 2;
    } else {
      yield { offset, bytes: bytes.subarray(0, 1024), isTooLong: true };
      offset = await endOfLine(window, offset + bytes.length, to);
      length = blockBytes;
    }
  }
}

/** Where the line ends that an offset is in: after its newline. */
async function endOfLine(window: FileWindow, from: number, to: number): Promise<number> {
  for (let offset = from; offset < to;) {
    const bytes = await window.read(offset, Math.min(blockBytes, to - offset));
    if (bytes.length === 0) return to;
    const end = bytes.indexOf(newline);
    if (end >= 0) return offset + end + 1;
    offset += bytes.length;
  }
  return to;
}

/** How many newlines there are. */
export function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
}
