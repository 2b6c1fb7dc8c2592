import { basename, join } from 'node:path';
import { checkpointChecksum, type ChecksummedFields } from '../../core/checkpointData.ts';
import { messageOf } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { sha256Hex } from '../../storage/dataFile.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { isOfThisProgram, readJsonFile } from './detect.ts';
import type { ImportNotes } from './importNotes.ts';

/** What compute-forecast knew of one venue in one year. */
export interface EarlierVenue {
  readonly venue: string;
  readonly year: number;
  readonly isDone: boolean;
  /** The papers that are at hand: title, id and URL. */
  readonly papers: readonly JsonObject[];
  /** How many it said that there are. */
  readonly claimed: number;
  /** Absolute paths of the files that say so, with their sums. */
  readonly sources: readonly SourceFile[];
}

/** A file that was read. */
export interface SourceFile {
  readonly path: string;
  /** sha256, hex. */
  readonly sha256: string;
}

/** Name of a group in compute-forecast's manner: `iclr_2024`. */
export function groupName({ venue, year }: Pick<EarlierVenue, 'venue' | 'year'>): string {
  return `${venue}_${year}`;
}

/**
 * Reads a `.cf_state`: the simple checkpoints, and of each session the newest checkpoint whose checksum holds. What can't
 * be read or trusted is noted.
 *
 * @param only files to read; all of the folder where there are none.
 */
export async function readVenues(
  fileSystem: FileSystem,
  folder: string,
  only: readonly string[],
  notes: ImportNotes,
): Promise<EarlierVenue[]> {
  const venues = new VenueMap();
  const [first] = only;
  if (first !== undefined) {
    const value = await readJsonFile(fileSystem, first);
    if (isJsonObject(value) && Object.hasOwn(value, 'venue')) {
      await readSimple(fileSystem, first, venues, notes);
    } else {
      await readSession(fileSystem, [first], basename(first), venues, notes);
    }
    return venues.list();
  }
  for (const path of await jsonFilesIn(fileSystem, join(folder, 'collect'))) {
    if (path.endsWith('_checkpoint.json')) await readSimple(fileSystem, path, venues, notes);
  }
  const sessions = join(folder, 'sessions');
  for (const session of (await listFolder(fileSystem, sessions)).sort()) {
    const inner = join(sessions, session);
    // Ours.
    if ((await fileSystem.status(join(inner, 'journal.jsonl'))) !== undefined) continue;
    const files = await jsonFilesIn(fileSystem, join(inner, 'checkpoints'));
    await readSession(fileSystem, files, session, venues, notes);
  }
  for (const session of await listFolder(fileSystem, join(folder, 'consolidate'))) {
    notes.notCarriedOver(
      `consolidate/${session}`,
      'a consolidation works on papers that are collected; merge their files with cf-collect merge',
    );
  }
  return venues.list();
}

async function listFolder(fileSystem: FileSystem, folder: string): Promise<string[]> {
  return (await fileSystem.status(folder))?.isDirectory === true ? fileSystem.list(folder) : [];
}

async function jsonFilesIn(fileSystem: FileSystem, folder: string): Promise<string[]> {
  const names = (await listFolder(fileSystem, folder)).filter((n) => /\.json(?:\.gz)?$/.test(n));
  return names.sort().map((name) => join(folder, name));
}

async function readSimple(
  fileSystem: FileSystem,
  path: string,
  venues: VenueMap,
  notes: ImportNotes,
): Promise<void> {
  let value: JsonValue;
  try {
    value = await readJsonFile(fileSystem, path);
  } catch (error) {
    notes.notCarriedOver(basename(path), `it can't be read: ${messageOf(error)}`);
    return;
  }
  if (isJsonObject(value) && isOfThisProgram(value)) return;
  if (
    !isJsonObject(value) ||
    typeof value['venue'] !== 'string' ||
    typeof value['year'] !== 'number'
  ) {
    notes.notCarriedOver(basename(path), 'it names no venue and year');
    return;
  }
  const papers = Array.isArray(value['papers']) ? value['papers'].filter(isJsonObject) : [];
  venues.add({
    venue: value['venue'],
    year: value['year'],
    isDone: value['completed'] === true,
    papers,
    claimed: numberOf(value['papers_collected']) ?? papers.length,
    sources: [await sourceFile(fileSystem, path)],
  });
}

interface GoodCheckpoint {
  readonly path: string;
  readonly data: ChecksummedFields & { readonly venues_not_started: readonly VenueEntry[] };
}

type VenueEntry = readonly [string, number];

