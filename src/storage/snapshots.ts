import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '../core/errors.ts';
import { toFileName } from '../core/names.ts';
import type { Logger } from '../core/ports.ts';
import { hasCode } from './fileSystem.ts';
import type { SessionLayout } from './layout.ts';

/** So many are kept of a session, over all its starts. */
const maxSnapshots = 500;
const maxBytes = 200 * 1024 * 1024;
/** A page that is longer is cut: it is to be looked at. */
const maxSnapshotBytes = 5 * 1024 * 1024;
const longestName = 80;

/** What {@link Snapshots} may hold; tests give less. */
export interface SnapshotBounds {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Pages as they were received, kept for a person to look at: `snapshots` in the session's folder. They are bounded, and
 * none of them is needed for anything: one that can't be written costs a line in the log.
 */
export class Snapshots {
  readonly #layout: SessionLayout;
  readonly #logger: Logger;
  readonly #redact: (text: string) => string;
  readonly #bounds: SnapshotBounds;
  /** What there is; found out when the first one is written. */
  #kept: { count: number; bytes: number } | undefined;
  #isFull = false;
  /** One after the other, so that the bounds hold. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param redact takes secrets out of a text. */
  constructor(
    layout: SessionLayout,
    logger: Logger,
    redact: (text: string) => string,
    bounds: SnapshotBounds = { count: maxSnapshots, bytes: maxBytes },
  ) {
    this.#layout = layout;
    this.#logger = logger;
    this.#redact = redact;
    this.#bounds = bounds;
  }

  /**
   * Keeps one.
   *
   * @param name what the file is named after; made safe and unique.
   * @param extension with its dot.
   * @returns its path, relative to the workspace folder; undefined when there are enough, or it can't be written.
   */
  save(name: string, extension: string, content: string | Uint8Array): Promise<string | undefined> {
    const saved = this.#last.then(() => this.#save(name, extension, content)).catch(this.#failed);
    this.#last = saved;
    return saved;
  }

  async #save(
    name: string,
    extension: string,
    content: string | Uint8Array,
  ): Promise<string | undefined> {
    const folder = this.#layout.snapshots;
    this.#kept ??= await measure(folder);
    if (this.#isFull) return undefined;
    const bytes = this.#bytesOf(content);
    if (
      this.#kept.count >= this.#bounds.count ||
      this.#kept.bytes + bytes.length > this.#bounds.bytes
    ) {
      this.#isFull = true;
      const message = `No more snapshots are kept: ${this.#kept.count} are in ${folder}. Delete some to get new ones.`;
      this.#logger.warn({ code: 'SNAPSHOTS_FULL', folder }, message);
      return undefined;
    }
    await mkdir(folder, { recursive: true });
    const path = await writeAnew(folder, fileName(this.#redact(name)), extension, bytes);
    this.#kept.count += 1;
    this.#kept.bytes += bytes.length;
    return this.#layout.relative(path);
  }

  #bytesOf(content: string | Uint8Array): Uint8Array {
    if (typeof content !== 'string') return content;
    // Before it is cut, so that no half of a secret is left at the end.
    return Buffer.from(this.#redact(content)).subarray(0, maxSnapshotBytes);
  }

  readonly #failed = (error: unknown): undefined => {
    const message = `A snapshot could not be written: ${messageOf(error)}`;
    this.#logger.warn({ code: codeOf(error) }, message);
  };
}

async function measure(folder: string): Promise<{ count: number; bytes: number }> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { count: 0, bytes: 0 };
    throw error;
  }
  let bytes = 0;
  for (const name of names) bytes += (await stat(join(folder, name))).size;
  return { count: names.length, bytes };
}

/** `https://host/a?b` becomes `host_a_b`. */
function fileName(name: string): string {
  return toFileName(name.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').slice(0, longestName));
}

async function writeAnew(
  folder: string,
  base: string,
  extension: string,
  bytes: Uint8Array,
): Promise<string> {
  for (let n = 1; ; n++) {
    const path = join(folder, `${base}${n === 1 ? '' : `_${n}`}${extension}`);
    try {
      await writeFile(path, bytes, { flag: 'wx' });
      return path;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}
