import { dirname } from 'node:path';
import type { Collection } from '../core/config.ts';
import { asJson, collectionDigest } from '../core/digest.ts';
import { UsageError } from '../core/errors.ts';
import {
  journalFormat,
  type ImportedEvent,
  type JournalEvent,
  type SessionEvent,
} from '../core/events.ts';
import { keyRecipe } from '../core/keys.ts';
import { emptyView, reduceView } from '../core/view.ts';
import { DataFile } from './dataFile.ts';
import { makeDirectoryDurably, syncNames } from './durableFiles.ts';
import { hasCode, type FileSystem } from './fileSystem.ts';
import { Journal } from './journal.ts';
import { SessionLayout, toRelative } from './layout.ts';
import type { FileLock } from './lock.ts';
import { ReplayKeys } from './replayKeys.ts';
import { SessionIndex } from './sessionIndex.ts';
import { StagedLayout } from './stagedSession.ts';
import { withinBudget } from './timeBudget.ts';
import { createDataFile, SessionStore, type StoragePorts } from './sessionStore.ts';
import { seenRecords, seenUnits } from './seenOfSession.ts';
import {
  type Opener,
  type Closer,
  closeAll,
  acquireLock,
  openedEvent,
  indexFeeder,
} from './sessionParts.ts';

/** What a new session is made of. */
export interface NewSession {
  /** The folder that holds, or gets, `.cf_state`. */
  readonly root: string;
  /** Absolute path; empty where no file holds the collection. */
  readonly collectionFile: string;
  readonly collection: Collection;
  /** Absolute path of the output folder. */
  readonly outputDir: string;
  /** Journals of earlier sessions whose records count as known (`dedup.against: "previous"`). */
  readonly previous: readonly SessionLayout[];
  /** What it is made of, where it is made of something; such a session is staged until it is whole. */
  readonly imported?: ImportedEvent;
  /** Absolute path of the master, in `outputDir`; left out: a name with the time. */
  readonly master?: string;
}

/**
 * Makes a session: folder, lock, journal and master are on disk when this resolves. Half a session is taken back.
 *
 * @throws UsageError `OUTPUT_EXISTS` when the name that was asked for is taken.
 */
export function createSession(
  ports: StoragePorts,
  opener: Opener,
  session: NewSession,
): Promise<SessionStore> {
  return withinBudget(ports, 'Making the session', () => makeSession(ports, opener, session));
}

async function makeSession(
  ports: StoragePorts,
  opener: Opener,
  session: NewSession,
): Promise<SessionStore> {
  const { root, collection, outputDir } = session;
  const id = `session_${ports.random.hex(4)}`;
  const layout =
    session.imported === undefined ? new SessionLayout(root, id) : new StagedLayout(root, id);
  const startedAt = ports.clock.now();
  const { prefix = collection.name } = collection.output;
  const isSynced = collection.durability.fsync;
  // First the place that most often can't be written, so that nothing is left half made.
  await makeDirectoryDurably(ports.fileSystem, outputDir);
  const place = { dir: outputDir, prefix, role: 'master', startedAt, isSynced } as const;
  const master =
    session.master === undefined
      ? await createDataFile(ports.fileSystem, place)
      : await createNamedMaster(ports.fileSystem, session.master, isSynced);
  try {
    return await createAround(ports, opener, layout, session, master, startedAt);
  } catch (error) {
    await master.close();
    await ports.fileSystem.remove(master.path);
    throw error;
  }
}

async function createNamedMaster(
  fileSystem: FileSystem,
  path: string,
  isSynced: boolean,
): Promise<DataFile> {
  try {
    return await DataFile.create(fileSystem, path, isSynced);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const message = `${path} exists already, and nothing is written over. Choose another name, or move it away.`;
    throw new UsageError('OUTPUT_EXISTS', message, { file: path });
  }
}

async function createAround(
  ports: StoragePorts,
  opener: Opener,
  layout: SessionLayout,
  session: NewSession,
  master: DataFile,
  startedAt: number,
): Promise<SessionStore> {
  const { fileSystem } = ports;
  await makeDirectoryDurably(fileSystem, layout.folder);
  await syncNames(fileSystem, layout.root, [layout.folder, dirname(master.path)]);
  // Before the lock, so that nothing has to be let go of when this fails.
  const isTaken = (await fileSystem.status(layout.journal)) !== undefined;
  const lock = await acquireLock(ports, layout, opener);
  const closers: Closer[] = [];
  try {
    return await fillSession(ports, opener, layout, session, { lock, master, startedAt }, closers);
  } catch (error) {
    await closeAll(closers);
    try {
      // Without its journal the rest is no session.
      const own = [layout.journal, layout.index, `${layout.index}-wal`, `${layout.index}-shm`];
      if (!isTaken) for (const path of own) await removeIfFile(fileSystem, path);
      await fileSystem.remove(layout.holder);
    } finally {
      lock.release();
    }
    if (!isTaken) await fileSystem.remove(layout.lock);
    throw error;
  }
}

async function fillSession(
  ports: StoragePorts,
  opener: Opener,
  layout: SessionLayout,
  session: NewSession,
  { lock, master, startedAt }: { lock: FileLock; master: DataFile; startedAt: number },
  closers: Closer[],
): Promise<SessionStore> {
  const { collection, outputDir, previous } = session;
  const journal = await Journal.create(
    ports.fileSystem,
    layout.journal,
    collection.durability.fsync,
  );
  closers.push(() => journal.close());
  const events = firstEvents(ports, opener, layout, session, master.path);
  const entries = await journal.append(events, new Date(startedAt).toISOString());
  const view = entries.reduce(reduceView, emptyView);
  const index = SessionIndex.open(layout.index);
  const feeder = indexFeeder(ports, layout, index, view);
  closers.push(() => {
    feeder.close(false);
  });
  feeder.add(entries, view);
  return new SessionStore({
    ports,
    layout,
    collection,
    outputDir,
    lock,
    journal,
    index: feeder,
    view,
    files: new Map([['master', master]]),
    seenRecords: await seenRecords(ports, layout, collection, 0, [], previous),
    seenUnits: seenUnits(layout, collection, 0, []),
    replayKeys: new ReplayKeys(),
    perKeyCounts: new Map(),
    health: [],
    hasLeftovers: false,
  });
}

/** The events of a new session's first line. */
export function firstEvents(
  ports: StoragePorts,
  opener: Opener,
  layout: SessionLayout,
  { root, collectionFile, collection, imported }: Omit<NewSession, 'outputDir' | 'previous'>,
  master: string,
): JournalEvent[] {
  const header: SessionEvent = {
    type: 'session',
    format: journalFormat,
    session: layout.session,
    collectionFile: collectionFile === '' ? '' : toRelative(root, collectionFile),
    collection: asJson(collection),
    digest: collectionDigest(collection),
    keyRecipe,
    machineId: ports.machine.machineId,
    workspace: root,
    createdBy: opener.program,
  };
  return [
    header,
    ...(imported === undefined ? [] : [imported]),
    openedEvent(ports, opener),
    { type: 'file', role: 'master', file: layout.relative(master) },
  ];
}

async function removeIfFile(fileSystem: FileSystem, path: string): Promise<void> {
  if ((await fileSystem.status(path))?.isDirectory === false) await fileSystem.remove(path);
}
