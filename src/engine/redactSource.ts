import { CollectorError } from '../core/errors.ts';
import type { EndProof, HostHealth } from '../core/events.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Logger } from '../core/ports.ts';
import type { Redactor } from '../core/redactor.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../core/unit.ts';
import type {
  CollectContext,
  ItemFacts,
  Page,
  Source,
  SourceTraits,
  UnitCalls,
} from '../sources/source.ts';

/** What a source is seen through. */
export interface RedactedSourceParts<Item> {
  readonly source: Source<Item>;
  readonly redactor: Redactor;
  /** Items are written to a raw file. */
  readonly keepsRaw: boolean;
  readonly logger: Logger;
}

/**
 * A source without secrets: whatever a server sends back of them, in a page, an address, an error, does not get past
 * here, and so into no file, message or screen. Costs next to nothing while no secret was used.
 */
export class RedactedSource<Item> implements Source<Item> {
  readonly type: string;
  readonly traits: SourceTraits;
  readonly #source: Source<Item>;
  readonly #redactor: Redactor;
  readonly #keepsRaw: boolean;
  readonly #logger: Logger;
  /** Raw forms that are known by now: making them of a page's elements is work. */
  readonly #raw = new WeakMap<object, JsonValue>();
  #hasWarned = false;

  constructor({ source, redactor, keepsRaw, logger }: RedactedSourceParts<Item>) {
    this.#source = source;
    this.#redactor = redactor;
    this.#keepsRaw = keepsRaw;
    this.#logger = logger;
    this.type = source.type;
    this.traits = source.traits;
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    try {
      for await (const unit of this.#source.plan(signal)) yield this.#unit(unit);
    } catch (error) {
      throw this.#error(error, signal);
    }
  }

  async *collect(
    unit: ClaimedUnit,
    context: CollectContext,
  ): AsyncGenerator<Page<Item>, void, void> {
    const { calls } = context;
    const seen = calls === undefined ? context : { ...context, calls: this.#calls(calls) };
    try {
      for await (const page of this.#source.collect(unit, seen)) {
        yield this.#redactor.isEmpty ? page : this.#page(page, unit);
      }
    } catch (error) {
      throw this.#error(error, context.signal);
    }
  }

  makesRecord(item: Item, unit: Unit): boolean | Promise<boolean> {
    return this.#source.makesRecord?.(item, unit) ?? true;
  }

  map(item: Item, unit: Unit): JsonObject | Promise<JsonObject> {
    try {
      const record = this.#source.map(item, unit);
      if (this.#redactor.isEmpty) return record;
      if (!(record instanceof Promise)) return this.#redactor.json(record);
      return record.then(
        (made) => this.#redactor.json(made),
        (error: unknown) => {
          throw this.#error(error);
        },
      );
    } catch (error) {
      throw this.#error(error);
    }
  }

  facts(item: Item): ItemFacts {
    const facts = this.#source.facts?.(item) ?? noFacts;
    const { line, place, unit } = facts;
    // Then the record is made of the item, and its key of that.
    return line !== undefined && this.#redactor.isIn(line) ? { place, unit } : facts;
  }

  toRaw(item: Item): JsonValue {
    const known = typeof item === 'object' && item !== null ? this.#raw.get(item) : undefined;
    return known ?? this.#redactor.json(this.#source.toRaw(item));
  }

  fromRaw(raw: JsonValue, unit: Unit): Item {
    return this.#source.fromRaw(raw, unit);
  }

  provenance(item: Item): { readonly url: string; readonly fetchedAt: string } {
    return this.#redactor.json(this.#source.provenance(item));
  }

  health(): readonly HostHealth[] {
    const hosts = this.#source.health();
    if (this.#redactor.isEmpty) return hosts;
    return hosts.map(({ lastError, ...host }) =>
      lastError === undefined
        ? host
        : { ...host, lastError: { ...lastError, message: this.#redactor.text(lastError.message) } },
    );
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  #page(page: Page<Item>, unit: Unit): Page<Item> {
    const { items, units, cursor, end } = page;
    if (this.#keepsRaw) items.forEach((item, i) => (items[i] = this.#item(item, unit)));
    return {
      ...page,
      items,
      ...(units === undefined ? {} : { units: units.map((one) => this.#unit(one)) }),
      ...(cursor === undefined ? {} : { cursor: this.#redactor.json(cursor) }),
      ...(end === undefined ? {} : { end: this.#end(end) }),
    };
  }

  /** The item as the raw file gives it again: what is made of it now is what is made of it later. */
  #item(item: Item, unit: Unit): Item {
    const received = this.#source.toRaw(item);
    const raw = this.#redactor.json(received);
    const kept = raw === received ? item : this.#source.fromRaw(raw, unit);
    if (typeof kept === 'object' && kept !== null) this.#raw.set(kept, raw);
    return kept;
  }

  #end({ by, ...rest }: EndProof): EndProof {
    return { by: this.#redactor.received(by), ...rest };
  }

  #unit(unit: NewUnit): NewUnit {
    const { key, lane, group, input } = unit;
    const shown = this.#redactor.received(key);
    if (shown === key && this.#redactor.json(input) === input) return unit;
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      const message = `A page leads to ${shown}, which has a secret in it. It is left out of the address, so that it stands in no file; such pages may not be found.`;
      this.#logger.warn({ code: 'SECRET_IN_ADDRESS', unit: shown }, message);
    }
    return {
      key: shown,
      lane: this.#redactor.received(lane),
      group: this.#redactor.received(group),
      input: this.#redactor.json(input),
    };
  }

  #calls(calls: UnitCalls): UnitCalls {
    const redact = (text: string): string => this.#redactor.text(text);
    return {
      get known() {
        return calls.known;
      },
      intend: (call) => calls.intend({ ...call, what: redact(call.what) }),
      named: (intent, handle) => calls.named(intent, handle),
      settle: (intent, spent, evidence) => calls.settle(intent, spent, redact(evidence)),
    };
  }

  /** The same error, since its class decides what happens next, with other words. */
  #error(error: unknown, signal?: AbortSignal): unknown {
    if (this.#redactor.isEmpty || !(error instanceof Error) || error === signal?.reason) {
      return error;
    }
    const words = this.#redactor.text(error.message);
    if (words !== error.message) error.message = words;
    if (error.stack !== undefined) error.stack = this.#redactor.text(error.stack);
    if (error.cause instanceof Error) this.#error(error.cause);
    if (error instanceof CollectorError) {
      Object.defineProperty(error, 'data', { value: this.#redactor.json(error.data) });
    }
    return error;
  }
}

const noFacts: ItemFacts = {};
