import type {
  CommittedRange,
  FileRole,
  JournalEvent,
  TakenEvent,
  UnitsEvent,
  UnitTally,
} from '../core/events.ts';
import { FaultError, messageOf } from '../core/errors.ts';
import { fingerprint, packFingerprints, type Fingerprint } from '../core/keys.ts';
import type { Clock } from '../core/ports.ts';
import type { NewUnit, Unit } from '../core/unit.ts';
import type { SeenKeys } from '../dedup/seenKeys.ts';
import { sha256Hex, type DataFile } from './dataFile.ts';
import { hasCode } from './fileSystem.ts';
import { LineBuffer } from './lineBuffer.ts';
import { nobody, type ReplayChoice, type ReplayKeys } from './replayKeys.ts';
import type { Journal, PlacedEntry } from './journal.ts';

/** A record ready to be written: validated and serialised. */
export interface PreparedRecord {
  /** One line of JSON, without the newline. */
  readonly line: string;
  readonly key: Fingerprint;
  /** The value that `limits.perKey` counts by. */
  readonly limitValue?: string;
}

/** A line of the rejected file. */
export interface PreparedReject {
  readonly line: string;
  readonly key: Fingerprint;
}

/** What is handed over to be committed as a whole. */
export interface Handover {
  /** The unit that it is for; its `records`, `rejected` and `raw` are counted for it. */
  readonly unit?: number;
  readonly records?: readonly PreparedRecord[];
  /** Records that its source left out itself as duplicates of others. */
  readonly duplicates?: number;
  readonly rejected?: readonly PreparedReject[];
  /** Lines for the raw file. */
  readonly raw?: readonly string[];
  readonly newUnits?: readonly NewUnit[];
  /** What becomes true with it; comes last in the journal. Left out when the target cuts the handover. */
  readonly events?: readonly JournalEvent[];
  /** May wait for the next commit: free claims. */
  readonly isLazy?: boolean;
}

/** What became of a handover. All of it is durable. */
export interface Receipt {
  readonly records: number;
  readonly duplicates: number;
  readonly rejected: number;
  /** New units with their numbers; known ones are left out. */
  readonly newUnits: readonly Unit[];
  /** The target was reached in the middle: the rest and `events` were not committed. */
  readonly isCut: boolean;
  /** Keys of the handed lines that are in the files now; those of duplicates are left out. */
  readonly keys: readonly Fingerprint[];
}

/** What one commit has made durable, and how long that took. */
export interface CommitReport {
  /** From the moment that it was begun, milliseconds. */
  readonly ms: number;
  /** Lines of the master, in the order of `tallies`; the commit's own, not a copy. */
  readonly records: readonly string[];
  readonly tallies: readonly UnitTally[];
}

/** What the committer works on. */
export interface CommitterOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly seenRecords: SeenKeys;
  readonly seenUnits: SeenKeys;
  /** The open data file of a role; made on first need. Its name is in the journal before this resolves. */
  readonly dataFile: (role: FileRole) => Promise<DataFile>;
  readonly relativePath: (file: DataFile) => string;
  readonly unitTotal: number;
  readonly recordTotal: number;
  readonly target: number | undefined;
  readonly perKeyMax: number | undefined;
  readonly perKeyCounts: Map<string, number>;
  /** Lines that were committed without their unit moving on: brought again, they are no duplicates. */
  readonly replayKeys: ReplayKeys;
  /** Called with the journal's new lines, in order, before anybody is told. */
  readonly onCommitted: (entries: readonly PlacedEntry[]) => void;
  /** Called for each commit, after {@link CommitterOptions.onCommitted}. */
  readonly onDurable: (report: CommitReport) => void;
  /** The disk is full: nothing is lost, the batch waits for {@link Committer.retry}. */
  readonly onDiskFull: (message: string) => void;
  readonly onFault: (error: FaultError) => void;
  readonly makeReject: (unit: number, reason: string, line: string) => PreparedReject;
}

