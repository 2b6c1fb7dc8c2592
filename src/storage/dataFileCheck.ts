import { stat } from 'node:fs/promises';
import type { Collection } from '../core/config.ts';
import { FaultError } from '../core/errors.ts';
import type { DamagedEvent } from '../core/events.ts';
import type { DataFileFinding } from '../core/recoveryData.ts';
import type { FileView } from '../core/view.ts';
import { sha256Hex } from './dataFile.ts';
import { hasCode, readFully, withFile, type FileSystem } from './fileSystem.ts';
import type { SessionLayout } from './layout.ts';
import { findDamage } from './rangeCheck.ts';
import { adoptTail } from './recovery.ts';

/** What was found in the data files of a session. */
export interface DataFileCheck {
  readonly files: readonly DataFileFinding[];
  /** What opening the session would journal as lost. */
  readonly damage: readonly DamagedEvent[];
  /** What opening the session would be refused for, until a person has put it right. */
  readonly obstacles: readonly FaultError[];
}

/** More than this is not read whole by {@link checkDataFiles}: validating does that. */
const readWholeBytes = 256 * 1024 * 1024;

/**
 * Looks at the data files as opening the session does, and changes nothing: what is damaged, what would be adopted, what
 * would be cut. Small files are compared with the journal whole, large ones at their end.
 */
export async function checkDataFiles(
  fileSystem: FileSystem,
  layout: SessionLayout,
  collection: Collection,
  views: readonly FileView[],
): Promise<DataFileCheck> {
  const total = views.reduce((sum, view) => sum + view.bytes, 0);
  const isThorough = total <= readWholeBytes;
  const damage: DamagedEvent[] = [];
  const obstacles: FaultError[] = [];
  const files: DataFileFinding[] = [];
  for (const view of views) {
    let own: readonly DamagedEvent[] = [];
    try {
      own = await findDamage(fileSystem, layout, collection, [view], isThorough);
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      obstacles.push(error);
    }
    damage.push(...own);
    const checkedBytes = isThorough ? view.bytes : (view.last?.bytes ?? 0);
    const finding = await findingOf(fileSystem, layout, collection, view, own);
    if (finding.actual_bytes === null) obstacles.push(missing(layout, view));
    files.push({ ...finding, checked_bytes: Math.min(checkedBytes, finding.actual_bytes ?? 0) });
  }
  return { files, damage, obstacles };
}

async function findingOf(
  fileSystem: FileSystem,
  layout: SessionLayout,
  collection: Collection,
  { role, file, bytes }: FileView,
  damage: readonly DamagedEvent[],
): Promise<Omit<DataFileFinding, 'checked_bytes'>> {
  const path = layout.absolute(file);
  const status = await fileSystem.status(path);
  const damaged = damage.map((d) => ({ offset: d.offset, bytes: d.bytes, lines: d.lost }));
  const known = { file, role, journalled_bytes: bytes, damaged };
  if (status === undefined) {
    const nothing = { actual_bytes: null, last_modified: null };
    return { ...known, ...nothing, records_to_adopt: 0, torn_bytes: 0 };
  }
  // What is lost at the end counts as never written; the file goes on from there.
  const cut = damage.find((d) => d.isCut)?.offset;
  const start = cut ?? bytes;
  const surplus = Math.max(0, status.size - start);
  const adopted =
    surplus > 0
      ? await adoptTail(fileSystem, layout, collection, known, { start, limit: status.size })
      : undefined;
  return {
    ...known,
    actual_bytes: status.size,
    last_modified: await modifiedAtOf(path),
    records_to_adopt: role === 'raw' ? 0 : (adopted?.records ?? 0),
    torn_bytes: surplus - (adopted?.range.bytes ?? 0),
  };
}

function missing(layout: SessionLayout, { file, role }: FileView): FaultError {
  const path = layout.absolute(file);
  return new FaultError(
    'DATA_FILE_MISSING',
    `The ${role} file ${path} is not there. Put it back.`,
    {
      file: path,
      role,
    },
  );
}

async function modifiedAtOf(path: string): Promise<string | null> {
  try {
    return (await stat(path)).mtime.toISOString();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** A data file as it is on disk beside what the journal says. */
export interface FileCheck {
  readonly view: FileView;
  /** undefined when the file is not there. */
  readonly actualBytes: number | undefined;
  /** ISO time. */
  readonly modifiedAt: string | undefined;
  /** Whether the last journalled range is what was written; true where there is none. */
  readonly isLastRangeWhole: boolean;
}

/** Compares the ends of data files with the journal: what opening a session must have made true. */
export async function checkFileEnds(
  fileSystem: FileSystem,
  layout: SessionLayout,
  views: readonly FileView[],
): Promise<FileCheck[]> {
  const checks: FileCheck[] = [];
  for (const view of views) {
    const path = layout.absolute(view.file);
    const actualBytes = (await fileSystem.status(path))?.size;
    const { last } = view;
    const isLastRangeWhole =
      actualBytes !== undefined &&
      (last === undefined ||
        (await withFile(fileSystem, path, 'read', async (file) => {
          return sha256Hex(await readFully(file, last.offset, last.bytes)) === last.sha256;
        })));
    const modifiedAt = (await modifiedAtOf(path)) ?? undefined;
    checks.push({ view, actualBytes, modifiedAt, isLastRangeWhole });
  }
  return checks;
}
