import { canonicalJson, type JsonValue } from '../core/json.ts';
import type { DatabaseSync } from './sqlite.ts';

/** A table of an index that is not what the journal makes it. */
export interface IndexDifference {
  readonly table: string;
  /** Rows that differ, are missing, or should not be there. */
  readonly rows: number;
  /** The first of them, in words. */
  readonly first: string;
}

type Row = Record<string, unknown>;

const rowsBetweenPauses = 5000;
/** Columns that hold the number of a name: numbers are given in order of first use, names are what counts. */
const nameColumns = new Set([
  'units.lane',
  'units.grp',
  'pending.lane',
  'groups.name',
  'ranges.file',
  'data_files.file',
  'group_lines.grp',
  'group_lines.file',
]);
/** Said about the file and not about the journal. */
const ownColumns = new Set(['meta.is_clean', 'meta.version', 'names.id', 'key_blocks.id']);

/**
 * Compares two indexes table by table and row by row.
 *
 * @param pause called now and then; what it waits for may end the comparison by throwing.
 */
export async function compareIndexes(
  expected: DatabaseSync,
  actual: DatabaseSync,
  pause: () => Promise<void>,
): Promise<IndexDifference[]> {
  const differences: IndexDifference[] = [];
  for (const table of tablesOf(expected)) {
    const difference =
      table === 'key_blocks'
        ? await compareKeys(expected, actual, pause)
        : await compareTable(expected, actual, table, pause);
    if (difference !== undefined) differences.push({ table, ...difference });
  }
  return differences;
}

function tablesOf(database: DatabaseSync): string[] {
  const sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
  return database
    .prepare(sql)
    .all()
    .map((row) => String(row['name']));
}

/** The rows in the order of the primary key, or as they were put in where there is none. */
function selectOf(database: DatabaseSync, table: string): { sql: string; keys: string[] } {
  const columns = database.prepare(`PRAGMA table_info(${table})`).all() as unknown as {
    name: string;
    pk: number;
  }[];
  const own = columns.filter(({ name }) => !ownColumns.has(`${table}.${name}`));
  const expressions = own.map(({ name }) =>
    nameColumns.has(`${table}.${name}`)
      ? `(SELECT n.name FROM names n WHERE n.id = t.${name}) AS "${name}"`
      : `t."${name}"`,
  );
  const keys = own.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
  const order = keys.length > 0 ? keys.map(({ name }) => `"${name}"`).join(', ') : 't.rowid';
  const sql = `SELECT ${expressions.join(', ')} FROM ${table} t ORDER BY ${table === 'names' ? 't.name' : order}`;
  return { sql, keys: keys.map(({ name }) => name) };
}

async function compareTable(
  expected: DatabaseSync,
  actual: DatabaseSync,
  table: string,
  pause: () => Promise<void>,
): Promise<Omit<IndexDifference, 'table'> | undefined> {
  const { sql, keys } = selectOf(expected, table);
  const theirs = actual.prepare(sql).iterate() as Iterator<Row, unknown>;
  let rows = 0;
  let first: string | undefined;
  let seen = 0;
  for (const row of expected.prepare(sql).iterate() as Iterable<Row>) {
    const next = theirs.next();
    const other = next.done === true ? undefined : next.value;
    const what = differenceOf(row, other, keys);
    if (what !== undefined) {
      rows += 1;
      first ??= what;
    }
    if (++seen % rowsBetweenPauses === 0) await pause();
  }
  for (let next = theirs.next(); next.done !== true; next = theirs.next()) {
    rows += 1;
    first ??= `${nameOf(next.value, keys)} should not be there`;
    if (++seen % rowsBetweenPauses === 0) await pause();
  }
  return first === undefined ? undefined : { rows, first };
}

function differenceOf(
  row: Row,
  other: Row | undefined,
  keys: readonly string[],
): string | undefined {
  if (other === undefined) return `${nameOf(row, keys)} is missing`;
  for (const [column, value] of Object.entries(row)) {
    if (isSame(value, other[column])) continue;
    const who = keys.includes(column) ? 'a row' : nameOf(row, keys);
    return `${who}: ${column} is ${show(other[column])} and should be ${show(value)}`;
  }
  return undefined;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (typeof a !== 'string' || typeof b !== 'string' || !a.startsWith('{')) return false;
  // The order of the keys in a text of JSON says nothing.
  try {
    return canonicalJson(JSON.parse(a) as JsonValue) === canonicalJson(JSON.parse(b) as JsonValue);
  } catch {
    return false;
  }
}

function nameOf(row: Row, keys: readonly string[]): string {
  return keys.length === 0 ? 'a row' : keys.map((key) => `${key} ${show(row[key])}`).join(', ');
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Keys stand in blocks as they happened to be taken in: compared as one string of bytes for each kind. */
async function compareKeys(
  expected: DatabaseSync,
  actual: DatabaseSync,
  pause: () => Promise<void>,
): Promise<Omit<IndexDifference, 'table'> | undefined> {
  const kinds = [expected, actual].flatMap((database) =>
    database
      .prepare('SELECT DISTINCT kind FROM key_blocks')
      .all()
      .map((row) => Number(row['kind'])),
  );
  for (const kind of new Set(kinds)) {
    const mine = new KeyStream(expected, kind);
    const theirs = new KeyStream(actual, kind);
    for (let offset = 0; ;) {
      const a = mine.peek();
      const b = theirs.peek();
      if (a.length === 0 && b.length === 0) break;
      const length = Math.min(a.length, b.length);
      if (length === 0 || Buffer.compare(a.subarray(0, length), b.subarray(0, length)) !== 0) {
        return { rows: 1, first: `the keys of kind ${kind} differ from number ${offset / 16} on` };
      }
      mine.skip(length);
      theirs.skip(length);
      offset += length;
      await pause();
    }
  }
  return undefined;
}

/** The bytes of the key blocks of one kind, one after the other. */
class KeyStream {
  readonly #rows: Iterator<Row, unknown>;
  #rest: Uint8Array = Buffer.alloc(0);

  constructor(database: DatabaseSync, kind: number) {
    const sql = 'SELECT keys FROM key_blocks WHERE kind = ? ORDER BY id';
    this.#rows = database.prepare(sql).iterate(kind) as Iterator<Row, unknown>;
  }

  /** What comes next; empty at the end. */
  peek(): Uint8Array {
    while (this.#rest.length === 0) {
      const next = this.#rows.next();
      if (next.done === true) break;
      this.#rest = next.value['keys'] as Uint8Array;
    }
    return this.#rest;
  }

  skip(length: number): void {
    this.#rest = this.#rest.subarray(length);
  }
}
