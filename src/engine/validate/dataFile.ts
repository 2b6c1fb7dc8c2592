import { hash } from 'node:crypto';
import type { CommittedRange, UnitTally } from '../../core/events.ts';
import { isJsonObject, parseJson } from '../../core/json.ts';
import { unpackFingerprints, type Fingerprint, type MissingKeyPart } from '../../core/keys.ts';
import type { RecordKeys } from '../../core/recordKeys.ts';
import type { FileView } from '../../core/view.ts';
import type { FileWindow } from '../../storage/fileWindow.ts';
import { changeText, compareKeys, findMoved, type Change, type MetLine } from './changedLines.ts';
import type { Findings } from './findings.ts';
import { FirstLines } from './firstLines.ts';
import type { JournalFacts, KnownDamage } from './journalPass.ts';
import { lineBlocks } from './lineBlocks.ts';
import type { LineChecker } from './lineChecker.ts';
import { LinePlaces } from './linePlaces.ts';
import type { RawPageCheck } from './rawPages.ts';
import type { SessionSubject } from './subject.ts';

/** A range with what its journal line says beside it. */
export interface NamedRange {
  readonly range: CommittedRange;
  /** The journal line. */
  readonly seq: number;
  /** What it did for units, in the order of the keys; empty for lines that recovery adopted. */
  readonly tallies: readonly UnitTally[];
}

/** Ranges that differ, one after the other, until one is found that is whole. */
interface Changed {
  readonly ranges: NamedRange[];
  /** Where they begin in the file. */
  readonly start: number;
  bytes: number;
}

/** After so much that differs the file is called another one, and no more is sought. */
const maxChangedRanges = 64;
const maxChangedBytes = 64 * 1024 * 1024;

/** What is needed to check one data file. */
export interface DataFileParts {
  readonly subject: SessionSubject;
  readonly findings: Findings;
  readonly facts: JournalFacts;
  readonly view: FileView;
  readonly window: FileWindow;
  readonly size: number;
  readonly checker: LineChecker;
  /** undefined where keys are not to be compared: of other files than masters, and without the collection. */
  readonly recordKeys: RecordKeys | undefined;
  /** Looks at the pages of a raw file; undefined for others. */
  readonly rawPages: RawPageCheck | undefined;
}

/** One data file against the ranges that the journal names, which come in the journal's order. */
export class DataFileCheck {
  readonly #parts: DataFileParts;
  readonly #places: LinePlaces;
  readonly #first: FirstLines;
  readonly #damage: readonly KnownDamage[];
  /** Parts of the file that ranges name, joined where they touch; in the journal's offsets. */
  readonly #covered: { start: number; end: number }[] = [];
  /** How much further on than the journal says the bytes are. */
  #shift = 0;
  #changed: Changed | undefined;
  /** Too much differs: what belongs where is not sought any more. */
  #isAnother = false;
  /** Lines that are not there since the file ends before them, and where they should begin. */
  #missing = { lines: 0, from: 0 };
  #lines = 0;
  /** Records that are not there, by the unit that brought them. */
  readonly lostByUnit = new Map<number, number>();

