import type { HostHealth, RequeueSinceEvent, UnitError } from '../core/events.ts';
import { parseJson, type JsonObject, type JsonValue } from '../core/json.ts';
import { unpackFingerprints, type Fingerprint } from '../core/keys.ts';
import { unitStates, type Unit, type UnitState } from '../core/unit.ts';
import type { IndexNames } from './indexNames.ts';
import {
  movedSince,
  recordKeys,
  stateNumber,
  unitColumns,
  unitKeys,
  type IndexStatements,
} from './indexSchema.ts';
import { nobody } from './replayKeys.ts';
import type { DatabaseSync } from './sqlite.ts';

/** Lines of a group: in a range of a data file, `lines` of them after the first `skip` ones. */
export interface GroupLines {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly skip: number;
  readonly lines: number;
}

/** A unit as the index has it. */
export interface IndexedUnit extends Unit {
  readonly state: UnitState;
  readonly attempts: number;
  readonly cursor: JsonValue | undefined;
  readonly openDuplicates: number;
  readonly error: UnitError | undefined;
}

/** A unit that failed, and of what. */
export type FailedUnit = Pick<IndexedUnit, 'n' | 'lane' | 'error'>;

/** What can be asked of an index, whoever fills it. */
export class IndexQueries {
  readonly #database: DatabaseSync;
  readonly #statements: IndexStatements;
  readonly #names: IndexNames;

  constructor(database: DatabaseSync, statements: IndexStatements, names: IndexNames) {
    this.#database = database;
    this.#statements = statements;
    this.#names = names;
  }

  /** Pending units of a lane after a number, in order. */
  pendingUnits(lane: string, after: number, limit: number): IndexedUnit[] {
    const id = this.#names.find(lane);
    if (id === undefined) return [];
    return this.#statements.pending.all(id, after, limit).map(toUnit);
  }

  /** How many units wait, by lane. */
  pendingByLane(): { lane: string; count: number }[] {
    const rows = this.#database
      .prepare(
        'SELECT m.name AS lane, count(*) AS count FROM pending p JOIN names m ON m.id = p.lane GROUP BY p.lane ORDER BY min(p.n)',
      )
      .all();
    return rows.map((row) => ({ lane: String(row['lane']), count: Number(row['count']) }));
  }

  /** How many units are done, by lane. Counts all of them: not for every day. */
  doneByLane(): Map<string, number> {
    const rows = this.#database
      .prepare(
        `SELECT m.name AS lane, count(*) AS count FROM unit_states u JOIN names m ON m.id = u.lane WHERE u.state = ${stateNumber.done} GROUP BY u.lane`,
      )
      .all();
    return new Map(rows.map((row) => [String(row['lane']), Number(row['count'])]));
  }

  /** Units in a state, in order of their numbers. */
  unitsInState(state: UnitState, offset = 0, limit = -1): IndexedUnit[] {
    // The state stands in the text, not as a parameter, so that the partial index is used.
    const numbers =
      state === 'pending'
        ? 'SELECT n FROM pending'
        : `SELECT n FROM progress WHERE state = ${stateNumber[state]}`;
    const sql = `${unitColumns} WHERE u.n IN (${numbers} ORDER BY n LIMIT ? OFFSET ?) ORDER BY u.n`;
    return this.#database.prepare(sql).all(limit, offset).map(toUnit);
  }

  /** Units that failed, in the order in which they did, without what only carrying them out needs. */
  *failures(): Generator<FailedUnit> {
    const sql = `SELECT u.n, l.name AS lane, u.error FROM unit_states u JOIN names l ON l.id = u.lane
      WHERE u.n IN (SELECT n FROM progress WHERE state = ${stateNumber.failed}) ORDER BY u.moved, u.n`;
    for (const row of this.#database.prepare(sql).iterate()) {
      const error = row['error'];
      yield {
        n: Number(row['n']),
        lane: String(row['lane']),
        error: typeof error === 'string' ? (JSON.parse(error) as UnitError) : undefined,
      };
    }
  }

  /** A unit by its number; undefined when there is none. */
  unit(n: number): IndexedUnit | undefined {
    const row = this.#database.prepare(`${unitColumns} WHERE u.n = ?`).get(n);
    return row === undefined ? undefined : toUnit(row);
  }

  /** Pending units with calls that cost money, in order of their numbers. */
  pendingPaidUnits(): number[] {
    const sql =
      'SELECT DISTINCT unit FROM intents WHERE unit IN (SELECT n FROM pending) ORDER BY unit';
    return this.#database
      .prepare(sql)
      .all()
      .map((row) => Number(row['unit']));
  }

