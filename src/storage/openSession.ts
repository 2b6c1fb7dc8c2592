import { dirname, join } from 'node:path';
import type { Collection } from '../core/config.ts';
import { mutableKeys } from '../core/mutableKeys.ts';
import { asJson } from '../core/digest.ts';
import type {
  AdoptedEvent,
  DamagedEvent,
  FileRole,
  JournalEvent,
  RecoveredEvent,
} from '../core/events.ts';
import type { JsonObject } from '../core/json.ts';
import { canonicalJson } from '../core/json.ts';
import { reduceView, type FileView, type SessionView } from '../core/view.ts';
import { DataFile } from './dataFile.ts';
import { catchUpIndex } from './indexRebuild.ts';
import { Journal } from './journal.ts';
import type { SessionLayout } from './layout.ts';
import type { FileLock } from './lock.ts';
import { findDamage } from './rangeCheck.ts';
import {
  cutTornJournal,
  damagedUnitEvents,
  makeTrue,
  recoverDataFiles,
  requeueEvents,
} from './recovery.ts';
import { ReplayKeys } from './replayKeys.ts';
import { withinBudget } from './timeBudget.ts';
import { SessionStore, type StoragePorts } from './sessionStore.ts';
import { seenRecords, seenUnits, countPerKey } from './seenOfSession.ts';
import {
  type Opener,
  type Closer,
  closeAll,
  acquireLock,
  openedEvent,
  indexFeeder,
} from './sessionParts.ts';

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
      const size = sizeOf(file, adopted);
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
      // Asked of the index only now: what was requeued above has not moved on.
      const from = index.unitsMovedSince(since.seq);
      const back = { since: since.seq, checkpoint: since.checkpoint, from };
      const more = await journal.append([{ type: 'requeueSince', ...back }], now());
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
        // With a gap in the journal, one of those that it no longer names may be wanted.
        hasLeftovers: wasUnclean && scan.gaps.length === 0,
      }),
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** How long a file is when everything in it is journalled. */
function sizeOf({ file, bytes }: FileView, adopted: readonly AdoptedEvent[]): number {
  const own = adopted.filter(({ range }) => range.file === file);
  return Math.max(bytes, ...own.map(({ range }) => range.offset + range.bytes));
}

/** The frame of a journal line that is only thought of: to fold events before they are written. */
function entryOf(view: SessionView): { seq: number; at: string } {
  return { seq: view.seq, at: view.lastEventAt };
}

function unitsOf(damage: readonly DamagedEvent[]): number[] {
  // Raw lines are of no use to a unit that has its records.
  return damage.flatMap((d) => (d.role === 'raw' ? [] : d.units.map(({ unit }) => unit)));
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
