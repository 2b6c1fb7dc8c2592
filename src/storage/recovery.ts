import { dirname } from 'node:path';
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
import { recordKeysOf, type RecordKeys } from '../core/recordKeys.ts';
import { isJsonObject, parseJson } from '../core/json.ts';
import type { SessionView } from '../core/view.ts';
import { sha256Hex } from './dataFile.ts';
import { cutTo, keepAside, syncNames } from './durableFiles.ts';
import { readFully, withFile, writeFully, type FileSystem } from './fileSystem.ts';
import { decodeLine } from './journalLine.ts';
import { newline, readLines, type JournalScan } from './journalReader.ts';
import type { SessionLayout } from './layout.ts';
import type { IndexedUnit } from './sessionIndex.ts';

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
 * kept and adopted where their keys can be told; from the first bad line on all is copied aside and cut. What no
 * journal line names was never acknowledged. Records in holes are won back in the same way; nothing is cut there.
 *
 * @throws FaultError when a file is missing or shorter than what was journalled.
 */
export async function recoverDataFiles(
  fileSystem: FileSystem,
  layout: SessionLayout,
  collection: Collection,
  view: SessionView,
  holes: readonly Hole[],
): Promise<FileRecovery> {
  const tornFiles: TornFile[] = [];
  const adopted: AdoptedEvent[] = [];
  for (const { file, offset, bytes } of holes) {
    const master = view.files.find((f) => f.file === file && f.role === 'master');
    if (master === undefined) continue;
    const path = layout.absolute(file);
    const found = await adoptLines(fileSystem, path, file, offset, offset + bytes, collection);
    if (found !== undefined) adopted.push(found);
  }
  for (const file of view.files) {
    const path = layout.absolute(file.file);
    const status = await fileSystem.status(path);
    if (status === undefined) throw lostFile(path, file.role);
    if (status.size < file.bytes) throw shortenedFile(path, file.bytes, status.size);
    if (status.size === file.bytes) continue;
    const kept =
      file.role === 'master'
        ? await adoptLines(fileSystem, path, file.file, file.bytes, status.size, collection)
        : undefined;
    if (kept !== undefined) adopted.push(kept);
    const end = file.bytes + (kept?.range.bytes ?? 0);
    if (end === status.size) continue;
    const bytes = status.size - end;
    const keptAs = await keepAside(fileSystem, path, end, bytes, `.torn-${view.seq}`);
    await cutTo(fileSystem, path, end);
    tornFiles.push({ file: file.file, offset: end, bytes, keptAs });
  }
  return { tornFiles, adopted };
}

/** The event that adopts the whole good lines of a master from an offset on, up to another; undefined when there are none. */
async function adoptLines(
  fileSystem: FileSystem,
  path: string,
  file: string,
  start: number,
  limit: number,
  collection: Collection,
): Promise<AdoptedEvent | undefined> {
  const recordKeys = recordKeysOf(collection);
  const keys: Fingerprint[] = [];
  let end = start;
  for await (const { bytes, isWhole } of readLines(fileSystem, path, start)) {
    if (end >= limit) break;
    const key = isWhole ? keyOfLine(bytes, recordKeys) : undefined;
    if (key === undefined) break;
    keys.push(key);
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
      role: 'master',
      file,
      offset: start,
      bytes: content.length,
      sha256: sha256Hex(content),
      keys: packFingerprints(keys),
    },
  };
}

/** The key of a master's line; undefined when it is no record, or its key can't be told: such lines are collected again. */
function keyOfLine(bytes: Buffer, recordKeys: RecordKeys): Fingerprint | undefined {
  try {
    const record = parseJson(bytes.toString());
    const key = isJsonObject(record) ? recordKeys.ofMasterRecord(record) : undefined;
    return typeof key === 'string' ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Rewrites the last commit in the journal, its ranges and what follows them in place and syncs them: what was only in the
 * page cache (a failed fdatasync leaves clean-looking pages) is now on disk, or the error shows itself.
 */
export async function makeTrue(
  fileSystem: FileSystem,
  layout: SessionLayout,
  { position, lastCommitStart }: JournalScan,
  view: SessionView,
): Promise<void> {
  const from = new Map<string, number>(view.files.map((f) => [f.file, f.bytes]));
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

/**
 * What happens to units that were being worked on: back to pending at their cursor, or failed when they have been tried
 * as often as may be (a page that kills the process must not do so for ever).
 */
export function requeueEvents(
  units: readonly IndexedUnit[],
  maxAttempts: number,
  reason: 'interrupted' | 'stopped',
): JournalEvent[] {
  return units.map((unit) =>
    unit.attempts >= maxAttempts
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
          reason,
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

function shortenedFile(path: string, expected: number, actual: number): FaultError {
  return new FaultError(
    'DATA_FILE_CHANGED',
    `${path} has ${actual} bytes, but ${expected} were written: it was cut or replaced. Put the original back and resume, or start a new session.`,
    { file: path, expected, actual },
  );
}
