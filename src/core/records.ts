import type { FileRole } from './events.ts';

/** What a record must be like to be shown. Upper and lower case are one, and so are a number and its text. */
export type RecordFilter =
  /** The text is somewhere in it. */
  | { readonly kind: 'text'; readonly text: string }
  /** The field (`author`, `author.name`) has the text in it, or is exactly it. */
  | { readonly kind: 'contains' | 'equals'; readonly field: string; readonly text: string };

/** A file of records as it is now. */
export interface RecordsStatus {
  /** Another one means another file, or other bytes in it: nothing that was read before holds. */
  readonly generation: string;
  readonly condition: 'ready' | 'missing' | 'unreadable';
  /** Why it can't be read; null where it can. */
  readonly problem: string | null;
  /** Bytes that are shown. */
  readonly bytes: number;
  /** Bytes of the file that are not: no commit has named them. */
  readonly uncommittedBytes: number;
  /** Bytes that the journal names and the file does not have. */
  readonly lackingBytes: number;
  /** Lines that are known to be there. */
  readonly records: number;
  /** Whether there are no others. */
  readonly isCounted: boolean;
  /** How far counting is. */
  readonly countedBytes: number;
  readonly search: SearchStatus | null;
  /** The session that the file belongs to; null of any other file. */
  readonly session: RecordsSession | null;
}

/** The session of a data file. */
export interface RecordsSession {
  readonly session: string;
  /** The collection's name. */
  readonly name: string;
  readonly role: FileRole;
}

/** How far looking for records is. */
export interface SearchStatus {
  readonly matches: number;
  readonly doneBytes: number;
  readonly isDone: boolean;
  /** There are more than are kept. */
  readonly isFull: boolean;
}

/** Some records. */
export interface RecordBlock {
  /** The one that it is of. */
  readonly generation: string;
  readonly rows: readonly RecordRow[];
}

/** One line of a file, short enough for a table. */
export interface RecordRow {
  /** Which line: from 0. */
  readonly record: number;
  /** Without the newline. */
  readonly bytes: number;
  /**
   * `object`: with cells. `value`: JSON of another kind. `bad`: no JSON. `blank`: nothing but blanks. `long`: too long to
   * be looked into here.
   */
  readonly kind: 'object' | 'value' | 'bad' | 'blank' | 'long';
  /** Its beginning, as it stands in the file. */
  readonly text: string;
  readonly cells: readonly RecordCell[];
}

/** A field of a record, short enough for a cell. */
export interface RecordCell {
  readonly field: string;
  readonly type: 'string' | 'number' | 'boolean' | 'null' | 'json';
  readonly text: string;
}

/** A record as it stands in the file. */
export interface RecordText {
  readonly generation: string;
  readonly record: number;
  /** Offset of its first byte in the file. */
  readonly offset: number;
  /** Without the newline. */
  readonly bytes: number;
  readonly text: string;
  /** The text is only its beginning. */
  readonly isCut: boolean;
  /** Why it is no JSON; null where it is, or is cut. */
  readonly problem: string | null;
}

/** Where a record comes from, as the journal says. */
export interface RecordOrigin {
  /** The journal line that made it durable. */
  readonly seq: number;
  /** When: ISO time, UTC. */
  readonly at: string;
  /** `adopted`: it was found after a crash, and kept. */
  readonly by: 'commit' | 'adopted';
  /** The unit that brought it; null of one that was adopted and was not brought again. */
  readonly unit: { readonly n: number; readonly key: string; readonly group: string } | null;
}
