import { hash } from 'node:crypto';
import type { CommittedRange } from '../core/events.ts';
import { BulkInsert } from './bulkInsert.ts';
import type { DatabaseSync, StatementSync } from './sqlite.ts';

export const rangeSchema = `
CREATE TABLE ranges (file INTEGER, offset INTEGER, bytes INTEGER, first_line INTEGER, lines INTEGER, seq INTEGER, PRIMARY KEY (file, offset)) WITHOUT ROWID;
CREATE TABLE data_files (file INTEGER PRIMARY KEY, chain TEXT);
`;

/** The running hash of a file of which nothing is journalled. */
export const noChain = '0'.repeat(64);

/** What of a range goes into a file's running hash. */
type ChainedRange = Pick<CommittedRange, 'offset' | 'bytes' | 'sha256'>;

/**
 * A data file's running hash after one more journalled range: sha256, hex, of the text
 * `{running hash before} {offset} {bytes} {sha256 of the range}`. It starts with 64 zeros, follows from the journal alone,
 * and two sessions that agree in it agree in every range of the file and in their order.
 */
function nextChain(before: string, { offset, bytes, sha256 }: ChainedRange): string {
  return hash('sha256', `${before} ${offset} ${bytes} ${sha256}`);
}

/** What is known of a file in the index. */
interface IndexedFile {
  /** Lines of all ranges: where the next one begins. */
  lines: number;
  chain: string;
}

/** The journalled ranges of the data files, and the files' running hashes. Files are numbers here, as in all tables. */
export class RangeTable {
  readonly #insert: BulkInsert;
  readonly #cut: StatementSync;
  readonly #last: StatementSync;
  readonly #setChain: StatementSync;
  readonly #chainOf: StatementSync;
  readonly #files = new Map<number, IndexedFile>();
  readonly #dirty = new Set<number>();

  constructor(database: DatabaseSync) {
    const into = 'INSERT OR REPLACE INTO ranges (file, offset, bytes, first_line, lines, seq)';
    this.#insert = new BulkInsert(database, into, 6);
    this.#cut = database.prepare('DELETE FROM ranges WHERE file = ? AND offset >= ?');
    this.#last = database.prepare(
      'SELECT first_line + lines AS lines FROM ranges WHERE file = ? ORDER BY offset DESC LIMIT 1',
    );
    this.#chainOf = database.prepare('SELECT chain FROM data_files WHERE file = ?');
    this.#setChain = database.prepare(
      'INSERT INTO data_files (file, chain) VALUES (?, ?) ON CONFLICT (file) DO UPDATE SET chain = excluded.chain',
    );
  }

  add(id: number, range: ChainedRange, lines: number, seq: number): void {
    const file = this.#file(id);
    this.#insert.add(id, range.offset, range.bytes, file.lines, lines, seq);
    file.lines += lines;
    file.chain = nextChain(file.chain, range);
    this.#dirty.add(id);
  }

  /** Nothing of the file is there from an offset on. The running hash stays: it is of what was journalled. */
  cut(id: number, offset: number): void {
    this.flush();
    this.#cut.run(id, offset);
    this.#files.delete(id);
  }

  flush(): void {
    this.#insert.flush();
    for (const id of this.#dirty) this.#setChain.run(id, this.#file(id).chain);
    this.#dirty.clear();
  }

  /** The file's running hash now. */
  chain(id: number): string {
    return this.#file(id).chain;
  }

  #file(id: number): IndexedFile {
    let file = this.#files.get(id);
    if (file === undefined) {
      const chain = this.#chainOf.get(id)?.['chain'];
      file = {
        lines: Number(this.#last.get(id)?.['lines'] ?? 0),
        chain: typeof chain === 'string' ? chain : noChain,
      };
      this.#files.set(id, file);
    }
    return file;
  }
}
