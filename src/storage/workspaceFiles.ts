import { access, constants, readFile, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, UsageError } from '../core/errors.ts';
import { hasCode } from './fileSystem.ts';
import { isInside } from './layout.ts';

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
  const isOutside =
    !isInside(root, path) || !isInside(await realpath(root), await realpath(existing));
  if (isOutside) {
    throw new UsageError(
      'OUTPUT_OUTSIDE_WORKSPACE',
      `output.dir "${dir}" leaves the workspace folder ${root}. Name a folder inside it.`,
      { dir, root },
    );
  }
  try {
    await access(existing, constants.W_OK);
  } catch (error) {
    throw new UsageError(
      'OUTPUT_NOT_WRITABLE',
      `output.dir "${dir}" can't be written (${messageOf(error)}). Choose another folder, or change its rights.`,
      { dir, root },
    );
  }
  return path;
}

async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      await realpath(at);
      return at;
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || dirname(at) === at) throw error;
    }
  }
}
