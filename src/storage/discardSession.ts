import { rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode, type FileSystem } from './fileSystem.ts';
import type { SessionLayout } from './layout.ts';
import { FileLock, type LockOptions } from './lock.ts';

/**
 * Removes a session's folder, and nothing outside it: masters, raw and rejected files stay. What is derived goes first
 * and the journal last, so that what a kill leaves is a whole session, which
 * can be discarded again, or an empty shell that nothing lists.
 *
 * @throws HeldError when the session is being carried out.
 */
export async function discardSession(
  options: Omit<LockOptions, 'holderFile'>,
  layout: SessionLayout,
): Promise<void> {
  const { fileSystem } = options;
  const lock = await FileLock.acquire(layout.lock, { ...options, holderFile: layout.holder });
  try {
    const kept = new Set([layout.journal, ...lockFiles(layout)]);
    for (const name of await fileSystem.list(layout.folder)) {
      const path = join(layout.folder, name);
      if (!kept.has(path)) await removeTree(fileSystem, path);
    }
    await fileSystem.remove(layout.journal);
    await fileSystem.syncDirectory(layout.folder);
    await fileSystem.remove(layout.holder);
  } finally {
    lock.release();
  }
  // An empty shell from here on, which nothing lists.
  await rm(layout.folder, { recursive: true, force: true, maxRetries: 5 });
  await fileSystem.syncDirectory(dirname(layout.folder));
}

/** SQLite keeps its own beside the lock while it is held. */
function lockFiles({ lock, holder }: SessionLayout): string[] {
  return [lock, `${lock}-journal`, holder];
}

async function removeTree(fileSystem: FileSystem, path: string): Promise<void> {
  const status = await fileSystem.status(path);
  if (status?.isDirectory !== true) {
    await fileSystem.remove(path);
    return;
  }
  for (const name of await fileSystem.list(path)) await removeTree(fileSystem, join(path, name));
  try {
    await rmdir(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
