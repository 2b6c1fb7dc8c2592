import type { HostHealth, JournalEvent, RequeueSinceEvent, UnitError } from '../core/events.ts';
import { assertNever } from '../core/assert.ts';
import {
  fingerprint,
  fingerprintBytes,
  unpackFingerprints,
  type Fingerprint,
} from '../core/keys.ts';
import { canonicalJson, parseJson, type JsonObject, type JsonValue } from '../core/json.ts';
import { unitStates, type Unit, type UnitState } from '../core/unit.ts';
import { emptyView, keyCount, type SessionView } from '../core/view.ts';
import { BulkInsert } from './bulkInsert.ts';
import { GroupTable, type GroupView } from './groupTable.ts';
import { compareIndexes, type IndexDifference } from './indexComparison.ts';
import { journalStart, type JournalPosition, type PlacedEntry } from './journal.ts';
import {
  everydayPragmas,
  indexSchema,
  indexVersion,
  movedSince,
  prepareStatements,
  stateNumber,
  unitColumns,
  type IndexStatements,
} from './indexSchema.ts';
import { KeyBlock, type KeyBlocks } from './keyBlock.ts';
import { noChain, RangeTable } from './rangeTable.ts';
import { nobody } from './replayKeys.ts';
import { DatabaseSync, inTransaction } from './sqlite.ts';
import { UnitTable, unitIndexes } from './unitTable.ts';

const touchedTogether = 4096;

/** Records of a group, at most, that the index can say the places of. */
export const maxListed = 10_000;
/** What `key_blocks` calls the two kinds of keys. */
const [recordKeys, unitKeys] = [0, 1] as const;
const keyBlockBytes = 256 * 1024;
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

/**
 * An SQLite file that answers questions about the journal fast. It holds nothing that the journal does not: it may lag,
 * be damaged or be deleted, and is caught up or rebuilt.
 */
export class SessionIndex {
  readonly #database: DatabaseSync;
  readonly #statements: IndexStatements;
  readonly #names = new Map<string, number>();
  readonly #namesById = new Map<number, string>();
  readonly #units: UnitTable;
  readonly #ranges: RangeTable;
  readonly #groupLines: BulkInsert;
  /** Keys that are held back: of records and of units. */
  readonly #blocks: KeyBlocks = [new KeyBlock(), new KeyBlock()];
  readonly #unitsWithOpenKeys = new Set<number>();
  readonly groups: GroupTable;
  #position: JournalPosition;
  #commitStart: number;
  /** Time of the last line: all lines of a commit have the same. */
  #lastAt: string;
  #view: SessionView;

