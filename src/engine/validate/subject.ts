import type { JobContext } from '../../core/job.ts';
import type { Clock } from '../../core/ports.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { readLines, type RawLine } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { isHolderAlive, readHolder } from '../../storage/lock.ts';
import type { Machine } from '../../storage/machine.ts';
import type { Progress } from './progress.ts';

/** What every check is given. */
export interface Tools {
  readonly fileSystem: FileSystem;
  readonly machine: Machine;
  readonly clock: Clock;
  /** Who takes a session's lock to mend its index. */
  readonly via: 'cli' | 'window';
  readonly signal: JobContext['signal'];
  readonly progress: Progress;
}

/** A session under examination: its files as they were when it began. What is written meanwhile is not looked at. */
export class SessionSubject {
  readonly layout: SessionLayout;
  readonly tools: Tools;
  /** Somebody carries it out now. */
  readonly isHeld: boolean;
  #journalBytes = 0;

  private constructor(layout: SessionLayout, tools: Tools, isHeld: boolean) {
    this.layout = layout;
    this.tools = tools;
    this.isHeld = isHeld;
  }

  static async of(layout: SessionLayout, tools: Tools): Promise<SessionSubject> {
    return new SessionSubject(layout, tools, await isBeingCarriedOut(layout, tools.machine));
  }

  /** Bytes of the journal that are looked at. */
  get journalBytes(): number {
    return this.#journalBytes;
  }

  /** What the journal has now is looked at, and no more. What is derived from it was read before: the journal has all of it. */
  async fixJournalEnd(): Promise<void> {
    const { fileSystem } = this.tools;
    this.#journalBytes = (await fileSystem.status(this.layout.journal))?.size ?? 0;
  }

  /** Whether somebody has taken the session up since: then what was found may be what he was changing. */
  async hasChanged(): Promise<boolean> {
    if (this.isHeld) return false;
    const { layout, tools } = this;
    if (await isBeingCarriedOut(layout, tools.machine)) return true;
    return (await tools.fileSystem.status(layout.journal))?.size !== this.journalBytes;
  }

  /** The journal's lines, up to where it ended at the beginning. @throws when it is cancelled. */
  async *journalLines(): AsyncGenerator<RawLine, void, void> {
    const { fileSystem, signal } = this.tools;
    for await (const line of readLines(fileSystem, this.layout.journal, 0)) {
      signal.throwIfAborted();
      const end = line.offset + line.bytes.length + (line.isWhole ? 1 : 0);
      if (end > this.journalBytes) return;
      yield line;
    }
  }
}

async function isBeingCarriedOut(layout: SessionLayout, machine: Machine): Promise<boolean> {
  const holder = await readHolder(layout.holder);
  return holder !== undefined && isHolderAlive(holder, machine);
}
