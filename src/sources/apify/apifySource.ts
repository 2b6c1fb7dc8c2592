import type { ApifySourceConfig } from '../../core/config/apifySource.ts';
import { UnitFailedError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import { getKey, scalarText, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../../core/unit.ts';
import { HttpClient } from '../http/client.ts';
import type { CollectContext, Page, Source, SourceContext, SourceTraits } from '../source.ts';
import { ApifyApi } from './apifyApi.ts';
import {
  compileCondition,
  compileFields,
  compileValues,
  type Condition,
  type FieldReader,
} from './apifyFields.ts';
import { itemFromRaw, itemToRaw, type ApifyItem } from './apifyItem.ts';
import { followUpUnit, planUnits, runPlanOf, type RunPlan } from './apifyUnits.ts';
import { costOf, type RunCost } from './runCost.ts';
import { readCursor, runOfCursor, toCursor } from './runCursor.ts';
import { RunPurchase, type BoughtRun } from './runPurchase.ts';
import { RunReader, type RunEnd } from './runReader.ts';

export type { ApifyItem } from './apifyItem.ts';

/**
 * A source that buys runs of Apify actors, one for each unit and each of them once, and reads what they sell to the end.
 *
 * @throws Error for a configuration that `checkApifyConfig` finds problems in.
 */
export function createApifySource(
  config: ApifySourceConfig,
  context: SourceContext,
): Source<ApifyItem> {
  return new ApifySource(config, context);
}

class ApifySource implements Source<ApifyItem> {
  readonly type = 'apify';
  readonly traits: SourceTraits;
  readonly #config: ApifySourceConfig;
  readonly #context: SourceContext;
  readonly #http: HttpClient;
  readonly #fields: FieldReader;
  readonly #where: Condition;
  readonly #when: Condition;
  readonly #parent: FieldReader;
  /** Runs that are being aborted since the session stops. */
  readonly #aborts = new Set<Promise<void>>();

  constructor(config: ApifySourceConfig, context: SourceContext) {
    const { followUp } = config;
    this.#config = config;
    this.#context = context;
    this.traits = { paid: true, discovers: followUp !== undefined, resumesMidUnit: true };
    this.#fields = compileFields(config.fields);
    this.#where = compileCondition(config.where);
    this.#when = compileCondition(followUp?.when);
    this.#parent = compileValues(followUp?.parent ?? {});
    this.#http = new HttpClient({ context, request: config.request });
  }

  plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    return planUnits(this.#config, this.#context, signal);
  }

  async *collect(
    unit: ClaimedUnit,
    { signal, calls, hasRoomFor }: CollectContext,
  ): AsyncGenerator<Page<ApifyItem>, void, void> {
    signal.throwIfAborted();
    if (calls === undefined) throw new Error('A source that is paid needs calls');
    const config = this.#config;
    const context = this.#context;
    const plan = runPlanOf(config, unit.input);
    const api = await ApifyApi.make(config, context, this.#http, { actor: plan.actor, signal });
    const purchase = new RunPurchase({ config, context, api, calls, plan, signal });
    const cursor = readCursor(unit.cursor);
    const bought =
      runOfCursor(cursor, calls.known) ??
      (await purchase.run(() => this.#isWanted(plan, hasRoomFor)));
    const offset = cursor?.run === bought.run ? cursor.offset : 0;
    const settle = async ({ microUsd, evidence }: RunCost): Promise<void> => {
      if (!bought.isSettled) await calls.settle(bought.intent, microUsd, evidence);
    };
    const worst = bought.reservedMicroUsd;
    let reader: RunReader | undefined;
    try {
      reader = await RunReader.open({ config, context, api, plan, bought, signal }, offset);
      const end = yield* this.#pages(unit, reader, plan, bought);
      await settle(costOf(end.run, end.items, worst));
      yield lastPage(bought, end);
      if (end.failure !== undefined) throw end.failure;
    } catch (error) {
      // It is gone for good, so what it has cost is settled by what was seen of it.
      if (error instanceof UnitFailedError && lostCodes.has(error.code))
        await settle(reader?.costSoFar(worst) ?? { microUsd: worst, evidence: error.code });
      throw error;
    } finally {
      if (signal.aborted && config.onStop === 'abort' && reader?.isGoing === true)
        this.#abortLater(reader, bought.run);
    }
  }

  makesRecord(item: ApifyItem, unit: Unit): boolean | Promise<boolean> {
    const { isFollowedUp, values } = runPlanOf(this.#config, unit.input);
    return isFollowedUp ? false : this.#where(item, values);
  }

  map(item: ApifyItem, unit: Unit): JsonObject | Promise<JsonObject> {
    return this.#fields(item, runPlanOf(this.#config, unit.input).values);
  }

  toRaw(item: ApifyItem): JsonValue {
    return itemToRaw(item);
  }

  fromRaw(raw: JsonValue): ApifyItem {
    return itemFromRaw(raw);
  }

  provenance({ facts }: ApifyItem): { readonly url: string; readonly fetchedAt: string } {
    return { url: facts.url, fetchedAt: facts.fetchedAt };
  }

  health(): readonly HostHealth[] {
    return this.#http.health();
  }

  async close(): Promise<void> {
    await Promise.all(this.#aborts);
    await this.#http.close();
  }

  /** Everything that a run sells, as pages with the units that follow its items up. */
  async *#pages(
    unit: ClaimedUnit,
    reader: RunReader,
    plan: RunPlan,
    bought: BoughtRun,
  ): AsyncGenerator<Page<ApifyItem>, RunEnd, void> {
    const pages = reader.pages();
    for (;;) {
      const next = await pages.next();
      if (next.done === true) return next.value;
      const { items, offset } = next.value;
      const units = plan.isFollowedUp ? await this.#followUps(items, unit, plan) : [];
      yield {
        items,
        units,
        cursor: toCursor(bought, offset),
        answer: { intent: bought.intent, hasMore: true },
      };
    }
  }

  async #followUps(items: readonly ApifyItem[], unit: Unit, plan: RunPlan): Promise<NewUnit[]> {
    const { followUp } = this.#config;
    if (followUp === undefined) return [];
    const units: NewUnit[] = [];
    let passedOver = 0;
    for (const item of items) {
      if (!(await this.#when(item, plan.values))) continue;
      const parent = await this.#parent(item, plan.values);
      const next = followUpUnit(this.#config, followUp, unit, parent);
      if (next === undefined) passedOver += 1;
      else units.push(next);
    }
    if (passedOver > 0) {
      this.#context.logger.warn(
        { unit: unit.key, items: passedOver },
        'Items without a value that the input of source.followUp needs are not followed up.',
      );
    }
    return units;
  }

  /** Whether records of a run can still be taken, where that shows before it is started. */
  #isWanted({ values }: RunPlan, hasRoomFor: CollectContext['hasRoomFor']): boolean {
    const { perKeyField } = this.#context;
    if (perKeyField === undefined || hasRoomFor === undefined) return true;
    const field = this.#config.fields?.[perKeyField];
    if (typeof field !== 'object') return true;
    const [, group, name = ''] = /^(for|parent)\.(\w+)$/.exec(field.from) ?? [];
    if (group !== 'for' && group !== 'parent') return true;
    const text = scalarText(getKey(values[group], name) ?? null);
    return text === undefined || hasRoomFor(text);
  }

  #abortLater(reader: RunReader, run: string): void {
    const work = reader.abort().catch((error: unknown) => {
      this.#context.logger.warn({ run, error: String(error) }, 'The run could not be aborted.');
    });
    this.#aborts.add(work);
    void work.then(() => this.#aborts.delete(work));
  }
}

/** Codes of runs and datasets that are not there any more. */
const lostCodes: ReadonlySet<string> = new Set(['APIFY_RUN_GONE', 'APIFY_DATASET_EXPIRED']);

/** Its cursor stays: what is asked for there after a failure is what a run that was resurrected has sold since. */
function lastPage(bought: BoughtRun, { items, failure }: RunEnd): Page<ApifyItem> {
  const answer = { intent: bought.intent };
  if (failure !== undefined) return { items: [], answer };
  const by = 'the run succeeded, and its dataset gives no more';
  return { items: [], answer, end: { by, expected: items } };
}
