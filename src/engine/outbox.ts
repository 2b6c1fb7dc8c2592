import type { Collection } from '../core/config.ts';
import type { EndProof, JournalEvent, RequeuedEvent } from '../core/events.ts';
import type { Fingerprint } from '../core/keys.ts';
import { toJsonLine, type JsonObject, type JsonValue } from '../core/json.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../core/unit.ts';
import type { Handover, PreparedRecord, PreparedReject } from '../storage/committer.ts';
import type { Page, Source } from '../sources/source.ts';
import type { SessionStore } from '../storage/sessionStore.ts';
import type { Prepared } from './prepare.ts';

/** A handover's records, at most: a journal line holds the keys of so many. */
const maxRecordsPerHandover = 50_000;

/**
 * Holds back one unit's records until it is time to hand them over: `flushEvery` of them, `flushMs` after the first, or
 * with the cursor or the end that they belong to.
 */
export class Outbox {
  readonly unit: ClaimedUnit;
  readonly #store: SessionStore;
  readonly #flushEvery: number;
  readonly #flushMs: number;
  readonly #onNewUnits: (units: readonly Unit[]) => void;
  #records: PreparedRecord[] = [];
  #rejected: PreparedReject[] = [];
  #raw: string[] = [];
  #newUnits: NewUnit[] = [];
  /** Records that the source left out itself. */
  #leftOut = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timedFlush: Promise<void> | undefined;
  /** Keys and duplicates that are durable although the cursor has not moved past them. */
  readonly #openKeys: Fingerprint[] = [];
  #openDuplicates = 0;
  #isCut = false;
  #cursor: JsonValue | undefined;
  #attempt: number;

  constructor(
    store: SessionStore,
    unit: ClaimedUnit,
    durability: Collection['durability'],
    onNewUnits: (units: readonly Unit[]) => void,
  ) {
    this.#store = store;
    this.unit = unit;
    this.#cursor = unit.cursor;
    this.#attempt = unit.attempt;
    this.#flushEvery = durability.flushEvery;
    this.#flushMs = durability.flushMs;
    this.#onNewUnits = onNewUnits;
  }

  /** The target was reached: nothing more of this unit is taken. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Takes a page's records; hands over when it is time. With `events` it always is, and they come with it. */
  async put(
    prepared: Prepared,
    newUnits: readonly NewUnit[],
    raw: readonly string[],
    events: readonly JournalEvent[],
    duplicates = 0,
  ): Promise<void> {
    await this.#timedFlush;
    this.#leftOut += duplicates;
    this.#records =
      this.#records.length === 0 ? prepared.records : this.#records.concat(prepared.records);
    this.#rejected =
      this.#rejected.length === 0 ? prepared.rejected : this.#rejected.concat(prepared.rejected);
    this.#raw = this.#raw.length === 0 ? [...raw] : this.#raw.concat(raw);
    this.#newUnits = this.#newUnits.concat(newUnits);
    if (events.length > 0 || this.#held >= this.#flushEvery) await this.#flush(events);
    else if (this.#held > 0) this.#startTimer();
  }

  /** Keeps a page that was paid for: its raw lines, and what the journal says of them. Nothing is made of it yet. */
  async keep(raw: readonly string[], events: readonly JournalEvent[]): Promise<void> {
    await this.#store.hand({ unit: this.unit.n, raw, events });
  }

  /** Hands over what is held. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#timedFlush;
    if (this.#held > 0) await this.#flush([]);
  }

  /** Where the unit goes on when it is claimed again. */
  get cursor(): JsonValue | undefined {
    return this.#cursor;
  }

  /** Which try this is since the cursor last moved. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The cursor has moved: what comes now is tried for the first time. */
  movedTo(cursor: JsonValue | undefined): void {
    if (cursor === undefined) return;
    this.#cursor = cursor;
    this.#attempt = 1;
  }

  /** The unit goes back: what it committed since its cursor moved will come again, and is no duplicate then. */
  async takeBack(event: RequeuedEvent): Promise<void> {
    this.#store.expectAgain(this.unit.n, this.#openKeys);
    const forget = this.#openDuplicates > 0 ? { forget: this.#openDuplicates } : {};
    await this.#store.record({ ...event, ...forget });
  }

  get #held(): number {
    return this.#records.length + this.#rejected.length + this.#newUnits.length + this.#raw.length;
  }

  #startTimer(): void {
    this.#timer ??= setTimeout(() => {
      // Its failure is met where the next page is put, or at the close.
      this.#timedFlush = this.#flush([]);
      this.#timedFlush.catch(() => undefined);
    }, this.#flushMs);
  }

  async #flush(events: readonly JournalEvent[]): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records = this.#records;
    const rest = {
      rejected: this.#rejected,
      raw: this.#raw,
      newUnits: this.#newUnits,
      duplicates: this.#leftOut,
    };
    this.#leftOut = 0;
    this.#records = [];
    this.#rejected = [];
    this.#raw = [];
    this.#newUnits = [];
    for (let at = 0; at + maxRecordsPerHandover < records.length; at += maxRecordsPerHandover) {
      await this.#hand({ records: records.slice(at, at + maxRecordsPerHandover) });
    }
    const tail =
      Math.max(0, Math.ceil(records.length / maxRecordsPerHandover) - 1) * maxRecordsPerHandover;
    await this.#hand({ records: tail === 0 ? records : records.slice(tail), ...rest, events });
  }

  async #hand(part: Omit<Handover, 'unit'>): Promise<void> {
    if (this.#isCut) return;
    const receipt = await this.#store.hand({ unit: this.unit.n, ...part });
    this.#isCut = receipt.isCut;
    this.#onNewUnits(receipt.newUnits);
    const hasMovedOn = (part.events?.length ?? 0) > 0 && !receipt.isCut;
    if (hasMovedOn) {
      this.#openKeys.length = 0;
      this.#openDuplicates = 0;
    } else {
      for (const key of receipt.keys) this.#openKeys.push(key);
      this.#openDuplicates += receipt.duplicates;
    }
  }
}

/** Lines of the raw file: every item as received, and a mark at the page's end. See `core/rawLine.ts`. */
export function rawLines<Item>(
  unit: ClaimedUnit,
  page: Page<Item>,
  source: Source<Item>,
): string[] {
  const { answer, end, units = [], duplicates = 0 } = page;
  const at = { unit: unit.n, intent: answer?.intent ?? null, cursor: unit.cursor ?? null };
  const mark = {
    ...at,
    end: true,
    items: page.items.length,
    next: page.cursor ?? null,
    ...(end === undefined ? {} : { proof: asJsonValue(end) }),
    ...(units.length === 0 ? {} : { units: units.map(asJsonValue) }),
    ...(duplicates === 0 ? {} : { duplicates }),
    ...(answer?.hasMore === true ? { hasMore: true } : {}),
  };
  return [
    ...page.items.map((item, i) => toJsonLine({ ...at, i, item: source.toRaw(item) })),
    toJsonLine(mark),
  ];
}

/** A plain object of ours as what it is. */
function asJsonValue(value: EndProof | NewUnit): JsonObject {
  return { ...value };
}
