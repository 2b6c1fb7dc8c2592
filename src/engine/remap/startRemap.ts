import { basename, dirname, join, resolve } from 'node:path';
import { collectionSchema, type Collection } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import type { SessionEvent } from '../../core/events.ts';
import { fileTimestamp, toFileName } from '../../core/names.ts';
import { journalStart } from '../../storage/journal.ts';
import { scanJournal } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { readSessionHeader } from '../../storage/sessionHeader.ts';
import { inspectSession, type FoundSession } from '../../storage/sessions.ts';
import type { StoragePorts } from '../../storage/sessionStore.ts';
import { resolveOutputDir } from '../../storage/workspaceFiles.ts';
import { startUnfiled, type Launched } from '../launch.ts';
import type { Environment } from '../beginRun.ts';
import { loadCollection } from '../loadCollection.ts';
import { checkNewOutput } from '../newOutput.ts';

/** What is to be mapped again, and how. */
export interface RemapRequest {
  /** Absolute path of the collection file with the mapping; null: the one that the session began with, as it is now. */
  readonly collectionFile: string | null;
  /** Absolute path of the new master; null: in the collection's output folder, with the time in its name. */
  readonly output: string | null;
}

const longestName = 100;

/**
 * Begins to map a session's raw items again: a session of its own, with a new master and a new rejected file, that calls
 * nobody. The session whose items they are stays as it is; it may even go on meanwhile: what it has now is mapped.
 *
 * @throws UsageError `NO_RAW` when the session has kept no items, `COLLECTION_GONE`, `REMAP_OTHER_SOURCE`, and as
 * `checkNewOutput`.
 */
export async function startRemap(
  environment: Environment,
  layout: SessionLayout,
  request: RemapRequest,
): Promise<Launched> {
  const { ports } = environment;
  const header = await readSessionHeader(ports, layout);
  const found = await inspectSession(ports.fileSystem, ports.machine, layout);
  rawFilesOf(found);
  const collection = await collectionOf(environment, layout, header, request);
  const remap = await remapOf(ports, found);
  const master = await masterOf(environment, layout, collection, request);
  const remapped = remapCollection(collection, master, layout, remap);
  return startUnfiled(environment, layout.root, remapped, master);
}

/**
 * What a collection has that maps a session's items again, as far as they are there now.
 *
 * @throws UsageError `NO_RAW` when the session has kept no items.
 */
export async function remapOf(
  ports: StoragePorts,
  found: FoundSession,
): Promise<NonNullable<Collection['remap']>> {
  const files = rawFilesOf(found);
  const { seq, sum } = await lastLine(ports, found.layout);
  return { session: found.layout.session, seq, sum, files };
}

function rawFilesOf({ view, layout }: FoundSession): string[] {
  const files = view.files.filter(({ role, lines }) => role === 'raw' && lines > 0);
  if (files.length > 0) return files.map(({ file }) => file);
  throw new UsageError(
    'NO_RAW',
    `${layout.session} has kept no items as they were received, so there is nothing to map again. ` +
      'Items are kept with "output": { "raw": true } in the collection; for sources that cost money they always are, unless that is false.',
    { session: layout.session },
  );
}

async function collectionOf(
  { ports }: Environment,
  layout: SessionLayout,
  { collectionFile: own, collection: before }: SessionEvent,
  { collectionFile }: RemapRequest,
): Promise<Collection> {
  const file = collectionFile ?? (own === '' ? null : layout.absolute(own));
  if (file === null || (await ports.fileSystem.status(file)) === undefined) {
    const what = file === null ? 'No file holds its collection' : `${file} is not there any more`;
    const message = `${what}: name the collection file whose mapping is to be used (--collection FILE).`;
    throw new UsageError('COLLECTION_GONE', message, { session: layout.session });
  }
  const collection = await loadCollection(file);
  const { type } = collectionSchema.parse(before).source;
  if (collection.source.type === type) return collection;
  throw new UsageError(
    'REMAP_OTHER_SOURCE',
    `${layout.session} has items of a source of type ${type}, and ${basename(file)} has one of type ${collection.source.type}, which can't read them.`,
    { session: layout.session, file },
  );
}

/** Where the journal ends now: what is written to it later is not looked at. */
async function lastLine(
  ports: StoragePorts,
  layout: SessionLayout,
): Promise<{ readonly seq: number; readonly sum: string }> {
  const { position } = await scanJournal(
    ports.fileSystem,
    layout.journal,
    journalStart,
    () => undefined,
  );
  return position;
}

async function masterOf(
  { ports }: Environment,
  layout: SessionLayout,
  { name, output: { dir, prefix = name } }: Collection,
  { output }: RemapRequest,
): Promise<string> {
  if (output !== null) {
    await checkNewOutput(ports, output, layout.root);
    return output;
  }
  const folder = await resolveOutputDir(layout.root, dir);
  for (let n = 1; ; n++) {
    const time = fileTimestamp(ports.clock.now());
    const path = join(folder, `${prefix}_remapped_${time}${n === 1 ? '' : `_${n}`}.jsonl`);
    if ((await ports.fileSystem.status(path)) === undefined) return path;
  }
}

function remapCollection(
  collection: Collection,
  master: string,
  layout: SessionLayout,
  remap: NonNullable<Collection['remap']>,
): Collection {
  const name = toFileName(basename(master).replace(/\.[^.]*$/, '')).slice(0, longestName);
  const { target, perKey, perHost } = collection.limits;
  const folder = layout.relative(resolve(dirname(master)));
  return {
    ...collection,
    name,
    remap,
    output: { ...collection.output, dir: folder === '' ? '.' : folder, prefix: name, raw: false },
    limits: { target, perKey, perHost, concurrency: 1 },
    // Nothing else is worth waiting for: one page follows on the other.
    durability: { ...collection.durability, flushEvery: 1000 },
    dedup: { ...collection.dedup, against: 'session' },
    debug: { snapshots: false },
    // One that is killed again and again is no fault of its items: it goes on as often as a person resumes it.
    retry: { ...collection.retry, attempts: 1000 },
  };
}
