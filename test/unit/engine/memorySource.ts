import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import type { ClaimedUnit, NewUnit } from '../../../src/core/unit.ts';
import type { CollectContext, Page, Source, SourceTraits } from '../../../src/sources/source.ts';

/** What a unit of the source does when it is carried out. */
export type Carry = (unit: ClaimedUnit, signal: AbortSignal) => AsyncGenerator<Page<JsonObject>>;

/** A source without a network: its units and what they give are said by the test. */
export class MemorySource implements Source<JsonObject> {
  readonly type = 'memory';
  readonly traits: SourceTraits;
  /** Claims, in order: key and attempt. */
  readonly claims: string[] = [];
  running = 0;
  mostRunning = 0;
  isClosed = false;
  /** What was yielded after the source was closed, or asked for: must stay empty. */
  readonly lateCalls: string[] = [];
  onClose: () => Promise<void> = () => Promise.resolve();
  map: (item: JsonObject) => JsonObject | Promise<JsonObject> = (item) => item;
  readonly #units: Iterable<NewUnit> | AsyncIterable<NewUnit>;
  readonly #carry: Carry;

  constructor(
    units: Iterable<NewUnit> | AsyncIterable<NewUnit>,
    carry: Carry,
    traits: Partial<SourceTraits> = {},
  ) {
    this.#units = units;
    this.#carry = carry;
    this.traits = { paid: false, discovers: true, resumesMidUnit: true, ...traits };
  }

  async *plan(signal: AbortSignal): AsyncIterable<NewUnit> {
    for await (const unit of this.#units) {
      signal.throwIfAborted();
      yield unit;
    }
  }

  async *collect(
    unit: ClaimedUnit,
    { signal }: CollectContext,
  ): AsyncGenerator<Page<JsonObject>, void, void> {
    this.claims.push(`${unit.key}#${unit.attempt}`);
    if (this.isClosed) this.lateCalls.push(unit.key);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      yield* this.#carry(unit, signal);
    } finally {
      this.running -= 1;
      if (this.isClosed) this.lateCalls.push(`${unit.key} ends`);
    }
  }

  toRaw(item: JsonObject): JsonValue {
    return item;
  }

  fromRaw(raw: JsonValue): JsonObject {
    return raw as JsonObject;
  }

  provenance(): { url: string; fetchedAt: string } {
    return { url: 'http://memory/', fetchedAt: '2026-11-21T16:15:00.000Z' };
  }

  health(): [] {
    return [];
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.onClose();
  }
}

/** A page of records by their ids. */
export function page(
  ids: readonly (string | number)[],
  rest: Partial<Page<JsonObject>> = {},
): Page<JsonObject> {
  return { items: ids.map((id) => ({ id })), ...rest };
}

/** The page that ends a unit. */
export function lastPage(ids: readonly (string | number)[] = []): Page<JsonObject> {
  return page(ids, { end: { by: 'test' } });
}

/** Waits until the work is interrupted, then throws the reason, as a source must. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
