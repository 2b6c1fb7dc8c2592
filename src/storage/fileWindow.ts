import type { FileSystem, StorageFile } from './fileSystem.ts';

const windowBytes = 4 * 1024 * 1024;

/** Reads parts of a file, most of them one after the other, in few large reads and with flat memory. */
export class FileWindow {
  readonly path: string;
  readonly #file: StorageFile;
  /** Used again and again: a new one for each read would pile up until it is collected. */
  #buffer = Buffer.allocUnsafe(windowBytes);
  #filled = 0;
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

  /** The bytes from an offset on, fewer at the end of the file. They are good until the next call. */
  async read(offset: number, length: number): Promise<Buffer> {
    const from = offset - this.#offset;
    if (from >= 0 && from + length <= this.#filled)
      return this.#buffer.subarray(from, from + length);
    await this.#fill(offset, Math.max(length, windowBytes));
    return this.#buffer.subarray(0, Math.min(length, this.#filled));
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #fill(offset: number, length: number): Promise<void> {
    const isLarger = length > windowBytes;
    if (isLarger || this.#buffer.length > windowBytes) this.#buffer = Buffer.allocUnsafe(length);
    this.#filled = 0;
    this.#offset = offset;
    while (this.#filled < length) {
      const free = this.#buffer.subarray(this.#filled, length);
      const count = await this.#file.read(free, offset + this.#filled);
      if (count === 0) break;
      this.#filled += count;
    }
  }
}
