import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { HeldError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { cutTo, makeDirectoryDurably } from './durableFiles.ts';
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
/** Between taking the lock and naming its holder lies a moment; whoever is refused then waits so long for the name. */
const maxNamingMs = 300;
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
    const { fileSystem, clock, holderFile } = options;
    await makeDirectoryDurably(fileSystem, dirname(path));
    const deadline = clock.monotonicMs() + options.waitMs;
    for (;;) {
      const lock = await FileLock.#tryAcquire(path, options);
      if (lock !== undefined) {
        try {
          if (holderFile !== undefined) await writeHolder(holderFile, options);
          return lock;
        } catch (error) {
          lock.release();
          throw error;
        }
      }
      const holder = await livingHolder(options);
      const namingMs = holderFile !== undefined && holder === undefined ? maxNamingMs : 0;
      if (clock.monotonicMs() >= deadline + namingMs) throw heldBy(path, holder);
      await clock.sleep(pollMs);
    }
  }

  release(): void {
    if (!heldLocks.delete(this)) return;
    this.#database.close();
  }

  static async #tryAcquire(path: string, options: LockOptions): Promise<FileLock | undefined> {
    const { fileSystem } = options;
    // The file of a lock that is held may be deleted: the note of its holder is then all that tells.
    const isGone = (await fileSystem.status(path)) === undefined;
    if (isGone && (await isHeldHere(options))) return undefined;
    for (let isMended = false; ; isMended = true) {
      const database = new DatabaseSync(path, { timeout: 0 });
      try {
        database.exec('BEGIN IMMEDIATE');
        return new FileLock(path, database);
      } catch (error) {
        database.close();
        if (hasErrorCode(error, busy)) return undefined;
        if (isMended || !hasErrorCode(error, corrupt, notADatabase)) throw error;
      }
      // Something else is in it. It is emptied and not replaced, so that no two hold two files of one name.
      if (await isHeldHere(options)) return undefined;
      if (((await fileSystem.status(path))?.size ?? 0) > 0) await cutTo(fileSystem, path, 0);
    }
  }
}

const busy = 5;
const corrupt = 11;
const notADatabase = 26;

/** One of SQLite's result codes, also in its extended forms. */
function hasErrorCode(error: unknown, ...codes: readonly number[]): boolean {
  return (
    error instanceof Error && 'errcode' in error && codes.includes(Number(error.errcode) & 0xff)
  );
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

/** Who is named as the holder, when that process lives: the note of one that died is left behind. */
async function livingHolder({ holderFile, machine }: LockOptions): Promise<Holder | undefined> {
  const holder = holderFile === undefined ? undefined : await readHolder(holderFile);
  return holder !== undefined && isHolderAlive(holder, machine) ? holder : undefined;
}

/** Whether a process of this machine that lives is named as the holder. */
async function isHeldHere(options: LockOptions): Promise<boolean> {
  return (await livingHolder(options))?.host === options.machine.host;
}

function heldBy(path: string, holder: Holder | undefined): HeldError {
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
