import { BulkInsert } from './bulkInsert.ts';
import type { DatabaseSync, StatementSync } from './sqlite.ts';

/** The numbers that stand for the states in the index, and that {@link unitSchema} is written with. */
const pending = 0;
const inProgress = 1;
const failed = 3;

/**
 * What a unit is, written once (`units`); where it stands, once it was touched (`progress`); and who waits (`pending`).
 * `unit_states` is both together, for questions that look at all of them.
 */
export const unitSchema = `
CREATE TABLE units (n INTEGER PRIMARY KEY, key TEXT, lane INTEGER, grp INTEGER, input TEXT);
CREATE TABLE progress (n INTEGER PRIMARY KEY, state INTEGER, attempts INTEGER DEFAULT 0, moved INTEGER,
  open_duplicates INTEGER DEFAULT 0, cursor TEXT, error TEXT);
CREATE TABLE pending (lane INTEGER, n INTEGER, PRIMARY KEY (lane, n)) WITHOUT ROWID;
CREATE VIEW unit_states AS SELECT u.n, u.key, u.lane, u.grp, u.input, ifnull(p.state, ${pending}) AS state,
  ifnull(p.attempts, 0) AS attempts, p.moved, ifnull(p.open_duplicates, 0) AS open_duplicates, p.cursor, p.error
  FROM units u LEFT JOIN progress p ON p.n = u.n;
`;

/** Made last when an index is built: in a table that is being filled they cost more than all the rest. */
export const unitIndexes = `
CREATE INDEX progress_open ON progress (n) WHERE state = ${inProgress};
CREATE INDEX progress_failed ON progress (n) WHERE state = ${failed};
`;

/** A unit that something happened to. */
interface TouchedUnit {
  readonly n: number;
  readonly lane: number;
  readonly group: number;
  state: number;
  attempts: number;
  moved: number | null;
  openDuplicates: number;
  cursor: string | null;
  error: string | null;
  isChanged: boolean;
  /** Whether it stands in `pending`. */
  isListed: boolean;
}

/**
 * The units of an index. What happens to them is folded in memory and written together by {@link flush}, so a unit that
 * is found, claimed and finished within one batch costs two rows and no look-up.
 */
export class UnitTable {
  readonly #units: BulkInsert;
  readonly #done: BulkInsert;
  readonly #progress: BulkInsert;
  readonly #listed: BulkInsert;
  readonly #unlist: StatementSync;
  readonly #find: StatementSync;
  readonly #listRange: StatementSync;
  readonly #listTouched: StatementSync;
  readonly #listAll: StatementSync;
  readonly #unlistAll: StatementSync;
  readonly #touched = new Map<number, TouchedUnit>();
  readonly #fresh = new FreshUnits();
  #isBuilding: boolean;
  #hasForgotten = false;

