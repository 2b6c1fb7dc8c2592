import { dirname } from 'node:path';
import { assertNever } from '../core/assert.ts';
import type { Collection } from '../core/config.ts';
import { FaultError } from '../core/errors.ts';
import type {
  AdoptedEvent,
  CommittedRange,
  FileRole,
  JournalEvent,
  RecoveredEvent,
} from '../core/events.ts';
import { packFingerprints, type Fingerprint } from '../core/keys.ts';
import { rawLineOf } from '../core/rawLine.ts';
import type { FileView } from '../core/view.ts';
import { sha256Hex } from './dataFile.ts';
import { cutTo, keepAside, syncNames } from './durableFiles.ts';
import { readFully, withFile, writeFully, type FileSystem } from './fileSystem.ts';
import { decodeLine } from './journalLine.ts';
import { newline, readLines, type JournalScan } from './journalReader.ts';
import type { SessionLayout } from './layout.ts';
import { lineKeyReader } from './lineKeys.ts';
import type { IndexedUnit } from './indexQueries.ts';
import type { SessionIndex } from './sessionIndex.ts';

type TornFile = RecoveredEvent['tornFiles'][number];

/** Bytes of a data file that no journalled range names although later ones do: their line in the journal is damaged. */
export interface Hole {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** What the data files needed. */
export interface FileRecovery {
  readonly tornFiles: readonly TornFile[];
  readonly adopted: readonly AdoptedEvent[];
}

/** Copies a journal's torn tail aside and cuts it. */
export async function cutTornJournal(
  fileSystem: FileSystem,
  layout: SessionLayout,
  scan: JournalScan,
): Promise<TornFile | undefined> {
  if (scan.torn === undefined) return undefined;
  const { offset, bytes } = scan.torn;
  const suffix = `.torn-${scan.position.seq + 1}`;
  const keptAs = await keepAside(fileSystem, layout.journal, offset, bytes, suffix);
  await cutTo(fileSystem, layout.journal, offset);
  return { file: layout.relative(layout.journal), offset, bytes, keptAs };
}

/**
 * Makes each data file end where the journal says, from the last journalled range on. Whole good lines of a master are
 * kept and adopted where their keys can be told, and whole pages of a raw file that were paid for; from the first bad
 * line on all is copied aside and cut. What no journal line names was never acknowledged. Records in holes are won back in the same way; nothing is cut there.
 *
 * @param files as {@link findDamage} has left them.
 * @throws FaultError when a file is missing.
 */
export async function recoverDataFiles(
  fileSystem: FileSystem,
  layout: SessionLayout,
  collection: Collection,
  files: readonly FileView[],
  tornSuffix: string,
  holes: readonly Hole[],
): Promise<FileRecovery> {
  const tornFiles: TornFile[] = [];
  const adopted: AdoptedEvent[] = [];
  for (const { file, offset, bytes } of holes) {
    const role = files.find((f) => f.file === file)?.role;
    if (role === undefined) continue;
    const found = await adoptLines(fileSystem, layout, collection, {
      role,
      file,
      start: offset,
      limit: offset + bytes,
    });
    if (found !== undefined) adopted.push(found);
  }
  for (const file of files) {
    const path = layout.absolute(file.file);
    const status = await fileSystem.status(path);
    if (status === undefined) throw lostFile(path, file.role);
    if (status.size === file.bytes) continue;
    const kept = await adoptTail(fileSystem, layout, collection, file, {
      start: file.bytes,
      limit: status.size,
    });
    if (kept !== undefined) adopted.push(kept);
    const end = file.bytes + (kept?.range.bytes ?? 0);
    if (end === status.size) continue;
    const bytes = status.size - end;
    const keptAs = await keepAside(fileSystem, path, end, bytes, tornSuffix);
    await cutTo(fileSystem, path, end);
    tornFiles.push({ file: file.file, offset: end, bytes, keptAs });
  }
  return { tornFiles, adopted };
}

/** The event that adopts what is good after the last journalled range of a file; undefined when nothing is. */
export async function adoptTail(
  fileSystem: FileSystem,
  layout: SessionLayout,
  collection: Collection,
  { role, file }: Pick<FileView, 'role' | 'file'>,
  { start, limit }: Pick<FilePart, 'start' | 'limit'>,
): Promise<AdoptedEvent | undefined> {
  const part = { role, file, start, limit };
  switch (role) {
    case 'master':
      return adoptLines(fileSystem, layout, collection, part);
    case 'raw': {
      // A page that was paid for is not thrown away because the power went before the journal had it.
      const end = await endOfPaidPages(fileSystem, layout, part);
      if (end === start) return undefined;
      return adoptLines(fileSystem, layout, collection, { ...part, limit: end });
    }
    case 'rejected':
      return undefined;
    default:
      return assertNever(role, 'file role');
  }
}

/** Where the last whole page ends that was paid for. */
async function endOfPaidPages(
  fileSystem: FileSystem,
  layout: SessionLayout,
  { file, start, limit }: FilePart,
): Promise<number> {
  let end = start;
  let position = start;
  let items = 0;
  for await (const { bytes, isWhole } of readLines(fileSystem, layout.absolute(file), start)) {
    const line = isWhole && position < limit ? rawLineOf(bytes) : undefined;
    if (line === undefined) break;
    position += bytes.length + 1;
    items += 1;
    if (!line.isEnd) continue;
    // The lines of a page follow each other.
    if (items !== line.items + 1) break;
    items = 0;
    if (line.intent !== null) end = position;
  }
  return end;
}

/** A part of a data file. */
export interface FilePart {
  readonly role: FileRole;
  readonly file: string;
  readonly start: number;
  /** Lines that begin from here on are not meant. */
  readonly limit: number;
}

/** The event that adopts the whole good lines at the beginning of a part; undefined when there are none. */
async function adoptLines(
  fileSystem: FileSystem,
  layout: SessionLayout,
  collection: Collection,
  { role, file, start, limit }: FilePart,
): Promise<AdoptedEvent | undefined> {
  const path = layout.absolute(file);
  const keyOf = lineKeyReader(role, collection);
  const keys: Fingerprint[] = [];
  let end = start;
  for await (const { bytes, isWhole } of readLines(fileSystem, path, start)) {
    if (end >= limit) break;
    const line = isWhole ? keyOf(bytes) : 'bad';
    // A record whose key can't be told is collected again.
    if (line === 'bad' || line === 'unknown') break;
    keys.push(line.key);
    end += bytes.length + 1;
  }
  if (keys.length === 0) return undefined;
  const content = await withFile(fileSystem, path, 'read', (handle) =>
    readFully(handle, start, end - start),
  );
  return {
    type: 'adopted',
    records: keys.length,
    range: {
      role,
      file,
      offset: start,
      bytes: content.length,
      sha256: sha256Hex(content),
      keys: packFingerprints(keys),
    },
  };
}

/**
 * Rewrites the last commit in the journal, its ranges and what follows them in place and syncs them: what was only in the
 * page cache (a failed fdatasync leaves clean-looking pages) is now on disk, or the error shows itself.
 */
export async function makeTrue(
  fileSystem: FileSystem,
  layout: SessionLayout,
  { position, lastCommitStart }: JournalScan,
  files: readonly FileView[],
): Promise<void> {
  const from = new Map<string, number>(files.map((f) => [f.file, f.bytes]));
  if (position.seq >= 0) {
    const lines = await rewrite(fileSystem, layout.journal, lastCommitStart);
    for (const range of rangesIn(lines.subarray(0, position.end - lastCommitStart))) {
      from.set(range.file, Math.min(from.get(range.file) ?? range.offset, range.offset));
    }
  }
  const folders = [layout.folder];
  for (const [file, offset] of from) {
    const path = layout.absolute(file);
    folders.push(dirname(path));
    await rewrite(fileSystem, path, offset);
  }
  await syncNames(fileSystem, layout.root, folders);
}

function* rangesIn(lines: Buffer): Generator<CommittedRange> {
  let start = 0;
  for (let end = lines.indexOf(newline); end >= 0; end = lines.indexOf(newline, start)) {
    for (const event of decodeLine(lines.subarray(start, end))?.events ?? []) {
      if (event.type === 'committed') yield* event.ranges;
    }
    start = end + 1;
  }
}

async function rewrite(fileSystem: FileSystem, path: string, offset: number): Promise<Buffer> {
  return withFile(fileSystem, path, 'update', async (file) => {
    const { size } = await file.status();
    const bytes = await readFully(file, offset, size - offset);
    await writeFully(file, bytes, offset);
    await file.datasync();
    return bytes;
  });
}

/** Units that have lost lines, or may have, and are at rest: back to their start. What was paid for comes from raw. */
export function damagedUnitEvents(index: SessionIndex, damaged: Iterable<number>): JournalEvent[] {
  const events: JournalEvent[] = [];
  for (const n of damaged) {
    const state = index.stateOf(n);
    if (state === undefined || state === 'in_progress') continue;
    events.push({ type: 'requeued', unit: n, reason: 'damaged', attempts: 0, from: state });
  }
  return events;
}

/**
 * What happens to units that were being worked on: back to pending at their cursor, or failed when they have been tried
 * as often as may be (a page that kills the process must not do so for ever).
 *
 * @param damaged units that go back to their start.
 */
export function requeueEvents(
  units: readonly IndexedUnit[],
  maxAttempts: number,
  damaged: ReadonlySet<number>,
): JournalEvent[] {
  return units.map((unit) =>
    unit.attempts >= maxAttempts && !damaged.has(unit.n)
      ? {
          type: 'finished',
          unit: unit.n,
          state: 'failed',
          error: {
            key: unit.key,
            code: 'UNIT_INTERRUPTED',
            message: `The process ended ${unit.attempts} times while it worked on this.`,
          },
        }
      : {
          type: 'requeued',
          unit: unit.n,
          reason: damaged.has(unit.n) ? 'damaged' : 'interrupted',
          attempts: unit.attempts,
          ...(unit.openDuplicates > 0 ? { forget: unit.openDuplicates } : {}),
        },
  );
}

function lostFile(path: string, role: FileRole): FaultError {
  return new FaultError(
    'DATA_FILE_MISSING',
    `The ${role} file ${path} is not there. Put it back and resume, or start a new session.`,
    { file: path, role },
  );
}