  constructor(parts: DataFileParts) {
    this.#parts = parts;
    this.#places = new LinePlaces(parts.window);
    this.#first = new FirstLines(
      parts.view.role === 'master' ? parts.view.lines : 0,
      (line, first) => {
        this.#addKeyTwice(line, first);
      },
    );
    this.#damage = parts.facts.damage.filter(({ file }) => file === parts.view.file);
  }

  /** Good lines that are in the file. */
  get lines(): number {
    return this.#lines;
  }

  async check(named: NamedRange): Promise<void> {
    const { range } = named;
    const known = this.#damage.filter((d) => d.seq > named.seq);
    if (known.some((d) => d.isCut && range.offset >= d.offset)) return;
    this.#cover(named);
    this.#parts.findings.checked('ranges');
    const damage = known.filter((d) => overlaps(d, range));
    if (damage.length > 0) {
      await this.#settleChanged();
      await this.#checkDamaged(named, damage);
      return;
    }
    if (this.#changed !== undefined) {
      const found = await this.#seek(range);
      if (found === undefined) {
        await this.#addChanged(named, this.#changed.start);
        return;
      }
      await this.#reportChanged(found);
      this.#shift = found - range.offset;
    }
    const start = range.offset + this.#shift;
    const line = await this.#places.lineAt(start);
    const bytes = await this.#parts.window.read(start, range.bytes);
    if (bytes.length === range.bytes && hash('sha256', bytes, 'hex') === range.sha256) {
      this.#checkWhole(range, bytes, start, line);
    } else {
      await this.#addChanged(named, start);
    }
  }

  /** After the last range: what the journal names and is not there, and what is there and is not named. */
  async end(): Promise<void> {
    await this.#settleChanged();
    this.#reportMissing();
    const { view, size } = this.#parts;
    this.#covered.sort((a, b) => a.start - b.start);
    let at = 0;
    for (const { start, end } of this.#covered) {
      if (start > at) await this.#checkUnnamed(at, start, false);
      at = Math.max(at, end);
    }
    const tail = Math.max(at, view.bytes) + this.#shift;
    if (size > tail && !this.#parts.subject.isHeld && !this.#isAnother) {
      await this.#checkUnnamed(tail, size, true);
    }
    this.#first.end();
  }

  #checkWhole(range: CommittedRange, bytes: Buffer, start: number, line: number): void {
    const { checker, recordKeys, findings } = this.#parts;
    const keys = Buffer.from(range.keys, 'base64');
    const keysHex = recordKeys === undefined ? '' : keys.toString('hex');
    let at = 0;
    const count = checker.check(bytes, line, (record, number, from, to) => {
      const key = record === undefined ? undefined : recordKeys?.ofMasterRecord(record);
      // Compared where it stands: one string for a range, none for a line.
      if (typeof key === 'string' && !keysHex.startsWith(key, at)) {
        const exact = exactKey(bytes, from, to, recordKeys);
        if (typeof exact !== 'string' || !keysHex.startsWith(exact, at))
          this.#addKeyDiffers(number);
      } else if (typeof key === 'object') this.#addKeyMissing(number, key.missing);
      at += 32;
    });
    this.#places.moveTo(start + range.bytes, line + count);
    this.#lines += count;
    this.#parts.rawPages?.take(this.#place(line).file, bytes, line);
    if (count * 16 !== keys.length) {
      findings.add('counts', 'error', 'RANGE_LINES_DIFFER', this.#place(line), () => {
        return `The journal names ${keys.length / 16} lines here, and there are ${count}.`;
      });
    }
    if (this.#parts.view.role !== 'master') return;
    findings.checked('keys', count);
    this.#first.addPacked(keys, line);
  }

  /** A range that differs and has been dealt with: only what was kept of it has to be there. */
  async #checkDamaged({ range }: NamedRange, damage: readonly KnownDamage[]): Promise<void> {
    this.#parts.rawPages?.miss();
    const start = range.offset + this.#shift;
    const line = await this.#places.lineAt(start);
    const bytes = await this.#parts.window.read(start, range.bytes);
    if (bytes.length === range.bytes && hash('sha256', bytes, 'hex') === range.sha256) {
      this.#checkWhole(range, bytes, start, line);
      return;
    }
    const met = this.#meet(bytes, line, true);
    this.#places.moveTo(start + range.bytes, line + met.length);
    const lost = new Set(damage.flatMap((d) => unpackFingerprints(d.keys)));
    const kept = unpackFingerprints(range.keys).filter((key) => !lost.has(key));
    this.#addFirst(met, kept);
    this.#lines += kept.length;
    const { findings } = this.#parts;
    findings.add('ranges', 'warning', 'RANGE_DAMAGED_BEFORE', this.#place(line), () => {
      return `${rangeText(line, met.length)} differ from what was committed. That was found when the session was opened: ${lost.size} lost records were collected again, ${kept.length} are still here.`;
    });
    const there = new Set(met.map(({ key }) => key));
    const isUntold = met.some(({ key, isBad }) => key === undefined && !isBad);
    const gone = isUntold ? [] : kept.filter((key) => !there.has(key));
    if (gone.length === 0) return;
    findings.add('ranges', 'error', 'RANGE_CHANGED', this.#place(line), () => {
      return `${rangeText(line, met.length)} were damaged once more: ${gone.length} of their records are gone. Resume the session: their units are collected again.`;
    });
  }

  async #addChanged(named: NamedRange, start: number): Promise<void> {
    this.#parts.rawPages?.miss();
    const { size } = this.#parts;
    if (named.range.offset + this.#shift >= size) {
      await this.#settleChanged();
      const lost = unpackFingerprints(named.range.keys).map(() => true);
      this.#loseUnits([named], lost);
      this.#miss(lost.length, this.#lines + 1);
      return;
    }
    this.#changed ??= { ranges: [], start, bytes: 0 };
    this.#changed.ranges.push(named);
    this.#changed.bytes += named.range.bytes;
    const isTooMuch =
      this.#changed.ranges.length >= maxChangedRanges || this.#changed.bytes > maxChangedBytes;
    if (isTooMuch || this.#isAnother) {
      // One more such stretch, and it is clear that this is not the file that was written.
      await this.#reportChanged(Math.min(this.#changed.start + this.#changed.bytes, size));
      this.#isAnother = true;
    }
  }

  /** Where a range is now that comes after bytes that differ; undefined when it is not found near. */
  async #seek(range: CommittedRange): Promise<number | undefined> {
    const changed = this.#changed;
    if (changed === undefined) return undefined;
    const { window, size } = this.#parts;
    return findMoved(window, range, changed.start, changed.start + changed.bytes, size);
  }

  async #settleChanged(): Promise<void> {
    if (this.#changed === undefined) return;
    const { start, bytes } = this.#changed;
    const { subject, size, view } = this.#parts;
    const expected = start + bytes;
    // The last ranges of the file: what there is to its end is what has become of them.
    const isLast = view.bytes + this.#shift === expected && !subject.isHeld;
    const end =
      isLast && Math.abs(size - expected) < maxChangedBytes ? size : Math.min(expected, size);
    await this.#reportChanged(end);
    this.#shift += end - expected;
  }

  async #reportChanged(end: number): Promise<void> {
    const changed = this.#changed;
    if (changed === undefined) return;
    this.#changed = undefined;
    const { start } = changed;
    const line = await this.#places.lineAt(start);
    const bytes = await this.#parts.window.read(start, end - start);
    const met = this.#meet(bytes, line, false);
    this.#places.moveTo(end, line + met.length);
    const keys = changed.ranges.flatMap(({ range }) => unpackFingerprints(range.keys));
    this.#addFirst(met, keys);
    this.#lines += met.length;
    const change = compareKeys(keys, met);
    this.#loseUnits(changed.ranges, change.lost);
    if (end === this.#parts.size && isCutOff(change)) {
      this.#miss(change.expected, line + change.from);
      return;
    }
    const place = { ...this.#place(line + change.from), column: 1 };
    const moved = end - start - changed.bytes;
    const seqs = changed.ranges.map(({ seq }) => seq);
    this.#parts.findings.add('ranges', 'error', 'RANGE_CHANGED', place, () =>
      changeText({ change, line, lines: met.length, moved, seqs, path: this.#parts.window.path }),
    );
  }

  /** Reads lines that differ from what was committed: each with its key, as far as it tells it. */
  #meet(bytes: Buffer, line: number, isKnown: boolean): MetLine[] {
    const met: MetLine[] = [];
    const { checker, recordKeys } = this.#parts;
    checker.check(
      bytes,
      line,
      (record, _line, from, to) => {
        const key = record === undefined ? undefined : exactKey(bytes, from, to, recordKeys);
        const isBad = record === undefined || typeof key === 'object';
        met.push({
          key: typeof key === 'string' ? key : undefined,
          isBad,
          line: line + met.length,
        });
      },
      isKnown,
    );
    return met;
  }

  /** Keys of lines that are not those that the journal says; where lines do not tell theirs, the journal's. */
  #addFirst(met: readonly MetLine[], keys: readonly Fingerprint[]): void {
    if (this.#parts.view.role !== 'master') return;
    this.#parts.findings.checked('keys', met.length);
    met.forEach(({ key, line }, i) => {
      const known = key ?? (met.length === keys.length ? keys[i] : undefined);
      if (known !== undefined) this.#first.add(known, line);
    });
  }

  #loseUnits(ranges: readonly NamedRange[], isLost: readonly boolean[]): void {
    if (this.#parts.view.role !== 'master') return;
    let at = 0;
    for (const { tallies, range } of ranges) {
      const end = at + unpackFingerprints(range.keys).length;
      let unitAt = at;
      for (const { unit, records } of tallies) {
        const lost = isLost.slice(unitAt, unitAt + records).filter(Boolean).length;
        if (lost > 0) this.lostByUnit.set(unit, (this.lostByUnit.get(unit) ?? 0) + lost);
        unitAt += records;
      }
      at = end;
    }
  }

  #miss(lines: number, from: number): void {
    const { lines: before, from: start } = this.#missing;
    this.#missing = { lines: before + lines, from: before === 0 ? from : Math.min(from, start) };
  }

  #reportMissing(): void {
    const { lines, from } = this.#missing;
    if (lines === 0) return;
    const { findings, size, view } = this.#parts;
    findings.add('ranges', 'error', 'RANGE_MISSING', this.#place(from), () => {
      return `The file has ${size} bytes, but ${view.bytes} were committed: ${lines} lines from here on are missing. Put the file back from a copy, or resume the session: what is missing is collected again.`;
    });
  }

  /** @param isTail of the file: there an interrupted session leaves what it had not yet confirmed. */
  async #checkUnnamed(start: number, end: number, isTail: boolean): Promise<void> {
    const { findings, facts, view, checker, window } = this.#parts;
    const { state } = facts.view;
    const isLeft = isTail && (state === 'active' || state === 'paused');
    const wasThere = facts.isAdopted && view.role === 'master' && !isTail;
    const isExcused = isLeft || wasThere;
    const from = start + (isTail ? 0 : this.#shift);
    const firstLine = await this.#places.lineAt(from);
    let line = firstLine;
    for await (const { bytes, isTooLong } of lineBlocks(window, from, from + end - start)) {
      line += isTooLong ? 1 : checker.check(bytes, line, () => undefined, isExcused);
    }
    const what = `${rangeText(firstLine, line - firstLine)} (${end - start} bytes) stand in the file without a line of the journal that names them`;
    const next = wasThere
      ? 'They were in the master when it was adopted, and are no records.'
      : isLeft
        ? 'The session was interrupted while it wrote them: resuming keeps the whole ones and sets the rest aside.'
        : isTail
          ? 'Somebody else has added to the file. Take them out again (into another file), or the session can not go on.'
          : 'Their line in the journal is damaged. Resume the session: recovery adopts the whole ones.';
    const severity = isExcused ? 'warning' : 'error';
    findings.add('ranges', severity, 'BYTES_UNNAMED', this.#place(firstLine), `${what}. ${next}`);
  }

  #cover({ range, seq }: NamedRange): void {
    const start = range.offset;
    const end = start + range.bytes;
    const last = this.#covered.at(-1);
    if (last?.end === start) {
      last.end = end;
      return;
    }
    const other = this.#covered.find((c) => c.start < end && start < c.end);
    if (other !== undefined) {
      const place = { file: this.#parts.subject.layout.journal };
      this.#parts.findings.add('ranges', 'error', 'RANGE_TWICE', place, () => {
        return `Line ${seq + 1} of the journal names bytes ${start} to ${end} of ${range.file}, and so does a line before it.`;
      });
    }
    this.#covered.push({ start, end });
  }

  #addKeyDiffers(line: number): void {
    this.#parts.findings.add('keys', 'error', 'KEY_DIFFERS', this.#place(line), () => {
      return "The record's key is not the one that the journal has for this line: duplicates of it will not be found. Make a new session of the file with cf-collect adopt.";
    });
  }

  #addKeyMissing(line: number, field: string): void {
    this.#parts.findings.add('keys', 'error', 'KEY_MISSING', this.#place(line), () => {
      return `The record has no key: field "${field}" is missing or null.`;
    });
  }

  #addKeyTwice(line: number, first: number): void {
    this.#parts.findings.add('keys', 'error', 'KEY_TWICE', this.#place(line), () => {
      return `The record has the same key as line ${first}. Merge the file into a new one: that keeps one of them.`;
    });
  }

  #place(line: number): { file: string; line: number; column: number } {
    return { file: this.#parts.window.path, line, column: 1 };
  }
}

/** Whether lines are missing at the end, after at most one that is a piece of what it was. */
function isCutOff({ toldBy, count, expected }: Change): boolean {
  return toldBy === 'keys' && count <= 1 && expected > count;
}

/** The key of a line that is a record, with every digit. */
function exactKey(
  bytes: Buffer,
  from: number,
  to: number,
  recordKeys: RecordKeys | undefined,
): Fingerprint | MissingKeyPart | undefined {
  const record = parseJson(bytes.toString('utf8', from, to));
  return isJsonObject(record) ? recordKeys?.ofMasterRecord(record) : undefined;
}

function overlaps(damage: KnownDamage, range: CommittedRange): boolean {
  return damage.offset < range.offset + range.bytes && range.offset < damage.offset + damage.bytes;
}

function rangeText(line: number, count: number): string {
  return count <= 1 ? `Line ${line}` : `Lines ${line} to ${line + count - 1}`;
}
