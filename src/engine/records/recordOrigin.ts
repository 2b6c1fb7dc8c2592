import type { AdoptedEvent, CommittedRange, UnitTally } from '../../core/events.ts';
import { fingerprintBytes, unpackFingerprints } from '../../core/keys.ts';
import type { RecordOrigin } from '../../core/records.ts';
import { assertNever } from '../../core/assert.ts';
import type { JournalEntry } from '../../core/view.ts';
import { withFile, type FileSystem } from '../../storage/fileSystem.ts';
import { IndexedRanges } from '../../storage/indexedRanges.ts';
import { journalStart, type JournalPosition } from '../../storage/journal.ts';
import { decodeLine } from '../../storage/journalLine.ts';
import { newline, readLines, scanJournal } from '../../storage/journalReader.ts';
import { findLine } from '../../storage/journalSearch.ts';
import type { JournalledFile } from './recordFile.ts';

const pieceBytes = 1024 * 1024;

/** A journal line that names the range which a byte is in. */
interface NamedRange {
  readonly seq: number;
  readonly at: string;
  readonly range: CommittedRange;
  /** Whose lines they are, in the range's order; undefined of one that was adopted. */
  readonly units: readonly UnitTally[] | undefined;
}

/**
 * Where the line that begins at an offset of a session's data file comes from: the commit that named it, found by the
 * index and read in the journal itself. Where the index does not help, the journal is read from its beginning.
 */
export async function originOf(
  fileSystem: FileSystem,
  file: JournalledFile,
  offset: number,
): Promise<RecordOrigin | undefined> {
  // Of a session that runs, the index has not got to the newest lines.
  const indexed = IndexedRanges.ask(file.layout, file.file, (index) => index.position());
  const found =
    (await rangeByIndex(fileSystem, file, offset)) ??
    (indexed && (await rangeByScan(fileSystem, file, offset, indexed))) ??
    (await rangeByScan(fileSystem, file, offset, journalStart));
  if (found === undefined) return undefined;
  const { seq, at, range, units } = found;
  const line = await linesBetween(fileSystem, file, range.offset, offset);
  const n =
    units === undefined
      ? await takerOf(fileSystem, file, seq, range, line)
      : unitOfLine(units, file, line);
  const unit = n === undefined ? undefined : await unitNamed(fileSystem, file, n);
  return { seq, at, by: units === undefined ? 'adopted' : 'commit', unit: unit ?? null };
}

async function rangeByIndex(
  fileSystem: FileSystem,
  file: JournalledFile,
  offset: number,
): Promise<NamedRange | undefined> {
  const seq = IndexedRanges.ask(file.layout, file.file, (index) => index.atOffset(offset)?.seq);
  if (seq === undefined) return undefined;
  const found = await findLine(fileSystem, file.layout.journal, seq);
  return found && rangeIn(found.line, file, offset);
}

async function rangeByScan(
  fileSystem: FileSystem,
  file: JournalledFile,
  offset: number,
  from: JournalPosition,
): Promise<NamedRange | undefined> {
  let last: NamedRange | undefined;
  await scanJournal(fileSystem, file.layout.journal, from, (entry) => {
    // What was cut away and written again is named twice.
    last = rangeIn(entry, file, offset) ?? last;
  });
  return last;
}

function rangeIn(
  entry: JournalEntry,
  { file }: JournalledFile,
  offset: number,
): NamedRange | undefined {
  const { seq, at } = entry;
  const isIt = (range: CommittedRange): boolean =>
    range.file === file && offset >= range.offset && offset < range.offset + range.bytes;
  for (const event of entry.events) {
    if (event.type === 'committed') {
      const range = event.ranges.find(isIt);
      if (range !== undefined) return { seq, at, range, units: event.units };
    } else if (event.type === 'adopted' && isIt(event.range)) {
      return { seq, at, range: event.range, units: undefined };
    }
  }
  return undefined;
}

/** Which unit a line of a commit belongs to. */
function unitOfLine(
  units: readonly UnitTally[],
  { role }: JournalledFile,
  line: number,
): number | undefined {
  let end = 0;
  for (const tally of units) {
    end += linesOf(tally, role);
    if (line < end) return tally.unit;
  }
  return undefined;
}

function linesOf(tally: UnitTally, role: JournalledFile['role']): number {
  switch (role) {
    case 'master':
      return tally.records;
    case 'rejected':
      return tally.rejected;
    case 'raw':
      return tally.raw ?? 0;
    default:
      return assertNever(role, 'file role');
  }
}

/** The unit that brought an adopted line again. */
async function takerOf(
  fileSystem: FileSystem,
  { layout }: JournalledFile,
  adoptedBy: number,
  range: AdoptedEvent['range'],
  line: number,
): Promise<number | undefined> {
  const packed = Buffer.from(range.keys, 'base64');
  const key = packed
    .subarray(line * fingerprintBytes, (line + 1) * fingerprintBytes)
    .toString('hex');
  const from = (await findLine(fileSystem, layout.journal, adoptedBy))?.offset ?? 0;
  for await (const { bytes } of readLines(fileSystem, layout.journal, from)) {
    if (!bytes.includes('"taken"')) continue;
    for (const event of decodeLine(bytes)?.events ?? []) {
      if (event.type !== 'taken') continue;
      if (unpackFingerprints(event.keys).some((taken) => taken === key)) return event.unit;
    }
  }
  return undefined;
}

/** How many lines begin in a part of the file, the first one's own beginning left out. */
async function linesBetween(
  fileSystem: FileSystem,
  { layout, file }: JournalledFile,
  from: number,
  to: number,
): Promise<number> {
  return withFile(fileSystem, layout.absolute(file), 'read', async (handle) => {
    const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(1, to - from)));
    let lines = 0;
    for (let at = from; at < to;) {
      const length = await handle.read(buffer.subarray(0, Math.min(buffer.length, to - at)), at);
      if (length === 0) break;
      const piece = buffer.subarray(0, length);
      for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, end + 1))
        lines += 1;
      at += length;
    }
    return lines;
  });
}

async function unitNamed(
  fileSystem: FileSystem,
  file: JournalledFile,
  n: number,
): Promise<RecordOrigin['unit']> {
  const indexed = IndexedRanges.ask(file.layout, file.file, (index) => index.unit(n));
  if (indexed !== undefined) return indexed;
  let unit: RecordOrigin['unit'] = null;
  await scanJournal(fileSystem, file.layout.journal, journalStart, ({ events }) => {
    for (const event of events) {
      if (event.type !== 'units') continue;
      const item = event.items[n - event.first];
      if (item !== undefined) unit = { n, key: item.key, group: item.group ?? event.group };
    }
  });
  return unit;
}
