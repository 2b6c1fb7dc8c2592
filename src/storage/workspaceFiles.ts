import { access, constants, link, lstat, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, UsageError } from '../core/errors.ts';
import { makeDirectoryDurably } from './durableFiles.ts';
import { hasCode, withFile, writeFully, type FileSystem } from './fileSystem.ts';
import { isInside, stateFolderName } from './layout.ts';

/** The text of a file that a person named. @throws UsageError when it can't be read. */
export async function readUserFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    const why = hasCode(error, 'ENOENT') ? 'There is no such file' : messageOf(error);
    throw new UsageError('FILE_UNREADABLE', `${path} can't be read: ${why}.`, { file: path });
  }
}

/**
 * The absolute path of an output folder that is given relative to the workspace folder.
 *
 * @throws UsageError when it leaves the workspace folder (by `..`, as an absolute path, or through a link), or when it
 * can't be written.
 */
export async function resolveOutputDir(root: string, dir: string): Promise<string> {
  const path = resolve(root, dir);
  const existing = await nearestExisting(path);
  const target = await realTarget(existing);
  const isOutside =
    !isInside(root, path) || (target !== undefined && !isInside(await realpath(root), target));
  if (isOutside) {
    throw new UsageError(
      'OUTPUT_OUTSIDE_WORKSPACE',
      `output.dir "${dir}" leaves the workspace folder ${root}. Name a folder inside it.`,
      { dir, root },
    );
  }
  const obstacle = await obstacleAt(existing, target);
  if (obstacle !== undefined) {
    throw new UsageError(
      'OUTPUT_NOT_WRITABLE',
      `output.dir "${dir}" can't be written: ${obstacle}. Choose another folder, or change its rights.`,
      { dir, root },
    );
  }
  return path;
}

/**
 * Looks whether sessions can be kept in a folder, before anything is made in it.
 *
 * @throws UsageError `FOLDER_READ_ONLY` where they can't.
 */
export async function requireWritable(root: string): Promise<void> {
  const existing = await nearestExisting(join(root, stateFolderName, 'sessions'));
  const obstacle = await obstacleAt(existing, await realTarget(existing));
  if (obstacle === undefined) return;
  throw new UsageError(
    'FOLDER_READ_ONLY',
    `Nothing can be written in ${root}, where a session keeps its state: ${obstacle}. Open a folder that can be written, or change its rights; nothing was made.`,
    { root, obstacle },
  );
}

/** Why no folder can be made in (or is) this; undefined when one can. */
async function obstacleAt(
  existing: string,
  target: string | undefined,
): Promise<string | undefined> {
  if (target === undefined) return `${existing} is a link that leads nowhere`;
  if (!(await stat(target)).isDirectory()) return `${existing} is not a folder`;
  try {
    await access(target, constants.W_OK);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function realTarget(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ELOOP')) return undefined;
    throw error;
  }
}

/** The path itself or the nearest folder above it that is there; a link counts as itself, wherever it leads. */
async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      await lstat(at);
      return at;
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP') || dirname(at) === at) throw error;
    }
  }
}

/** Makes a text file that must not be there yet: whole and durable, or not at all. @returns false when it is there. */
export async function makeTextFile(
  fileSystem: FileSystem,
  path: string,
  text: string,
): Promise<boolean> {
  // A file of another name first: one that is cut short by a kill must not stand under the real one.
  const temporary = `${path}.${process.pid}.making`;
  await makeDirectoryDurably(fileSystem, dirname(path));
  if ((await fileSystem.status(path)) !== undefined) return false;
  await fileSystem.remove(temporary);
  try {
    await withFile(fileSystem, temporary, 'create', async (file) => {
      await writeFully(file, Buffer.from(text));
      await file.datasync();
    });
    try {
      // Unlike a rename it does not replace what somebody has put there meanwhile.
      await link(temporary, path);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) throw error;
      // exFAT and the like have no second names.
      await fileSystem.rename(temporary, path);
    }
  } finally {
    await fileSystem.remove(temporary);
  }
  await fileSystem.syncDirectory(dirname(path));
  return true;
}
