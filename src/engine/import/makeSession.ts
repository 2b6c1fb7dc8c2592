import type { Collection } from '../../core/config.ts';
import { FaultError, HeldError, UsageError } from '../../core/errors.ts';
import type { ImportedEvent } from '../../core/events.ts';
import type { JobContext } from '../../core/job.ts';
import type { NewUnit } from '../../core/unit.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { readHeader } from '../../storage/journalReader.ts';
import { collectionLock, importLock, type SessionLayout } from '../../storage/layout.ts';
import { FileLock } from '../../storage/lock.ts';
import { createSession } from '../../storage/createSession.ts';
import { findStateRoot, listSessions } from '../../storage/sessions.ts';
import type { SessionStore } from '../../storage/sessionStore.ts';
import {
  discardLeftovers,
  discardStaged,
  publishSession,
  StagedLayout,
} from '../../storage/stagedSession.ts';
import { resolveOutputDir } from '../../storage/workspaceFiles.ts';
import type { Environment } from '../beginRun.ts';
import { RecordPreparer, type EarlierRecord } from './earlierRecords.ts';
import { plannedUnits } from './plannedUnits.ts';

const recordsAtOnce = 1000;
const unitsAtOnce = 1000;

/** One unit of earlier work with what it brought. */
export interface EarlierUnit {
  readonly unit: NewUnit;
  /** Why it counts as done: "imported from iclr_2024_checkpoint.json"; undefined leaves it to do. */
  readonly doneBy: string | undefined;
  readonly records: AsyncIterable<EarlierRecord> | Iterable<EarlierRecord>;
}

/** Earlier work that is to become one session. */
export interface EarlierWork {
  readonly workspace: string;
  /** Absolute path. */
  readonly collectionFile: string;
  readonly collection: Collection;
  readonly imported: Omit<ImportedEvent, 'type'>;
  readonly units: readonly EarlierUnit[];
  /** How many records there are; null while that is not known. */
  readonly total: number | null;
}

/** What a session came to that was made of earlier work. */
export interface MadeSession {
  readonly session: string;
  readonly name: string;
  readonly records: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly unitsDone: number;
  readonly unitsToDo: number;
  /** Absolute paths. */
  readonly master: string;
  readonly rejectedFile: string | undefined;
}

/** Runs an action while no other import or adoption goes on below a root, and no session of the collection is made. */
export async function whileImporting<T>(
  { ports, opener }: Environment,
  root: string,
  collection: string,
  action: () => Promise<T>,
): Promise<T> {
  const locks: FileLock[] = [];
  try {
    for (const path of [importLock(root), collectionLock(root, collection)]) {
      locks.push(await FileLock.acquire(path, { ...ports, ...opener }));
    }
    await discardLeftovers(ports.fileSystem, root);
    return await action();
  } catch (error) {
    if (!(error instanceof HeldError) || locks.length === 2) throw error;
    throw new HeldError(
      'IMPORT_HELD',
      `Another process imports into ${root}, or starts "${collection}". Wait until it has ended, then try again.`,
      { root },
    );
  } finally {
    for (const lock of locks) lock.release();
  }
}

/**
 * Makes a session of earlier work: done units are done, the others wait, records have their keys. It is there whole or not
 * at all.
 *
 * @throws UsageError `ALREADY_IMPORTED` naming the session that was made of the same bytes before.
 */
export async function makeSession(
  environment: Environment,
  work: EarlierWork,
  job: JobContext,
): Promise<MadeSession> {
  const { ports } = environment;
  const root = await findStateRoot(ports.fileSystem, work.collectionFile, work.workspace);
  return whileImporting(environment, root, work.collection.name, async () => {
    await refuseSecondImport(environment, root, work.collection.name, work.imported);
    const outputDir = await resolveOutputDir(root, work.collection.output.dir);
    const store = await createSession(ports, environment.opener, {
      root,
      collectionFile: work.collectionFile,
      collection: withoutLimits(work.collection),
      outputDir,
      previous: [],
      imported: { type: 'imported', ...work.imported },
    });
    endOnFullDisk(store);
    const staged = new StagedLayout(root, store.layout.session);
    let isClosed = false;
    try {
      await fill(environment, store, work, job);
      isClosed = true;
      await store.close(true);
      await publishSession(ports.fileSystem, staged);
      return summaryOf(store);
    } catch (error) {
      if (!isClosed) {
        store.abandon();
        await store.close(false).catch(() => undefined);
      }
      // Where that fails, too, the next import does it.
      await discardStaged(ports.fileSystem, staged).catch(() => undefined);
      throw error;
    }
  });
}

