import { dirname, join } from 'node:path';
import type { Collection } from '../core/config.ts';
import { mutableKeys } from '../core/mutableKeys.ts';
import { asJson, collectionDigest } from '../core/digest.ts';
import { FaultError, UsageError } from '../core/errors.ts';
import {
  journalFormat,
  type DamagedEvent,
  type ImportedEvent,
  type FileRole,
  type JournalEvent,
  type OpenedEvent,
  type RecoveredEvent,
  type SessionEvent,
} from '../core/events.ts';
import type { JsonObject } from '../core/json.ts';
import { isJsonObject, parseJson, scalarText, canonicalJson } from '../core/json.ts';
import { fieldValue, keyRecipe } from '../core/keys.ts';
import { emptyView, reduceView, type SessionView } from '../core/view.ts';
import { SeenKeys } from '../dedup/seenKeys.ts';
import { DataFile } from './dataFile.ts';
import { DiskKeyStore } from './diskKeyStore.ts';
import { makeDirectoryDurably, syncNames } from './durableFiles.ts';
import { hasCode, type FileSystem } from './fileSystem.ts';
import { IndexFeeder } from './indexFeeder.ts';
import { catchUpIndex, rebuildIndex } from './indexRebuild.ts';
import { Journal } from './journal.ts';
import { readHeader, readLines, scanJournal } from './journalReader.ts';
import { journalStart } from './journal.ts';
import { SessionLayout, toRelative } from './layout.ts';
import { FileLock } from './lock.ts';
import { findDamage } from './rangeCheck.ts';
import {
  cutTornJournal,
  damagedUnitEvents,
  makeTrue,
  recoverDataFiles,
  requeueEvents,
} from './recovery.ts';
import { ReplayKeys } from './replayKeys.ts';
import { SessionIndex } from './sessionIndex.ts';
import { StagedLayout } from './stagedSession.ts';
import { withinBudget } from './timeBudget.ts';
import { createDataFile, SessionStore, type StoragePorts } from './sessionStore.ts';

/** Who opens a session, and how patiently. */
export interface Opener {
  readonly via: 'cli' | 'window';
  /** How long to wait for another holder to let go, milliseconds. */
  readonly waitMs: number;
  /** Name and version of this program. */
  readonly program: string;
}

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

/** How a session is opened. */
export interface OpenChoices {
  /** Earlier sessions whose records count as known (`dedup.against: "previous"`). */
  readonly previous?: readonly SessionLayout[];
  /** Take up from an older checkpoint: free work that moved on after its journal line is done again. */
  readonly since?: { readonly seq: number; readonly checkpoint: string };
  /** Read every journalled range of the data files again, and not only what an unclean end may have touched. */
  readonly isThorough?: boolean;
}

/** A session that was opened again, with what that took. */
export interface OpenedSession {
  readonly store: SessionStore;
  readonly recovered: RecoveredEvent | undefined;
  readonly wasIndexRebuilt: boolean;
}

/**
 * Opens a session after anything may have happened to it, and makes it true: see "Opening a session" in
 * ARCHITECTURE.md.
 *
 * @param collection the collection as it is to be carried on; only `mutableKeys` may differ from the journal's.
 * @throws HeldError when another process has it; FaultError when its files do not allow to go on.
 */
export async function openSession(
  ports: StoragePorts,
  opener: Opener,
  layout: SessionLayout,
  collection: Collection,
  choices: OpenChoices = {},
): Promise<OpenedSession> {
  const lock = await acquireLock(ports, layout, opener);
  try {
    return await withinBudget(ports, 'Recovering the session', () =>
      openLocked(ports, opener, layout, collection, choices, lock),
    );
  } catch (error) {
    try {
      await ports.fileSystem.remove(layout.holder);
    } finally {
      lock.release();
    }
    throw error;
  }
}

