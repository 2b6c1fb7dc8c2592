import { journalStart, type JournalPosition } from './journal.ts';
import type { SessionLayout } from './layout.ts';
import { indexVersion, unitColumns } from './indexSchema.ts';
import { DatabaseSync } from './sqlite.ts';

/** A journalled range of a data file, with the lines that it has. */
export interface IndexedRange {
  readonly offset: number;
  readonly bytes: number;
  /** The line of the file that it begins with: from 0. */
  readonly firstLine: number;
  readonly lines: number;
  /** The journal line that names it. */
  readonly seq: number;
}

/** A unit's name as the index has it. */
export interface NamedUnit {
  readonly n: number;
  readonly key: string;
  readonly group: string;
}

/**
 * What a session's index says of one data file, read beside whoever writes it. It is open for one question only: the
 * index may be made anew at any moment.
 */
export class IndexedRanges {
  readonly #database: DatabaseSync;
  readonly #file: number;

  private constructor(database: DatabaseSync, file: number) {
    this.#database = database;
    this.#file = file;
  }

  /**
   * Answers a question by the index.
   *
   * @param file as journals name it.
   * @returns undefined where there is no sound index of this version, or it does not know the file.
   */
  static ask<T>(
    layout: SessionLayout,
    file: string,
    question: (index: IndexedRanges) => T,
  ): T | undefined {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(layout.index, { readOnly: true, timeout: 2000 });
      const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
      if (version !== indexVersion) return undefined;
      const id = database.prepare('SELECT id FROM names WHERE name = ?').get(file)?.['id'];
      return typeof id === 'number' ? question(new IndexedRanges(database, id)) : undefined;
    } catch {
      // Whatever is wrong with it: the index is derived, and the file and the journal have it all.
      return undefined;
    } finally {
      database?.close();
    }
  }

  /** How far the ranges go without a hole, from the file's first byte on; undefined where there is a hole. */
  extent(): { bytes: number; lines: number } | undefined {
    const row = this.#database
      .prepare(
        'SELECT total(bytes) AS bytes, total(lines) AS lines, max(offset + bytes) AS end FROM ranges WHERE file = ?',
      )
      .get(this.#file);
    const bytes = Number(row?.['bytes'] ?? 0);
    return bytes === Number(row?.['end'] ?? 0)
      ? { bytes, lines: Number(row?.['lines']) }
      : undefined;
  }

  /** The range that a byte of the file is in. */
  atOffset(offset: number): IndexedRange | undefined {
    const range = this.#before(offset);
    return range !== undefined && offset < range.offset + range.bytes ? range : undefined;
  }

  /**
   * The range that a line of the file is in, of a file without holes.
   *
   * @param bytes where the ranges end, see {@link extent}.
   */
  atLine(line: number, bytes: number): IndexedRange | undefined {
    // Lines have no index of their own, and their order is that of the offsets.
    let low = 0;
    let high = bytes;
    while (low < high) {
      const range = this.#before(Math.floor((low + high) / 2));
      if (range === undefined) return undefined;
      if (line < range.firstLine) high = range.offset;
      else if (line >= range.firstLine + range.lines) low = range.offset + range.bytes;
      else return range;
    }
    return undefined;
  }

  /** How far into the journal the index has got. */
  position(): JournalPosition {
    const row = this.#database.prepare('SELECT seq, start, end, sum FROM meta').get();
    return row === undefined ? journalStart : (row as unknown as JournalPosition);
  }

  /** A unit by its number. */
  unit(n: number): NamedUnit | undefined {
    const row = this.#database.prepare(`${unitColumns} WHERE u.n = ?`).get(n);
    return row && { n, key: String(row['key']), group: String(row['grp_name']) };
  }

  /** The last range that begins at an offset or before. */
  #before(offset: number): IndexedRange | undefined {
    const row = this.#database
      .prepare(
        'SELECT offset, bytes, first_line, lines, seq FROM ranges WHERE file = ? AND offset <= ? ORDER BY offset DESC LIMIT 1',
      )
      .get(this.#file, offset);
    return (
      row && {
        offset: Number(row['offset']),
        bytes: Number(row['bytes']),
        firstLine: Number(row['first_line']),
        lines: Number(row['lines']),
        seq: Number(row['seq']),
      }
    );
  }
}
