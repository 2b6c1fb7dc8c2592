import { assertNever } from '../core/assert.ts';
import type { JournalEvent } from '../core/events.ts';
import { canonicalJson } from '../core/json.ts';
import {
  fingerprint,
  fingerprintBytes,
  unpackFingerprints,
  type Fingerprint,
} from '../core/keys.ts';
import type { UnitState } from '../core/unit.ts';
import { keyCount } from '../core/view.ts';
import { BulkInsert } from './bulkInsert.ts';
import { GroupTable, type GroupView } from './groupTable.ts';
import type { IndexNames } from './indexNames.ts';
import { countUnits } from './indexQueries.ts';
import {
  movedSince,
  recordKeys,
  stateNumber,
  unitKeys,
  type IndexStatements,
} from './indexSchema.ts';
import type { PlacedEntry } from './journal.ts';
import { KeyBlock, type KeyBlocks } from './keyBlock.ts';
import { noChain, RangeTable } from './rangeTable.ts';
import type { DatabaseSync } from './sqlite.ts';
import { UnitTable } from './unitTable.ts';

const touchedTogether = 4096;
const keyBlockBytes = 256 * 1024;

/** Records of a group, at most, that the index can say the places of. */
export const maxListed = 10_000;

/** Folds journal lines into an index's tables. What changes often is held in memory between {@link flush}es. */
export class IndexFold {
  readonly groups = new GroupTable();
  readonly #database: DatabaseSync;
  readonly #statements: IndexStatements;
  readonly #names: IndexNames;
  readonly #units: UnitTable;
  readonly #ranges: RangeTable;
  readonly #groupLines: BulkInsert;
  /** Keys that are held back: of records and of units. */
  readonly #blocks: KeyBlocks = [new KeyBlock(), new KeyBlock()];
  readonly #unitsWithOpenKeys = new Set<number>();

  /** @param isBuilding the index is filled with a whole journal, and is of use to nobody before its end. */
  constructor(
    database: DatabaseSync,
    statements: IndexStatements,
    names: IndexNames,
    isBuilding: boolean,
  ) {
    this.#database = database;
    this.#statements = statements;
    this.#names = names;
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
    const rows = database.prepare(
      'SELECT n.name, g.counts FROM groups g JOIN names n ON n.id = g.name',
    );
    for (const row of rows.iterate()) {
      this.groups.load(String(row['name']), JSON.parse(String(row['counts'])) as GroupView);
    }
  }

  /** Takes a line in; what can be held back is, until {@link flush}. */
  take(entry: PlacedEntry): void {
    const settledUnits = new Set<number>();
    for (const event of entry.events) {
      if (event.type === 'advanced' || event.type === 'finished') settledUnits.add(event.unit);
    }
    for (const event of entry.events) this.#applyEvent(event, entry, settledUnits);
  }

  /** Writes out what has grown large. */
  ease(): void {
    if (this.#units.touched >= touchedTogether) this.#units.flush();
    this.#addKeyBlocks(keyBlockBytes);
  }

  /** Writes out everything that was held back. */
  flush(): void {
    this.#units.flush();
    this.#flushRest();
  }

  /** The same at the end of a whole journal. */
  finishBuilding(): void {
    this.#units.finishBuilding();
    this.#flushRest();
  }

  /** The running hash of a data file, see `nextChain`. */
  chain(file: string): string {
    const id = this.#names.find(file);
    return id === undefined ? noChain : this.#ranges.chain(id);
  }

  #flushRest(): void {
    this.#ranges.flush();
    this.#groupLines.flush();
    this.#addKeyBlocks();
    for (const [name, counts] of this.groups.takeDirty()) {
      this.#statements.setGroup.run(this.#names.idOf(name), JSON.stringify(counts));
    }
  }

  #addKeyBlocks(atLeastBytes = 1): void {
    for (const [kind, block] of this.#blocks.entries()) {
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

  #applyEvent(event: JournalEvent, entry: PlacedEntry, settledUnits: ReadonlySet<number>): void {
    const statements = this.#statements;
    switch (event.type) {
      case 'units': {
        const fingerprints: Fingerprint[] = [];
        let n = event.first;
        for (const item of event.items) {
          const group = item.group ?? event.group;
          const input = item.input === undefined ? null : JSON.stringify(item.input);
          const lane = this.#names.idOf(item.lane ?? event.lane);
          this.#units.add(n, item.key, lane, this.#names.idOf(group), input);
          this.groups.move(group, undefined, 'pending');
          fingerprints.push(fingerprint(item.key));
          n += 1;
        }
        this.#blocks[unitKeys].push(Buffer.from(fingerprints.join(''), 'hex'));
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
        const moved = [...countUnits(this.#database, movedSince, event.since)];
        for (const { group, state, count } of moved)
          this.groups.move(group, state, 'pending', count);
        statements.requeueSince.run(event.since);
        statements.listRequeued.run();
        this.#units.forget();
        return;
      }
      case 'damaged':
        if (event.role === 'master') {
          this.#addKeyBlocks();
          this.#forgetKeys(event.keys);
        }
        for (const { unit, lost } of event.units) {
          const [records, rejected] = [
            event.role === 'master' ? -lost : 0,
            event.role === 'rejected' ? -lost : 0,
          ];
          const group = this.#units.tally(unit, 0);
          if (group !== undefined)
            this.groups.count(this.#names.nameOf(group), records, 0, rejected);
        }
        if (event.isCut) {
          const file = this.#names.idOf(event.file);
          this.#ranges.cut(file, event.offset);
          this.#groupLines.flush();
          statements.cutGroupLines.run(file, event.offset);
        }
        return;
      case 'recovered':
        if (event.units) {
          this.#units.flush();
          this.groups.recount(countUnits(this.#database));
        }
        return;
      case 'committed':
        for (const tally of event.units) {
          const { unit, records, duplicates, rejected } = tally;
          const group = this.#units.tally(unit, settledUnits.has(unit) ? 0 : duplicates);
          if (group === undefined) continue;
          this.groups.count(this.#names.nameOf(group), records, duplicates, rejected);
        }
        for (const range of event.ranges) {
          const keys = Buffer.from(range.keys, 'base64');
          const file = this.#names.idOf(range.file);
          this.#ranges.add(file, range, keys.length / fingerprintBytes, entry.seq);
          if (range.role === 'master') {
            this.#blocks[recordKeys].push(keys);
            this.#addGroupLines(event.units, file, range.offset);
          }
          if (range.role !== 'raw') this.#addOpenKeys(event.units, range.role, keys, settledUnits);
        }
        return;
      case 'adopted':
        this.#ranges.add(this.#names.idOf(event.range.file), event.range, event.records, entry.seq);
        if (event.range.role === 'master')
          this.#blocks[recordKeys].push(Buffer.from(event.range.keys, 'base64'));
        for (const key of eachKey(event.range.keys)) statements.adopt.run(key);
        return;
      case 'taken': {
        const group = this.#units.tally(event.unit, 0);
        if (group !== undefined) {
          this.groups.count(this.#names.nameOf(group), keyCount(event.keys), 0, 0);
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
    if (group !== undefined) this.groups.move(this.#names.nameOf(group), from, to);
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
      const { records = 0 } = this.groups.get(this.#names.nameOf(run.group)) ?? {};
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
}

function* eachKey(packed: string): Generator<Buffer> {
  const keys = Buffer.from(packed, 'base64');
  for (let at = 0; at + fingerprintBytes <= keys.length; at += fingerprintBytes)
    yield keys.subarray(at, at + fingerprintBytes);
}
