import type { JournalEvent } from '../core/events.ts';
import type { JournalEntry } from '../core/view.ts';
import { DataFile } from './dataFile.ts';
import type { FileSystem } from './fileSystem.ts';
import { encodeLine, noSum, splitIntoLines } from './journalLine.ts';

/** A place in the journal: the last line that is in, where it ends, and its sum. */
export interface JournalPosition {
  readonly seq: number;
  /** Offset of the first byte of that line. */
  readonly start: number;
  /** Offset of the byte after its newline. */
  readonly end: number;
  readonly sum: string;
}

/** Before the first line. */
export const journalStart: JournalPosition = { seq: -1, start: 0, end: 0, sum: noSum };

/** A line that is on its way into the journal, or in it. */
export interface PlacedEntry extends JournalEntry {
  readonly position: JournalPosition;
}

/** The session's commit log: appended to, one commit after the other. */
export class Journal {
  readonly #file: DataFile;
  #position: JournalPosition;

  private constructor(file: DataFile, position: JournalPosition) {
    this.#file = file;
    this.#position = position;
  }

  static async create(fileSystem: FileSystem, path: string, isSynced: boolean): Promise<Journal> {
    return new Journal(await DataFile.create(fileSystem, path, isSynced), journalStart);
  }

  /** @throws FaultError when the file does not end at the position. */
  static async open(
    fileSystem: FileSystem,
    path: string,
    position: JournalPosition,
    isSynced: boolean,
  ): Promise<Journal> {
    return new Journal(await DataFile.open(fileSystem, path, position.end, isSynced), position);
  }

  get position(): JournalPosition {
    return this.#position;
  }

  /**
   * Appends a commit's events and makes them durable.
   *
   * @param after what must have happened before the first byte is written. The lines are made meanwhile.
   * @returns the lines that are now in the journal.
   * @throws FaultError when the disk does not confirm; Node's error when the write fails: then {@link rollBack}.
   */
  async append(
    events: readonly JournalEvent[],
    at: string,
    after?: Promise<unknown>,
  ): Promise<readonly PlacedEntry[]> {
    const entries: PlacedEntry[] = [];
    const lines: Buffer[] = [];
    let position = this.#position;
    for (const lineEvents of splitIntoLines(events)) {
      const entry: JournalEntry = { seq: position.seq + 1, at, events: lineEvents };
      const { bytes, sum } = encodeLine(entry, position.sum);
      const end = position.end + bytes.length;
      position = { seq: entry.seq, start: position.end, end, sum };
      entries.push({ ...entry, position });
      lines.push(bytes);
    }
    await after;
    await this.#file.append(lines.length === 1 && lines[0] ? lines[0] : Buffer.concat(lines));
    await this.#file.sync();
    this.#file.commit();
    this.#position = position;
    return entries;
  }

  /** Looks whether the file is still ours, see {@link DataFile.check}. @throws FaultError when it is not. */
  check(): Promise<void> {
    return this.#file.check();
  }

  /** Cuts what a failed append left. */
  rollBack(): Promise<void> {
    return this.#file.rollBack();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
