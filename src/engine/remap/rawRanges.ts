import { hash } from 'node:crypto';
import type { CommittedRange } from '../../core/events.ts';
import { fingerprint, unpackFingerprints } from '../../core/keys.ts';
import { FileWindow } from '../../storage/fileWindow.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { journalLines, newline } from '../../storage/journalReader.ts';

/** A line of a raw file that is what the journal says of it. */
export interface RawLineBytes {
  /** Where it ends in the file, after its newline. */
  readonly end: number;
  /** Without the newline. Valid until the next lines are asked for. */
  readonly bytes: Buffer;
}

/** The good lines of one journalled range. */
export interface RawRange {
  readonly lines: readonly RawLineBytes[];
  /** Where it ends in the file. */
  readonly end: number;
  /** Lines that are not there any more, or not as they were. */
  readonly lost: number;
}

/** The part of a session's journal that is read: up to one of its lines. */
export interface JournalPart {
  readonly fileSystem: FileSystem;
  readonly journal: string;
  /** The last line. */
  readonly seq: number;
}

/**
 * The lines of a raw file, range by range in the order of the journal, with flat memory. Only what a journal line names
 * is read, and only what is still what it says: a range that differs is looked through line by line.
 *
 * @param file as the journal names it; `path` is where it is.
 * @param from where in the file to begin: the end of a line.
 */
export async function* rawRanges(
  part: JournalPart,
  file: string,
  path: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<RawRange, void, void> {
  const window = await FileWindow.open(part.fileSystem, path);
  try {
    for await (const range of rangesOf(part, file)) {
      signal.throwIfAborted();
      if (range.offset + range.bytes <= from) continue;
      const bytes = await window.read(range.offset, range.bytes);
      const isWhole = hash('sha256', bytes, 'hex') === range.sha256;
      yield isWhole ? wholeRange(range, bytes, from) : differingRange(range, bytes, from);
    }
  } finally {
    await window.close();
  }
}

async function* rangesOf(
  { fileSystem, journal, seq: last }: JournalPart,
  file: string,
): AsyncGenerator<CommittedRange, void, void> {
  let seq = -1;
  for await (const { line } of journalLines(fileSystem, journal, 0)) {
    if (line === undefined || line.seq <= seq) continue;
    seq = line.seq;
    if (seq > last) return;
    for (const event of line.events) {
      const ranges =
        event.type === 'committed' ? event.ranges : event.type === 'adopted' ? [event.range] : [];
      for (const range of ranges) if (range.file === file) yield range;
    }
  }
}

function wholeRange(range: CommittedRange, bytes: Buffer, from: number): RawRange {
  const lines = linesIn(range, bytes).filter(({ end }) => end > from);
  return { lines, end: range.offset + range.bytes, lost: 0 };
}

/** The lines that are still what they were, by their keys: those of raw lines are the fingerprints of their texts. */
function differingRange(range: CommittedRange, bytes: Buffer, from: number): RawRange {
  const keys = unpackFingerprints(range.keys);
  const wanted = new Set(keys);
  let good = 0;
  const lines: RawLineBytes[] = [];
  for (const line of linesIn(range, bytes)) {
    if (!wanted.delete(fingerprint(line.bytes.toString()))) continue;
    good += 1;
    if (line.end > from) lines.push(line);
  }
  return { lines, end: range.offset + range.bytes, lost: keys.length - good };
}

function linesIn({ offset }: CommittedRange, bytes: Buffer): RawLineBytes[] {
  const lines: RawLineBytes[] = [];
  for (let at = 0; at < bytes.length;) {
    const newlineAt = bytes.indexOf(newline, at);
    const end = newlineAt < 0 ? bytes.length : newlineAt;
    lines.push({ end: offset + end + 1, bytes: bytes.subarray(at, end) });
    at = end + 1;
  }
  return lines;
}
