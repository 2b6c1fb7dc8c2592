import type { CommittedRange, JournalEvent } from '../../core/events.ts';
import { canonicalJson, type JsonValue } from '../../core/json.ts';
import { CallTable } from './callTable.ts';

/** A part of a raw file. */
export type RawRange = Pick<CommittedRange, 'file' | 'offset' | 'bytes' | 'sha256'>;

/** Where a page that was paid for is kept. */
export interface KeptPage {
  readonly intent: string;
  /** Parts of the raw file that its lines are in, among others. */
  readonly ranges: readonly RawRange[];
}

/** What the journal says of one unit's paid calls, and of the pages that they have brought. */
export class PaidPast {
  readonly calls = new CallTable();
  readonly #pages = new Map<string, KeptPage>();
  /** Raw lines of the unit that no page was made of yet. */
  #ranges: RawRange[] = [];
  #isAskedAgain = false;

  /** The page that the unit got at a cursor; undefined when it got none there. */
  pageAt(cursor: JsonValue | undefined): KeptPage | undefined {
    return this.#pages.get(cursorText(cursor));
  }

  /** How many pages the unit has paid for. */
  get pageCount(): number {
    return this.#pages.size;
  }

  /** Notes where a page is kept. */
  keep(cursor: JsonValue, page: KeptPage): void {
    this.#pages.set(cursorText(cursor), page);
  }

  /** A person has asked for the unit again: what is not there any more may be paid for anew. */
  get isAskedAgain(): boolean {
    return this.#isAskedAgain;
  }

  /** Takes in one event of the unit, in the journal's order; `committed`: only where it has raw lines of the unit. */
  add(event: JournalEvent, at: string): void {
    this.calls.add(event, at);
    switch (event.type) {
      case 'committed':
        for (const range of event.ranges) {
          if (range.role === 'raw') this.#ranges.push(range);
        }
        return;
      case 'answered':
        this.keep(event.cursor, { intent: event.intent, ranges: this.#ranges });
        this.#ranges = [];
        return;
      case 'requeued':
        if (event.reason === 'asked') this.#isAskedAgain = true;
        return;
      default:
        return;
    }
  }
}

/** Follows a journal for some units. */
export class PaidPasts {
  readonly #pasts: ReadonlyMap<number, PaidPast>;
  /** Calls by their intent, to know whose they are. */
  readonly #units = new Map<string, number>();
  /** Parts of the raw file that no commit names: which units they are of is in their lines. */
  readonly adopted: RawRange[] = [];

  constructor(units: Iterable<number>) {
    this.#pasts = new Map([...units].map((unit) => [unit, new PaidPast()]));
  }

  get(unit: number): PaidPast | undefined {
    return this.#pasts.get(unit);
  }

  entries(): Iterable<[number, PaidPast]> {
    return this.#pasts.entries();
  }

  add(event: JournalEvent, at: string): void {
    switch (event.type) {
      case 'committed':
        for (const { unit, raw = 0 } of event.units) {
          if (raw > 0) this.#pasts.get(unit)?.add(event, at);
        }
        return;
      case 'adopted':
        if (event.range.role === 'raw') this.adopted.push(event.range);
        return;
      case 'intent':
        if (this.#pasts.has(event.unit)) this.#units.set(event.intent, event.unit);
        this.#pasts.get(event.unit)?.add(event, at);
        return;
      case 'handle':
      case 'settled':
        this.#pasts.get(this.#units.get(event.intent) ?? 0)?.add(event, at);
        return;
      case 'answered':
      case 'requeued':
        this.#pasts.get(event.unit)?.add(event, at);
        return;
      default:
        return;
    }
  }
}

function cursorText(cursor: JsonValue | undefined): string {
  return canonicalJson(cursor ?? null);
}
