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
import { createPaginator } from './paginate/create.ts';
import type { PageAnswer, Paginator } from './paginate/paginator.ts';
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

  constructor(config: RestSourceConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#paginator = createPaginator(config.paginate);
    this.#items = compileSelect(config.items);
    this.#fields = compileFields(config.fields);
    this.#count = new Count(config, context.logger);
    this.#client = new HttpClient({
      context,
      request: plainRequest(config),
      headers: { accept: 'application/json' },
    });
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    for (const unit of planUnits(this.#config)) {
      signal.throwIfAborted();
      yield unit;
    }
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
    for (;;) {
      signal.throwIfAborted();
      // Nothing but the page itself is held here while its commit is awaited.
      const { page, next } = await this.#read(unit, plan, progress, signal);
      yield page;
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
    const { answer, items } = await this.#fetch(unit, plan, before, signal);
    const step = this.#paginator.next(before.place, answer);
    const progress = this.#count.after(before, answer);
    if ('next' in step) {
      const place = this.#forJournal(step.next, plan);
      if (progress.guard.comesBackTo(place)) throw loop('asks for a page a second time', answer);
      return reading(items, { ...progress, place });
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
  ): Promise<{ readonly answer: PageAnswer; readonly items: RestItem[] }> {
    const request = await plan.page(this.#paginator.request(place));
    const response = await this.#client.fetch({ ...request, signal });
    const redact = (text: string): string => this.#client.redact(text);
    const received: Received = { response, url: redact(response.url), redact };
    const body = readJson(received, this.#context.logger);
    const values = await readItems(
      body,
      this.#config.items,
      this.#items,
      { for: valuesOf(unit.input) },
      received,
      this.#context.clock.now(),
    );
    const answer: PageAnswer = {
      body,
      items: values,
      url: response.url,
      header: (name) => response.header(name),
      redact,
    };
    if (this.#paginator.mayRepeatItems !== true && guard.repeatsPage(values))
      throw loop('answers with the items of a page that it gave before', answer);
    const { receivedAt: fetchedAt, status } = response;
    const facts: AnswerFacts = { url: received.url, fetchedAt, status };
    return { answer, items: values.map((value) => ({ value, facts })) };
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
