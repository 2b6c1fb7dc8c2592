import { UnitFailedError } from '../errors.ts';
import { parseJson, type JsonValue } from '../json.ts';
import type { PageOf, SourceDefinition, SourcePage, SourceUnit } from './definition.ts';
import { inTransit, type PlaceOf } from './failures.ts';
import { jsonTextOf } from './jsonText.ts';
import { LogGate } from './logGate.ts';
import { Puller } from './puller.ts';
import { ToolMaker, type EngineSide } from './tools.ts';
import { unitOf } from './units.ts';
import type {
  CallRef,
  Mapped,
  PageStep,
  SourceAbout,
  SourceCommands,
  SourceRequests,
  SourceSettings,
  UnitsStep,
  WirePlannedUnit,
  WireUnit,
} from './wire.ts';

/** Units, and items of an array, that cross together. */
const maxUnits = 500;
const maxItems = 100;
/** Text that one page may have, and so one item. */
const maxPageChars = 32 * 1024 * 1024;

/** With so much text a page of single items is full. */
const fullChars = 1024 * 1024;

type SourceHandlers = {
  readonly [K in keyof SourceRequests]: (
    params: SourceRequests[K]['params'],
  ) => Promise<SourceRequests[K]['result']>;
};

/** A `plan` or `collect` under way. */
interface OpenCall {
  readonly abort: AbortController;
  readonly unit: WireUnit | undefined;
  readonly start: () => Promise<Puller<unknown>>;
  puller: Promise<Puller<unknown>> | undefined;
  /** Yielded already, but not to be handed over with what came before it. */
  held: { readonly value: unknown } | undefined;
}

/**
 * Runs somebody's own source at the engine's word, one page at a time: the same in a module's worker and in the
 * extension host. `collect` is never ahead of the engine.
 */
export class SourceServer {
  readonly #load: () => Promise<SourceDefinition>;
  readonly #placeOf: PlaceOf;
  readonly #tools: ToolMaker;
  readonly #calls = new Map<number, OpenCall>();
  #settings: SourceSettings = { options: {} };
  #loaded: Promise<SourceDefinition> | undefined;

  /**
   * @param options.load gives the source, its form not yet checked.
   * @param options.nowMs for limits of how much is logged.
   */
  constructor(options: {
    readonly load: () => Promise<unknown>;
    readonly engine: EngineSide;
    readonly placeOf: PlaceOf;
    readonly nowMs: () => number;
  }) {
    this.#load = async () => checked(await options.load());
    this.#placeOf = options.placeOf;
    this.#tools = new ToolMaker(options.engine, new LogGate(options.nowMs));
  }

