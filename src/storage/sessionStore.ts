import { dirname, join } from 'node:path';
import type { Collection } from '../core/config.ts';
import { codeOf, FaultError, messageOf } from '../core/errors.ts';
import type {
  CheckpointType,
  CommittedRange,
  FileRole,
  HostHealth,
  JournalEvent,
} from '../core/events.ts';
import type { Fingerprint } from '../core/keys.ts';
import { fingerprint } from '../core/keys.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import { reduceView, type SessionView } from '../core/view.ts';
import type { SeenKeys } from '../dedup/seenKeys.ts';
import {
  oldCheckpoints,
  removeCheckpoints,
  writeCheckpoint,
  type CheckpointWriterOptions,
} from './checkpointFiles.ts';
import { Committer, type CommitReport, type Handover, type Receipt } from './committer.ts';
import { DataFile, sha256Hex } from './dataFile.ts';
import { hasCode, readFully, withFile, type FileSystem } from './fileSystem.ts';
import type { IndexFeeder } from './indexFeeder.ts';
import { sealIndex } from './indexSeal.ts';
import { journalStart, type Journal, type PlacedEntry } from './journal.ts';
import { scanJournal } from './journalReader.ts';
import { dataFileName, type SessionLayout } from './layout.ts';
import type { FileLock } from './lock.ts';
import type { Machine } from './machine.ts';
import { ProgressFiles } from './progressFiles.ts';
import type { ReplayKeys } from './replayKeys.ts';
import type { IndexedUnit, IndexQueries } from './indexQueries.ts';
import { writeSummary } from './summaryFile.ts';
import { withinBudget } from './timeBudget.ts';

/** What the storage is given from outside. */
export interface StoragePorts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly machine: Machine;
}

/** What opening or making a session hands over to its store. */
export interface SessionStoreParts {
  readonly ports: StoragePorts;
  readonly layout: SessionLayout;
  readonly collection: Collection;
  readonly outputDir: string;
  readonly lock: FileLock;
  readonly journal: Journal;
  readonly index: IndexFeeder;
  readonly view: SessionView;
  readonly files: Map<FileRole, DataFile>;
  readonly seenRecords: SeenKeys;
  readonly seenUnits: SeenKeys;
  readonly replayKeys: ReplayKeys;
  readonly perKeyCounts: Map<string, number>;
  readonly health: readonly HostHealth[];
  /** A process was cut short: what it left half written among the checkpoints goes with the first one that follows. */
  readonly hasLeftovers: boolean;
}

/** What a store tells its session. Set once, before the first handover. */
export interface StoreListener {
  /** The journal grew: every count may be shown now. */
  onCommitted(view: SessionView, entries: readonly PlacedEntry[]): void;
  /** What a commit has made durable; left out where nobody measures. */
  onDurable?(report: CommitReport): void;
  onDiskFull(message: string): void;
  onFault(error: FaultError): void;
  /** These groups have nothing left to do. */
  onGroupsEnded(groups: readonly string[]): void;
}

/**
 * One open session on disk: the lock, the journal, the data files and the index, behind the few things that the engine
 * needs. Only one exists for a session at any time.
 */
export class SessionStore {
  readonly layout: SessionLayout;
  readonly collection: Collection;
  /** How hosts were doing when the session last ran. */
  readonly health: readonly HostHealth[];
  readonly #parts: SessionStoreParts;
  readonly #committer: Committer;
  readonly #progressFiles: ProgressFiles;
  #view: SessionView;
  #listener: StoreListener | undefined;
  #checkpointsSinceCleanup: number;
  #checkpointing: Promise<void> = Promise.resolve();
  #cleaningUp: Promise<void> = Promise.resolve();