async function openLocked(
  ports: StoragePorts,
  opener: Opener,
  layout: SessionLayout,
  collection: Collection,
  { previous = [], since, isThorough = false }: OpenChoices,
  lock: FileLock,
): Promise<OpenedSession> {
  const { fileSystem, logger } = ports;
  const isSynced = collection.durability.fsync;
  const { index, view, scan, spanning, wasRebuilt } = await catchUpIndex(
    fileSystem,
    layout,
    logger,
  );
  const files = new Map<FileRole, DataFile>();
  const closers: Closer[] = [
    () => {
      index.close();
    },
  ];
  try {
    const tornJournal = await cutTornJournal(fileSystem, layout, scan);
    const damage = await findDamage(fileSystem, layout, collection, view.files, isThorough);
    // As the files are from here on; the journal gets the events together with the others below.
    const { files: fileViews } = reduceView(view, { ...entryOf(view), events: damage });
    const damagedUnits = new Set([...spanning, ...unitsOf(damage)]);
    const holes = scan.gaps.length === 0 ? [] : index.holes();
    const { tornFiles, adopted } = await recoverDataFiles(
      fileSystem,
      layout,
      collection,
      fileViews,
      `.torn-${view.seq}`,
      holes,
    );
    await makeTrue(fileSystem, layout, scan, fileViews);
    const journal = await Journal.open(fileSystem, layout.journal, scan.position, isSynced);
    closers.push(() => journal.close());
    for (const file of fileViews) {
      const own = adopted.filter(({ range }) => range.file === file.file);
      const size = Math.max(file.bytes, ...own.map(({ range: r }) => r.offset + r.bytes));
      const open = await DataFile.open(fileSystem, layout.absolute(file.file), size, isSynced);
      closers.push(() => open.close());
      files.set(file.role, open);
    }
    const interrupted = index.unitsInState('in_progress');
    const requeued: JournalEvent[] = [
      ...requeueEvents(interrupted, collection.retry.attempts, damagedUnits),
      ...damagedUnitEvents(index, damagedUnits),
    ];
    // The lines that say how units got where they are may be lost: then they are counted where they are.
    const units =
      scan.gaps.length === 0
        ? undefined
        : reduceView({ ...view, units: index.unitCounts() }, { ...entryOf(view), events: requeued })
            .units;
    const recovered: RecoveredEvent = {
      type: 'recovered',
      journalTornBytes: tornJournal?.bytes ?? 0,
      journalGaps: scan.gaps.length,
      tornFiles: tornJournal === undefined ? tornFiles : [tornJournal, ...tornFiles],
      adopted: adopted.reduce((sum, a) => sum + (a.range.role === 'raw' ? 0 : a.records), 0),
      damaged: damage.map(({ file, offset, bytes }) => ({ file, offset, bytes })),
      requeued: requeued.length,
      ...(units === undefined ? {} : { units }),
    };
    const wasUnclean =
      view.state === 'active' || view.state === 'paused' || isWorthTelling(recovered);
    const events: JournalEvent[] = [
      openedEvent(ports, opener, changedParts(view, collection)),
      ...damage,
      ...adopted,
      ...requeued,
      ...(wasUnclean ? [recovered] : []),
    ];
    const now = (): string => new Date(ports.clock.now()).toISOString();
    const entries = await journal.append(events, now());
    let opened = entries.reduce(reduceView, view);
    index.apply(entries, opened);
    if (since !== undefined) {
      const from = index.unitsMovedSince(since.seq);
      const back = {
        type: 'requeueSince',
        since: since.seq,
        checkpoint: since.checkpoint,
      } as const;
      const more = await journal.append([{ ...back, from }], now());
      opened = more.reduce(reduceView, opened);
      index.apply(more, opened);
    }
    const replayKeys = new ReplayKeys();
    for (const { unit, keys } of index.openKeys()) replayKeys.add(unit, keys);
    return {
      recovered: wasUnclean ? recovered : undefined,
      wasIndexRebuilt: wasRebuilt,
      store: new SessionStore({
        ports,
        layout,
        collection,
        outputDir: outputDirOf(layout, opened, collection),
        lock,
        journal,
        index: indexFeeder(ports, layout, index, opened),
        view: opened,
        files,
        seenRecords: await seenRecords(
          ports,
          layout,
          collection,
          opened.records,
          index.recordKeyBlocks(),
          previous,
        ),
        seenUnits: seenUnits(layout, collection, opened.unitTotal, index.unitKeyBlocks()),
        replayKeys,
        perKeyCounts: await countPerKey(ports, layout, collection, opened),
        health: index.lastHealth(),
      }),
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** The frame of a journal line that is only thought of: to fold events before they are written. */
function entryOf(view: SessionView): { seq: number; at: string } {
  return { seq: view.seq, at: view.lastEventAt };
}

function unitsOf(damage: readonly DamagedEvent[]): number[] {
  // Raw lines are of no use to a unit that has its records.
  return damage.flatMap((d) => (d.role === 'raw' ? [] : d.units.map(({ unit }) => unit)));
}

type Closer = () => Promise<void> | void;

/** Closes what was opened before something failed; that failure is what is told, not one of these. */
async function closeAll(closers: readonly Closer[]): Promise<void> {
  for (const close of closers) await Promise.resolve(close()).catch(() => undefined);
}

async function removeIfFile(fileSystem: FileSystem, path: string): Promise<void> {
  if ((await fileSystem.status(path))?.isDirectory === false) await fileSystem.remove(path);
}

/** What the journal's header says of a session. @throws when there is none that can be read. */
export async function readSessionHeader(
  ports: Pick<StoragePorts, 'fileSystem'>,
  layout: SessionLayout,
): Promise<SessionEvent> {
  const header = (await readHeader(ports.fileSystem, layout.journal))?.events[0];
  if (header?.type !== 'session') {
    throw new FaultError(
      'JOURNAL_HEADER_DAMAGED',
      `The first line of ${layout.journal} can't be read, so it is not known what the session collects. ` +
        'Its master is untouched: cf-collect adopt MASTER --collection FILE makes a session of it that goes on.',
      { file: layout.journal },
    );
  }
  if (header.format > journalFormat) {
    throw new UsageError(
      'JOURNAL_TOO_NEW',
      `${layout.journal} has format ${header.format}; this version reads up to ${journalFormat}. Update CF Collector.`,
      { file: layout.journal, format: header.format },
    );
  }
  return header;
}

function acquireLock(
  ports: StoragePorts,
  layout: SessionLayout,
  opener: Opener,
): Promise<FileLock> {
  return FileLock.acquire(layout.lock, { ...ports, ...opener, holderFile: layout.holder });
}

function openedEvent(ports: StoragePorts, opener: Opener, collection?: JsonObject): OpenedEvent {
  const { host, bootId } = ports.machine;
  return {
    type: 'opened',
    pid: process.pid,
    host,
    bootId,
    via: opener.via,
    ...(collection === undefined ? {} : { collection }),
  };
}

/** The parts that may change, where the session is carried on with others than it had. */
function changedParts(view: SessionView, collection: Collection): JsonObject | undefined {
  const now: JsonObject = Object.fromEntries(
    Object.entries(asJson(collection)).filter(([key]) =>
      (mutableKeys as readonly string[]).includes(key),
    ),
  );
  return canonicalJson(now) === canonicalJson(view.mutable) ? undefined : now;
}

function isWorthTelling(recovered: RecoveredEvent): boolean {
  return (
    recovered.tornFiles.length +
      recovered.adopted +
      recovered.requeued +
      recovered.journalGaps +
      recovered.damaged.length >
    0
  );
}

function outputDirOf(layout: SessionLayout, view: SessionView, collection: Collection): string {
  const master = view.files.find((f) => f.role === 'master');
  return master === undefined
    ? join(layout.root, collection.output.dir)
    : dirname(layout.absolute(master.file));
}

function indexFeeder(
  ports: StoragePorts,
  layout: SessionLayout,
  index: SessionIndex,
  view: SessionView,
): IndexFeeder {
  return new IndexFeeder(index, view, ports.logger, async () => {
    return (await rebuildIndex(ports.fileSystem, layout)).index;
  });
}

async function seenRecords(
  ports: StoragePorts,
  layout: SessionLayout,
  { dedup }: Collection,
  expected: number,
  blocks: Iterable<Uint8Array>,
  previous: readonly SessionLayout[],
): Promise<SeenKeys> {
  const seen = new SeenKeys({
    ...dedup,
    expected,
    openStore: () => new DiskKeyStore(join(layout.folder, 'keys.db')),
  });
  for (const block of blocks) seen.addPacked(block);
  for (const earlier of previous) {
    await scanJournal(ports.fileSystem, earlier.journal, journalStart, ({ events }) => {
      for (const event of events) {
        const ranges =
          event.type === 'committed' ? event.ranges : event.type === 'adopted' ? [event.range] : [];
        for (const range of ranges) {
          if (range.role === 'master') seen.addPacked(Buffer.from(range.keys, 'base64'));
        }
      }
    });
  }
  return seen;
}

function seenUnits(
  layout: SessionLayout,
  { dedup }: Collection,
  expected: number,
  blocks: Iterable<Uint8Array>,
): SeenKeys {
  const seen = new SeenKeys({
    ...dedup,
    expected,
    openStore: () => new DiskKeyStore(join(layout.folder, 'unitKeys.db')),
  });
  for (const block of blocks) seen.addPacked(block);
  return seen;
}

/** How many records each value of `limits.perKey.field` has: from the master, since the journal does not know values. */
async function countPerKey(
  { fileSystem }: StoragePorts,
  layout: SessionLayout,
  collection: Collection,
  view: SessionView,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const field = collection.limits.perKey?.field;
  if (field === undefined) return counts;
  for (const file of view.files.filter((f) => f.role === 'master')) {
    for await (const { bytes } of readLines(fileSystem, layout.absolute(file.file), 0)) {
      const record = parseJson(bytes.toString());
      const value = isJsonObject(record) ? fieldValue(record, field) : undefined;
      const text = value === undefined ? undefined : scalarText(value);
      if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return counts;
}
