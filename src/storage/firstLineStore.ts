import { DatabaseSync, type StatementSync } from './sqlite.ts';

/** Keys with the line that had them first, on disk: for the millions that do not fit into memory. Gone when closed. */
export class FirstLineStore {
  readonly #database: DatabaseSync;
  readonly #add: StatementSync;
  readonly #find: StatementSync;

  constructor() {
    // A database without a name is a temporary file that SQLite removes.
    this.#database = new DatabaseSync('');
    this.#database.exec(
      'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;' +
        'CREATE TABLE keys (key BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID; BEGIN;',
    );
    this.#add = this.#database.prepare('INSERT OR IGNORE INTO keys (key, line) VALUES (?, ?)');
    this.#find = this.#database.prepare('SELECT line FROM keys WHERE key = ?');
  }

  /** Adds a key; the line that had it before, or 0 when it is new. */
  add(key: Uint8Array, line: number): number {
    if (Number(this.#add.run(key, line).changes) > 0) return 0;
    return Number(this.#find.get(key)?.['line'] ?? 0);
  }

  close(): void {
    this.#database.close();
  }
}
