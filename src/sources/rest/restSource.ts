import type { RestSourceConfig } from '../../core/config/restSource.ts';
import { UnitFailedError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../../core/unit.ts';
import { HttpClient, type HttpResponse } from '../http/client.ts';
import type { CollectContext, Page, Source, SourceContext, SourceTraits } from '../source.ts';
import { readItems, readJson, type Received } from './answer.ts';
import { Count } from './count.ts';
import { compileFields, type FieldReader } from './fields.ts';
import { ItemBatch } from './itemBatch.ts';
import { createPaginator } from './paginate/create.ts';
import { isThere, type PageAnswer, type Paginator, type Step } from './paginate/paginator.ts';
import { compileReadAnswer, type ReadAnswer } from './paginate/readAnswer.ts';
import { PricedCalls } from './pricedCalls.ts';
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
  /** Why the unit fails behind the page. */
  readonly failure?: UnitFailedError;
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
  readonly traits: SourceTraits;
  readonly #config: RestSourceConfig;
  readonly #context: SourceContext;
  readonly #client: HttpClient;
  readonly #paginator: Paginator;
  readonly #items: Select;
  readonly #fields: FieldReader;
  readonly #count: Count;
  readonly #noItemsWhen: readonly ReadAnswer[];
  readonly #priced: PricedCalls | undefined;

  constructor(config: RestSourceConfig, context: SourceContext) {
    const { price } = config;
    this.traits = { paid: price !== undefined, discovers: false, resumesMidUnit: true };
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
    this.#priced =
      price === undefined ? undefined : new PricedCalls(this.#client, context.clock, price);
  }

  plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    return planUnits(this.#config, this.#context, signal);
  }

  async *collect(
    unit: ClaimedUnit,
    context: CollectContext,
  ): AsyncGenerator<Page<RestItem>, void, void> {
    const { signal, calls } = context;
    signal.throwIfAborted();
    if (calls !== undefined) await this.#priced?.settleDoubts(calls);
    const plan = await RequestPlan.make(this.#config, valuesOf(unit.input), this.#client);
    if (plan === undefined) {
      throw new UnitFailedError('URL_INVALID', `source.url gives no http or https URL.`, {
        unit: unit.key,
      });
    }
    let progress =
      unit.cursor === undefined ? firstProgress(this.#paginator.first) : fromCursor(unit.cursor);
    if (progress.hasEnded === true) throw this.#differing(progress, unit);
    const { batch: rule } = this.#paginator;
    const batch = rule === undefined ? undefined : new ItemBatch(rule);
    for (;;) {
      signal.throwIfAborted();
      // Nothing but the page itself is held here while its commit is awaited.
      const { page, next, isPartial, failure } = await this.#read(unit, plan, progress, context);
      batch?.add(page.items);
      if (isPartial !== true) yield batch === undefined ? page : { ...page, items: batch.take() };
      if (failure !== undefined) throw failure;
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
    { signal, calls, stages }: CollectContext,
  ): Promise<Reading> {
    const request = await plan.page(this.#paginator.request(before.place));
    // A first page that is not there is an error like any other.
    const isFirst = before.place === this.#paginator.first;
    const pastEnd = isFirst ? undefined : this.#paginator.pastEnd;
    const accept = (status: number): boolean => status === pastEnd;
    if (this.#priced === undefined) {
      const response = await this.#client.fetch({ ...request, signal, accept, stages });
      return this.#pageOf(unit, plan, before, response);
    }
    if (calls === undefined) throw new Error('A source that is paid needs the calls of the unit');
    const { response, paid, spoilt } = await this.#priced.fetch(
      { ...request, signal, accept, stages },
      calls,
    );
    try {
      const read = await this.#pageOf(unit, plan, before, response);
      return { ...read, page: { ...read.page, answer: paid } };
    } catch (error) {
      throw await spoilt(error);
    }
  }

  async #pageOf(
    unit: Unit,
    plan: RequestPlan,
    before: UnitProgress,
    response: HttpResponse,
  ): Promise<Reading> {
    const { answer, items, isPastEnd } = await this.#answerOf(unit, before, response);
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
    const verdict = this.#count.atEnd(progress, unit.key, answer.redact(answer.url));
    if (verdict.isComplete) {
      const { expected } = verdict;
      const end = { by: step.end, ...(expected === undefined ? {} : { expected }) };
      return { page: { items, end }, next: undefined };
    }
    const { failure } = verdict;
    if (failure === undefined)
      return reading(items, firstProgress(this.#paginator.first, progress.restarts + 1));
    if (this.#priced === undefined) throw failure;
    // What the page brought was paid for: it is kept, and the unit fails behind it.
    return { ...reading(items, { ...progress, hasEnded: true }), failure };
  }

  /** The failure of a unit that was paged to its end before. */
  #differing(progress: UnitProgress, unit: Unit): Error {
    const verdict = this.#count.atEnd(progress, unit.key, this.#config.url);
    const failure = verdict.isComplete ? undefined : verdict.failure;
    return failure ?? new Error('The cursor says that the counts differ, and they do not');
  }

  async #answerOf(
    unit: Unit,
    { place, guard }: UnitProgress,
    response: HttpResponse,
  ): Promise<Fetched> {
    const redact = (text: string): string => this.#client.redact(text);
    const received: Received = { response, url: redact(response.url), redact };
    const isPastEnd =
      place !== this.#paginator.first && response.status === this.#paginator.pastEnd;
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
