import type { RestSourceConfig } from '../../core/config/restSource.ts';
import { UnitFailedError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../../core/unit.ts';
import { HttpClient } from '../http/client.ts';
import type { CollectContext, Page, Source, SourceContext, SourceTraits } from '../source.ts';
import { readItems, readJson, type Received } from './answer.ts';
import { Count } from './count.ts';
import { compileFields, type FieldReader } from './fields.ts';
import { ItemBatch } from './itemBatch.ts';
import { createPaginator } from './paginate/create.ts';
import { isThere, type PageAnswer, type Paginator, type Step } from './paginate/paginator.ts';
import { compileReadAnswer, type ReadAnswer } from './paginate/readAnswer.ts';
import { RequestPlan, plainRequest } from './requestPlan.ts';
import { itemFromRaw, itemToRaw, type AnswerFacts, type RestItem } from './restItem.ts';
import { compileSelect, type Select } from './select.ts';
import { firstProgress, fromCursor, toCursor, type UnitProgress } from './unitCursor.ts';
import { planUnits, valuesOf } from './units.ts';

export type { RestItem } from './restItem.ts';

/**
 * A source that pages through an API that answers with JSON: one unit for every combination of the collection's `for`
 * values, each paged to its end and compared with the number of items that the API states.
 *
 * @throws Error for a configuration that `checkRestConfig` finds problems in.
 */
export function createRestSource(
  config: RestSourceConfig,
  context: SourceContext,
): Source<RestItem> {
  return new RestSource(config, context);
}

/** A page for the engine, and how far the unit is with it; undefined at its end. */
interface Reading {
  readonly page: Page<RestItem>;
  readonly next: UnitProgress | undefined;
  /** Parts of the page's items are still to come: it is not for the engine yet. */
  readonly isPartial?: boolean;
}

/** One answer, read. */
interface Fetched {
  readonly answer: PageAnswer;
  readonly items: RestItem[];
  /** There is no such page: the one before was the last. */
  readonly isPastEnd: boolean;
}

class RestSource implements Source<RestItem> {
  readonly type = 'rest';
  readonly traits: SourceTraits = { paid: false, discovers: false, resumesMidUnit: true };
  readonly #config: RestSourceConfig;
  readonly #context: SourceContext;
  readonly #client: HttpClient;
  readonly #paginator: Paginator;
  readonly #items: Select;
  readonly #fields: FieldReader;
  readonly #count: Count;
  readonly #noItemsWhen: readonly ReadAnswer[];

  constructor(config: RestSourceConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#paginator = createPaginator(config.paginate);
    this.#items = compileSelect(config.items);
    this.#fields = compileFields(config.fields);
    this.#count = new Count(config, context.logger);
    this.#noItemsWhen = config.noItemsWhen.map(compileReadAnswer);
    this.#client = new HttpClient({
      context,
      request: plainRequest(config),
      headers: { accept: 'application/json' },
    });
  }

  plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    return planUnits(this.#config, this.#context, signal);
  }

  async *collect(
    unit: ClaimedUnit,
    { signal }: CollectContext,
  ): AsyncGenerator<Page<RestItem>, void, void> {
    signal.throwIfAborted();
    const plan = await RequestPlan.make(this.#config, valuesOf(unit.input), this.#client);
    if (plan === undefined) {
      throw new UnitFailedError('URL_INVALID', `source.url gives no http or https URL.`, {
        unit: unit.key,
      });
    }
    let progress =
      unit.cursor === undefined ? firstProgress(this.#paginator.first) : fromCursor(unit.cursor);
    const { batch: rule } = this.#paginator;
    const batch = rule === undefined ? undefined : new ItemBatch(rule);
    for (;;) {
      signal.throwIfAborted();
      // Nothing but the page itself is held here while its commit is awaited.
      const { page, next, isPartial } = await this.#read(unit, plan, progress, signal);
      batch?.add(page.items);
      if (isPartial !== true) yield batch === undefined ? page : { ...page, items: batch.take() };
      if (next === undefined) return;
      progress = next;
    }
  }

  map(item: RestItem, unit: Unit): JsonObject | Promise<JsonObject> {
    return this.#fields(item, valuesOf(unit.input));
  }

  toRaw(item: RestItem): JsonValue {
    return itemToRaw(item);
  }

  fromRaw(raw: JsonValue): RestItem {
    return itemFromRaw(raw);
  }

  provenance({ facts }: RestItem): { readonly url: string; readonly fetchedAt: string } {
    return { url: facts.url, fetchedAt: facts.fetchedAt };
  }

  health(): readonly HostHealth[] {
    return this.#client.health();
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #read(
    unit: Unit,
    plan: RequestPlan,
    before: UnitProgress,
    signal: AbortSignal,
  ): Promise<Reading> {
    const { answer, items, isPastEnd } = await this.#fetch(unit, plan, before, signal);
    const { batch, pastEnd } = this.#paginator;
    const step: Step = isPastEnd
      ? { end: `status ${pastEnd ?? ''} after the last page` }
      : this.#paginator.next(before.place, answer);
    const progress = this.#count.after(before, answer);
    if ('next' in step) {
      const place = this.#forJournal(step.next, plan);
      if (progress.guard.comesBackTo(place)) throw loop('asks for a page a second time', answer);
      const isPartial = batch !== undefined && !batch.isComplete(answer);
      return { ...reading(items, { ...progress, place }), isPartial };
    }
    const { isComplete, expected } = this.#count.atEnd(progress, unit.key, answer);
    if (!isComplete)
      return reading(items, firstProgress(this.#paginator.first, progress.restarts + 1));
    const end = { by: step.end, ...(expected === undefined ? {} : { expected }) };
    return { page: { items, end }, next: undefined };
  }

  async #fetch(
    unit: Unit,
    plan: RequestPlan,
    { place, guard }: UnitProgress,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const request = await plan.page(this.#paginator.request(place));
    // A first page that is not there is an error like any other.
    const pastEnd = place === this.#paginator.first ? undefined : this.#paginator.pastEnd;
    const accept = (status: number): boolean => status === pastEnd;
    const response = await this.#client.fetch({ ...request, signal, accept });
    const redact = (text: string): string => this.#client.redact(text);
    const received: Received = { response, url: redact(response.url), redact };
    const isPastEnd = response.status === pastEnd;
    const empty: PageAnswer = {
      // Most often an error page.
      body: isPastEnd ? null : readJson(received, this.#context.logger),
      items: [],
      url: response.url,
      header: (name) => response.header(name),
      redact,
    };
    if (isPastEnd) return { answer: empty, items: [], isPastEnd };
    const values = await readItems(
      empty.body,
      this.#config.items,
      this.#items,
      { for: valuesOf(unit.input) },
      received,
      {
        nowMs: this.#context.clock.now(),
        mayHaveNone: this.#noItemsWhen.some((read) => isThere(read(empty))),
      },
    );
    const answer: PageAnswer = { ...empty, items: values };
    if (this.#paginator.mayRepeatItems !== true && guard.repeatsPage(values))
      throw loop('answers with the items of a page that it gave before', answer);
    const { receivedAt: fetchedAt, status } = response;
    const facts: AnswerFacts = { url: received.url, fetchedAt, status };
    return { answer, items: values.map((value) => ({ value, facts })), isPastEnd };
  }

  #forJournal(place: JsonValue, plan: RequestPlan): JsonValue {
    const { type } = this.#config.paginate;
    const isUrl = type === 'link' || type === 'next';
    return isUrl && typeof place === 'string' ? plan.toJournal(place) : place;
  }
}

function reading(items: RestItem[], next: UnitProgress): Reading {
  return { page: { items, cursor: toCursor(next) }, next };
}

function loop(what: string, page: PageAnswer): UnitFailedError {
  const url = page.redact(page.url);
  return new UnitFailedError(
    'PAGINATION_LOOP',
    `The paging goes in circles: ${url} ${what}. Look at source.paginate, and at source.query for a parameter that ` +
      'the API ignores.',
    { url },
  );
}
