import { readFully, withFile, type FileSystem, type StorageFile } from './fileSystem.ts';
import { decodeLine, type JournalLine } from './journalLine.ts';
import { newline, readLines } from './journalReader.ts';

/** Less than this is read line by line. */
const shortBytes = 256 * 1024;
const pieceBytes = 64 * 1024;
const headPattern = /^\{"seq":(\d+),/;
/** `{"seq":` and the longest number. */
const headBytes = 32;

/** A journal line and where it begins. */
export interface FoundLine {
  readonly offset: number;
  readonly line: JournalLine;
}

/**
 * The journal's line with a number, found without reading the lines before it: they are in the order of their numbers.
 * Undefined where there is none whose sum holds.
 */
export async function findLine(
  fileSystem: FileSystem,
  path: string,
  seq: number,
): Promise<FoundLine | undefined> {
  let low = 0;
  await withFile(fileSystem, path, 'read', async (file) => {
    let high = (await file.status()).size;
    while (high - low > shortBytes) {
      const middle = Math.floor((low + high) / 2);
      const head = await headAfter(file, middle, high);
      if (head === undefined || head.seq > seq) high = middle;
      else low = head.offset;
    }
  });
  for await (const { offset, bytes, isWhole } of readLines(fileSystem, path, low)) {
    const line = isWhole ? decodeLine(bytes) : undefined;
    if (line === undefined) continue;
    if (line.seq === seq) return { offset, line };
    if (line.seq > seq) return undefined;
  }
  return undefined;
}

/** The first line that begins after an offset and before another one, and says its number. */
async function headAfter(
  file: StorageFile,
  from: number,
  before: number,
): Promise<{ offset: number; seq: number } | undefined> {
  for (let at = from; at < before;) {
    const piece = await readFully(file, at, Math.min(pieceBytes, before - at));
    if (piece.length === 0) return undefined;
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, end + 1)) {
      const offset = at + end + 1;
      if (offset >= before) return undefined;
      const head = await readFully(file, offset, headBytes);
      const seq = headPattern.exec(head.toString('latin1'))?.[1];
      if (seq !== undefined) return { offset, seq: Number(seq) };
    }
    at += piece.length;
  }
  return undefined;
}
