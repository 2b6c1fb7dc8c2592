import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/ports.ts';
import { replaceFileDurably } from './durableFiles.ts';
import { sha256OfFile } from './fileDigest.ts';
import { hasCode, type FileSystem } from './fileSystem.ts';
import type { SessionLayout } from './layout.ts';

/**
 * What is known of an index before it is opened. `whole`: it is, byte for byte, what it was when its session ended in
 * order. `damaged`: it is not. `unsealed`: nobody knows, since the session did not end in order.
 */
export type IndexSeal = 'whole' | 'damaged' | 'unsealed';

/** Never aborted: a file of the session is small against what opening it reads anyway. */
const never = new AbortController().signal;

/**
 * Notes what a closed index is: SQLite sees damage to the structure of a file, and none to what is in it. Where that
 * can't be written, the next open makes the index anew or has SQLite check it.
 */
export async function sealIndex(
  fileSystem: FileSystem,
  layout: SessionLayout,
  logger: Logger,
): Promise<void> {
  try {
    const seal = await sha256OfFile(fileSystem, layout.index, never);
    await replaceFileDurably(fileSystem, layout.indexSeal, `${JSON.stringify(seal)}\n`);
  } catch (error) {
    logger.warn({ error: messageOf(error) }, 'The index could not be sealed; it will be checked');
  }
}

/** Compares an index with its seal and removes that: from here on it is written to. */
export async function breakSeal(fileSystem: FileSystem, layout: SessionLayout): Promise<IndexSeal> {
  const text = await readSeal(fileSystem, layout);
  if (text === undefined) return 'unsealed';
  await fileSystem.remove(layout.indexSeal);
  return compare(fileSystem, layout, text);
}

/** Compares an index with its seal, and changes nothing. */
export async function checkSeal(fileSystem: FileSystem, layout: SessionLayout): Promise<IndexSeal> {
  const text = await readSeal(fileSystem, layout);
  return text === undefined ? 'unsealed' : compare(fileSystem, layout, text);
}

async function readSeal(
  fileSystem: FileSystem,
  layout: SessionLayout,
): Promise<string | undefined> {
  try {
    return (await fileSystem.readWhole(layout.indexSeal)).toString();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function compare(
  fileSystem: FileSystem,
  layout: SessionLayout,
  seal: string,
): Promise<IndexSeal> {
  // Nothing is there that could be damaged.
  if (((await fileSystem.status(layout.index))?.size ?? 0) === 0) return 'unsealed';
  const found = await sha256OfFile(fileSystem, layout.index, never);
  return seal === `${JSON.stringify(found)}\n` ? 'whole' : 'damaged';
}
