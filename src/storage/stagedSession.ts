import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileSystem } from './fileSystem.ts';
import { journalStart } from './journal.ts';
import { scanJournal } from './journalReader.ts';
import { SessionLayout, sessionsFolder } from './layout.ts';

const stagedJournal = 'journal.jsonl.making';

/**
 * A session that is made of many commits and must be there whole or not at all: until {@link publishSession} its journal
 * has another name, and a folder without a journal is no session.
 */
export class StagedLayout extends SessionLayout {
  override get journal(): string {
    return join(this.folder, stagedJournal);
  }
}

/** Makes a staged session that is closed a session, in one durable step. */
export async function publishSession(
  fileSystem: FileSystem,
  staged: StagedLayout,
): Promise<SessionLayout> {
  const layout = new SessionLayout(staged.root, staged.session);
  await fileSystem.rename(staged.journal, layout.journal);
  await fileSystem.syncDirectory(layout.folder);
  return layout;
}

/**
 * Takes back a staged session that is closed: its folder, and the data files that were made for it. A master that was
 * there before it stays.
 */
export async function discardStaged(fileSystem: FileSystem, staged: StagedLayout): Promise<void> {
  const made: string[] = [];
  // Only its name could not be made durable: it is a session, and whole.
  const published = new SessionLayout(staged.root, staged.session);
  if ((await fileSystem.status(published.journal)) !== undefined) return;
  if ((await fileSystem.status(staged.journal)) !== undefined) {
    let isMadeHere = false;
    await scanJournal(fileSystem, staged.journal, journalStart, ({ events }) => {
      for (const event of events) {
        if (event.type === 'imported') isMadeHere = event.kind !== 'master';
        if (event.type === 'file' && isMadeHere) made.push(staged.absolute(event.file));
      }
    });
  }
  // The journal names the data files, so it goes last.
  for (const path of made) await fileSystem.remove(path);
  await rm(staged.folder, { recursive: true, force: true });
}

/** Takes back what processes that were killed have left staged. Only whoever holds `importLock` may call it. */
export async function discardLeftovers(fileSystem: FileSystem, root: string): Promise<void> {
  for (const name of await fileSystem.list(sessionsFolder(root))) {
    const staged = new StagedLayout(root, name);
    if ((await fileSystem.status(staged.journal)) === undefined) continue;
    await discardStaged(fileSystem, staged);
  }
}
