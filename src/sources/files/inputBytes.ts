import { createHash, type Hash } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { codeOf, messageOf, UnitFailedError } from '../../core/errors.ts';

/** How much of a file was read, and what it was: enough to tell later whether that part is still the same. */
export interface ReadSoFar {
  readonly bytes: number;
  /** sha256 of them, hex. */
  readonly sha256: string;
}

/** The bytes of one input, in order from its beginning, decompressed. */
export interface InputBytes {
  /** Puts bytes into a buffer from a position on; gives how many, 0 at the end. */
  read(into: Buffer, at: number): Promise<number>;
  /** What was read of the file itself, before it was decompressed. */
  readonly readSoFar: ReadSoFar;
  close(): Promise<void>;
}

const pieceBytes = 1024 * 1024;

/**
 * Opens an input to be read once, from its beginning.
 *
 * @param onRead told of bytes of the file itself as they are read.
 * @param expected what was read of it earlier: {@link InputBytes.read} throws when the file begins in another way.
 * @throws UnitFailedError `INPUT_UNREADABLE`, and from `read` also `INPUT_CHANGED` and `INPUT_DAMAGED` (a `.gz` that
 * is cut off or is none).
 */
export async function openInput(
  path: string,
  isGzip: boolean,
  expected?: ReadSoFar,
  onRead: (bytes: number) => void = () => undefined,
): Promise<InputBytes> {
  const digest = new PartDigest(path, expected, onRead);
  return isGzip ? new GzipBytes(path, digest) : PlainBytes.open(path, digest);
}

/** The running hash of a file, compared with what it was where an earlier reader had got to. */
class PartDigest {
  readonly #path: string;
  readonly #hash: Hash = createHash('sha256');
  readonly #expected: ReadSoFar | undefined;
  readonly #onRead: (bytes: number) => void;
  #bytes = 0;

  constructor(path: string, expected: ReadSoFar | undefined, onRead: (bytes: number) => void) {
    this.#path = path;
    this.#expected = expected;
    this.#onRead = onRead;
  }

  add(piece: Buffer): void {
    this.#onRead(piece.length);
    const mark = this.#expected?.bytes ?? 0;
    const head = mark > this.#bytes ? Math.min(piece.length, mark - this.#bytes) : 0;
    if (head > 0) {
      this.#hash.update(head === piece.length ? piece : piece.subarray(0, head));
      this.#bytes += head;
      if (this.#bytes === mark && this.soFar.sha256 !== this.#expected?.sha256) this.#fail();
    }
    if (head === piece.length) return;
    this.#hash.update(head === 0 ? piece : piece.subarray(head));
    this.#bytes += piece.length - head;
  }

  end(): void {
    if (this.#bytes < (this.#expected?.bytes ?? 0)) this.#fail();
  }

  get soFar(): ReadSoFar {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }

  #fail(): never {
    throw new UnitFailedError(
      'INPUT_CHANGED',
      `${this.#path} is not what it was when it was read before.`,
      { file: this.#path },
    );
  }
}

class PlainBytes implements InputBytes {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #digest: PartDigest;

  private constructor(path: string, handle: FileHandle, digest: PartDigest) {
    this.#path = path;
    this.#handle = handle;
    this.#digest = digest;
  }

  static async open(path: string, digest: PartDigest): Promise<PlainBytes> {
    try {
      return new PlainBytes(path, await open(path, 'r'), digest);
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  async read(into: Buffer, at: number): Promise<number> {
    const length = Math.min(into.length - at, pieceBytes);
    let bytesRead: number;
    try {
      ({ bytesRead } = await this.#handle.read(into, at, length, null));
    } catch (error) {
      throw unreadable(this.#path, error);
    }
    if (bytesRead === 0) this.#digest.end();
    else this.#digest.add(into.subarray(at, at + bytesRead));
    return bytesRead;
  }

  get readSoFar(): ReadSoFar {
    return this.#digest.soFar;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

class GzipBytes implements InputBytes {
  readonly #path: string;
  readonly #digest: PartDigest;
  readonly #file: ReadStream;
  readonly #gunzip: Gunzip;
  readonly #closed: Promise<void>;
  // Not by the stream's iterator: that one throws what has been decompressed away when an error follows.
  readonly #pieces: Buffer[] = [];
  #end: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(path: string, digest: PartDigest) {
    this.#path = path;
    this.#digest = digest;
    const file = createReadStream(path, { highWaterMark: 256 * 1024 });
    const gunzip = createGunzip({ chunkSize: 256 * 1024 });
    this.#file = file;
    this.#gunzip = gunzip;
    file.on('data', (piece) => {
      try {
        digest.add(piece as Buffer);
      } catch (error) {
        gunzip.destroy(error as Error);
      }
    });
    gunzip.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      gunzip.pause();
      this.#wake();
    });
    this.#closed = new Promise((resolve) => file.once('close', resolve));
    const end = (error?: unknown): void => {
      this.#end ??= { error };
      this.#wake();
    };
    // Not by `pipeline`: that one is content when all was written, and what is wrong with it comes after that.
    gunzip.once('end', end).once('error', end);
    file.once('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  }

  async read(into: Buffer, at: number): Promise<number> {
    while (this.#pieces.length === 0) {
      if (this.#end !== undefined) return this.#finish(this.#end.error);
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      this.#gunzip.resume();
      await woken;
    }
    const piece = this.#pieces[0] ?? Buffer.alloc(0);
    const count = piece.copy(into, at);
    if (count === piece.length) this.#pieces.shift();
    else this.#pieces[0] = piece.subarray(count);
    return count;
  }

  get readSoFar(): ReadSoFar {
    return this.#digest.soFar;
  }

  async close(): Promise<void> {
    this.#gunzip.destroy();
    // One that nobody reads from any more would never come to its end.
    this.#file.destroy();
    await this.#closed;
  }

  #finish(error: unknown): 0 {
    if (error === undefined) {
      this.#digest.end();
      return 0;
    }
    if (error instanceof UnitFailedError) throw error;
    if (!codeOf(error).startsWith('Z_')) throw unreadable(this.#path, error);
    const isCut = codeOf(error) === 'Z_BUF_ERROR';
    const what = isCut ? 'ends in the middle' : `can't be decompressed (${messageOf(error)})`;
    const advice = 'What came before that was read; get the file again, or merge without it.';
    throw new UnitFailedError('INPUT_DAMAGED', `${this.#path} ${what}. ${advice}`, {
      file: this.#path,
    });
  }
}

const whyOf: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
};

function unreadable(path: string, error: unknown): UnitFailedError {
  const why = whyOf[codeOf(error)] ?? messageOf(error);
  return new UnitFailedError('INPUT_UNREADABLE', `${path} can't be read: ${why}.`, { file: path });
}
