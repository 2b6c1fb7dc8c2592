import { unitStates, type UnitState } from '../core/unit.ts';
import { rangeSchema } from './rangeTable.ts';
import type { DatabaseSync, StatementSync } from './sqlite.ts';
import { unitSchema } from './unitTable.ts';

/** Raised when the tables change: an index of another version is rebuilt from the journal. */
export const indexVersion = 5;

/** The tables of an index. What is in them, says `ARCHITECTURE.md`; who fills them, `IndexFold`. */
export const indexSchema = `
CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER, seq INTEGER, start INTEGER, end INTEGER, sum TEXT, commit_start INTEGER, view TEXT, is_clean INTEGER);
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE groups (name INTEGER PRIMARY KEY, counts TEXT);
${unitSchema}CREATE TABLE key_blocks (id INTEGER PRIMARY KEY, kind INTEGER, keys BLOB);
CREATE TABLE open_keys (unit INTEGER, keys BLOB);
CREATE INDEX open_keys_unit ON open_keys (unit);
CREATE TABLE adopted_keys (key BLOB PRIMARY KEY) WITHOUT ROWID;
${rangeSchema}CREATE TABLE group_lines (grp INTEGER, file INTEGER, offset INTEGER, skip INTEGER, lines INTEGER, PRIMARY KEY (grp, file, offset, skip)) WITHOUT ROWID;
CREATE TABLE intents (intent TEXT PRIMARY KEY, unit INTEGER, what TEXT, reserved INTEGER, spent INTEGER, input_hash TEXT, handle_kind TEXT, handle_id TEXT, seq INTEGER);
CREATE TABLE checkpoints (id TEXT PRIMARY KEY, type TEXT, at TEXT, seq INTEGER, health TEXT);
CREATE INDEX checkpoints_seq ON checkpoints (seq);
`;

/** How an index is written to while its session is carried out: it may lag, and is never torn. */
export const everydayPragmas =
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -2000;';
/** What `key_blocks` calls the two kinds of keys. */
export const [recordKeys, unitKeys] = [0, 1] as const;

/** The numbers that stand for the states of units. */
export const stateNumber = Object.fromEntries(unitStates.map((s, i) => [s, i])) as Record<
  UnitState,
  number
>;
/** The index's own statements, prepared. */
export type IndexStatements = Readonly<Record<keyof typeof statementTexts, StatementSync>>;

/** What of a unit `IndexQueries` makes an `IndexedUnit` of. */
export const unitColumns = `SELECT u.n, u.key, u.input, u.state, u.attempts, u.cursor, u.open_duplicates, u.error,
  l.name AS lane_name, g.name AS grp_name FROM unit_states u JOIN names l ON l.id = u.lane JOIN names g ON g.id = u.grp`;
/** Free work that moved on after a journal line; paid units keep what they have. */
export const movedSince = `u.moved > ? AND u.state <> ${stateNumber.in_progress} AND NOT EXISTS (SELECT 1 FROM intents i WHERE i.unit = u.n)`;

const statementTexts = {
  setMeta:
    'INSERT INTO meta (id, version, seq, start, end, sum, commit_start, view, is_clean) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version, seq = excluded.seq, start = excluded.start, end = excluded.end, sum = excluded.sum, commit_start = excluded.commit_start, view = excluded.view, is_clean = excluded.is_clean',
  setGroup:
    'INSERT INTO groups (name, counts) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET counts = excluded.counts',
  addKeys: 'INSERT INTO key_blocks (kind, keys) VALUES (?, ?)',
  addOpenKeys: 'INSERT INTO open_keys (unit, keys) VALUES (?, ?)',
  setKeys: 'UPDATE key_blocks SET keys = ? WHERE id = ?',
  dropOpenKeys: 'DELETE FROM open_keys WHERE unit = ?',
  adopt: 'INSERT OR IGNORE INTO adopted_keys (key) VALUES (?)',
  take: 'DELETE FROM adopted_keys WHERE key = ?',
  allRanges:
    'SELECT n.name, r.offset, r.bytes FROM ranges r JOIN names n ON n.id = r.file ORDER BY r.file, r.offset',
  cutGroupLines: 'DELETE FROM group_lines WHERE file = ? AND offset >= ?',
  groupLines:
    'SELECT n.name, g.offset, r.bytes, g.skip, g.lines FROM group_lines g JOIN names n ON n.id = g.file JOIN ranges r ON r.file = g.file AND r.offset = g.offset WHERE g.grp = ? ORDER BY g.file, g.offset, g.skip',
  requeueSince: `UPDATE progress AS u SET state = 0, attempts = 0, cursor = NULL, error = NULL, moved = NULL WHERE ${movedSince}`,
  listRequeued:
    'INSERT OR IGNORE INTO pending (lane, n) SELECT u.lane, u.n FROM progress p JOIN units u ON u.n = p.n WHERE p.state = 0',
  addIntent:
    'INSERT OR IGNORE INTO intents (intent, unit, what, reserved, input_hash, seq) VALUES (?, ?, ?, ?, ?, ?)',
  setHandle: 'UPDATE intents SET handle_kind = ?, handle_id = ? WHERE intent = ?',
  settle: 'UPDATE intents SET spent = ? WHERE intent = ?',
  addCheckpoint:
    'INSERT OR IGNORE INTO checkpoints (id, type, at, seq, health) VALUES (?, ?, ?, ?, ?)',
  pending: `${unitColumns} WHERE u.n IN (SELECT n FROM pending WHERE lane = ? AND n > ? ORDER BY n LIMIT ?) ORDER BY u.n`,
} as const;

/** Prepares them for a database. */
export function prepareStatements(database: DatabaseSync): IndexStatements {
  const entries = Object.entries(statementTexts).map(([name, sql]) => [
    name,
    database.prepare(sql),
  ]);
  return Object.fromEntries(entries) as IndexStatements;
}