/** Nobody is there to free space while the work waits: what is half made is taken back. */
export function endOnFullDisk(store: SessionStore): void {
  const nothing = (): void => undefined;
  store.listen({
    onDiskFull: (message) => {
      store.abandon(
        new FaultError(
          'DISK_FULL',
          `The disk is full (${message}). Free some space and try again.`,
        ),
      );
    },
    onCommitted: nothing,
    onFault: nothing,
    onGroupsEnded: nothing,
  });
}

/** What was collected stays, also where it is more than the collection's limits allow for what comes. */
function withoutLimits(collection: Collection): Collection {
  return { ...collection, limits: { ...collection.limits, target: undefined, perKey: undefined } };
}

/**
 * Sees to it that the same data is not carried over to the same collection twice.
 *
 * @throws UsageError `ALREADY_IMPORTED` naming the session that was made of the same bytes before.
 */
export async function refuseSecondImport(
  { ports }: Environment,
  root: string,
  collection: string,
  { sha256, from }: Pick<ImportedEvent, 'sha256' | 'from'>,
): Promise<void> {
  for (const { layout, view } of await listSessions(ports.fileSystem, ports.machine, root)) {
    if (view.name !== collection) continue;
    if ((await importedBefore(ports.fileSystem, layout))?.sha256 !== sha256) continue;
    throw new UsageError(
      'ALREADY_IMPORTED',
      `${from} is already imported as ${layout.session} (${view.records} records). Resume that session to go on with it.`,
      { session: layout.session, from },
    );
  }
}

/** What a session was made of; undefined when it was not imported. */
async function importedBefore(
  fileSystem: FileSystem,
  layout: SessionLayout,
): Promise<ImportedEvent | undefined> {
  const events = (await readHeader(fileSystem, layout.journal))?.events ?? [];
  return events.find((event) => event.type === 'imported');
}

async function fill(
  environment: Environment,
  store: SessionStore,
  work: EarlierWork,
  job: JobContext,
): Promise<void> {
  const numbers = await addUnits(environment, store, work, job.signal);
  const preparer = await RecordPreparer.of(work.collection);
  let done = 0;
  for (const { unit, doneBy, records } of work.units) {
    const n = numbers.get(unit.key);
    if (n === undefined) throw new Error(`The unit ${unit.key} was not taken`);
    const batch = preparer.batch(n, doneBy === undefined);
    for await (const record of records) {
      job.signal.throwIfAborted();
      batch.add(record);
      done += 1;
      job.onProgress({ done, total: work.total, unit: 'records', what: work.imported.from });
      if (batch.size >= recordsAtOnce) await store.hand({ unit: n, ...batch.take() });
    }
    const events =
      doneBy === undefined
        ? []
        : [
            {
              type: 'finished',
              unit: n,
              state: 'done',
              from: 'pending',
              proof: { by: doneBy },
            } as const,
          ];
    await store.hand({ unit: n, ...batch.take(), events });
  }
  const isComplete = store.view.units.pending === 0;
  await store.record(
    isComplete
      ? { type: 'completed', by: 'exhausted', activeMs: 0 }
      : { type: 'stopped', reason: 'user', activeMs: 0 },
  );
  await store.checkpoint(isComplete ? 'session_completed' : 'session_paused', []);
}

/** Adds what the collection plans and what was found in the earlier work; gives the numbers of the latter. */
async function addUnits(
  environment: Environment,
  store: SessionStore,
  work: EarlierWork,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const wanted = new Set(work.units.map(({ unit }) => unit.key));
  const numbers = new Map<string, number>();
  let chunk: NewUnit[] = [];
  const hand = async (): Promise<void> => {
    const { newUnits } = await store.hand({ newUnits: chunk });
    for (const { key, n } of newUnits) if (wanted.has(key)) numbers.set(key, n);
    chunk = [];
  };
  for await (const unit of plannedUnits(environment, work.collection, store.layout, signal)) {
    chunk.push(unit);
    if (chunk.length >= unitsAtOnce) await hand();
  }
  for (const { unit } of work.units) {
    chunk.push(unit);
    if (chunk.length >= unitsAtOnce) await hand();
  }
  await hand();
  return numbers;
}

function summaryOf({ layout, view }: SessionStore): MadeSession {
  const fileOf = (role: 'master' | 'rejected'): string | undefined => {
    const file = view.files.find((f) => f.role === role)?.file;
    return file === undefined ? undefined : layout.absolute(file);
  };
  return {
    session: layout.session,
    name: view.name,
    records: view.records,
    duplicates: view.duplicates,
    rejected: view.rejected,
    unitsDone: view.units.done,
    unitsToDo: view.units.pending,
    master: fileOf('master') ?? '',
    rejectedFile: fileOf('rejected'),
  };
}

/** A unit for records of which it is not known where they come from. No source plans it, so it is never collected. */
export function importedUnit(name: string): NewUnit {
  return { key: `imported:${name}`, lane: 'imported', group: 'imported', input: {} };
}
