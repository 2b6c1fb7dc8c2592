import { basename, dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { withFile, writeFully, type FileSystem } from './fileSystem.ts';
import { isInside } from './layout.ts';

/** Makes a directory and what is missing above it; every name that was made is on disk when this resolves. */
export async function makeDirectoryDurably(fileSystem: FileSystem, path: string): Promise<void> {
  const existing = await fileSystem.status(path);
  if (existing?.isDirectory === true) return;
  const parent = dirname(path);
  if (parent !== path) await makeDirectoryDurably(fileSystem, parent);
  if (await fileSystem.makeDirectory(path)) await fileSystem.syncDirectory(parent);
}

/**
 * Makes sure of the names of directories that were there already: a process that was killed may have made them without
 * syncing. Syncs every folder from a root down to the paths.
 */
export async function syncNames(
  fileSystem: FileSystem,
  root: string,
  paths: readonly string[],
): Promise<void> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = path; isInside(root, at) && !folders.has(at); at = dirname(at)) folders.add(at);
  }
  for (const folder of folders) await fileSystem.syncDirectory(folder);
}

/** A small file that is to be replaced. */
export interface SmallFile {
  readonly path: string;
  readonly bytes: string | Buffer;
}

/**
 * Replaces small files of one folder, each as a whole: readers see the old or the new one, and the new ones are on disk
 * when this resolves. `write-file-atomic` writes a temporary file, fsyncs it and renames; it does not sync the directory,
 * so we do, once for all of them.
 *
 * @throws Node's error; one with the code `EIO` when not all of a file was written.
 */
export async function replaceFilesDurably(
  fileSystem: FileSystem,
  folder: string,
  files: readonly SmallFile[],
): Promise<void> {
  const written = await Promise.allSettled(
    files.map(({ path, bytes }) => writeFileAtomic(path, bytes)),
  );
  for (const result of written) if (result.status === 'rejected') throw result.reason;
  await fileSystem.syncDirectory(folder);
  for (const { path, bytes } of files) {
    // It takes a short write (a disk that is all but full) for a whole one.
    const size = (await fileSystem.status(path))?.size;
    const expected = Buffer.byteLength(bytes);
    if (size === expected) continue;
    const message = `${path} has ${size ?? 'no'} bytes of the ${expected} that were written`;
    throw Object.assign(new Error(message), { code: 'EIO' });
  }
}

/** {@link replaceFilesDurably} for one file. */
export function replaceFileDurably(
  fileSystem: FileSystem,
  path: string,
  bytes: string | Buffer,
): Promise<void> {
  return replaceFilesDurably(fileSystem, dirname(path), [{ path, bytes }]);
}

/** Replaces a small file as a whole, in its own time: after a power cut it may be the old one, or empty. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFileAtomic(path, text, { fsync: false });
}

/** Copies a part of a file aside, durably: evidence that is about to be cut away. */
export async function keepAside(
  fileSystem: FileSystem,
  path: string,
  offset: number,
  bytes: number,
  suffix: string,
): Promise<string> {
  for (let n = 1; ; n++) {
    const copyPath = `${path}${suffix}${n === 1 ? '' : `_${n}`}`;
    if ((await fileSystem.status(copyPath)) !== undefined) continue;
    await withFile(fileSystem, path, 'read', async (from) => {
      await withFile(fileSystem, copyPath, 'create', async (to) => {
        const piece = Buffer.allocUnsafe(Math.min(bytes, 1024 * 1024));
        for (let at = offset; at < offset + bytes;) {
          const count = await from.read(
            piece.subarray(0, Math.min(piece.length, offset + bytes - at)),
            at,
          );
          if (count === 0) break;
          await writeFully(to, piece.subarray(0, count));
          at += count;
        }
        await to.datasync();
      });
    });
    await fileSystem.syncDirectory(dirname(copyPath));
    return basename(copyPath);
  }
}

/** Cuts a file to a size, durably. Through a handle of its own: an append handle cannot truncate on Windows. */
export async function cutTo(fileSystem: FileSystem, path: string, size: number): Promise<void> {
  await withFile(fileSystem, path, 'update', async (file) => {
    await file.truncate(size);
    await file.datasync();
  });
}
