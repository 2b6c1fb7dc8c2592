import { basename } from 'node:path';
import {
  apiHealthStatus,
  checkpointChecksum,
  localIso,
  rateLimitStatus,
  venueYear,
  type CheckpointData,
  type VenueYear,
} from '../core/checkpointData.ts';
import type { Collection } from '../core/config.ts';
import { collectionDigest } from '../core/digest.ts';
import type { CheckpointType, HostHealth } from '../core/events.ts';
import type { JsonObject } from '../core/json.ts';
import type { Clock, Random } from '../core/ports.ts';
import type { SessionView } from '../core/view.ts';
import { sha256Hex } from './dataFile.ts';
import { makeDirectoryDurably, replaceFileDurably } from './durableFiles.ts';
import { hasCode, type FileSystem } from './fileSystem.ts';
import type { GroupTable, GroupView } from './groupTable.ts';
import type { JournalPosition } from './journal.ts';
import type { SessionLayout } from './layout.ts';

/** Version of our own block in a checkpoint. A newer one is refused. */
export const checkpointFormat = 1;

/** What writing a checkpoint needs beside the snapshot. */
export interface CheckpointWriterOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly layout: SessionLayout;
  readonly collection: Collection;
  /** Checkpoints kept when cleaning up. */
  readonly keep: number;
}

/** What a checkpoint is a snapshot of. */
export interface SessionSnapshotParts {
  readonly view: SessionView;
  readonly groups: GroupTable;
  readonly position: JournalPosition;
  readonly health: readonly HostHealth[];
}

/** Writes a checkpoint and its `.meta`, both on disk when this resolves, and cleans up old ones when asked. */
export async function writeCheckpoint(
  options: CheckpointWriterOptions,
  type: CheckpointType,
  snapshot: SessionSnapshotParts,
  isCleanupDue: boolean,
): Promise<string> {
  const { fileSystem, layout } = options;
  const data = checkpointData(options, type, snapshot);
  const path = layout.checkpoint(data.checkpoint_id);
  await makeDirectoryDurably(fileSystem, layout.checkpoints);
  await writeWithMeta(fileSystem, path, data as unknown as JsonObject, options.clock.now());
  if (isCleanupDue) await cleanUpCheckpoints(fileSystem, layout, options.keep, data.checkpoint_id);
  return data.checkpoint_id;
}

/** Writes a JSON file and, beside it, `.meta` with the sha256 of its bytes: a flipped bit anywhere is seen. */
export async function writeWithMeta(
  fileSystem: FileSystem,
  path: string,
  value: JsonObject,
  now: number,
): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  await replaceFileDurably(fileSystem, path, bytes);
  const meta = {
    file_path: basename(path),
    checksum: sha256Hex(bytes),
    created: localIso(now),
    size: bytes.length,
  };
  await replaceFileDurably(fileSystem, `${path}.meta`, `${JSON.stringify(meta, null, 2)}\n`);
}