  /** How many pending units go on in their middle. */
  pendingAtCursor(): number {
    const sql =
      'SELECT count(*) AS count FROM pending q JOIN progress p ON p.n = q.n WHERE p.cursor IS NOT NULL';
    return Number(this.#database.prepare(sql).get()?.['count'] ?? 0);
  }

  /** How many units are in each state, counted from the units themselves. */
  unitCounts(): Record<UnitState, number> {
    const counts = Object.fromEntries(unitStates.map((s) => [s, 0])) as Record<UnitState, number>;
    for (const { state, count } of countUnits(this.#database)) counts[state] += count;
    return counts;
  }

  /** The state of a unit; undefined when it is not known. */
  stateOf(n: number): UnitState | undefined {
    const row = this.#database.prepare('SELECT state FROM unit_states WHERE n = ?').get(n);
    return row === undefined ? undefined : unitStates[Number(row['state'])];
  }

  /** Units of free work that moved on after a journal line, by state: what taking a session up from there gives back. */
  unitsMovedSince(seq: number): RequeueSinceEvent['from'] {
    const counts = { pending: 0, done: 0, failed: 0, skipped: 0, blocked: 0 };
    for (const { state, count } of countUnits(this.#database, movedSince, seq)) {
      if (state !== 'in_progress') counts[state] += count;
    }
    return counts;
  }

  /** Keys of lines that units committed since their cursors last moved: they will bring them again. */
  *openKeys(): Generator<{ unit: number; keys: Fingerprint[] }> {
    const sql = `SELECT unit, keys FROM open_keys UNION ALL SELECT ${nobody}, key FROM adopted_keys`;
    for (const row of this.#database.prepare(sql).iterate()) {
      const keys = Buffer.from(row['keys'] as Uint8Array).toString('base64');
      yield { unit: Number(row['unit']), keys: unpackFingerprints(keys) };
    }
  }

  /** Parts of data files that lie before a journalled range and in none. */
  holes(): { file: string; offset: number; bytes: number }[] {
    const holes: { file: string; offset: number; bytes: number }[] = [];
    const ends = new Map<string, number>();
    for (const row of this.#statements.allRanges.iterate()) {
      const file = String(row['name']);
      const offset = Number(row['offset']);
      const end = ends.get(file) ?? 0;
      if (offset > end) holes.push({ file, offset: end, bytes: offset - end });
      ends.set(file, Math.max(end, offset + Number(row['bytes'])));
    }
    return holes;
  }

  /** How hosts were doing at the last checkpoint. */
  lastHealth(): HostHealth[] {
    const row = this.#database
      .prepare('SELECT health FROM checkpoints ORDER BY seq DESC LIMIT 1')
      .get();
    return row === undefined ? [] : (JSON.parse(String(row['health'])) as HostHealth[]);
  }

  /** Ids of the checkpoints that the journal names, the newest first. */
  *newestCheckpoints(): Generator<string> {
    const rows = this.#database.prepare('SELECT id FROM checkpoints ORDER BY seq DESC');
    for (const row of rows.iterate()) yield String(row['id']);
  }

  /** Where the records of a group are. Of groups with more than {@link maxListed} records only the first ones. */
  groupLines(group: string): GroupLines[] {
    const id = this.#names.find(group);
    if (id === undefined) return [];
    return this.#statements.groupLines.all(id).map((row) => ({
      file: String(row['name']),
      offset: Number(row['offset']),
      bytes: Number(row['bytes']),
      skip: Number(row['skip']),
      lines: Number(row['lines']),
    }));
  }

  /** Every record key, as blocks of bytes. */
  *recordKeyBlocks(): Generator<Uint8Array> {
    yield* this.#keyBlocks(recordKeys);
  }

  /** Every unit key, as blocks of bytes. */
  *unitKeyBlocks(): Generator<Uint8Array> {
    yield* this.#keyBlocks(unitKeys);
  }

  *#keyBlocks(kind: number): Generator<Uint8Array> {
    const rows = this.#database.prepare('SELECT keys FROM key_blocks WHERE kind = ? ORDER BY id');
    for (const row of rows.iterate(kind)) yield row['keys'] as Uint8Array;
  }
}

/** How many units are in each state, by group. @param where of `unit_states`, which is called `u`. */
export function* countUnits(
  database: DatabaseSync,
  where = '1',
  ...values: number[]
): Generator<{ group: string; state: UnitState; count: number }> {
  const rows = database.prepare(
    `SELECT g.name AS grp, u.state, count(*) AS count FROM unit_states u JOIN names g ON g.id = u.grp WHERE ${where} GROUP BY u.grp, u.state`,
  );
  for (const row of rows.iterate(...values)) {
    const state = unitStates[Number(row['state'])] ?? 'pending';
    yield { group: String(row['grp']), state, count: Number(row['count']) };
  }
}

function toUnit(row: Row): IndexedUnit {
  const error = row['error'];
  const cursor = row['cursor'];
  const input = row['input'];
  return {
    n: Number(row['n']),
    key: String(row['key']),
    lane: String(row['lane_name']),
    group: String(row['grp_name']),
    input: typeof input === 'string' ? (parseJson(input) as JsonObject) : {},
    state: unitStates[Number(row['state'])] ?? 'pending',
    attempts: Number(row['attempts']),
    cursor: typeof cursor === 'string' ? parseJson(cursor) : undefined,
    openDuplicates: Number(row['open_duplicates']),
    error: typeof error === 'string' ? (JSON.parse(error) as UnitError) : undefined,
  };
}

type Row = Record<string, unknown>;