  constructor(parts: SessionStoreParts) {
    const { collection, journal, view } = parts;
    this.layout = parts.layout;
    this.collection = collection;
    this.health = parts.health;
    this.#parts = parts;
    this.#view = view;
    this.#checkpointsSinceCleanup = parts.hasLeftovers ? collection.checkpoints.cleanupEvery : 0;
    this.#committer = new Committer({
      clock: parts.ports.clock,
      journal,
      seenRecords: parts.seenRecords,
      seenUnits: parts.seenUnits,
      dataFile: (role) => this.#dataFile(role),
      relativePath: (file) => this.layout.relative(file.path),
      unitTotal: view.unitTotal,
      recordTotal: view.records,
      target: collection.limits.target,
      perKeyMax: collection.limits.perKey?.max,
      perKeyCounts: parts.perKeyCounts,
      replayKeys: parts.replayKeys,
      onCommitted: (entries) => {
        this.#advance(entries);
      },
      onDurable: (report) => this.#listener?.onDurable?.(report),
      onDiskFull: (message) => this.#listener?.onDiskFull(message),
      onFault: (error) => this.#listener?.onFault(error),
      makeReject: rejectedLine,
    });
    this.#progressFiles = new ProgressFiles({
      ...parts.ports,
      layout: this.layout,
      collection,
      index: () => parts.index.current(),
      perKeyCounts: parts.perKeyCounts,
      notYetSafe: () => this.notYetSafe,
    });
    parts.index.onGroupsEnded = (groups) => {
      this.#progressFiles.groupsEnded(groups);
      this.#listener?.onGroupsEnded(groups);
    };
  }

  listen(listener: StoreListener): void {
    this.#listener = listener;
  }

  /** Everything that is durable, counted. */
  get view(): SessionView {
    return this.#view;
  }

  /** Records that were handed over and are not durable yet. */
  get notYetSafe(): number {
    return this.#committer.notYetSafe;
  }

  get isTargetReached(): boolean {
    return this.#committer.isTargetReached;
  }

  /** Hands something over to be committed; see {@link Committer.hand}. */
  hand(handover: Handover): Promise<Receipt> {
    return this.#committer.hand(handover);
  }

  /** Lines ({@link Receipt.keys}) that are durable although their unit goes back: brought again, they are no duplicates. */
  expectAgain(unit: number, keys: readonly Fingerprint[]): void {
    this.#parts.replayKeys.add(unit, keys);
  }

  /** Journals events that belong to no unit's work. */
  async record(...events: readonly JournalEvent[]): Promise<void> {
    await this.#committer.hand({ events });
  }

  /** Resolves when nothing waits to be committed, and nothing old to be removed. */
  async settled(): Promise<void> {
    await this.#committer.settled();
    await this.#cleaningUp;
  }

  /**
   * Looks whether every file of the session is still the one that is written to, of the size that was left.
   *
   * @throws FaultError when one was deleted, replaced or edited.
   */
  async checkFiles(): Promise<void> {
    const { files, journal } = this.#parts;
    for (const file of [...files.values(), journal]) await file.check();
  }

  /** Goes on after a full disk. */
  retry(): void {
    this.#committer.retry();
  }

  /** Pending units of a lane after a number, in order of their numbers. */
  async pendingUnits(lane: string, after: number, limit: number): Promise<IndexedUnit[]> {
    return (await this.#parts.index.current()).pendingUnits(lane, after, limit);
  }

  /** How many units wait, by lane, the lane with the oldest unit first. */
  async pendingByLane(): Promise<{ lane: string; count: number }[]> {
    return (await this.#parts.index.current()).pendingByLane();
  }

  /** How many units are done, by lane. */
  async doneByLane(): Promise<ReadonlyMap<string, number>> {
    return (await this.#parts.index.current()).doneByLane();
  }

  /** Units that failed, in order of their numbers. */
  async failedUnits(): Promise<IndexedUnit[]> {
    return (await this.#parts.index.current()).unitsInState('failed');
  }

  /** The index, level with what is durable: to be asked at once, before anything else is awaited. */
  levelledIndex(): Promise<IndexQueries> {
    return this.#parts.index.current();
  }

  /** A unit by its number; undefined when there is none. */
  async unit(n: number): Promise<IndexedUnit | undefined> {
    return (await this.#parts.index.current()).unit(n);
  }

  /** How many groups have something left to do. */
  async openGroups(): Promise<number> {
    const { groups } = await this.#parts.index.current();
    let count = 0;
    for (const [, { units }] of groups.entries()) {
      if (units.pending + units.in_progress > 0) count += 1;
    }
    return count;
  }

  /** Reads the session's own journal from its first line on, as far as it is durable. */
  async readJournal(onEntry: (entry: PlacedEntry) => void): Promise<void> {
    const { seq } = this.#view;
    await scanJournal(this.#parts.ports.fileSystem, this.layout.journal, journalStart, (entry) => {
      if (entry.seq <= seq) onEntry(entry);
    });
  }

  /** Pending units with calls that cost money, in order of their numbers. */
  async pendingPaidUnits(): Promise<number[]> {
    return (await this.#parts.index.current()).pendingPaidUnits();
  }

  /** The bytes of a journalled part of a data file; undefined when they are not there, or not what was written. */
  async readRange({
    file,
    offset,
    bytes,
    sha256,
  }: Pick<CommittedRange, 'file' | 'offset' | 'bytes' | 'sha256'>): Promise<Buffer | undefined> {
    const { fileSystem } = this.#parts.ports;
    const path = this.layout.absolute(file);
    if ((await fileSystem.status(path)) === undefined) return undefined;
    const content = await withFile(fileSystem, path, 'read', (handle) =>
      readFully(handle, offset, bytes),
    );
    return sha256Hex(content) === sha256 ? content : undefined;
  }

  /** Whether another record with this value of `limits.perKey.field` is taken; what is under way is not counted. */
  hasRoomFor(limitValue: string): boolean {
    const { max = Infinity } = this.collection.limits.perKey ?? {};
    return (this.#parts.perKeyCounts.get(limitValue) ?? 0) < max;
  }

  /** Brings the index level with the journal: every group that has ended is told of by then. */
  async levelIndex(): Promise<void> {
    await this.#parts.index.current();
  }

  /** Writes a verified snapshot of the session as it is now, and journals it. One at a time. */
  checkpoint(checkpointType: CheckpointType, health: readonly HostHealth[]): Promise<void> {
    const { ports } = this.#parts;
    const write = (): Promise<void> =>
      withinBudget(ports, 'Saving a checkpoint', () =>
        this.#writeCheckpoint(checkpointType, health),
      );
    const written = this.#checkpointing.then(write, write);
    this.#checkpointing = written;
    return written;
  }

  async #writeCheckpoint(
    checkpointType: CheckpointType,
    health: readonly HostHealth[],
  ): Promise<void> {
    const { ports } = this.#parts;
    const { keep, cleanupEvery } = this.collection.checkpoints;
    const index = await this.#parts.index.current();
    const options: CheckpointWriterOptions = {
      ...ports,
      layout: this.layout,
      collection: this.collection,
    };
    this.#checkpointsSinceCleanup += 1;
    const isCleanupDue = this.#checkpointsSinceCleanup >= cleanupEvery;
    if (isCleanupDue) this.#checkpointsSinceCleanup = 0;
    const id = await writeCheckpoint(options, checkpointType, index, health);
    if (isCleanupDue) {
      const journalled = index.newestCheckpoints();
      const old = await oldCheckpoints(ports.fileSystem, this.layout, keep, id, journalled);
      this.#cleaningUp = this.#cleaningUp.then(() => this.#cleanUp(old));
    }
    await this.record({ type: 'checkpoint', id, checkpointType, health });
    const now = await this.#parts.index.current();
    await writeSummary(ports.fileSystem, this.layout, this.collection, now, health);
    if (checkpointType === 'session_paused' || checkpointType === 'session_completed') {
      await this.#progressFiles.writeAll();
    }
  }

  /** Beside the work: what is old hinders nobody, and a file that can't be removed even less. */
  async #cleanUp(old: readonly string[]): Promise<void> {
    const { fileSystem, logger } = this.#parts.ports;
    try {
      await removeCheckpoints(fileSystem, this.layout, old);
    } catch (error) {
      const message = `Old checkpoints could not be removed: ${messageOf(error)}`;
      logger.warn({ code: codeOf(error) }, message);
    }
  }

  /** Gives up what waits to be committed: it was never acknowledged. Nothing is written from here on. */
  abandon(fault?: FaultError): void {
    this.#committer.abandon(fault);
  }

  /**
   * Ends the work with the session's files and lets the lock go.
   *
   * @param isInOrder the index is caught up and marked as sound.
   */
  async close(isInOrder: boolean): Promise<void> {
    const { index, files, journal, lock, ports, seenRecords, seenUnits } = this.#parts;
    // A commit that is under way ends before its files are closed.
    await this.#committer.settled();
    await this.#progressFiles.close();
    await this.#cleaningUp;
    const steps: (() => Promise<void> | void)[] = [
      async () => {
        const isSound = index.close(isInOrder);
        if (isSound) await sealIndex(ports.fileSystem, this.layout, ports.logger);
      },
      ...[...files.values(), journal].map((file) => () => file.close()),
      () => {
        seenRecords.close();
        seenUnits.close();
      },
      () => ports.fileSystem.remove(this.layout.holder),
    ];
    const failures: unknown[] = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    // Whatever failed: nobody writes to the session any more.
    lock.release();
    if (failures.length > 0) throw failures[0];
  }

  #advance(entries: readonly PlacedEntry[]): void {
    for (const entry of entries) this.#view = reduceView(this.#view, entry);
    this.#parts.index.add(entries, this.#view);
    this.#listener?.onCommitted(this.#view, entries);
  }

  /** The open file of a role. A new one is on disk, and its name in the journal, before its first byte. */
  async #dataFile(role: FileRole): Promise<DataFile> {
    const known = this.#parts.files.get(role);
    if (known !== undefined) return known;
    const { ports, journal, files, outputDir } = this.#parts;
    const master = this.#view.files.find((f) => f.role === 'master');
    const { prefix = this.collection.name } = this.collection.output;
    const file = await createDataFile(ports.fileSystem, {
      dir: master === undefined ? outputDir : dirname(this.layout.absolute(master.file)),
      prefix,
      role,
      startedAt: Date.parse(this.#view.createdAt),
      isSynced: this.collection.durability.fsync,
    });
    const at = new Date(ports.clock.now()).toISOString();
    try {
      const name = this.layout.relative(file.path);
      const entries = await journal.append([{ type: 'file', role, file: name }], at);
      files.set(role, file);
      this.#advance(entries);
    } catch (error) {
      await file.close();
      // After a failed fdatasync its name may be in the journal all the same: then the file has to be there.
      if (!(error instanceof FaultError)) await ports.fileSystem.remove(file.path);
      throw error;
    }
    return file;
  }
}

/** Makes a data file under the first name that is free. */
export async function createDataFile(
  fileSystem: FileSystem,
  options: { dir: string; prefix: string; role: FileRole; startedAt: number; isSynced: boolean },
): Promise<DataFile> {
  for (let n = 1; ; n++) {
    const name = dataFileName(options.prefix, options.role, options.startedAt, n);
    try {
      return await DataFile.create(fileSystem, join(options.dir, name), options.isSynced);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}

/** A line of the rejected file. The record stands in it as the text that it was, when that is JSON. */
export function rejectedLine(
  unit: number,
  reason: string,
  line: string,
): { line: string; key: Fingerprint } {
  const head = `{"reason":${JSON.stringify(reason)},"unit":${unit},"record":`;
  return { line: `${head}${line}}`, key: fingerprint(line) };
}
