import {
  journalFormat,
  type DamagedEvent,
  type JournalEvent,
  type SessionEvent,
} from '../../core/events.ts';
import { emptyView, keyCount, reduceView, type SessionView } from '../../core/view.ts';
import { journalStart, type JournalPosition, type PlacedEntry } from '../../storage/journal.ts';
import { decodeLine } from '../../storage/journalLine.ts';
import type { Findings } from './findings.ts';
import type { SessionSubject } from './subject.ts';
import { MoneyCheck } from './money.ts';
import { UnitFold } from './unitFold.ts';

/** A stretch of a data file that a later line of the journal calls damaged: it has been dealt with. */
export interface KnownDamage extends DamagedEvent {
  readonly seq: number;
}

/** What the journal says, as far as it could be read. */
export interface JournalFacts {
  readonly header: SessionEvent | undefined;
  readonly view: SessionView;
  /** The last good line. */
  readonly position: JournalPosition;
  readonly units: UnitFold;
  readonly damage: readonly KnownDamage[];
  /** The session was made around a master that was there: what is no record in it stays between the ranges. */
  readonly isAdopted: boolean;
  /** Lines are lost: what is folded from the rest need not add up. */
  readonly hasGaps: boolean;
}

/** Called with each good line, folded in, in order. */
export type OnEntry = (entry: PlacedEntry, view: SessionView) => Promise<void> | undefined;

/**
 * Reads the journal from its first line to where it ended when this began: its chain, its sums, and what its events say
 * of each other.
 */
export async function readJournal(
  subject: SessionSubject,
  findings: Findings,
  onEntry: OnEntry,
): Promise<JournalFacts> {
  const pass = new JournalPass(subject, findings, onEntry);
  for await (const { offset, bytes, isWhole } of subject.journalLines()) {
    await pass.take(offset, bytes, isWhole);
  }
  return pass.end();
}

class JournalPass {
  readonly #subject: SessionSubject;
  readonly #findings: Findings;
  readonly #onEntry: OnEntry;
  readonly #units = new UnitFold();
  readonly #damage: KnownDamage[] = [];
  readonly #money: MoneyCheck;
  #header: SessionEvent | undefined;
  #view = emptyView;
  #position = journalStart;
  #line = 0;
  #hasGaps = false;
  #isAdopted = false;
  /** Bad lines with no good one after them yet. */
  #bad: { firstLine: number; lastLine: number; bytes: number; isRepeat: boolean } | undefined;

  constructor(subject: SessionSubject, findings: Findings, onEntry: OnEntry) {
    this.#subject = subject;
    this.#findings = findings;
    this.#onEntry = onEntry;
    this.#money = new MoneyCheck(findings);
  }

