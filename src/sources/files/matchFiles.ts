import { glob, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';

/** What a collection writes beside its masters: nobody means it by `data/raw/*.jsonl`. */
const besideMasters = /_(rejected|raw)_\d{8}_\d{6}(_\d+)?\.jsonl$/;

/** Whether a text in place of a file's name is a pattern. A file of exactly that name comes first, though. */
export function isPattern(text: string): boolean {
  return /[*?[{]/.test(text);
}

/**
 * The files that a collection's text stands for, as the collection would name them, sorted: the file itself, or all
 * that match the pattern. Hidden files and folders match only where the pattern names them; a collection's rejected and
 * raw files only where it says so.
 *
 * @param root what it is relative to.
 * @param isOwn files of the session itself, by absolute path: they match no pattern.
 * @returns the text itself, for a file that is not there; nothing for a pattern that nothing matches.
 */
export async function matchFiles(
  root: string,
  text: string,
  isOwn: (path: string) => boolean = () => false,
): Promise<readonly string[]> {
  if (!isPattern(text) || (await isThere(resolve(root, text)))) return [text];
  const found = new Set<string>();
  const wantsAll = /rejected|raw_/.test(text.slice(text.lastIndexOf('/') + 1));
  for await (const entry of glob(text, { cwd: root, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() && !(entry.isSymbolicLink() && (await isFile(path)))) continue;
    if (isOwn(path) || (!wantsAll && besideMasters.test(entry.name))) continue;
    found.add(nameOf(root, path));
  }
  return [...found].sort();
}

/** As the collection would name it: with slashes, and from the root where it is below. */
function nameOf(root: string, path: string): string {
  const name = relative(root, path);
  const isBelow = name !== '..' && !name.startsWith(`..${sep}`) && !name.includes(':');
  return (isBelow ? name : path).replaceAll(sep, '/');
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
