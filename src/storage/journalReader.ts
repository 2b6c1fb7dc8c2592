import { readFully, withFile, type FileSystem } from './fileSystem.ts';
import { journalStart, type JournalPosition, type PlacedEntry } from './journal.ts';
import { decodeLine, lineStartsIn, type JournalLine } from './journalLine.ts';

/** Bytes in the journal that are no line whose sum holds. */
export interface BadStretch {
  readonly offset: number;
  readonly bytes: number;
}

/** What a scan of a journal came to. */
export interface JournalScan {
  /** The last good line. */
  readonly position: JournalPosition;
  /** Where the last commit begins: the first of the last good lines that have one and the same time. */
  readonly lastCommitStart: number;
  /** Bad lines, or missing ones, with valid ones after them: corruption. A missing line has no bytes. */
  readonly gaps: readonly BadStretch[];
  /** Bytes after the last good line: a torn tail. */
  readonly torn: BadStretch | undefined;
}

const pieceBytes = 1024 * 1024;
/** What ends a line, and nothing else does. */
export const newline = 0x0a;

/**
 * Reads a journal from a position on, line by line, with flat memory. Every line whose own sum holds is given, also
 * after a bad one; the result tells a torn tail from corruption.
 */
export async function scanJournal(
  fileSystem: FileSystem,
  path: string,
  from: JournalPosition,
  onEntry: (entry: PlacedEntry) => void,
): Promise<JournalScan> {
  let last = from;
  let bad: BadStretch | undefined;
  const gaps: BadStretch[] = [];
  let lastCommitStart = from.start;
  let lastAt: string | undefined;
  const meet = ({ offset, length, line, isRunOn }: ScannedLine): void => {
    // A line that was here before is a copy: to fold it in again would count it twice.
    if (line === undefined || line.seq <= last.seq) {
      bad = { offset: bad?.offset ?? offset, bytes: (bad?.bytes ?? 0) + length };
      return;
    }
    if (bad !== undefined) gaps.push(bad);
    else if (line.prev !== last.sum || line.seq !== last.seq + 1) gaps.push({ offset, bytes: 0 });
    bad = undefined;
    if (isRunOn) gaps.push({ offset: offset + length - 1, bytes: 1 });
    if (line.at !== lastAt) lastCommitStart = offset;
    lastAt = line.at;
    last = { seq: line.seq, start: offset, end: offset + length, sum: line.sum };
    onEntry({ seq: line.seq, at: line.at, events: line.events, position: last });
  };
  // Not line by line: an await for each costs as much as folding it in.
  for await (const lines of linesOfPieces(fileSystem, path, from.end)) {
    for (const raw of lines) for (const scanned of scannedLines(raw)) meet(scanned);
  }
  return { position: last, lastCommitStart, gaps, torn: bad };
}

/** Whether the journal has, at this position, the line that the position says. */
export async function hasLineAt(
  fileSystem: FileSystem,
  path: string,
  position: JournalPosition,
): Promise<boolean> {
  if (position.seq === journalStart.seq) return position.end === 0;
  return withFile(fileSystem, path, 'read', async (file) => {
    const length = position.end - position.start;
    const bytes = await readFully(file, position.start, length);
    if (bytes.length !== length || bytes.at(-1) !== newline) return false;
    const line = decodeLine(bytes.subarray(0, -1));
    return line?.seq === position.seq && line.sum === position.sum;
  });
}

/** The journal's first line, where it is good. */
export async function readHeader(
  fileSystem: FileSystem,
  path: string,
): Promise<PlacedEntry | undefined> {
  for await (const { length, line } of journalLines(fileSystem, path, 0)) {
    if (line === undefined) return undefined;
    return { ...line, position: { seq: line.seq, start: 0, end: length, sum: line.sum } };
  }
  return undefined;
}

/** A line of a journal. */
export interface ScannedLine {
  readonly offset: number;
  /** Bytes, with what ends it. */
  readonly length: number;
  /** Its content when its sum holds. */
  readonly line: JournalLine | undefined;
  /** Its newline is damaged, so that the next line stands on it. */
  readonly isRunOn: boolean;
}

/** The lines of a journal from an offset on, with flat memory. A damaged newline costs none of the two lines beside it. */
export async function* journalLines(
  fileSystem: FileSystem,
  path: string,
  from: number,
): AsyncGenerator<ScannedLine, void, void> {
  for await (const raw of readLines(fileSystem, path, from)) yield* scannedLines(raw);
}

function* scannedLines({ offset, bytes, isWhole }: RawLine): Generator<ScannedLine, void, void> {
  const line = isWhole ? decodeLine(bytes) : undefined;
  const starts = line === undefined ? lineStartsIn(bytes) : [];
  let start = 0;
  for (const next of starts) {
    const part = decodeLine(bytes.subarray(start, next - 1));
    yield { offset: offset + start, length: next - start, line: part, isRunOn: true };
    start = next;
  }
  const rest = starts.length > 0 && isWhole ? decodeLine(bytes.subarray(start)) : line;
  const length = bytes.length - start + (isWhole ? 1 : 0);
  yield { offset: offset + start, length, line: rest, isRunOn: false };
}

/** A line of a file as bytes; `isWhole` when its newline is there. */
export interface RawLine {
  readonly offset: number;
  /** Without the newline. Valid until the next line is asked for. */
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/** The lines of a file from an offset on, split at 0x0A, with flat memory. */
export async function* readLines(
  fileSystem: FileSystem,
  path: string,
  from: number,
): AsyncGenerator<RawLine, void, void> {
  for await (const lines of linesOfPieces(fileSystem, path, from)) yield* lines;
}

/** The same, those together that end in one piece of what is read. */
async function* linesOfPieces(
  fileSystem: FileSystem,
  path: string,
  from: number,
): AsyncGenerator<readonly RawLine[], void, void> {
  const file = await fileSystem.open(path, 'read');
  try {
    let position = from;
    let pending: Buffer[] = [];
    let lineStart = from;
    for (;;) {
      const piece = await readFully(file, position, pieceBytes);
      if (piece.length === 0) break;
      const lines: RawLine[] = [];
      let start = 0;
      for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, start)) {
        const rest = piece.subarray(start, end);
        const bytes = pending.length === 0 ? rest : Buffer.concat([...pending, rest]);
        pending = [];
        lines.push({ offset: lineStart, bytes, isWhole: true });
        start = end + 1;
        lineStart = position + start;
      }
      if (start < piece.length) pending.push(piece.subarray(start));
      position += piece.length;
      yield lines;
    }
    if (pending.length > 0)
      yield [{ offset: lineStart, bytes: Buffer.concat(pending), isWhole: false }];
  } finally {
    await file.close();
  }
}