  private constructor(database: DatabaseSync, isBuilding = false) {
    this.#database = database;
    this.#statements = prepareStatements(database);
    const meta = database
      .prepare('SELECT seq, start, end, sum, commit_start, view FROM meta')
      .get() as (JournalPosition & { commit_start: number; view: string }) | undefined;
    this.#position = meta ?? journalStart;
    this.#view = meta === undefined ? emptyView : (JSON.parse(meta.view) as SessionView);
    this.#commitStart = meta?.commit_start ?? 0;
    this.#lastAt = this.#view.lastEventAt;
    for (const row of database.prepare('SELECT id, name FROM names').iterate()) {
      this.#names.set(String(row['name']), Number(row['id']));
      this.#namesById.set(Number(row['id']), String(row['name']));
    }
    for (const row of database.prepare('SELECT DISTINCT unit FROM open_keys').iterate()) {
      this.#unitsWithOpenKeys.add(Number(row['unit']));
    }
    this.#units = new UnitTable(database, isBuilding);
    this.#ranges = new RangeTable(database);
    this.#groupLines = new BulkInsert(
      database,
      'INSERT OR REPLACE INTO group_lines (grp, file, offset, skip, lines)',
      5,
    );
    this.groups = new GroupTable();
    const rows = database.prepare(
      'SELECT n.name, g.counts FROM groups g JOIN names n ON n.id = g.name',
    );
    for (const row of rows.iterate()) {
      this.groups.load(String(row['name']), JSON.parse(String(row['counts'])) as GroupView);
    }
  }

  /** Opens the index, making an empty one where there is none. @throws when the file is no index of this version. */
  static open(path: string, options: { isReadOnly?: boolean } = {}): SessionIndex {
    const isReadOnly = options.isReadOnly ?? false;
    const database = new DatabaseSync(path, { readOnly: isReadOnly, timeout: 2000 });
    try {
      if (!isReadOnly) {
        database.exec(everydayPragmas);
        const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
          user_version: number;
        };
        if (version === 0) {
          inTransaction(database, () => {
            database.exec(indexSchema + unitIndexes);
            database.exec(`PRAGMA user_version = ${indexVersion}`);
          });
        }
      }
      const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
        user_version: number;
      };
      if (version !== indexVersion) throw new Error(`index version ${version}`);
      // What is only read is all of one moment, also while another process writes.
      if (isReadOnly) database.exec('BEGIN');
      return new SessionIndex(database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /**
   * A new index that is to be filled with a whole journal, line by line, by {@link SessionIndex.build}. Fast because
   * nothing of it is safe before {@link SessionIndex.finishBuilding}: a file that is left before is no index.
   *
   * @param path where there is nothing.
   */
  static begin(path: string): SessionIndex {
    const database = new DatabaseSync(path);
    try {
      database.exec(
        'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;',
      );
      database.exec(indexSchema);
      database.exec('BEGIN');
      return new SessionIndex(database, true);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Takes a line into an index that was begun. */
  build(entry: PlacedEntry): void {
    this.#applyEntry(entry, this.#blocks);
    this.#position = entry.position;
    if (this.#units.touched >= touchedTogether) this.#units.flush();
    this.#addKeyBlocks(this.#blocks, keyBlockBytes);
  }

  /** Makes an index of what was begun. @param view the fold up to and including the last line. */
  finishBuilding(view: SessionView): void {
    this.#units.finishBuilding();
    this.#database.exec(unitIndexes);
    this.#write(view, false);
    this.#database.exec('COMMIT');
    // After everything else is in the file: until then it is of no version.
    this.#database.exec(`PRAGMA user_version = ${indexVersion}`);
    this.#database.exec(everydayPragmas);
    this.groups.takeEnded();
  }

  /** How far into the journal the index has got. */
  get position(): JournalPosition {
    return this.#position;
  }

  /** Where the commit that the last line belongs to begins. */
  get commitStart(): number {
    return this.#commitStart;
  }

  /** The view at {@link position}. */
  get view(): SessionView {
    return this.#view;
  }

  /**
   * Whether the file's own structure is sound: asked after an unclean end.
   *
   * @param isThorough also whether SQLite's own indexes have every row: reads all of it.
   */
  isSound(isThorough = false): boolean {
    const check = isThorough ? 'integrity_check' : 'quick_check';
    const row = this.#database.prepare(`PRAGMA ${check}(1)`).get();
    return row?.[check] === 'ok';
  }

  /** Whether the index was closed in order. */
  get wasClosedCleanly(): boolean {
    const row = this.#database.prepare('SELECT is_clean FROM meta').get();
    return row === undefined || row['is_clean'] === 1;
  }

  /**
   * Takes in journal lines, in one transaction with the watermark.
   *
   * @param view the fold up to and including the last of them.
   * @returns groups that have nothing left to do since.
   */
  apply(entries: readonly PlacedEntry[], view: SessionView, isClean = false): string[] {
    const before = this.#position;
    this.#position = entries.at(-1)?.position ?? before;
    try {
      inTransaction(this.#database, () => {
        for (const entry of entries) this.#applyEntry(entry, this.#blocks);
        this.#units.flush();
        this.#write(view, isClean);
      });
    } catch (error) {
      this.#position = before;
      throw error;
    }
    return this.groups.takeEnded();
  }

  /** Writes what was held back, and with it the watermark. */
  #write(view: SessionView, isClean: boolean): void {
    this.#ranges.flush();
    this.#groupLines.flush();
    this.#addKeyBlocks(this.#blocks);
    for (const [name, counts] of this.groups.takeDirty()) {
      this.#statements.setGroup.run(this.#nameId(name), JSON.stringify(counts));
    }
    const { seq, start, end, sum } = this.#position;
    const text = JSON.stringify(view);
    this.#statements.setMeta.run(
      indexVersion,
      seq,
      start,
      end,
      sum,
      this.#commitStart,
      text,
      isClean ? 1 : 0,
    );
    this.#view = view;
  }

  /** Pending units of a lane after a number, in order. */
  pendingUnits(lane: string, after: number, limit: number): IndexedUnit[] {
    const id = this.#names.get(lane);
    if (id === undefined) return [];
    return this.#statements.pending.all(id, after, limit).map((row) => this.#toUnit(row));
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
    return this.#database
      .prepare(sql)
      .all(limit, offset)
      .map((row) => this.#toUnit(row));
  }

  /** A unit by its number; undefined when there is none. */
  unit(n: number): IndexedUnit | undefined {
    const row = this.#database.prepare(`${unitColumns} WHERE u.n = ?`).get(n);
    return row === undefined ? undefined : this.#toUnit(row);
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
    for (const { state, count } of this.#countUnits()) counts[state] += count;
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
    for (const { state, count } of this.#countUnits(movedSince, seq)) {
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

  /** The running hash of a data file, see `nextChain`. */
  chain(file: string): string {
    const id = this.#names.get(file);
    return id === undefined ? noChain : this.#ranges.chain(id);
  }

  /** Where the records of a group are. Of groups with more than {@link maxListed} records only the first ones. */
  groupLines(group: string): GroupLines[] {
    const id = this.#names.get(group);
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

  /**
   * Where this index is not what another is: table by table.
   *
   * @param pause called now and then; what it waits for may end the comparison by throwing.
   */
  differencesFrom(expected: SessionIndex, pause: () => Promise<void>): Promise<IndexDifference[]> {
    return compareIndexes(expected.#database, this.#database, pause);
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  *#countUnits(
    where = '1',
    ...values: number[]
  ): Generator<{ group: string; state: UnitState; count: number }> {
    const rows = this.#database.prepare(
      `SELECT g.name AS grp, u.state, count(*) AS count FROM unit_states u JOIN names g ON g.id = u.grp WHERE ${where} GROUP BY u.grp, u.state`,
    );
    for (const row of rows.iterate(...values)) {
      const state = unitStates[Number(row['state'])] ?? 'pending';
      yield { group: String(row['grp']), state, count: Number(row['count']) };
    }
  }

  #addKeyBlocks(blocks: readonly KeyBlock[], atLeastBytes = 1): void {
    for (const [kind, block] of blocks.entries()) {
      if (block.bytes >= atLeastBytes) this.#statements.addKeys.run(kind, block.take());
    }
  }

  /** Forgets keys of lines that are lost, so that the same records are new when they come again. */
  #forgetKeys(packed: string): void {
    const lost = new Set(unpackFingerprints(packed));
    const blocks = this.#database
      .prepare('SELECT id, keys FROM key_blocks WHERE kind = ?')
      .all(recordKeys);
    for (const { id, keys } of blocks as { id: number; keys: Uint8Array }[]) {
      const hex = Buffer.from(keys).toString('hex');
      const kept: string[] = [];
      for (let at = 0; at < hex.length; at += 32) {
        const key = hex.slice(at, at + 32);
        if (!lost.has(key)) kept.push(key);
      }
      if (kept.length * 32 === hex.length) continue;
      this.#statements.setKeys.run(Buffer.from(kept.join(''), 'hex'), id);
    }
    for (const key of eachKey(packed)) this.#statements.take.run(key);
  }

  *#keyBlocks(kind: number): Generator<Uint8Array> {
    const rows = this.#database.prepare('SELECT keys FROM key_blocks WHERE kind = ? ORDER BY id');
    for (const row of rows.iterate(kind)) yield row['keys'] as Uint8Array;
  }

  #applyEntry(entry: PlacedEntry, blocks: KeyBlocks): void {
    if (entry.at !== this.#lastAt) this.#commitStart = entry.position.start;
    this.#lastAt = entry.at;
    const settledUnits = new Set<number>();
    for (const event of entry.events) {
      if (event.type === 'advanced' || event.type === 'finished') settledUnits.add(event.unit);
    }
    for (const event of entry.events) this.#applyEvent(event, entry, blocks, settledUnits);
  }

  #applyEvent(
    event: JournalEvent,
    entry: PlacedEntry,
    blocks: KeyBlocks,
    settledUnits: ReadonlySet<number>,
  ): void {
    const statements = this.#statements;
    switch (event.type) {
      case 'units': {
        const fingerprints: Fingerprint[] = [];
        let n = event.first;
        for (const item of event.items) {
          const group = item.group ?? event.group;
          const input = item.input === undefined ? null : JSON.stringify(item.input);
          const lane = this.#nameId(item.lane ?? event.lane);
          this.#units.add(n, item.key, lane, this.#nameId(group), input);
          this.groups.move(group, undefined, 'pending');
          fingerprints.push(fingerprint(item.key));
          n += 1;
        }
        blocks[unitKeys].push(Buffer.from(fingerprints.join(''), 'hex'));
        return;
      }
      case 'claimed':
        this.#moveUnit(this.#units.claim(event.unit, event.attempt), 'pending', 'in_progress');
        return;
      case 'advanced':
        this.#units.advance(event.unit, canonicalJson(event.cursor), entry.seq);
        this.#dropOpenKeys(event.unit);
        return;
      case 'finished': {
        const error = event.error === undefined ? null : JSON.stringify(event.error);
        const group = this.#units.finish(event.unit, stateNumber[event.state], error, entry.seq);
        this.#moveUnit(group, event.from ?? 'in_progress', event.state);
        this.#dropOpenKeys(event.unit);
        return;
      }
      case 'requeued': {
        const { unit, attempts, forget = 0, from = 'in_progress' } = event;
        const error = event.error === undefined ? null : JSON.stringify(event.error);
        const isRewound = event.reason === 'damaged';
        const group = this.#units.requeue(unit, attempts, forget, error, isRewound);
        this.#moveUnit(group, from, 'pending');
        return;
      }
      case 'requeueSince': {
        this.#units.flush();
        const moved = [...this.#countUnits(movedSince, event.since)];
        for (const { group, state, count } of moved)
          this.groups.move(group, state, 'pending', count);
        statements.requeueSince.run(event.since);
        statements.listRequeued.run();
        this.#units.forget();
        return;
      }
      case 'damaged':
        if (event.role === 'master') {
          this.#addKeyBlocks(blocks);
          this.#forgetKeys(event.keys);
        }
        for (const { unit, lost } of event.units) {
          const [records, rejected] = [
            event.role === 'master' ? -lost : 0,
            event.role === 'rejected' ? -lost : 0,
          ];
          const group = this.#units.tally(unit, 0);
          if (group !== undefined) this.groups.count(this.#nameOf(group), records, 0, rejected);
        }
        if (event.isCut) {
          const file = this.#nameId(event.file);
          this.#ranges.cut(file, event.offset);
          this.#groupLines.flush();
          statements.cutGroupLines.run(file, event.offset);
        }
        return;
      case 'recovered':
        if (event.units) {
          this.#units.flush();
          this.groups.recount(this.#countUnits());
        }
        return;
      case 'committed':
        for (const tally of event.units) {
          const { unit, records, duplicates, rejected } = tally;
          const group = this.#units.tally(unit, settledUnits.has(unit) ? 0 : duplicates);
          if (group === undefined) continue;
          this.groups.count(this.#nameOf(group), records, duplicates, rejected);
        }
        for (const range of event.ranges) {
          const keys = Buffer.from(range.keys, 'base64');
          const file = this.#nameId(range.file);
          this.#ranges.add(file, range, keys.length / fingerprintBytes, entry.seq);
          if (range.role === 'master') {
            blocks[recordKeys].push(keys);
            this.#addGroupLines(event.units, file, range.offset);
          }
          if (range.role !== 'raw') this.#addOpenKeys(event.units, range.role, keys, settledUnits);
        }
        return;
      case 'adopted':
        this.#ranges.add(this.#nameId(event.range.file), event.range, event.records, entry.seq);
        if (event.range.role === 'master')
          blocks[recordKeys].push(Buffer.from(event.range.keys, 'base64'));
        for (const key of eachKey(event.range.keys)) statements.adopt.run(key);
        return;
      case 'taken': {
        const group = this.#units.tally(event.unit, 0);
        if (group !== undefined) {
          this.groups.count(this.#nameOf(group), keyCount(event.keys), 0, 0);
        }
        for (const key of eachKey(event.keys)) {
          statements.take.run(key);
          if (!settledUnits.has(event.unit)) this.#keepOpen(event.unit, key);
        }
        return;
      }
      case 'intent':
        statements.addIntent.run(
          event.intent,
          event.unit,
          event.what,
          event.reservedMicroUsd,
          event.inputHash,
          entry.seq,
        );
        return;
      case 'handle':
        statements.setHandle.run(event.kind, event.id, event.intent);
        return;
      case 'settled':
        statements.settle.run(event.spentMicroUsd, event.intent);
        return;
      case 'checkpoint':
        statements.addCheckpoint.run(
          event.id,
          event.checkpointType,
          entry.at,
          entry.seq,
          JSON.stringify(event.health),
        );
        return;
      case 'session':
      case 'imported':
      case 'opened':
      case 'file':
      case 'answered':
      case 'requests':
      case 'paused':
      case 'resumed':
      case 'stopped':
      case 'completed':
        return;
      default:
        assertNever(event, 'journal event');
    }
  }

  #moveUnit(group: number | undefined, from: UnitState, to: UnitState): void {
    if (group !== undefined) this.groups.move(this.#nameOf(group), from, to);
  }

  /** Where the lines of groups are, as long as they are few enough to be listed. */
  #addGroupLines(
    tallies: readonly { unit: number; records: number }[],
    file: number,
    offset: number,
  ): void {
    let skip = 0;
    let run: { group: number; skip: number } | undefined;
    const end = (): void => {
      if (run === undefined || skip === run.skip) return;
      const { records = 0 } = this.groups.get(this.#nameOf(run.group)) ?? {};
      if (records > maxListed) return;
      this.#groupLines.add(run.group, file, offset, run.skip, skip - run.skip);
    };
    for (const { unit, records } of tallies) {
      const group = records === 0 ? run?.group : this.#units.tally(unit, 0);
      if (group !== run?.group) {
        end();
        run = group === undefined ? undefined : { group, skip };
      }
      skip += records;
    }
    end();
  }

  #keepOpen(unit: number, keys: Buffer): void {
    this.#statements.addOpenKeys.run(unit, keys);
    this.#unitsWithOpenKeys.add(unit);
  }

  #dropOpenKeys(unit: number): void {
    if (this.#unitsWithOpenKeys.delete(unit)) this.#statements.dropOpenKeys.run(unit);
  }

  /** A unit that has not moved on will bring the same records again after a crash: their keys are remembered. */
  #addOpenKeys(
    tallies: readonly { unit: number; records: number; rejected: number }[],
    role: 'master' | 'rejected',
    keys: Buffer,
    settledUnits: ReadonlySet<number>,
  ): void {
    let at = 0;
    for (const tally of tallies) {
      const bytes = (role === 'master' ? tally.records : tally.rejected) * 16;
      if (bytes > 0 && !settledUnits.has(tally.unit)) {
        this.#keepOpen(tally.unit, keys.subarray(at, at + bytes));
      }
      at += bytes;
    }
  }

  #nameId(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const id = Number(this.#statements.addName.run(name).lastInsertRowid);
    this.#names.set(name, id);
    this.#namesById.set(id, name);
    return id;
  }

  #nameOf(id: number): string {
    return this.#namesById.get(id) ?? '';
  }

  #toUnit(row: Row): IndexedUnit {
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
}

function* eachKey(packed: string): Generator<Buffer> {
  const keys = Buffer.from(packed, 'base64');
  for (let at = 0; at + fingerprintBytes <= keys.length; at += fingerprintBytes)
    yield keys.subarray(at, at + fingerprintBytes);
}

type Row = Record<string, unknown>;
