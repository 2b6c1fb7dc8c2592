import { Writable, pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';

/** The body is larger than it may be. */
export class BodyTooLargeError extends Error {
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`The body is larger than ${maxBytes} bytes.`);
    this.name = 'BodyTooLargeError';
    this.maxBytes = maxBytes;
  }
}

/** The body is compressed in a way that we did not ask for and cannot read. */
export class UnknownCodingError extends Error {
  readonly coding: string;

  constructor(coding: string) {
    super(`Unknown content encoding "${coding}".`);
    this.name = 'UnknownCodingError';
    this.coding = coding;
  }
}

type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

// Older VS Codes' Node has no zstd.
const hasZstd = typeof zlib.zstdDecompressSync === 'function';

/** What we ask for. */
export const acceptEncoding = hasZstd ? 'gzip, deflate, br, zstd' : 'gzip, deflate, br';

/** Compressed bodies up to this size are decompressed in one go: a stream costs more than that takes. */
const atOnceBytes = 64 * 1024;
/** But never to more than this, so that a small bomb cannot hold the thread for long. */
const atOnceResultBytes = 4 * 1024 * 1024;

/**
 * The codings of a `content-encoding` header in the order in which they have to be undone.
 *
 * @throws UnknownCodingError
 */
function codingsOf(header: string | undefined): readonly Coding[] {
  if (header === undefined) return [];
  const codings: Coding[] = [];
  for (const part of header.toLowerCase().split(',')) {
    const name = part.trim();
    if (name === '' || name === 'identity') continue;
    if (name === 'gzip' || name === 'x-gzip') codings.unshift('gzip');
    else if (name === 'deflate' || name === 'br' || (name === 'zstd' && hasZstd))
      codings.unshift(name);
    else throw new UnknownCodingError(name);
  }
  return codings;
}

/**
 * Receives a body in pieces, decompresses it on the way and counts what comes out, so that neither a large body nor a
 * compressed bomb gets further than `maxBytes`.
 */
export class BodyReader {
  readonly #codings: readonly Coding[];
  readonly #maxBytes: number;
  readonly #onFailure: (error: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #received = 0;
  #decoder: { readonly input: Transform; readonly output: Promise<Buffer> } | undefined;

  /**
   * @param onFailure called when decompression fails before `finish`.
   * @throws UnknownCodingError
   */
  constructor(
    contentEncoding: string | undefined,
    maxBytes: number,
    onFailure: (error: unknown) => void,
  ) {
    this.#codings = codingsOf(contentEncoding);
    this.#maxBytes = maxBytes;
    this.#onFailure = onFailure;
  }

  /** Whether the bytes on the wire are the body's own. */
  get isPlain(): boolean {
    return this.#codings.length === 0;
  }

  /**
   * Takes a piece.
   *
   * @returns a promise when the sender should wait until it resolves.
   * @throws BodyTooLargeError
   */
  write(chunk: Buffer): Promise<void> | undefined {
    this.#received += chunk.length;
    if (this.#decoder !== undefined) return this.#feed(this.#decoder.input, chunk);
    this.#chunks.push(chunk);
    if (this.#codings.length === 0) {
      if (this.#received > this.#maxBytes) throw new BodyTooLargeError(this.#maxBytes);
      return undefined;
    }
    return this.#received > atOnceBytes ? this.#startDecoder() : undefined;
  }

  /**
   * The whole body, after the last piece.
   *
   * @throws BodyTooLargeError, or zlib's error for damaged or cut data; also as a rejection.
   */
  finish(): Buffer | Promise<Buffer> {
    if (this.#decoder !== undefined) {
      this.#decoder.input.end();
      return this.#decoder.output;
    }
    const whole = join(this.#chunks, this.#received);
    if (this.#codings.length === 0 || whole.length === 0) return whole;
    const limit = Math.min(this.#maxBytes, atOnceResultBytes);
    try {
      return this.#codings.reduce((data, coding) => decodeAtOnce(coding, data, limit), whole);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      if (limit === this.#maxBytes) throw new BodyTooLargeError(limit);
    }
    void this.#startDecoder();
    return this.finish();
  }

  /** What has arrived of a plain body so far. */
  soFar(): Buffer {
    return this.isPlain ? join(this.#chunks, this.#received) : Buffer.alloc(0);
  }

  /** Ends the decoder, if there is one. */
  destroy(): void {
    this.#decoder?.input.destroy();
  }

  #feed(input: Transform, chunk: Buffer): Promise<void> | undefined {
    if (input.destroyed || input.write(chunk)) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        input.off('drain', done).off('close', done);
        resolve();
      };
      input.on('drain', done).on('close', done);
    });
  }

  #startDecoder(): Promise<void> | undefined {
    const received = join(this.#chunks, this.#received);
    this.#chunks.length = 0;
    const [first, ...others] = this.#codings.map((coding) => createDecoder(coding, received));
    if (first === undefined) throw new Error('No coding to undo');
    const output = collect([first, ...others], this.#maxBytes);
    output.catch(this.#onFailure);
    this.#decoder = { input: first, output };
    return this.#feed(first, received);
  }
}

function collect(stages: readonly Transform[], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      chunks.push(chunk);
      done(bytes > maxBytes ? new BodyTooLargeError(maxBytes) : null);
    },
  });
  return new Promise((resolve, reject) => {
    pipeline([...stages, sink], (error) => {
      if (error) reject(error);
      else resolve(join(chunks, bytes));
    });
  });
}

function decodeAtOnce(coding: Coding, data: Buffer, maxOutputLength: number): Buffer {
  const options = { maxOutputLength };
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync(data, options);
    case 'deflate':
      return isZlib(data) ? zlib.inflateSync(data, options) : zlib.inflateRawSync(data, options);
    case 'br':
      return zlib.brotliDecompressSync(data, options);
    case 'zstd':
      return zlib.zstdDecompressSync(data, options);
  }
}

function createDecoder(coding: Coding, start: Buffer): Transform {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip();
    case 'deflate':
      return isZlib(start) ? zlib.createInflate() : zlib.createInflateRaw();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      return zlib.createZstdDecompress();
  }
}

/** "deflate" should be zlib's format, but some servers send the bare one. */
function isZlib(data: Buffer): boolean {
  const first = data[0] ?? 0;
  return (first & 0x0f) === 8 && ((first << 8) | (data[1] ?? 0)) % 31 === 0;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function join(chunks: readonly Buffer[], bytes: number): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes);
}
