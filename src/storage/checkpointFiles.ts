import { basename, dirname, join } from 'node:path';
import {
  apiHealthStatus,
  checkpointChecksum,
  localIso,
  rateLimitStatus,
  venueYear,
  type CheckpointData,
} from '../core/checkpointData.ts';
import type { VenueYear } from '../core/venueYear.ts';
import type { Collection } from '../core/config.ts';
import { collectionDigest } from '../core/digest.ts';
import type { CheckpointType, HostHealth } from '../core/events.ts';
import type { JsonObject } from '../core/json.ts';
import type { Clock, Random } from '../core/ports.ts';
import { sha256Hex } from './dataFile.ts';
import { makeDirectoryDurably, replaceFilesDurably } from './durableFiles.ts';
import { hasCode, type FileSystem } from './fileSystem.ts';
import type { GroupView } from './groupTable.ts';
import type { SessionLayout } from './layout.ts';
import { maxListed } from './indexFold.ts';
import type { SessionIndex } from './sessionIndex.ts';

/** Units in progress whose cursors a checkpoint lists. */
const maxCursors = 1000;
const removedTogether = 16;

/** Version of our own block in a checkpoint. A newer one is refused. */
export const checkpointFormat = 1;

/** What writing a checkpoint needs beside the snapshot. */
export interface CheckpointWriterOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly layout: SessionLayout;
  readonly collection: Collection;
}

/** What a checkpoint is a snapshot of: an index that is level with the journal. */
export type SnapshotIndex = Pick<
  SessionIndex,
  'view' | 'groups' | 'position' | 'chain' | 'unitsInState' | 'newestCheckpoints'
>;

/** Writes a checkpoint and its `.meta`, both on disk when this resolves; gives its id. */
export async function writeCheckpoint(
  options: CheckpointWriterOptions,
  type: CheckpointType,
  index: SnapshotIndex,
  health: readonly HostHealth[],
): Promise<string> {
  const { fileSystem, layout } = options;
  // At once: while something is waited for, the index may go on.
  const data = checkpointData(options, type, index, health);
  const id = data.checkpoint_id;
  await makeDirectoryDurably(fileSystem, layout.checkpoints);
  const path = layout.checkpoint(id);
  await writeWithMeta(fileSystem, path, data as unknown as JsonObject, options.clock.now());
  return id;
}

/** Writes a JSON file and, beside it, `.meta` with the sha256 of its bytes: a flipped bit anywhere is seen. */
export async function writeWithMeta(
  fileSystem: FileSystem,
  path: string,
  value: JsonObject,
  now: number,
): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  const meta = {
    file_path: basename(path),
    checksum: sha256Hex(bytes),
    created: localIso(now),
    size: bytes.length,
  };
  await replaceFilesDurably(fileSystem, dirname(path), [
    { path, bytes },
    { path: `${path}.meta`, bytes: `${JSON.stringify(meta, null, 2)}\n` },
  ]);
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

/**
 * Names of files to be removed so that the newest `keep` checkpoints are left. Which are new is asked of the journal and
 * not of a thousand files; what it does not name was cut short, and goes. To be asked before another one is written.
 */
export async function oldCheckpoints(
  fileSystem: FileSystem,
  layout: SessionLayout,
  keep: number,
  newest: string,
  journalled: Iterable<string>,
): Promise<readonly string[]> {
  // Read back: while it is not whole the newest valid one is another, and nobody knows here which.
  if ((await readWithMeta(fileSystem, layout.checkpoint(newest))) === undefined) return [];
  const names = new Set(await fileSystem.list(layout.checkpoints));
  const kept = new Set([newest]);
  for (const id of journalled) {
    if (kept.size >= keep) break;
    if (names.has(`${id}.json`)) kept.add(id);
  }
  return [...names].filter((name) => {
    const id = /^(checkpoint_[^.]+)\.json/.exec(name)?.[1];
    return id !== undefined && !kept.has(id);
  });
}

/** Removes what {@link oldCheckpoints} named. */
export async function removeCheckpoints(
  fileSystem: FileSystem,
  layout: SessionLayout,
  names: readonly string[],
): Promise<void> {
  // Files before their `.meta`s: a `.meta` alone is nothing, a file alone looks damaged.
  const isFile = (name: string): boolean => name.endsWith('.json');
  await removeAll(fileSystem, layout.checkpoints, names.filter(isFile));
  await removeAll(
    fileSystem,
    layout.checkpoints,
    names.filter((name) => !isFile(name)),
  );
}

async function removeAll(
  fileSystem: FileSystem,
  folder: string,
  names: readonly string[],
): Promise<void> {
  for (let at = 0; at < names.length; at += removedTogether) {
    const some = names.slice(at, at + removedTogether);
    await Promise.all(some.map((name) => fileSystem.remove(join(folder, name))));
  }
}

function checkpointData(
  { clock, random, layout, collection }: CheckpointWriterOptions,
  type: CheckpointType,
  index: SnapshotIndex,
  health: readonly HostHealth[],
): CheckpointData {
  const { view, groups } = index;
  const now = clock.now();
  const timestamp = localIso(now);
  const stamp = timestamp.slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '_');
  const all = groups.size > maxListed ? [] : [...groups.entries()];
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
    collector: collectorBlock(collection, index),
  };
}

/** What the earlier system did not know; `seq`, `journal_bytes` and `journal_sum` are the line that all of it is of. */
function collectorBlock(collection: Collection, index: SnapshotIndex): JsonObject {
  const { view, groups, position } = index;
  const open = index.unitsInState('in_progress', 0, maxCursors);
  return {
    format: checkpointFormat,
    seq: position.seq,
    journal_bytes: position.end,
    journal_sum: position.sum,
    config_digest: collectionDigest(collection),
    files: view.files.map(({ role, file, lines, bytes }) => ({
      role,
      file,
      lines,
      bytes,
      chain: index.chain(file),
    })),
    units: { ...view.units },
    unit_total: view.unitTotal,
    records: view.records,
    duplicates: view.duplicates,
    rejected: view.rejected,
    spent_micro_usd: view.spentMicroUsd,
    reserved_micro_usd: view.reservedMicroUsd,
    cursors: open.map(({ n, key, attempts, cursor }) => ({
      unit: n,
      key,
      attempts,
      cursor: cursor ?? null,
    })),
    cursors_left_out: view.units.in_progress - open.length,
    venues: groups.size,
    // With more, the lists above are empty: of a hundred thousand groups their number is what can be read.
    venues_are_listed: groups.size <= maxListed,
  };
}

function venuesWhere(
  groups: readonly [string, GroupView][],
  test: (group: GroupView) => boolean,
): VenueYear[] {
  return groups.filter(([, group]) => test(group)).map(([name]) => venueYear(name));
}

/** Whether something of the group is left to do. */
export function isOpen({ units }: GroupView): boolean {
  return units.pending + units.in_progress > 0;
}

function isStarted({ units, records }: GroupView): boolean {
  return records > 0 || units.in_progress + units.done + units.failed > 0;
}

/** Records by venue and year, in the earlier system's words. */
export function papersByVenue(
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