interface Waiting {
  readonly handover: Handover;
  readonly bytes: number;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/** More than this waiting blocks the sources. */
const maxWaitingBytes = 16 * 1024 * 1024;
/** A commit takes at most this many records, so that its keys fit into a journal line. */
const maxRecordsPerCommit = 100_000;
const lazyMs = 50;

/**
 * The one place where a record becomes safe. Whatever has been handed over is written as soon as the last commit ends
 * (group commit): decide what is new, append to rejected, raw and master and sync them, append the journal line and
 * sync it, and only then tell anybody.
 */
export class Committer {
  readonly #options: CommitterOptions;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  readonly #room: (() => void)[] = [];
  readonly #lineBuffer = new LineBuffer();
  #isRunning = false;
  #isDiskFull = false;
  /** A retry was asked for while one was under way, which may have met the full disk before. */
  #isRetryDue = false;
  #fault: FaultError | undefined;
  #lazyTimer: ReturnType<typeof setTimeout> | undefined;
  #unitTotal: number;
  #recordTotal: number;
  readonly #target: number | undefined;
  #notYetSafe = 0;
  readonly #idle: (() => void)[] = [];

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#unitTotal = options.unitTotal;
    this.#recordTotal = options.recordTotal;
    this.#target = options.target;
  }

  /** Records that were handed over and are not durable yet. */
  get notYetSafe(): number {
    return this.#notYetSafe;
  }

  /** Whether exactly the target is durable. */
  get isTargetReached(): boolean {
    return this.#target !== undefined && this.#recordTotal >= this.#target;
  }

  /**
   * Hands something over; resolves when it is durable. Blocks while more than 16 MB wait.
   *
   * @throws FaultError when the storage can't be trusted any more.
   */
  async hand(handover: Handover): Promise<Receipt> {
    const bytes = handoverBytes(handover);
    while (this.#waitingBytes > 0 && this.#waitingBytes + bytes > maxWaitingBytes && !this.#fault) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
    if (this.#fault) throw this.#fault;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ handover, bytes, resolve, reject });
      this.#waitingBytes += bytes;
      this.#notYetSafe += handover.records?.length ?? 0;
      if (handover.isLazy !== true) this.#wake();
      else this.#lazyTimer ??= setTimeout(() => this.#wake(), lazyMs);
    });
  }

