import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { HeldError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { makeDirectoryDurably } from './durableFiles.ts';
import { hasCode, type FileSystem } from './fileSystem.ts';
import { isProcessAlive, type Machine } from './machine.ts';
import { DatabaseSync } from './sqlite.ts';

/** Who holds a lock, for people: written after the lock is taken, and never what decides. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly bootId: string;
  readonly via: 'cli' | 'window';
  /** ISO time. */
  readonly since: string;
}

/** How a lock is taken. */
export interface LockOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly machine: Machine;
  readonly via: 'cli' | 'window';
  /** How long to wait for a holder to let go, milliseconds. */
  readonly waitMs: number;
  /** Where the holder writes who it is; without it nobody is named. */
  readonly holderFile?: string;
}

const pollMs = 100;
/** Held locks are referenced for life: a collected database object would close its file and let the lock go. */
const heldLocks = new Set<FileLock>();

/**
 * A lock that the operating system lets go of when its process dies: an empty SQLite database with an open `BEGIN
 * IMMEDIATE`. The file holds no data and is opened only through SQLite, since any other open and close of it in the
 * same process would drop a POSIX lock.
 */
export class FileLock {
  readonly path: string;
  readonly #database: DatabaseSync;

  private constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
    heldLocks.add(this);
  }

  /** @throws HeldError, naming the holder, when another has it and does not let go in time. */
  static async acquire(path: string, options: LockOptions): Promise<FileLock> {
    await makeDirectoryDurably(options.fileSystem, dirname(path));
    const deadline = options.clock.monotonicMs() + options.waitMs;
    for (;;) {
      const lock = FileLock.#tryAcquire(path);
      if (lock !== undefined) {
        try {
          if (options.holderFile !== undefined) await writeHolder(options.holderFile, options);
          return lock;
        } catch (error) {
          lock.release();
          throw error;
        }
      }
      if (options.clock.monotonicMs() >= deadline) throw await heldBy(path, options.holderFile);
      await options.clock.sleep(pollMs);
    }
  }

  release(): void {
    if (!heldLocks.delete(this)) return;
    this.#database.close();
  }

  static #tryAcquire(path: string): FileLock | undefined {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('BEGIN IMMEDIATE');
      return new FileLock(path, database);
    } catch (error) {
      database.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
  }
}

/** SQLITE_BUSY, also in its extended forms. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5;
}

async function writeHolder(file: string, options: LockOptions): Promise<void> {
  const holder: Holder = {
    pid: process.pid,
    host: options.machine.host,
    bootId: options.machine.bootId,
    via: options.via,
    since: new Date(options.clock.now()).toISOString(),
  };
  // Only for people, so it need not survive a power cut.
  await writeFileAtomic(file, `${JSON.stringify(holder, null, 2)}\n`, { fsync: false });
}

/** Who is named as the holder; undefined when nobody is, or the note can't be read. */
export async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const note = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder> | null;
    return typeof note?.pid === 'number' && typeof note.host === 'string'
      ? (note as Holder)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Whether the holder still lives, for display. A process of this machine is asked for; of another one it is believed.
 */
export function isHolderAlive(holder: Holder, machine: Machine): boolean {
  if (holder.host !== machine.host) return true;
  return holder.bootId === machine.bootId && isProcessAlive(holder.pid);
}

async function heldBy(path: string, holderFile: string | undefined): Promise<HeldError> {
  const holder = holderFile === undefined ? undefined : await readHolder(holderFile);
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host} (${holder.via === 'cli' ? 'cf-collect in a terminal' : 'a VS Code window'}, since ${holder.since})`;
  return new HeldError(
    'SESSION_HELD',
    `The session is held by ${who}. Stop it there, or wait until it ends.`,
    { path, ...(holder === undefined ? {} : { holder: { ...holder } }) },
  );
}
