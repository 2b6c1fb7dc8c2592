import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/ports.ts';
import { emptyView, reduceView, type SessionView } from '../core/view.ts';
import type { FileSystem } from './fileSystem.ts';
import { GapWatch } from './gapWatch.ts';
import { eventsIn } from './indexFeeder.ts';
import { breakSeal } from './indexSeal.ts';
import { journalStart, type PlacedEntry } from './journal.ts';
import { hasLineAt, scanJournal, type JournalScan } from './journalReader.ts';
import type { SessionLayout } from './layout.ts';
import { SessionIndex } from './sessionIndex.ts';

const eventsPerApply = 4000;
/**
 * Making an index of so much journal takes less than a second. What SQLite's own check does not see is damage to what is
 * in the rows, so where nothing else vouches for an index, that is better than to believe it.
 */
const shortJournalBytes = 32 * 1024 * 1024;

/** An index that is level with its journal. */
export interface CaughtUpIndex {
  readonly index: SessionIndex;
  readonly view: SessionView;
  readonly scan: JournalScan;
  /** Units that were being worked on where lines of the journal are lost. */
  readonly spanning: ReadonlySet<number>;
  readonly wasRebuilt: boolean;
}

/**
 * Opens a session's index and catches it up with the journal: from its watermark on when that matches, else (missing,
 * damaged, of another version, ahead of the journal) from nothing.
 *
 * @param shortBytes after an end that was not in order, an index of a journal up to this length is made anew.
 */
export async function catchUpIndex(
  fileSystem: FileSystem,
  layout: SessionLayout,
  logger: Logger,
  shortBytes = shortJournalBytes,
): Promise<CaughtUpIndex> {
  const usable = await openUsable(fileSystem, layout, logger, shortBytes);
  if (usable !== undefined) {
    try {
      return { ...(await catchUp(fileSystem, layout, usable)), wasRebuilt: false };
    } catch (error) {
      usable.close();
      logger.warn(
        { error: messageOf(error) },
        'The index is damaged; it is rebuilt from the journal',
      );
    }
  }
  return rebuildIndex(fileSystem, layout);
}

/** Makes the index anew from the journal. */
export async function rebuildIndex(
  fileSystem: FileSystem,
  layout: SessionLayout,
): Promise<CaughtUpIndex> {
  for (const suffix of ['', '-wal', '-shm']) await fileSystem.remove(layout.index + suffix);
  const index = SessionIndex.begin(layout.index);
  try {
    let view = emptyView;
    const watch = new GapWatch(journalStart.seq);
    const scan = await scanJournal(fileSystem, layout.journal, journalStart, (entry) => {
      view = reduceView(view, entry);
      watch.meet(entry);
      index.build(entry);
    });
    index.finishBuilding(view);
    return { index, view, scan, spanning: watch.spanning, wasRebuilt: true };
  } catch (error) {
    index.close();
    throw error;
  }
}

async function openUsable(
  fileSystem: FileSystem,
  layout: SessionLayout,
  logger: Logger,
  shortBytes: number,
): Promise<SessionIndex | undefined> {
  let index: SessionIndex | undefined;
  try {
    const seal = await breakSeal(fileSystem, layout);
    if (seal === 'damaged') throw new Error('it is not what it was when it was closed');
    if (seal === 'unsealed' && (await isSoonMade(fileSystem, layout, shortBytes))) return undefined;
    index = SessionIndex.open(layout.index);
    if (seal === 'unsealed' && !index.isSound()) throw new Error('quick_check failed');
    if (await hasLineAt(fileSystem, layout.journal, index.position)) return index;
    throw new Error('its watermark is not in the journal');
  } catch (error) {
    index?.close();
    logger.warn(
      { error: messageOf(error) },
      'The index can not be used; it is rebuilt from the journal',
    );
    return undefined;
  }
}

/** Whether there is an index, and making it anew costs next to nothing. */
async function isSoonMade(
  fileSystem: FileSystem,
  layout: SessionLayout,
  shortBytes: number,
): Promise<boolean> {
  if (((await fileSystem.status(layout.index))?.size ?? 0) === 0) return false;
  return ((await fileSystem.status(layout.journal))?.size ?? 0) <= shortBytes;
}

async function catchUp(
  fileSystem: FileSystem,
  layout: SessionLayout,
  index: SessionIndex,
): Promise<Omit<CaughtUpIndex, 'wasRebuilt'>> {
  let { view } = index;
  let entries: PlacedEntry[] = [];
  let eventCount = 0;
  const watch = new GapWatch(index.position.seq);
  const scan = await scanJournal(fileSystem, layout.journal, index.position, (entry) => {
    view = reduceView(view, entry);
    watch.meet(entry);
    entries.push(entry);
    eventCount += eventsIn(entry);
    if (eventCount < eventsPerApply) return;
    index.apply(entries, view);
    entries = [];
    eventCount = 0;
  });
  if (entries.length > 0) index.apply(entries, view);
  // The scan may have begun in the middle of it.
  const { commitStart: lastCommitStart } = index;
  return { index, view, scan: { ...scan, lastCommitStart }, spanning: watch.spanning };
}
