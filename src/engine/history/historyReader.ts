import type { SessionHistory } from '../../core/history.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { journalStart, type JournalPosition } from '../../storage/journal.ts';
import { hasLineAt, scanJournal } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { HistoryFold } from './historyFold.ts';

/** A fold, and up to where its journal is in it. */
interface Folded {
  readonly fold: HistoryFold;
  position: JournalPosition;
}

/** How many sessions' histories are kept to be gone on with. */
const maxKept = 16;

/** Reads how sessions went. What was read of a journal is remembered, so that asking again costs what is new. */
export class HistoryReader {
  readonly #fileSystem: FileSystem;
  /** By the journal's path, the one longest not asked for first. */
  readonly #folded = new Map<string, Folded>();
  #reading: Promise<unknown> = Promise.resolve();

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /**
   * A session's history, whoever carries it out. One is read at a time.
   *
   * @param lastSeq the last line that is durable, where that is known: lines after it are left out.
   */
  read(layout: SessionLayout, lastSeq = Infinity): Promise<SessionHistory> {
    const read = (): Promise<SessionHistory> => this.#read(layout.journal, lastSeq);
    const reading = this.#reading.then(read, read);
    this.#reading = reading;
    return reading;
  }

  async #read(journal: string, lastSeq: number): Promise<SessionHistory> {
    const folded = await this.#begun(journal);
    await scanJournal(this.#fileSystem, journal, folded.position, (entry) => {
      if (entry.seq > lastSeq) return;
      folded.fold.add(entry);
      folded.position = entry.position;
    });
    return folded.fold.result();
  }

  async #begun(journal: string): Promise<Folded> {
    const known = this.#folded.get(journal);
    this.#folded.delete(journal);
    const isGoingOn =
      known !== undefined && (await hasLineAt(this.#fileSystem, journal, known.position));
    const folded = isGoingOn ? known : { fold: new HistoryFold(), position: journalStart };
    this.#folded.set(journal, folded);
    const [oldest] = this.#folded.keys();
    if (this.#folded.size > maxKept && oldest !== undefined) this.#folded.delete(oldest);
    return folded;
  }
}