  /** Resolves when nothing waits any more (or nothing more can be written). */
  async settled(): Promise<void> {
    this.#wake();
    if (!this.#isRunning || this.#isDiskFull) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Tries the batch again that met a full disk. */
  retry(): void {
    this.#isRetryDue = this.#isRunning;
    this.#isDiskFull = false;
    this.#wake();
  }

  /** Rejects what waits; nothing is committed from here on. */
  abandon(fault = new FaultError('ABANDONED', 'The session ends without committing this.')): void {
    clearTimeout(this.#lazyTimer);
    this.#fault ??= fault;
    for (const waiting of this.#waiting.splice(0)) {
      this.#leave(waiting);
      waiting.reject(this.#fault);
    }
    for (const resolve of this.#room.splice(0)) resolve();
  }

  #wake(): void {
    clearTimeout(this.#lazyTimer);
    this.#lazyTimer = undefined;
    if (this.#isRunning || this.#isDiskFull || this.#fault || this.#waiting.length === 0) return;
    this.#isRunning = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isDiskFull && !this.#fault) {
      const batch = this.#takeBatch();
      try {
        const receipts = await this.#commit(batch.map((w) => w.handover));
        batch.forEach((waiting, i) => {
          this.#leave(waiting);
          const receipt = receipts[i];
          if (receipt) waiting.resolve(receipt);
        });
      } catch (error) {
        await this.#handleFailure(error, batch);
      }
      for (const resolve of this.#room.splice(0)) resolve();
    }
    this.#isRunning = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #takeBatch(): Waiting[] {
    let records = 0;
    let count = 0;
    for (const { handover } of this.#waiting) {
      records += (handover.records?.length ?? 0) + (handover.rejected?.length ?? 0);
      if (count > 0 && records > maxRecordsPerCommit) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #leave(waiting: Waiting): void {
    this.#waitingBytes -= waiting.bytes;
    this.#notYetSafe -= waiting.handover.records?.length ?? 0;
  }

  async #commit(handovers: readonly Handover[]): Promise<Receipt[]> {
    const startedMs = this.#options.clock.monotonicMs();
    const decision = this.#decide(handovers);
    const written: DataFile[] = [];
    let entries: readonly PlacedEntry[];
    try {
      const ranges: CommittedRange[] = [];
      for (const role of ['rejected', 'raw', 'master'] as const) {
        const { lines, keys } = decision.lines[role];
        if (lines.length === 0) continue;
        const file = await this.#options.dataFile(role);
        const bytes = this.#lineBuffer.fill(lines);
        written.push(file);
        const appending = file.append(bytes);
        // While the system writes.
        const digest = {
          bytes: bytes.length,
          sha256: sha256Hex(bytes),
          keys: packFingerprints(keys),
        };
        const offset = await appending;
        ranges.push({ role, file: this.#options.relativePath(file), offset, ...digest });
      }
      // Data before journal: a journal line never names bytes that are not on disk.
      const dataIsDurable = Promise.all(written.map((file) => file.sync()));
      // Met where it is awaited, after the journal's line is made.
      dataIsDurable.catch(() => undefined);
      const committed: JournalEvent[] =
        decision.tallies.length > 0 ? [{ type: 'committed', ranges, units: decision.tallies }] : [];
      const events = [...decision.unitEvents, ...committed, ...decision.taken, ...decision.events];
      if (events.length === 0) {
        await dataIsDurable;
        this.#confirm(decision);
        return decision.receipts;
      }
      const at = new Date(this.#options.clock.now()).toISOString();
      entries = await this.#options.journal.append(events, at, dataIsDurable);
    } catch (error) {
      if (isDiskFull(error)) {
        for (const file of written) await file.rollBack();
        await this.#options.journal.rollBack();
      }
      throw error;
    }
    for (const file of written) file.commit();
    this.#confirm(decision);
    this.#options.onCommitted(entries);
    this.#options.onDurable({
      ms: this.#options.clock.monotonicMs() - startedMs,
      records: decision.lines.master.lines,
      tallies: decision.tallies,
    });
    return decision.receipts;
  }

  /** Decides what is new: key, then duplicates, then the per-key limit, then the target. Changes nothing. */
  #decide(handovers: readonly Handover[]): Decision {
    const decision = new Decision(this.#unitTotal, this.#options.replayKeys.choose());
    for (const handover of handovers) this.#decideOne(handover, decision);
    return decision;
  }

  #decideOne(handover: Handover, decision: Decision): void {
    const { seenRecords, makeReject } = this.#options;
    const duplicates = handover.duplicates ?? 0;
    const tally = { unit: handover.unit ?? 0, records: 0, duplicates, rejected: 0, raw: 0 };
    const keys: Fingerprint[] = [];
    const adopted: Fingerprint[] = [];
    let isCut = false;
    const reject = (rejected: PreparedReject): void => {
      keys.push(rejected.key);
      if (decision.replayed.take(tally.unit, rejected.key)) return;
      decision.add('rejected', rejected.line, rejected.key);
      tally.rejected += 1;
    };
    for (const record of handover.records ?? []) {
      if (decision.recordKeys.has(record.key) || seenRecords.has(record.key)) {
        if (decision.replayed.take(tally.unit, record.key)) {
          keys.push(record.key);
        } else if (decision.replayed.take(nobody, record.key)) {
          keys.push(record.key);
          adopted.push(record.key);
        } else {
          tally.duplicates += 1;
        }
        continue;
      }
      if (!this.#fitsPerKey(record, decision)) {
        reject(makeReject(tally.unit, 'over limits.perKey', record.line));
        continue;
      }
      if (
        this.#target !== undefined &&
        this.#recordTotal + decision.recordKeys.size >= this.#target
      ) {
        isCut = true;
        break;
      }
      keys.push(record.key);
      decision.recordKeys.add(record.key);
      decision.countPerKey(record.limitValue);
      decision.add('master', record.line, record.key);
      tally.records += 1;
    }
    for (const rejected of handover.rejected ?? []) reject(rejected);
    for (const line of handover.raw ?? []) {
      decision.add('raw', line, fingerprint(line));
      tally.raw += 1;
    }
    decision.addTally(tally);
    if (adopted.length > 0)
      decision.taken.push({ type: 'taken', unit: tally.unit, keys: packFingerprints(adopted) });
    const newUnits = isCut ? [] : this.#newUnits(handover.newUnits ?? [], decision);
    if (!isCut) decision.events.push(...(handover.events ?? []));
    decision.receipts.push({
      records: tally.records,
      duplicates: tally.duplicates,
      rejected: tally.rejected,
      newUnits,
      isCut,
      keys,
    });
  }

  #fitsPerKey(record: PreparedRecord, decision: Decision): boolean {
    const { perKeyMax, perKeyCounts } = this.#options;
    if (perKeyMax === undefined || record.limitValue === undefined) return true;
    const count =
      (perKeyCounts.get(record.limitValue) ?? 0) + (decision.perKey.get(record.limitValue) ?? 0);
    return count < perKeyMax;
  }

  #newUnits(candidates: readonly NewUnit[], decision: Decision): Unit[] {
    const units: Unit[] = [];
    for (const candidate of candidates) {
      const key = fingerprint(candidate.key);
      if (decision.unitKeys.has(key) || this.#options.seenUnits.has(key)) continue;
      decision.unitKeys.add(key);
      decision.unitTotal += 1;
      units.push({ ...candidate, n: decision.unitTotal });
    }
    if (units.length > 0) decision.unitEvents.push(toUnitsEvent(units));
    return units;
  }

  /** The journal has it: what was provisional is true. */
  #confirm(decision: Decision): void {
    const { seenRecords, seenUnits, perKeyCounts } = this.#options;
    seenRecords.addAll([...decision.recordKeys]);
    seenUnits.addAll([...decision.unitKeys]);
    decision.replayed.confirm();
    for (const [value, count] of decision.perKey) {
      perKeyCounts.set(value, (perKeyCounts.get(value) ?? 0) + count);
    }
    this.#unitTotal = decision.unitTotal;
    this.#recordTotal += decision.recordKeys.size;
  }

  async #handleFailure(error: unknown, batch: readonly Waiting[]): Promise<void> {
    if (isDiskFull(error)) {
      this.#waiting = [...batch, ...this.#waiting];
      if (this.#isRetryDue) {
        this.#isRetryDue = false;
        return;
      }
      this.#isDiskFull = true;
      this.#options.onDiskFull(messageOf(error));
      return;
    }
    const fault =
      error instanceof FaultError
        ? error
        : new FaultError(
            'WRITE_FAILED',
            `Writing failed: ${messageOf(error)}. Nothing more is written; resume the session to check what is there.`,
            {},
            error,
          );
    this.#fault = fault;
    this.#options.onFault(fault);
    for (const waiting of [...batch, ...this.#waiting.splice(0)]) {
      this.#leave(waiting);
      waiting.reject(fault);
    }
  }
}

/** What a commit is going to do: provisional until the journal has it. */
class Decision {
  readonly lines: Record<FileRole, { lines: string[]; keys: Fingerprint[] }> = {
    master: { lines: [], keys: [] },
    raw: { lines: [], keys: [] },
    rejected: { lines: [], keys: [] },
  };
  readonly recordKeys = new Set<Fingerprint>();
  readonly unitKeys = new Set<Fingerprint>();
  readonly replayed: ReplayChoice;
  readonly taken: TakenEvent[] = [];
  readonly perKey = new Map<string, number>();
  readonly tallies: UnitTally[] = [];
  readonly unitEvents: UnitsEvent[] = [];
  readonly events: JournalEvent[] = [];
  readonly receipts: Receipt[] = [];
  unitTotal: number;

  constructor(unitTotal: number, replayed: ReplayChoice) {
    this.unitTotal = unitTotal;
    this.replayed = replayed;
  }

  add(role: FileRole, line: string, key: Fingerprint): void {
    this.lines[role].lines.push(line);
    this.lines[role].keys.push(key);
  }

  countPerKey(value: string | undefined): void {
    if (value !== undefined) this.perKey.set(value, (this.perKey.get(value) ?? 0) + 1);
  }

  addTally(tally: Required<UnitTally>): void {
    const { raw, ...rest } = tally;
    if (tally.records + tally.duplicates + tally.rejected + raw === 0) return;
    this.tallies.push(raw === 0 ? rest : tally);
  }
}

function toUnitsEvent(units: readonly Unit[]): UnitsEvent {
  const [head] = units;
  const lane = head?.lane ?? '';
  const group = head?.group ?? '';
  return {
    type: 'units',
    first: head?.n ?? 0,
    lane,
    group,
    items: units.map((unit) => ({
      key: unit.key,
      ...(unit.lane === lane ? {} : { lane: unit.lane }),
      ...(unit.group === group ? {} : { group: unit.group }),
      ...(Object.keys(unit.input).length === 0 ? {} : { input: unit.input }),
    })),
  };
}

function handoverBytes(handover: Handover): number {
  let bytes = 200;
  for (const { line } of handover.records ?? []) bytes += line.length;
  for (const { line } of handover.rejected ?? []) bytes += line.length;
  for (const line of handover.raw ?? []) bytes += line.length;
  for (const unit of handover.newUnits ?? []) bytes += unit.key.length + 50;
  return bytes;
}

function isDiskFull(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT');
}
