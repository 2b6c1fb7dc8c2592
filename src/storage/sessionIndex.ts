import { emptyView, type SessionView } from '../core/view.ts';
import type { GroupTable } from './groupTable.ts';
import { compareIndexes, type IndexDifference } from './indexComparison.ts';
import { IndexFold } from './indexFold.ts';
import { IndexNames } from './indexNames.ts';
import { IndexQueries } from './indexQueries.ts';
import {
  everydayPragmas,
  indexSchema,
  indexVersion,
  prepareStatements,
  type IndexStatements,
} from './indexSchema.ts';
import { journalStart, type JournalPosition, type PlacedEntry } from './journal.ts';
import { DatabaseSync, inTransaction } from './sqlite.ts';
import { unitIndexes } from './unitTable.ts';

/**
 * An SQLite file that answers questions about the journal fast. It holds nothing that the journal does not: it may lag,
 * be damaged or be deleted, and is caught up or rebuilt.
 */
export class SessionIndex extends IndexQueries {
  readonly #database: DatabaseSync;
  readonly #statements: IndexStatements;
  readonly #fold: IndexFold;
  #position: JournalPosition;
  #commitStart: number;
  /** Time of the last line: all lines of a commit have the same. */
  #lastAt: string;
  #view: SessionView;

  private constructor(database: DatabaseSync, isBuilding = false) {
    const statements = prepareStatements(database);
    const names = new IndexNames(database);
    super(database, statements, names);
    this.#database = database;
    this.#statements = statements;
    this.#fold = new IndexFold(database, statements, names, isBuilding);
    const meta = database
      .prepare('SELECT seq, start, end, sum, commit_start, view FROM meta')
      .get() as (JournalPosition & { commit_start: number; view: string }) | undefined;
    this.#position = meta ?? journalStart;
    this.#view = meta === undefined ? emptyView : (JSON.parse(meta.view) as SessionView);
    this.#commitStart = meta?.commit_start ?? 0;
    this.#lastAt = this.#view.lastEventAt;
  }

  /** Opens the index, making an empty one where there is none. @throws when the file is no index of this version. */
  static open(path: string, options: { isReadOnly?: boolean } = {}): SessionIndex {
    const isReadOnly = options.isReadOnly ?? false;
    const database = new DatabaseSync(path, { readOnly: isReadOnly, timeout: 2000 });
    try {
      if (!isReadOnly) {
        database.exec(everydayPragmas);
        const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
          user_version: number;
        };
        if (version === 0) {
          inTransaction(database, () => {
            database.exec(indexSchema + unitIndexes);
            database.exec(`PRAGMA user_version = ${indexVersion}`);
          });
        }
      }
      const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
        user_version: number;
      };
      if (version !== indexVersion) throw new Error(`index version ${version}`);
      // What is only read is all of one moment, also while another process writes.
      if (isReadOnly) database.exec('BEGIN');
      return new SessionIndex(database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /**
   * A new index that is to be filled with a whole journal, line by line, by {@link SessionIndex.build}. Fast because
   * nothing of it is safe before {@link SessionIndex.finishBuilding}: a file that is left before is no index.
   *
   * @param path where there is nothing.
   */
  static begin(path: string): SessionIndex {
    const database = new DatabaseSync(path);
    try {
      database.exec(
        'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;',
      );
      database.exec(indexSchema);
      database.exec('BEGIN');
      return new SessionIndex(database, true);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Takes a line into an index that was begun. */
  build(entry: PlacedEntry): void {
    this.#take(entry);
    this.#position = entry.position;
    this.#fold.ease();
  }

  /** Makes an index of what was begun. @param view the fold up to and including the last line. */
  finishBuilding(view: SessionView): void {
    this.#fold.finishBuilding();
    this.#database.exec(unitIndexes);
    this.#setWatermark(view, false);
    this.#database.exec('COMMIT');
    // After everything else is in the file: until then it is of no version.
    this.#database.exec(`PRAGMA user_version = ${indexVersion}`);
    this.#database.exec(everydayPragmas);
    this.#fold.groups.takeEnded();
  }

  /** What is known of each group of units. */
  get groups(): GroupTable {
    return this.#fold.groups;
  }

  /** How far into the journal the index has got. */
  get position(): JournalPosition {
    return this.#position;
  }

  /** Where the commit that the last line belongs to begins. */
  get commitStart(): number {
    return this.#commitStart;
  }

  /** The view at {@link position}. */
  get view(): SessionView {
    return this.#view;
  }

  /**
   * Whether the file's own structure is sound: asked after an unclean end.
   *
   * @param isThorough also whether SQLite's own indexes have every row: reads all of it.
   */
  isSound(isThorough = false): boolean {
    const check = isThorough ? 'integrity_check' : 'quick_check';
    const row = this.#database.prepare(`PRAGMA ${check}(1)`).get();
    return row?.[check] === 'ok';
  }

  /** Whether the index was closed in order. */
  get wasClosedCleanly(): boolean {
    const row = this.#database.prepare('SELECT is_clean FROM meta').get();
    return row === undefined || row['is_clean'] === 1;
  }

  /**
   * Takes in journal lines, in one transaction with the watermark.
   *
   * @param view the fold up to and including the last of them.
   * @returns groups that have nothing left to do since.
   */
  apply(entries: readonly PlacedEntry[], view: SessionView, isClean = false): string[] {
    const before = this.#position;
    this.#position = entries.at(-1)?.position ?? before;
    try {
      inTransaction(this.#database, () => {
        for (const entry of entries) this.#take(entry);
        this.#fold.flush();
        this.#setWatermark(view, isClean);
      });
    } catch (error) {
      this.#position = before;
      throw error;
    }
    return this.#fold.groups.takeEnded();
  }

  /** The running hash of a data file, see `nextChain`. */
  chain(file: string): string {
    return this.#fold.chain(file);
  }

  /**
   * Where this index is not what another is: table by table.
   *
   * @param pause called now and then; what it waits for may end the comparison by throwing.
   */
  differencesFrom(expected: SessionIndex, pause: () => Promise<void>): Promise<IndexDifference[]> {
    return compareIndexes(expected.#database, this.#database, pause);
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #take(entry: PlacedEntry): void {
    if (entry.at !== this.#lastAt) this.#commitStart = entry.position.start;
    this.#lastAt = entry.at;
    this.#fold.take(entry);
  }

  #setWatermark(view: SessionView, isClean: boolean): void {
    const { seq, start, end, sum } = this.#position;
    const text = JSON.stringify(view);
    this.#statements.setMeta.run(
      indexVersion,
      seq,
      start,
      end,
      sum,
      this.#commitStart,
      text,
      isClean ? 1 : 0,
    );
    this.#view = view;
  }
}
