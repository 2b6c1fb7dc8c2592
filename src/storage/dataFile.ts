import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { FaultError } from '../core/errors.ts';
import { cutTo, makeDirectoryDurably } from './durableFiles.ts';
import { hasCode, writeFully, type FileSystem, type StorageFile } from './fileSystem.ts';

/**
 * An append-only file with lines of JSON: a master, a raw or a rejected file, or the journal. Only bytes below
 * `committed` count; what a failed append left above is cut away again.
 */
export class DataFile {
  readonly path: string;
  readonly #fileSystem: FileSystem;
  readonly #file: StorageFile;
  readonly #identity: string;
  readonly #isSynced: boolean;
  #committed: number;
  #written: number;
  #isFinished = false;
  /** Bytes are on their way, or a failed append left some: the size says nothing before {@link rollBack} has ended. */
  #isUnsettled = false;

  private constructor(
    fileSystem: FileSystem,
    path: string,
    file: StorageFile,
    opened: { identity: string; size: number; isSynced: boolean },
  ) {
    this.path = path;
    this.#fileSystem = fileSystem;
    this.#file = file;
    this.#identity = opened.identity;
    this.#isSynced = opened.isSynced;
    this.#committed = opened.size;
    this.#written = opened.size;
  }

  /**
   * Makes a new file; it and every directory made for it are on disk when this resolves.
   *
   * @throws Node's EEXIST when the name is taken.
   */
  static async create(fileSystem: FileSystem, path: string, isSynced = true): Promise<DataFile> {
    await makeDirectoryDurably(fileSystem, dirname(path));
    const file = await fileSystem.open(path, 'create');
    try {
      await file.datasync();
      await fileSystem.syncDirectory(dirname(path));
      const { identity } = await file.status();
      return new DataFile(fileSystem, path, file, { identity, size: 0, isSynced });
    } catch (error) {
      // Nobody knows of it yet: an empty file under our name would only be in the way.
      await file.close();
      await fileSystem.remove(path);
      throw error;
    }
  }

  /**
   * Opens a file that must be there and have exactly the committed size. Never creates.
   *
   * @throws FaultError when it is missing or of another size.
   */
  static async open(
    fileSystem: FileSystem,
    path: string,
    committed: number,
    isSynced = true,
  ): Promise<DataFile> {
    let file: StorageFile;
    try {
      file = await fileSystem.open(path, 'append');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) throw missingFile(path);
      throw error;
    }
    try {
      const { identity, size } = await file.status();
      if (size !== committed) throw changedFile(path, committed, size);
      return new DataFile(fileSystem, path, file, { identity, size, isSynced });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes that a durable commit names. */
  get committed(): number {
    return this.#committed;
  }

  /**
   * Appends after the fence: the path is still this file, it has the size we left it with, and it is still linked.
   *
   * @returns the offset at which the bytes begin.
   * @throws FaultError when the fence fails; Node's error when the write does (see {@link rollBack}).
   */
  async append(bytes: Uint8Array): Promise<number> {
    if (this.#isFinished) throw unusableFile(this.path);
    await this.#fence();
    const offset = this.#written;
    this.#isUnsettled = true;
    await writeFully(this.#file, bytes);
    this.#written += bytes.byteLength;
    this.#isUnsettled = false;
    return offset;
  }

  /**
   * Looks whether the path is still this file and has the size that we left it with, as before each append: so that
   * somebody's edit is noticed also while nothing is to be written.
   *
   * @throws FaultError when it is not. While an append is under way, which looks itself, nothing.
   */
  async check(): Promise<void> {
    const written = this.#written;
    const isAtRest = (): boolean =>
      !this.#isFinished && !this.#isUnsettled && this.#written === written;
    if (!isAtRest()) return;
    try {
      await this.#fence();
    } catch (error) {
      // An append may have begun meanwhile.
      if (isAtRest()) throw error;
    }
  }

  /**
   * Makes appended bytes durable. After a failure the handle is finished: the kernel may hold pages that look clean
   * and are not on disk, so a second fdatasync would prove nothing.
   */
  async sync(): Promise<void> {
    if (this.#isFinished) throw unusableFile(this.path);
    if (!this.#isSynced) return;
    try {
      await this.#file.datasync();
    } catch (error) {
      this.#isFinished = true;
      throw new FaultError(
        'SYNC_FAILED',
        `The disk did not confirm a write to ${this.path}. Nothing more is written; resume the session to check what is there.`,
        { file: this.path },
        error,
      );
    }
  }

  /** What was appended now counts. */
  commit(): void {
    this.#committed = this.#written;
  }

  /**
   * Cuts what a failed append left, back to the committed size.
   *
   * @throws FaultError when the path is another file by now: that one is not ours to cut.
   */
  async rollBack(): Promise<void> {
    const atPath = await this.#fileSystem.status(this.path);
    if (atPath === undefined) throw missingFile(this.path);
    if (atPath.identity !== this.#identity) throw replacedFile(this.path);
    await cutTo(this.#fileSystem, this.path, this.#committed);
    this.#written = this.#committed;
    this.#isUnsettled = false;
  }

  async close(): Promise<void> {
    this.#isFinished = true;
    await this.#file.close();
  }

  async #fence(): Promise<void> {
    // One look tells all: while we hold the file open its inode can't be given to another.
    const written = this.#written;
    const atPath = await this.#fileSystem.status(this.path);
    if (atPath === undefined) throw missingFile(this.path);
    if (atPath.identity !== this.#identity) throw replacedFile(this.path);
    if (atPath.size !== written) throw changedFile(this.path, written, atPath.size);
  }
}

/** sha256 of bytes, hex: as ranges and sums in the journal. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function missingFile(path: string): FaultError {
  return new FaultError(
    'DATA_FILE_MISSING',
    `${path} was deleted or moved. Nothing is written any more. The journal still knows all that was in it: put it back and resume, or start a new session.`,
    { file: path },
  );
}

function replacedFile(path: string): FaultError {
  return new FaultError(
    'DATA_FILE_REPLACED',
    `${path} was replaced by another file. Nothing is written any more. The journal still knows all that was in it: put the original back and resume, or start a new session.`,
    { file: path },
  );
}

function changedFile(path: string, expected: number, actual: number): FaultError {
  return new FaultError(
    'DATA_FILE_CHANGED',
    `${path} has ${actual} bytes where the collector left ${expected}: someone has edited it. Nothing is written any more. Undo the edit and resume, or start a new session.`,
    { file: path, expected, actual },
  );
}

function unusableFile(path: string): FaultError {
  return new FaultError('DATA_FILE_CLOSED', `${path} can't be written any more in this session.`, {
    file: path,
  });
}