async function readSession(
  fileSystem: FileSystem,
  files: readonly string[],
  session: string,
  venues: VenueMap,
  notes: ImportNotes,
): Promise<void> {
  const good: GoodCheckpoint[] = [];
  for (const path of files) {
    const checkpoint = await readCheckpoint(fileSystem, path);
    if (checkpoint === 'ours') continue;
    if ('why' in checkpoint) notes.warn(`${basename(path)} is not used: ${checkpoint.why}.`);
    else good.push(checkpoint);
  }
  const newest = good.sort((a, b) => (a.data.timestamp < b.data.timestamp ? 1 : -1))[0];
  if (newest === undefined) {
    if (files.length > 0) notes.notCarriedOver(session, 'none of its checkpoints can be trusted');
    return;
  }
  notes.carriedOver(
    `of ${session} the state at its newest good checkpoint, ${basename(newest.path)}`,
  );
  const source = await sourceFile(fileSystem, newest.path);
  const { data } = newest;
  const open = [...data.venues_in_progress, ...data.venues_not_started];
  for (const [list, isDone] of [
    [data.venues_completed, true],
    [open, false],
  ] as const) {
    for (const [venue, year] of list) {
      const claimed = numberOf(data.papers_by_venue[venue]?.[String(year)]) ?? 0;
      venues.add({ venue, year, isDone, papers: [], claimed, sources: [source] });
    }
  }
}

async function readCheckpoint(
  fileSystem: FileSystem,
  path: string,
): Promise<GoodCheckpoint | 'ours' | { readonly why: string }> {
  try {
    const value = await readJsonFile(fileSystem, path);
    if (!isJsonObject(value)) return { why: 'it is no checkpoint' };
    if (Object.hasOwn(value, 'collector')) return 'ours';
    const data = {
      session_id: textOf(value, 'session_id'),
      timestamp: textOf(value, 'timestamp'),
      venues_completed: venuesOf(value['venues_completed']),
      venues_in_progress: venuesOf(value['venues_in_progress']),
      venues_not_started: venuesOf(value['venues_not_started']),
      papers_collected: numberOf(value['papers_collected']) ?? 0,
      papers_by_venue: countsOf(value['papers_by_venue']),
      last_successful_operation: textOf(value, 'last_successful_operation'),
    };
    if (typeof value['checksum'] !== 'string') return { why: 'it has no checksum' };
    // Dates were also written with a blank; the sum is over the form with a "T".
    const forms = [data.timestamp, data.timestamp.replace(' ', 'T')];
    if (
      !forms.some((timestamp) => checkpointChecksum({ ...data, timestamp }) === value['checksum'])
    )
      return { why: 'its checksum does not fit its content' };
    const meta = await metaOf(fileSystem, path);
    if (meta !== undefined && meta !== (await sourceFile(fileSystem, path)).sha256)
      return { why: 'its bytes are not those of its .meta file' };
    return { path, data: { ...data, timestamp: data.timestamp.replace(' ', 'T') } };
  } catch (error) {
    return { why: messageOf(error).replace(/\.$/, '') };
  }
}

/** The sum of a file's bytes that is noted beside it; undefined where nothing is. */
async function metaOf(fileSystem: FileSystem, path: string): Promise<string | undefined> {
  const meta = `${path}.meta`;
  if ((await fileSystem.status(meta)) === undefined) return undefined;
  const value = await readJsonFile(fileSystem, meta);
  return isJsonObject(value) && typeof value['checksum'] === 'string' ? value['checksum'] : '';
}

async function sourceFile(fileSystem: FileSystem, path: string): Promise<SourceFile> {
  return { path, sha256: sha256Hex(await fileSystem.readWhole(path)) };
}

function textOf(value: JsonObject, name: string): string {
  const text = value[name];
  if (typeof text !== 'string') throw new Error(`${name} is missing`);
  return text;
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function venuesOf(value: JsonValue | undefined): VenueEntry[] {
  if (!Array.isArray(value)) throw new Error('a list of venues is missing');
  return value.map((entry: JsonValue): VenueEntry => {
    const [venue, year] = Array.isArray(entry) ? (entry as readonly JsonValue[]) : [];
    if (typeof venue !== 'string' || typeof year !== 'number')
      throw new Error(`${JSON.stringify(entry)} is no venue and year`);
    return [venue, year];
  });
}

function countsOf(value: JsonValue | undefined): Record<string, Record<string, number>> {
  const counts: Record<string, Record<string, number>> = {};
  if (!isJsonObject(value)) throw new Error('papers_by_venue is missing');
  for (const [venue, years] of Object.entries(value)) {
    if (!isJsonObject(years)) throw new Error('papers_by_venue has another form');
    counts[venue] = Object.fromEntries(
      Object.entries(years).map(([year, n]) => [year, numberOf(n) ?? 0]),
    );
  }
  return counts;
}

/** Venues by name and year: what several files say of one is put together. */
class VenueMap {
  readonly #venues = new Map<string, EarlierVenue>();

  add(venue: EarlierVenue): void {
    const name = groupName(venue);
    const before = this.#venues.get(name);
    this.#venues.set(
      name,
      before === undefined
        ? venue
        : {
            ...before,
            // One of its two systems had seen the end.
            isDone: before.isDone || venue.isDone,
            papers: before.papers.length > 0 ? before.papers : venue.papers,
            claimed: Math.max(before.claimed, venue.claimed),
            sources: [...before.sources, ...venue.sources],
          },
    );
  }

  list(): EarlierVenue[] {
    return [...this.#venues.values()].sort((a, b) => (groupName(a) < groupName(b) ? -1 : 1));
  }
}