  async take(offset: number, bytes: Buffer, isWhole: boolean): Promise<void> {
    this.#line += 1;
    this.#findings.checked('journal');
    const decoded = isWhole ? decodeLine(bytes) : undefined;
    const last = this.#position;
    const length = bytes.length + (isWhole ? 1 : 0);
    if (decoded === undefined || decoded.seq <= last.seq) {
      this.#bad = {
        firstLine: this.#bad?.firstLine ?? this.#line,
        lastLine: this.#line,
        bytes: (this.#bad?.bytes ?? 0) + length,
        isRepeat: (this.#bad?.isRepeat ?? true) && decoded !== undefined,
      };
      return;
    }
    this.#checkChain(decoded.seq, decoded.prev);
    this.#bad = undefined;
    const end = offset + length;
    this.#position = { seq: decoded.seq, start: offset, end, sum: decoded.sum };
    const entry: PlacedEntry = { ...decoded, position: this.#position };
    if (this.#line === 1) this.#checkHeader(entry);
    this.#view = reduceView(this.#view, entry);
    if (!this.#hasGaps) this.#checkUnits(entry);
    for (const event of entry.events) {
      this.#checkEvent(event, entry.seq);
      this.#money.take(event, entry.at, this.#place());
    }
    await this.#onEntry(entry, this.#view);
  }

  end(): JournalFacts {
    this.#reportTail();
    if (this.#header === undefined && this.#line > 0) {
      this.#add('error', 'JOURNAL_HEADER_DAMAGED', 1, () => {
        return 'The first line of the journal can not be read, so it is not known what the session collects: neither keys nor the record schema can be checked. Put the file back from a copy; or make a new session of the master with cf-collect adopt.';
      });
    }
    if (this.#line === 0) {
      this.#add(
        'error',
        'JOURNAL_EMPTY',
        1,
        'The journal is empty: nothing is known of the session.',
      );
    }
    this.#money.end(
      this.#view,
      { hasGaps: this.#hasGaps, isHeld: this.#subject.isHeld },
      this.#place(),
    );
    return {
      header: this.#header,
      view: this.#view,
      position: this.#position,
      units: this.#units,
      damage: this.#damage,
      isAdopted: this.#isAdopted,
      hasGaps: this.#hasGaps,
    };
  }

  #checkHeader(entry: PlacedEntry): void {
    const [header] = entry.events;
    if (header?.type !== 'session') return;
    this.#header = header;
    if (header.format > journalFormat) {
      this.#add('error', 'JOURNAL_TOO_NEW', 1, () => {
        return `The journal has format ${header.format}; this version reads up to ${journalFormat}. Update CF Collector.`;
      });
    }
    if (header.session !== this.#subject.layout.session) {
      this.#add('error', 'JOURNAL_OF_ANOTHER', 1, () => {
        return `This is the journal of ${header.session}, in the folder of ${this.#subject.layout.session}.`;
      });
    }
  }

  #checkChain(seq: number, prev: string): void {
    const last = this.#position;
    const line = this.#line;
    if (this.#bad !== undefined) {
      const { firstLine, lastLine, isRepeat } = this.#bad;
      this.#hasGaps = true;
      const [code, what] = isRepeat
        ? ['JOURNAL_LINE_TWICE', 'stand in the journal a second time']
        : ['JOURNAL_GAP', 'are damaged: what they said of units and records is lost'];
      this.#add('error', code, firstLine, () => {
        return `${linesText(firstLine, lastLine)} ${what}. Resume the session: recovery wins back what the data files still have and does the rest again.`;
      });
      return;
    }
    if (seq === last.seq + 1 && prev === last.sum) return;
    this.#hasGaps = true;
    const missing = seq - last.seq - 1;
    this.#add('error', 'JOURNAL_LINES_MISSING', line, () => {
      return missing > 0
        ? `${missing} lines are missing before this one: its seq is ${seq}, and that of the line before is ${last.seq}. Put the file back from a copy, or resume the session: recovery wins back what the data files still have.`
        : 'This line does not follow on the one before: it is from another journal, or that one was replaced. Put the file back from a copy.';
    });
  }

  #reportTail(): void {
    // While it is being written, a line that is not whole yet is nothing to wonder at.
    if (this.#bad === undefined || this.#subject.isHeld) return;
    const { firstLine, bytes } = this.#bad;
    this.#add('warning', 'JOURNAL_TORN', firstLine, () => {
      return `The last ${bytes} bytes are no whole line: writing was cut off, and nobody was told of what they say. Resuming copies them aside and goes on before them.`;
    });
  }

  #checkUnits(entry: PlacedEntry): void {
    this.#units.apply(entry, (problem) => {
      this.#findings.add(
        'units',
        'error',
        'UNIT_ODD',
        this.#place(),
        `The journal says that ${problem}.`,
      );
    });
  }

  #checkEvent(event: JournalEvent, seq: number): void {
    if (event.type === 'damaged') this.#damage.push({ ...event, seq });
    if (event.type === 'imported' && event.kind === 'master') this.#isAdopted = true;
    if (event.type === 'finished' && event.state === 'done' && event.proof === undefined) {
      this.#findings.add('units', 'error', 'UNIT_UNPROVEN', this.#place(), () => {
        return `Unit ${event.unit} is called done without the proof that its source was read to the end.`;
      });
    }
    if (event.type !== 'committed') return;
    const tallied = { master: 0, rejected: 0, raw: 0 };
    for (const { records, rejected, raw } of event.units) {
      tallied.master += records;
      tallied.rejected += rejected;
      tallied.raw += raw ?? 0;
    }
    for (const { role, keys } of event.ranges) tallied[role] -= keyCount(keys);
    if (tallied.master === 0 && tallied.rejected === 0 && tallied.raw === 0) return;
    this.#findings.add('counts', 'error', 'TALLY_DIFFERS', this.#place(), () => {
      return 'What this line counts for its units is not how many lines it names in the data files.';
    });
  }

  #place(): { file: string; line: number } {
    return { file: this.#subject.layout.journal, line: this.#line };
  }

  #add(
    severity: 'error' | 'warning',
    code: string,
    line: number,
    message: string | (() => string),
  ): void {
    const file = this.#subject.layout.journal;
    this.#findings.add('journal', severity, code, { file, line }, message);
  }
}

/** "Line 5", "Lines 5 to 7". */
function linesText(first: number, last: number): string {
  return first === last ? `Line ${first}` : `Lines ${first} to ${last}`;
}

/** Every good line again, up to where the first pass got to. */
export async function* entriesAgain(
  subject: SessionSubject,
  { position }: JournalFacts,
): AsyncGenerator<PlacedEntry, void, void> {
  let { seq } = journalStart;
  for await (const { offset, bytes, isWhole } of subject.journalLines()) {
    if (seq >= position.seq) return;
    const line = isWhole ? decodeLine(bytes) : undefined;
    if (line === undefined || line.seq <= seq) continue;
    seq = line.seq;
    const end = offset + bytes.length + 1;
    yield { ...line, position: { seq, start: offset, end, sum: line.sum } };
  }
}
