import type { DatabaseSync, StatementSync } from './sqlite.ts';

/** What SQLite stores in a column. */
export type SqlValue = number | string | null | Uint8Array;

const rowsTogether = 64;

/** Rows that are put in many at a time: half the price of one statement for each. */
export class BulkInsert {
  readonly #database: DatabaseSync;
  readonly #into: string;
  readonly #columns: number;
  readonly #full: number;
  // Made on first use: an index that is only read needs neither.
  #many: StatementSync | undefined;
  #one: StatementSync | undefined;
  /** Of one length from the start: one that grows and shrinks costs as much as the rows themselves. */
  readonly #values: SqlValue[];
  #count = 0;

  /** @param into the statement up to its columns: `INSERT INTO units (n, key)`. */
  constructor(database: DatabaseSync, into: string, columns: number) {
    this.#database = database;
    this.#into = into;
    this.#columns = columns;
    this.#full = columns * rowsTogether;
    this.#values = new Array<SqlValue>(this.#full).fill(null);
  }

  /** Takes a row in; it is in the table after {@link flush} at the latest. */
  add(...row: SqlValue[]): void {
    for (let column = 0; column < this.#columns; column++) {
      this.#values[this.#count++] = row[column] ?? null;
    }
    if (this.#count < this.#full) return;
    this.#many ??= this.#prepare(rowsTogether);
    this.#many.run(...this.#values);
    this.#count = 0;
  }

  flush(): void {
    for (let at = 0; at < this.#count; at += this.#columns) {
      this.#one ??= this.#prepare(1);
      this.#one.run(...this.#values.slice(at, at + this.#columns));
    }
    this.#count = 0;
  }

  #prepare(rows: number): StatementSync {
    const row = `(${Array.from({ length: this.#columns }, () => '?').join(', ')})`;
    const all = Array.from({ length: rows }, () => row).join(', ');
    return this.#database.prepare(`${this.#into} VALUES ${all}`);
  }
}
