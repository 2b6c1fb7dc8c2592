import { readFully, type FileSystem, type StorageFile } from './fileSystem.ts';

const windowBytes = 4 * 1024 * 1024;

/** Reads parts of a file, most of them one after the other, in few large reads and with flat memory. */
export class FileWindow {
  readonly path: string;
  readonly #file: StorageFile;
  #bytes: Buffer = Buffer.alloc(0);
  #offset = 0;

  private constructor(path: string, file: StorageFile) {
    this.path = path;
    this.#file = file;
  }

  /** @throws Node's ENOENT when there is no such file. */
  static async open(fileSystem: FileSystem, path: string): Promise<FileWindow> {
    return new FileWindow(path, await fileSystem.open(path, 'read'));
  }

  /** The file's size now. */
  async size(): Promise<number> {
    return (await this.#file.status()).size;
  }

  /** The bytes from an offset on, fewer at the end of the file. */
  async read(offset: number, length: number): Promise<Buffer> {
    const from = offset - this.#offset;
    if (from < 0 || from + length > this.#bytes.length) {
      this.#bytes = await readFully(this.#file, offset, Math.max(length, windowBytes));
      this.#offset = offset;
      return this.#bytes.subarray(0, length);
    }
    return this.#bytes.subarray(from, from + length);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