  /** What answers the engine. */
  handlers(): SourceHandlers {
    const told =
      <P, R>(answer: (params: P) => Promise<R>) =>
      async (params: P): Promise<R> => {
        try {
          return await answer(params);
        } catch (error) {
          throw inTransit(error, this.#placeOf);
        }
      };
    return {
      describe: told((settings: SourceSettings) => this.#describe(settings)),
      nextUnits: told(({ call }: CallRef) => this.#step(call, (open) => this.#nextUnits(open))),
      nextPage: told(({ call }: CallRef) => this.#step(call, (open) => this.#nextPage(open))),
      end: told(({ call }: CallRef) => this.#end(call)),
      map: told(async ({ unit, items }: SourceRequests['map']['params']) => {
        return this.#mapAll(await this.#definition(), unit, items);
      }),
      ping: () => Promise.resolve(null),
    };
  }

  /** Begins a call; nothing of it runs before its first step is asked for. */
  command(name: keyof SourceCommands, payload: SourceCommands[keyof SourceCommands]): void {
    const { call } = payload;
    const abort = new AbortController();
    const tools = this.#tools.make(call, structuredClone(this.#settings.options), abort.signal);
    const unit = 'unit' in payload ? payload.unit : undefined;
    const start = async (): Promise<Puller<unknown>> => {
      const definition = await this.#definition();
      if (name === 'plan') {
        const withFor = { ...tools, for: this.#tools.forValues(call) };
        return Puller.of(definition.plan?.(withFor), 'plan');
      }
      if (!('unit' in payload)) throw new Error('No unit to collect');
      const { cursor } = payload;
      const collecting = { ...tools, cursor: cursor ?? undefined, page: pageOf };
      return Puller.of(definition.collect(unitFor(payload.unit), collecting), 'collect');
    };
    this.#calls.set(call, { abort, unit, start, puller: undefined, held: undefined });
  }

  /** Ends everything that still runs. */
  async close(): Promise<void> {
    await Promise.all([...this.#calls.keys()].map((call) => this.#end(call)));
  }

  #definition(): Promise<SourceDefinition> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  async #describe(settings: SourceSettings): Promise<SourceAbout> {
    this.#settings = settings;
    const definition = await this.#definition();
    return {
      hasPlan: definition.plan !== undefined,
      hasMap: definition.map !== undefined,
      discovers: definition.discovers === true,
    };
  }

  /** One step of a call; one that throws, or gives its last, has ended. */
  async #step<R extends UnitsStep | PageStep>(
    call: number,
    step: (open: OpenCall) => Promise<R>,
  ): Promise<R> {
    const open = this.#calls.get(call);
    if (open === undefined) throw new Error(`There is no call ${call}`);
    try {
      const result = await step(open);
      if ('isLast' in result ? result.isLast : result.end !== undefined) await this.#end(call);
      return result;
    } catch (error) {
      await this.#end(call);
      throw error;
    }
  }

  async #end(call: number): Promise<null> {
    const open = this.#calls.get(call);
    if (open === undefined) return null;
    this.#calls.delete(call);
    open.abort.abort(new Error('This is not needed any more: the session pauses or stops.'));
    const puller = await open.puller?.catch(() => undefined);
    await puller?.end();
    return null;
  }

  async #nextUnits(open: OpenCall): Promise<UnitsStep> {
    const puller = await (open.puller ??= open.start());
    const units: WirePlannedUnit[] = [];
    let isLast = false;
    while (units.length < maxUnits) {
      const step = units.length === 0 ? await puller.next() : await puller.nextIfReady();
      if (step === undefined) break;
      if (step.done === true) {
        isLast = true;
        break;
      }
      units.push(unitOf(step.value));
    }
    return { units: jsonTextOf(units, 'units'), isLast };
  }

  async #nextPage(open: OpenCall): Promise<PageStep> {
    const puller = await (open.puller ??= open.start());
    const items = new ItemList();
    do {
      const step: IteratorResult<unknown> = await this.#pull(open, puller);
      if (step.done === true) return this.#page(open, items, { end: 'collect returned' });
      const { value } = step;
      if (items.count === 0) {
        if (value instanceof YieldedPage || Array.isArray(value)) {
          return this.#wholePage(open, value);
        }
        items.add(value, 'item');
      } else if (!items.takes(value)) {
        open.held = { value };
        break;
      }
      // A generator must not go on before what it has yielded is handed over: it may hang then.
    } while (puller.isArray && items.count < maxItems && items.chars < fullChars);
    return this.#page(open, items, {});
  }

  #pull(open: OpenCall, puller: Puller<unknown>): Promise<IteratorResult<unknown>> {
    const { held } = open;
    open.held = undefined;
    return held === undefined ? puller.next() : Promise.resolve({ done: false, value: held.value });
  }

  #wholePage(open: OpenCall, value: YieldedPage | readonly unknown[]): Promise<PageStep> {
    const page = value instanceof YieldedPage ? checkedPage(value.page) : { items: value };
    const items = new ItemList();
    for (const [i, item] of (page.items ?? []).entries()) items.add(item, `items[${i}]`);
    return this.#page(open, items, page);
  }

  async #page(
    open: OpenCall,
    items: ItemList,
    { cursor, units, end, url }: SourcePage,
  ): Promise<PageStep> {
    const definition = await this.#definition();
    const text = items.text();
    const mapped =
      definition.map === undefined || open.unit === undefined
        ? undefined
        : await this.#mapAll(definition, open.unit, text);
    return {
      items: text,
      records: mapped,
      cursor: cursor === undefined ? undefined : jsonTextOf(cursor, 'cursor'),
      units: units === undefined ? undefined : jsonTextOf(units.map(unitOf), 'units'),
      url,
      end,
    };
  }

