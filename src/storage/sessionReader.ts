import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reduceView, type SessionView } from '../core/view.ts';
import type { FileSystem } from './fileSystem.ts';
import { journalStart, type PlacedEntry } from './journal.ts';
import { hasLineAt, scanJournal, type JournalScan } from './journalReader.ts';
import type { SessionLayout } from './layout.ts';
import { SessionIndex } from './sessionIndex.ts';
import { backup, DatabaseSync } from './sqlite.ts';

const entriesPerApply = 2000;

/**
 * What was found of a session's index. `stale`: its watermark is not in the journal; `damaged`: it can't be read as an
 * index of this version. An index that only lags is usable.
 */
export type IndexCondition = 'usable' | 'stale' | 'missing' | 'damaged';

/** A session as its bytes say it is, read without its lock and without changing anything. */
export interface SessionReading {
  /** Level with the journal: the session's own, a copy that was caught up, or one made of the journal in memory. */
  readonly index: SessionIndex;
  readonly indexCondition: IndexCondition;
  readonly view: SessionView;
  readonly scan: JournalScan;
  /** Lets go of the index, and of its copy. */
  close(): Promise<void>;
}

/**
 * Reads a session's journal from its first line to its last, and brings an index level with it. Nothing of the session
 * is written to: an index that lags is copied to the system's temporary folder first.
 *
 * @param onEntry is given every good line, in order.
 */
export async function readSession(
  fileSystem: FileSystem,
  layout: SessionLayout,
  onEntry: (entry: PlacedEntry) => void,
): Promise<SessionReading> {
  const opened = await levelIndex(fileSystem, layout);
  const { index, condition, isLevel } = opened;
  const close = async (): Promise<void> => {
    index.close();
    await opened.remove();
  };
  try {
    let { view } = index;
    let waiting: PlacedEntry[] = [];
    const scan = await scanJournal(fileSystem, layout.journal, journalStart, (entry) => {
      onEntry(entry);
      // Where the index was level, what has been written since belongs to a later moment.
      if (isLevel || entry.seq <= index.position.seq) return;
      view = reduceView(view, entry);
      waiting.push(entry);
      if (waiting.length < entriesPerApply) return;
      index.apply(waiting, view);
      waiting = [];
    });
    if (waiting.length > 0) index.apply(waiting, view);
    return { index, indexCondition: condition, view, scan, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface OpenedIndex {
  readonly index: SessionIndex;
  readonly condition: IndexCondition;
  /** It is the session's own, level with the journal, and only read. */
  readonly isLevel: boolean;
  remove(): Promise<void>;
}

async function levelIndex(fileSystem: FileSystem, layout: SessionLayout): Promise<OpenedIndex> {
  const inMemory = (condition: IndexCondition): OpenedIndex => ({
    index: SessionIndex.open(':memory:'),
    condition,
    isLevel: false,
    remove: () => Promise.resolve(),
  });
  if ((await fileSystem.status(layout.index)) === undefined) return inMemory('missing');
  let own: SessionIndex | undefined;
  try {
    own = SessionIndex.open(layout.index, { isReadOnly: true });
    if (!own.wasClosedCleanly && !own.isSound()) throw new Error('quick_check failed');
    if (!(await hasLineAt(fileSystem, layout.journal, own.position))) {
      own.close();
      return inMemory('stale');
    }
    const journalBytes = (await fileSystem.status(layout.journal))?.size ?? 0;
    if (own.position.end === journalBytes) {
      return {
        index: own,
        condition: 'usable',
        isLevel: true,
        remove: () => Promise.resolve(),
      };
    }
    own.close();
    return { ...(await copyOf(layout.index)), condition: 'usable', isLevel: false };
  } catch {
    own?.close();
    return inMemory('damaged');
  }
}

/** A copy that may be caught up; SQLite makes it, so that it is whole also while the original is written to. */
async function copyOf(path: string): Promise<Pick<OpenedIndex, 'index' | 'remove'>> {
  const folder = await mkdtemp(join(tmpdir(), 'cf-collector-index-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const original = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    try {
      await backup(original, join(folder, 'index.db'));
    } finally {
      original.close();
    }
    return { index: SessionIndex.open(join(folder, 'index.db')), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
