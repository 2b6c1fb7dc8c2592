import { join } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { toFileName } from '../../core/names.ts';
import { makeTextFile } from '../../storage/workspaceFiles.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';

/** The path of a collection file in a folder. */
export function collectionPath(folder: string, name: string): string {
  return join(folder, `${toFileName(name)}.collect.json`);
}

/** The text of a collection file that was made, with where it came from. */
export function collectionText(content: object, comment: readonly string[]): string {
  const head = comment.map((line) => `// ${line}\n`).join('');
  return `${head}${JSON.stringify(content, null, 2)}\n`;
}

/**
 * Makes a collection file; one that says the same already is as good.
 *
 * @returns whether it was made now.
 * @throws UsageError `COLLECTION_EXISTS` when another one is there: nobody's work is overwritten.
 */
export async function writeCollectionFile(
  fileSystem: FileSystem,
  path: string,
  text: string,
): Promise<boolean> {
  if (await makeTextFile(fileSystem, path, text)) return true;
  if ((await fileSystem.readWhole(path)).toString() === text) return false;
  throw new UsageError(
    'COLLECTION_EXISTS',
    `${path} is there already and says something else. Give the collection another name (--name), or carry over to that file (--collection).`,
    { path },
  );
}
