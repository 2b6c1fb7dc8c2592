import { setImmediate } from 'node:timers/promises';
import { HeldError, messageOf } from '../../core/errors.ts';
import type { SessionView } from '../../core/view.ts';
import type { GroupTable } from '../../storage/groupTable.ts';
import type { JournalPosition, PlacedEntry } from '../../storage/journal.ts';
import { rebuildIndex } from '../../storage/indexRebuild.ts';
import { FileLock } from '../../storage/lock.ts';
import { SessionIndex } from '../../storage/sessionIndex.ts';
import type { Findings } from './findings.ts';
import type { SessionSubject } from './subject.ts';

const entriesPerApply = 2000;
/** Lines with many keys are long: so many bytes of them are held at most. */
const bytesPerApply = 8 * 1024 * 1024;

/** A session's index against one that is made of its journal, line by line, as far as the session's has got. */
export class IndexCheck {
  readonly #subject: SessionSubject;
  readonly #findings: Findings;
  /** undefined when there is none, or it can't be read. */
  readonly #actual: SessionIndex | undefined;
  readonly #replay: SessionIndex;
  #entries: PlacedEntry[] = [];
  #bytes = 0;
  #view: SessionView | undefined;
  #isCompared = false;
  #isReplaying = true;

  private constructor(
    subject: SessionSubject,
    findings: Findings,
    actual: SessionIndex | undefined,
  ) {
    this.#subject = subject;
    this.#findings = findings;
    this.#actual = actual;
    // A database without a name is a temporary file that goes when it is closed.
    this.#replay = SessionIndex.open('');
  }

  static async begin(subject: SessionSubject, findings: Findings): Promise<IndexCheck> {
    const { layout, tools } = subject;
    if ((await tools.fileSystem.status(layout.index)) === undefined) {
      findings.skip('index', 'there is none: it is made anew when the session is opened');
      return new IndexCheck(subject, findings, undefined);
    }
    let index: SessionIndex | undefined;
    try {
      index = SessionIndex.open(layout.index, { isReadOnly: true });
      if (!index.isSound(true)) throw new Error('SQLite finds its pages in disorder');
      return new IndexCheck(subject, findings, index);
    } catch (error) {
      index?.close();
      findings.checked('index');
      findings.add('index', 'error', 'INDEX_DAMAGED', { file: layout.index }, () => {
        return `The index can not be read: ${messageOf(error)}. ${indexAdvice}`;
      });
      return new IndexCheck(subject, findings, undefined);
    }
  }

  /** Takes the next good line of the journal. */
  async take(entry: PlacedEntry, view: SessionView): Promise<void> {
    if (!this.#isReplaying) return;
    this.#entries.push(entry);
    this.#bytes += entry.position.end - entry.position.start;
    this.#view = view;
    if (entry.seq === this.#actual?.position.seq) await this.#compare(this.#actual, entry.position);
    else if (this.#entries.length >= entriesPerApply || this.#bytes >= bytesPerApply) this.#apply();
  }

  /** Groups as they are after the last line that was taken; undefined when they are not known. */
  groups(): GroupTable | undefined {
    return this.#apply() ? this.#replay.groups : undefined;
  }

  /** After the last line. */
  end(): void {
    if (this.#actual === undefined || this.#isCompared) return;
    const { seq } = this.#actual.position;
    if (this.#hasGaps() || seq < 0) return;
    this.#findings.checked('index');
    this.#findings.add('index', 'error', 'INDEX_AHEAD', this.#place(), () => {
      return `The index goes up to line ${seq + 1} of the journal, which has no such line: lines were lost at its end. Put the journal back from a copy before you resume; the index still knows what they said.`;
    });
  }

  close(): void {
    this.#replay.close();
    this.#actual?.close();
  }

  async #compare(actual: SessionIndex, position: JournalPosition): Promise<void> {
    this.#isCompared = true;
    if (!this.#apply() || this.#hasGaps()) return;
    this.#findings.checked('index');
    if (actual.position.sum !== position.sum || actual.position.end !== position.end) {
      this.#findings.add('index', 'error', 'INDEX_OF_ANOTHER', this.#place(), () => {
        return `The index was made of another journal: its line ${position.seq + 1} is not this one's. ${indexAdvice}`;
      });
      return;
    }
    await this.#compareTables(actual);
    // Held no longer than it takes: while it is being read, its writer can not tidy up.
    actual.close();
  }

  async #compareTables(actual: SessionIndex): Promise<void> {
    try {
      const { signal } = this.#subject.tools;
      const differences = await actual.differencesFrom(this.#replay, async () => {
        // The thread has other sessions to serve.
        await setImmediate();
        signal.throwIfAborted();
      });
      for (const { table, rows, first } of differences) {
        this.#findings.add('index', 'error', 'INDEX_DIFFERS', this.#place(), () => {
          return `The index is not what the journal makes it: table ${table}, ${rows} ${rows === 1 ? 'row' : 'rows'}: ${first}. ${indexAdvice}`;
        });
      }
    } catch (error) {
      this.#subject.tools.signal.throwIfAborted();
      this.#findings.add('index', 'error', 'INDEX_DAMAGED', this.#place(), () => {
        return `The index can not be read: ${messageOf(error)}. ${indexAdvice}`;
      });
    }
  }

  /** Replays what was taken; false when that is not possible. */
  #apply(): boolean {
    const entries = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    if (entries.length === 0 || this.#view === undefined) return this.#isReplaying;
    try {
      this.#replay.apply(entries, this.#view);
    } catch (error) {
      this.#isReplaying = false;
      this.#findings.skip('index', `the journal could not be replayed: ${messageOf(error)}`);
    }
    return this.#isReplaying;
  }

  #hasGaps(): boolean {
    if (this.#findings.errorsOf('journal') === 0) return false;
    this.#findings.skip(
      'index',
      'the journal is damaged, and the index may know what its lost lines said',
    );
    return true;
  }

  #place(): { file: string } {
    return { file: this.#subject.layout.index };
  }
}

const indexAdvice = 'Run cf-collect validate --fix-index to make it anew from the journal.';

/** Makes the index anew, when nobody holds the session. */
export async function fixIndex(subject: SessionSubject, findings: Findings): Promise<void> {
  const { layout, tools } = subject;
  const place = { file: layout.index };
  if (findings.errorsOf('journal') > 0) {
    findings.add('index', 'warning', 'INDEX_KEPT', place, () => {
      return 'The journal is damaged, so the index was left as it is: it may know what the lost lines said. Resume the session instead.';
    });
    return;
  }
  let lock: FileLock;
  try {
    lock = await FileLock.acquire(layout.lock, { ...tools, waitMs: 0, holderFile: layout.holder });
  } catch (error) {
    if (!(error instanceof HeldError)) throw error;
    findings.add(
      'index',
      'warning',
      'INDEX_KEPT',
      place,
      `The index was left as it is. ${error.message}`,
    );
    return;
  }
  try {
    const { index, view } = await rebuildIndex(tools.fileSystem, layout);
    index.apply([], view, true);
    index.close();
    findings.mend('index', 'INDEX_REBUILT', place, 'The index was made anew from the journal.');
  } finally {
    await tools.fileSystem.remove(layout.holder);
    lock.release();
  }
}