  /** @param isBuilding the table is empty and is being filled: who waits is listed by {@link finishBuilding}. */
  constructor(database: DatabaseSync, isBuilding: boolean) {
    this.#isBuilding = isBuilding;
    this.#units = new BulkInsert(
      database,
      'INSERT OR IGNORE INTO units (n, key, lane, grp, input)',
      5,
    );
    this.#done = new BulkInsert(
      database,
      'INSERT OR REPLACE INTO progress (n, state, attempts, moved)',
      4,
    );
    const columns = '(n, state, attempts, moved, open_duplicates, cursor, error)';
    this.#progress = new BulkInsert(database, `INSERT OR REPLACE INTO progress ${columns}`, 7);
    this.#listed = new BulkInsert(database, 'INSERT OR IGNORE INTO pending (lane, n)', 2);
    this.#unlist = database.prepare('DELETE FROM pending WHERE lane = ? AND n = ?');
    this.#find = database.prepare('SELECT * FROM unit_states WHERE n = ?');
    this.#listRange = database.prepare(
      'INSERT INTO pending (lane, n) SELECT lane, n FROM units WHERE n BETWEEN ? AND ?',
    );
    this.#listTouched = database.prepare(
      `INSERT INTO pending (lane, n) SELECT u.lane, u.n FROM progress p JOIN units u ON u.n = p.n WHERE p.state = ${pending}`,
    );
    this.#listAll = database.prepare(
      `INSERT INTO pending (lane, n) SELECT lane, n FROM unit_states WHERE state = ${pending}`,
    );
    this.#unlistAll = database.prepare('DELETE FROM pending');
  }

  /** Units that something happened to since the last {@link flush}. */
  get touched(): number {
    return this.#touched.size;
  }

  /** A unit became known. */
  add(n: number, key: string, lane: number, group: number, input: string | null): void {
    this.#units.add(n, key, lane, group, input);
    if (!this.#isBuilding) this.#listed.add(lane, n);
    // One that comes out of turn is looked up in the table.
    if (!this.#fresh.add(n, lane, group)) this.#units.flush();
  }

  /** The group of a unit that was claimed; undefined when the unit is not known: the line that named it is lost. */
  claim(n: number, attempt: number): number | undefined {
    const unit = this.#change(n);
    if (unit === undefined) return undefined;
    unit.state = inProgress;
    unit.attempts = attempt;
    return unit.group;
  }

  advance(n: number, cursor: string, seq: number): void {
    const unit = this.#change(n);
    if (unit === undefined) return;
    unit.cursor = cursor;
    unit.attempts = 0;
    unit.openDuplicates = 0;
    unit.moved = seq;
  }

  finish(n: number, state: number, error: string | null, seq: number): number | undefined {
    const unit = this.#change(n);
    if (unit === undefined) return undefined;
    unit.state = state;
    unit.error = error;
    unit.cursor = null;
    unit.openDuplicates = 0;
    unit.moved = seq;
    return unit.group;
  }

  /** @param isRewound it starts over, and does not go on at its cursor. */
  requeue(
    n: number,
    attempts: number,
    forget: number,
    error: string | null,
    isRewound: boolean,
  ): number | undefined {
    const unit = this.#change(n);
    if (unit === undefined) return undefined;
    unit.state = pending;
    unit.attempts = attempts;
    // One that had ended brings back what it had counted before, and has none open.
    unit.openDuplicates = Math.max(0, unit.openDuplicates - forget);
    unit.error = error;
    if (isRewound) unit.cursor = null;
    return unit.group;
  }

  /** The group of a unit that something was committed for, with the duplicates that it will meet again. */
  tally(n: number, openDuplicates: number): number | undefined {
    const unit = openDuplicates === 0 ? this.#look(n) : this.#change(n);
    if (unit === undefined) return undefined;
    unit.openDuplicates += openDuplicates;
    return unit.group;
  }

  /** Writes what has happened; what the database says of units is true after that. */
  flush(): void {
    this.#units.flush();
    this.#listed.flush();
    for (const [n, unit] of this.#touched) {
      if (unit.isChanged) this.#write(unit);
      // Who is being worked on is soon asked for again.
      if (unit.state !== inProgress) this.#touched.delete(n);
    }
    this.#done.flush();
    this.#progress.flush();
    this.#listed.flush();
  }

  /** The database was changed behind this table's back: forgets what it holds, after a {@link flush}. */
  forget(): void {
    this.#touched.clear();
    this.#fresh.clear();
    this.#hasForgotten = true;
  }

  /** Lists who waits, once everything is in. */
  finishBuilding(): void {
    this.flush();
    if (this.#hasForgotten) {
      // Who was touched, and who never was, is not known any more.
      this.#unlistAll.run();
      this.#listAll.run();
    } else {
      for (const [first, last] of this.#fresh.stretches()) this.#listRange.run(first, last);
      this.#listTouched.run();
    }
    this.#touched.clear();
    this.#isBuilding = false;
  }

  #write(unit: TouchedUnit): void {
    const { n, state, attempts, moved, openDuplicates, cursor, error } = unit;
    unit.isChanged = false;
    if (cursor === null && error === null && openDuplicates === 0) {
      this.#done.add(n, state, attempts, moved);
    } else {
      this.#progress.add(n, state, attempts, moved, openDuplicates, cursor, error);
    }
    if (this.#isBuilding) return;
    const isListed = state === pending;
    if (isListed === unit.isListed) return;
    unit.isListed = isListed;
    if (isListed) this.#listed.add(unit.lane, n);
    else this.#unlist.run(unit.lane, n);
  }

  #change(n: number): TouchedUnit | undefined {
    const unit = this.#look(n);
    if (unit !== undefined) unit.isChanged = true;
    return unit;
  }

  #look(n: number): TouchedUnit | undefined {
    const known = this.#touched.get(n);
    if (known !== undefined) return known;
    const unit = this.#fresh.take(n) ?? this.#load(n);
    if (unit !== undefined) this.#touched.set(n, unit);
    return unit;
  }

  #load(n: number): TouchedUnit | undefined {
    const row = this.#find.get(n);
    if (row === undefined) return undefined;
    const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    const state = Number(row['state']);
    return {
      n,
      lane: Number(row['lane']),
      group: Number(row['grp']),
      state,
      attempts: Number(row['attempts']),
      moved: row['moved'] === null ? null : Number(row['moved']),
      openDuplicates: Number(row['open_duplicates']),
      cursor: text(row['cursor']),
      error: text(row['error']),
      isChanged: false,
      isListed: state === pending,
    };
  }
}

/** Units that were added by this process and not touched since: 8 bytes each, and no look-up when they are. */
class FreshUnits {
  #base = 0;
  #end = 0;
  /** By number less `#base`: the lane, and the group + 1; 0 where there is none. */
  #lanes = new Uint32Array(1024);
  #groups = new Uint32Array(1024);

  /** false when its number is below the first one. */
  add(n: number, lane: number, group: number): boolean {
    if (this.#end === 0) this.#base = n;
    const at = n - this.#base;
    if (at < 0) return false;
    if (at >= this.#groups.length) this.#grow(at);
    this.#lanes[at] = lane;
    this.#groups[at] = group + 1;
    this.#end = Math.max(this.#end, at + 1);
    return true;
  }

  take(n: number): TouchedUnit | undefined {
    const at = n - this.#base;
    const group = this.#groups[at] ?? 0;
    if (group === 0) return undefined;
    this.#groups[at] = 0;
    return {
      n,
      lane: this.#lanes[at] ?? 0,
      group: group - 1,
      state: pending,
      attempts: 0,
      moved: null,
      openDuplicates: 0,
      cursor: null,
      error: null,
      isChanged: false,
      isListed: true,
    };
  }

  clear(): void {
    this.#groups.fill(0);
    this.#end = 0;
  }

  /** First and last number of each stretch of units that were not touched. */
  *stretches(): Generator<[first: number, last: number]> {
    let start = -1;
    for (let at = 0; at <= this.#end; at++) {
      const isFresh = at < this.#end && this.#groups[at] !== 0;
      if (isFresh && start < 0) start = at;
      if (isFresh || start < 0) continue;
      yield [this.#base + start, this.#base + at - 1];
      start = -1;
    }
  }

  #grow(at: number): void {
    const length = 2 ** Math.ceil(Math.log2(at + 1));
    const lanes = new Uint32Array(length);
    lanes.set(this.#lanes);
    this.#lanes = lanes;
    const groups = new Uint32Array(length);
    groups.set(this.#groups);
    this.#groups = groups;
  }
}