/** A file's JSON when its bytes are those that `.meta` names; undefined when either is missing or they differ. */
export async function readWithMeta(
  fileSystem: FileSystem,
  path: string,
): Promise<JsonObject | undefined> {
  try {
    const bytes = await fileSystem.readWhole(path);
    const meta = JSON.parse((await fileSystem.readWhole(`${path}.meta`)).toString()) as {
      checksum?: unknown;
    };
    if (meta.checksum !== sha256Hex(bytes)) return undefined;
    return JSON.parse(bytes.toString()) as JsonObject;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** A checkpoint that was found on disk. */
export interface StoredCheckpoint {
  readonly id: string;
  readonly path: string;
  readonly data: CheckpointData | undefined;
  /** The journal line it is of; -1 when it can't be read. */
  readonly seq: number;
}

/**
 * Checkpoints of a session, the newest (highest seq) first; unreadable ones last.
 *
 * @param limit reads only so many, those with the latest times in their names; all when left out.
 */
export async function listCheckpoints(
  fileSystem: FileSystem,
  layout: SessionLayout,
  limit = Infinity,
): Promise<StoredCheckpoint[]> {
  const names = (await fileSystem.list(layout.checkpoints)).filter((n) =>
    /^checkpoint_.*\.json$/.test(n),
  );
  const found: StoredCheckpoint[] = [];
  for (const name of names.sort().slice(-limit)) {
    const id = name.slice(0, -'.json'.length);
    const path = layout.checkpoint(id);
    const json = await readWithMeta(fileSystem, path);
    const data = isCheckpointOf(json, id, layout.session) ? json : undefined;
    const seq = data?.collector['seq'];
    found.push({ id, path, data, seq: typeof seq === 'number' ? seq : -1 });
  }
  return found.sort((a, b) => b.seq - a.seq || (a.id < b.id ? 1 : -1));
}

function isCheckpointOf(json: unknown, id: string, session: string): json is CheckpointData {
  const data = json as CheckpointData | undefined;
  return (
    data?.checkpoint_id === id &&
    data.session_id === session &&
    data.checksum === checkpointChecksum(data)
  );
}

async function cleanUpCheckpoints(
  fileSystem: FileSystem,
  layout: SessionLayout,
  keep: number,
  newest: string,
): Promise<void> {
  // The newest was verified a moment ago by writing it; it is never removed, whatever `keep` says.
  const stored = (await listCheckpoints(fileSystem, layout)).filter((c) => c.id !== newest);
  for (const { path } of stored.slice(Math.max(0, keep - 1))) {
    await fileSystem.remove(path);
    await fileSystem.remove(`${path}.meta`);
  }
}

function checkpointData(
  { clock, random, layout, collection }: CheckpointWriterOptions,
  type: CheckpointType,
  { view, groups, position, health }: SessionSnapshotParts,
): CheckpointData {
  const now = clock.now();
  const timestamp = localIso(now);
  const stamp = timestamp.slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '_');
  const all = [...groups.entries()];
  const fields = {
    session_id: layout.session,
    timestamp,
    venues_completed: venuesWhere(all, (g) => !isOpen(g)),
    venues_in_progress: venuesWhere(all, (g) => isOpen(g) && isStarted(g)),
    papers_collected: view.records,
    papers_by_venue: papersByVenue(all),
    last_successful_operation: `${type}: ${view.records} records, ${view.units.done} of ${view.unitTotal} units done`,
  };
  const lastError = type === 'error_occurred' ? view.errors[0] : undefined;
  return {
    checkpoint_id: `checkpoint_${layout.session}_${stamp}_${random.hex(4)}`,
    checkpoint_type: type,
    ...fields,
    venues_not_started: venuesWhere(all, (g) => isOpen(g) && !isStarted(g)),
    api_health_status: Object.fromEntries(health.map((h) => [h.host, apiHealthStatus(h)])),
    rate_limit_status: Object.fromEntries(
      health.map((h) => [h.host, rateLimitStatus(h, collection.limits.perHost.ratePerSecond)]),
    ),
    error_context:
      lastError === undefined
        ? null
        : {
            error_type: lastError.code,
            error_message: lastError.message,
            stack_trace: '',
            api_context: lastError.key,
            retry_count: 0,
            timestamp: lastError.at,
          },
    checksum: checkpointChecksum(fields),
    validation_status: 'valid',
    collector: {
      format: checkpointFormat,
      seq: position.seq,
      journal_bytes: position.end,
      journal_sum: position.sum,
      config_digest: collectionDigest(collection),
      files: view.files.map(({ role, file, lines, bytes }) => ({ role, file, lines, bytes })),
      units: { ...view.units },
      duplicates: view.duplicates,
      rejected: view.rejected,
      spent_micro_usd: view.spentMicroUsd,
      reserved_micro_usd: view.reservedMicroUsd,
    },
  };
}

function venuesWhere(
  groups: readonly [string, GroupView][],
  test: (group: GroupView) => boolean,
): VenueYear[] {
  return groups.filter(([, group]) => test(group)).map(([name]) => venueYear(name));
}

function isOpen({ units }: GroupView): boolean {
  return units.pending + units.in_progress > 0;
}

function isStarted({ units, records }: GroupView): boolean {
  return records > 0 || units.in_progress + units.done + units.failed > 0;
}

function papersByVenue(
  groups: readonly [string, GroupView][],
): Record<string, Record<string, number>> {
  const byVenue: Record<string, Record<string, number>> = {};
  for (const [name, { records }] of groups) {
    const [venue, year] = venueYear(name);
    const years = (byVenue[venue] ??= {});
    years[String(year)] = (years[String(year)] ?? 0) + records;
  }
  return byVenue;
}
