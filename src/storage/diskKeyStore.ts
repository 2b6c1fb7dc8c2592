import { rmSync } from 'node:fs';
import type { Fingerprint } from '../core/keys.ts';
import type { KeyStore } from '../dedup/seenKeys.ts';
import { DatabaseSync, inTransaction, type StatementSync } from './sqlite.ts';

/** Keys on disk, exact: for the millions that do not fit into memory. Derived, made anew at each open. */
export class DiskKeyStore implements KeyStore {
  readonly #database: DatabaseSync;
  readonly #has: StatementSync;
  readonly #add: StatementSync;

  constructor(path: string) {
    // Made anew at each open, so nothing is lost when it is torn; one that a killed process tore can't be opened.
    rmSync(path, { force: true });
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;',
    );
    this.#database.exec('CREATE TABLE keys (key BLOB PRIMARY KEY) WITHOUT ROWID');
    this.#has = this.#database.prepare('SELECT 1 FROM keys WHERE key = ?');
    this.#add = this.#database.prepare('INSERT OR IGNORE INTO keys (key) VALUES (?)');
  }

  has(fingerprint: Fingerprint): boolean {
    return this.#has.get(Buffer.from(fingerprint, 'hex')) !== undefined;
  }

  addPacked(bytes: Uint8Array): void {
    inTransaction(this.#database, () => {
      for (let at = 0; at + 16 <= bytes.byteLength; at += 16)
        this.#add.run(bytes.subarray(at, at + 16));
    });
  }

  close(): void {
    this.#database.close();
  }
}
