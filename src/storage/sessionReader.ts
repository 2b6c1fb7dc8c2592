import { emptyView, reduceView, type SessionView } from '../core/view.ts';
import type { FileSystem } from './fileSystem.ts';
import { checkSeal } from './indexSeal.ts';
import { journalStart, type PlacedEntry } from './journal.ts';
import { hasLineAt, scanJournal, type JournalScan } from './journalReader.ts';
import type { SessionLayout } from './layout.ts';
import { SessionIndex } from './sessionIndex.ts';

/**
 * What was found of a session's index. `stale`: its watermark is not in the journal; `damaged`: it can't be read as an
 * index of this version, or is not what it was when it was closed. An index that only lags is usable.
 */
export type IndexCondition = 'usable' | 'stale' | 'missing' | 'damaged';

/** A session as its bytes say it is, read without its lock and without changing anything. */
export interface SessionReading {
  /** Level with the journal. Close it. */
  readonly index: SessionIndex;
  readonly indexCondition: IndexCondition;
  readonly view: SessionView;
  readonly scan: JournalScan;
}

/**
 * Reads a session's journal from its first line to its last, with an index that is level with it: the session's own
 * where that was closed in order and is whole, else one that is made of the journal, in memory.
 *
 * @param onEntry is given every good line, in order.
 */
export async function readSession(
  fileSystem: FileSystem,
  layout: SessionLayout,
  onEntry: (entry: PlacedEntry) => void,
): Promise<SessionReading> {
  const { condition, level } = await findIndex(fileSystem, layout);
  const index = level ?? SessionIndex.begin(':memory:');
  try {
    let view = emptyView;
    const scan = await scanJournal(fileSystem, layout.journal, journalStart, (entry) => {
      onEntry(entry);
      if (level !== undefined) return;
      view = reduceView(view, entry);
      index.build(entry);
    });
    if (level === undefined) index.finishBuilding(view);
    else view = level.view;
    return { index, indexCondition: condition, view, scan };
  } catch (error) {
    index.close();
    throw error;
  }
}

/**
 * Uses an index that is level with a session's journal: its own where that will do, else one that is made of the
 * journal, in memory. The journal is only read where it must be.
 */
export async function withLevelIndex<T>(
  fileSystem: FileSystem,
  layout: SessionLayout,
  use: (index: SessionIndex) => T,
): Promise<T> {
  const { level } = await findIndex(fileSystem, layout);
  const index = level ?? (await readSession(fileSystem, layout, () => undefined)).index;
  try {
    return use(index);
  } finally {
    index.close();
  }
}

/** What there is of an index; `level`: it is the whole journal's, and can be trusted. */
async function findIndex(
  fileSystem: FileSystem,
  layout: SessionLayout,
): Promise<{ condition: IndexCondition; level?: SessionIndex }> {
  if ((await fileSystem.status(layout.index)) === undefined) return { condition: 'missing' };
  const seal = await checkSeal(fileSystem, layout);
  if (seal === 'damaged') return { condition: 'damaged' };
  let index: SessionIndex | undefined;
  let isUsed = false;
  try {
    index = SessionIndex.open(layout.index, { isReadOnly: true });
    if (seal === 'unsealed' && !index.isSound()) return { condition: 'damaged' };
    const { position } = index;
    if (!(await hasLineAt(fileSystem, layout.journal, position))) return { condition: 'stale' };
    const journalBytes = (await fileSystem.status(layout.journal))?.size ?? 0;
    isUsed = seal === 'whole' && position.end === journalBytes;
    return isUsed ? { condition: 'usable', level: index } : { condition: 'usable' };
  } catch {
    return { condition: 'damaged' };
  } finally {
    if (!isUsed) index?.close();
  }
}
