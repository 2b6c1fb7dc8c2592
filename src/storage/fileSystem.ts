import { constants, statSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises';

/** What the storage needs of a file's status. */
export interface FileStatus {
  /** Device and inode: the same file has the same pair. */
  readonly identity: string;
  readonly size: number;
  /** Names that the file has; 0 when it was deleted. */
  readonly links: number;
  readonly isDirectory: boolean;
  /** When its bytes were last changed: milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** An open file of the storage. */
export interface StorageFile {
  /** One write; may be short, as the system call may. Appends when the file was opened for that. */
  write(bytes: Uint8Array, position: number | null): Promise<number>;
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** `fdatasync`: the bytes written and the size are on disk. */
  datasync(): Promise<void>;
  truncate(size: number): Promise<void>;
  status(): Promise<FileStatus>;
  close(): Promise<void>;
}

/** `create`: must not exist, appended to. `append`: must exist. `update`: read and write in place. */
export type OpenMode = 'create' | 'append' | 'update' | 'read';

/**
 * The file system under data files and journal: what tests make fail and record. Every method rejects with Node's
 * errors (`code` is `ENOSPC`, `EIO` …).
 */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<StorageFile>;
  /** undefined when there is nothing. */
  status(path: string): Promise<FileStatus | undefined>;
  /** Makes one directory; false when it was there. */
  makeDirectory(path: string): Promise<boolean>;
  /** fsync of a directory: names made, changed or removed in it are on disk. Nothing on Windows, which has no such call. */
  syncDirectory(path: string): Promise<void>;
  list(path: string): Promise<string[]>;
  readWhole(path: string): Promise<Buffer>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

const flags: Record<OpenMode, number> = {
  create: constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_WRONLY,
  append: constants.O_APPEND | constants.O_WRONLY,
  update: constants.O_RDWR,
  read: constants.O_RDONLY,
};

function toStatus(stats: {
  dev: number;
  ino: number;
  size: number;
  nlink: number;
  mtimeMs: number;
  isDirectory(): boolean;
}): FileStatus {
  return {
    identity: `${stats.dev}:${stats.ino}`,
    size: stats.size,
    links: stats.nlink,
    isDirectory: stats.isDirectory(),
    modifiedMs: stats.mtimeMs,
  };
}

class NodeStorageFile implements StorageFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array, position: number | null): Promise<number> {
    return (await this.#handle.write(bytes, 0, bytes.byteLength, position)).bytesWritten;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.read(buffer, 0, buffer.byteLength, position)).bytesRead;
  }

  datasync(): Promise<void> {
    return this.#handle.datasync();
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  async status(): Promise<FileStatus> {
    return toStatus(await this.#handle.stat());
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The real file system. */
export const nodeFileSystem: FileSystem = {
  async open(path, mode) {
    return new NodeStorageFile(await open(path, flags[mode], 0o644));
  },
  async status(path) {
    try {
      // At once and not by the thread pool: it takes microseconds, and stands before every append.
      return await Promise.resolve(toStatus(statSync(path)));
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  },
  async makeDirectory(path) {
    try {
      await mkdir(path);
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
  },
  async syncDirectory(path) {
    if (process.platform === 'win32') return;
    const directory = await open(path, constants.O_RDONLY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
  async list(path) {
    try {
      return await readdir(path);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  },
  readWhole: (path) => readFile(path),
  rename: (from, to) => retryOnWindows(() => rename(from, to)),
  remove: (path) => retryOnWindows(() => rm(path, { force: true })),
};

/** Virus scanners and indexers hold files on Windows for a moment; renames and removals meet EPERM and EBUSY then. */
async function retryOnWindows(action: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await action();
      return;
    } catch (error) {
      const passing = process.platform === 'win32' && hasCode(error, 'EPERM', 'EBUSY', 'EACCES');
      if (!passing || attempt === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, attempt * 20));
    }
  }
}

/** Whether an error of Node's has one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** Writes all of it: a short write is gone on with, one that writes nothing is an error. */
export async function writeFully(
  file: StorageFile,
  bytes: Uint8Array,
  position: number | null = null,
): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const rest = done === 0 ? bytes : bytes.subarray(done);
    const written = await file.write(rest, position === null ? null : position + done);
    if (written === 0) throw Object.assign(new Error('write wrote nothing'), { code: 'EIO' });
    done += written;
  }
}

/** Reads exactly `length` bytes, or fewer at the end of the file. */
export async function readFully(
  file: StorageFile,
  position: number,
  length: number,
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = await file.read(buffer.subarray(done), position + done);
    if (count === 0) break;
    done += count;
  }
  return buffer.subarray(0, done);
}

/** Opens a file for the time of an action, and closes it whatever happens. */
export async function withFile<T>(
  fileSystem: FileSystem,
  path: string,
  mode: OpenMode,
  action: (file: StorageFile) => Promise<T>,
): Promise<T> {
  const file = await fileSystem.open(path, mode);
  try {
    return await action(file);
  } finally {
    await file.close();
  }
}