  /** @param items a JSON list. */
  async #mapAll(definition: SourceDefinition, unit: WireUnit, items: string): Promise<string> {
    const mapped: string[] = [];
    for (const item of parseJson(items) as readonly JsonValue[]) {
      mapped.push(await this.#mapOne(definition, unit, item));
    }
    return `[${mapped.join(',')}]`;
  }

  async #mapOne(definition: SourceDefinition, unit: WireUnit, item: JsonValue): Promise<string> {
    try {
      const record: unknown = await definition.map?.(item, unitFor(unit));
      return `{"record":${jsonTextOf(record, 'record')}}`;
    } catch (error) {
      const { message, data } = inTransit(error, this.#placeOf);
      const words = data.place === null ? message : `${data.place}: ${message}`;
      return JSON.stringify({ error: words } satisfies Mapped);
    }
  }
}

/** Items on their way, as texts, held to a size while they are made. */
class ItemList {
  readonly #texts: string[] = [];
  #chars = 0;

  get count(): number {
    return this.#texts.length;
  }

  get chars(): number {
    return this.#chars;
  }

  /** @throws UnitFailedError `SOURCE_NOT_JSON`, `SOURCE_PAGE_TOO_LARGE`. */
  add(item: unknown, name: string): void {
    const text = jsonTextOf(item, name);
    if (this.#chars + text.length > maxPageChars) {
      throw new UnitFailedError(
        'SOURCE_PAGE_TOO_LARGE',
        `A page has more than ${maxPageChars / 1024 / 1024} MB of JSON at ${name}: yield fewer or smaller items at once.`,
      );
    }
    this.#chars += text.length;
    this.#texts.push(text);
  }

  /** Adds an item to others; one that can't be added, or is a page of its own, is not for here. */
  takes(value: unknown): boolean {
    if (value instanceof YieldedPage || Array.isArray(value)) return false;
    try {
      this.add(value, 'item');
      return true;
    } catch {
      return false;
    }
  }

  text(): string {
    return `[${this.#texts.join(',')}]`;
  }
}

/** A page that was made by `page()`: an item may have any form, so that a page needs a mark. */
class YieldedPage implements PageOf<unknown> {
  readonly page: SourcePage;

  constructor(page: SourcePage) {
    this.page = page;
  }
}

function pageOf<Item>(page: SourcePage<Item>): PageOf<Item> {
  const made = new YieldedPage(page);
  return made as PageOf<Item>;
}

const pageParts: readonly string[] = ['items', 'cursor', 'units', 'end', 'url'];

function checkedPage(page: SourcePage): SourcePage {
  const { items, units, end, url } = page as Partial<Record<keyof SourcePage, unknown>>;
  const unknown = Object.keys(page).find((key) => !pageParts.includes(key));
  const wrong =
    unknown !== undefined
      ? `has no "${unknown}"; there are ${pageParts.join(', ')}`
      : items !== undefined && !Array.isArray(items)
        ? 'needs a list of items'
        : units !== undefined && !Array.isArray(units)
          ? 'needs a list of units'
          : end !== undefined && (typeof end !== 'string' || end === '')
            ? 'needs words for its end'
            : url !== undefined && (typeof url !== 'string' || !URL.canParse(url))
              ? 'needs a whole URL'
              : undefined;
  if (wrong !== undefined) throw new UnitFailedError('SOURCE_BAD_PAGE', `A page ${wrong}.`);
  return page;
}

/** A copy for each time: what the code does to it is its own. */
function unitFor(unit: WireUnit): SourceUnit {
  return structuredClone(unit) as SourceUnit;
}

function checked(given: unknown): SourceDefinition {
  const definition = given as Partial<Record<keyof SourceDefinition, unknown>> | null | undefined;
  const isFunction = (part: unknown): boolean => part === undefined || typeof part === 'function';
  if (
    typeof definition === 'object' &&
    definition !== null &&
    typeof definition.collect === 'function' &&
    isFunction(definition.plan) &&
    isFunction(definition.map)
  ) {
    return definition as SourceDefinition;
  }
  throw new UnitFailedError(
    'SOURCE_INVALID',
    'This is no source: it needs defineSource({ plan, collect }) with functions, and a module needs it as its default export.',
  );
}
