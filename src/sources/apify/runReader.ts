import type { ActorRun } from 'apify-client';
import type { ApifySourceConfig } from '../../core/config/apifySource.ts';
import { RetryError, UnitFailedError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { SourceContext } from '../source.ts';
import type { ApifyApi } from './apifyApi.ts';
import type { ApifyItem } from './apifyItem.ts';
import type { RunPlan } from './apifyUnits.ts';
import { costOf, toMicro, type RunCost } from './runCost.ts';
import type { BoughtRun } from './runPurchase.ts';

/** A run that was asked to end has this long before it is made to. */
const abortGraceMs = 60_000;
/** A run may be missing for a moment after it was started. */
const freshMs = 15_000;
/** Looks at a dataset that has not everything yet that it says. */
const countTries = 3;

const overStatuses: ReadonlySet<string> = new Set([
  'SUCCEEDED',
  'FINISHED',
  'FAILED',
  'TIMED-OUT',
  'ABORTED',
]);

/** Items of one page, and how many of the dataset have been read with it. */
export interface RunItems {
  readonly items: ApifyItem[];
  readonly offset: number;
}

/** How reading a run ended: it is over, its dataset was read to the end. */
export interface RunEnd {
  readonly run: ActorRun;
  readonly items: number;
  /** Why the unit fails; undefined when the run did what it was to do. */
  readonly failure: UnitFailedError | undefined;
}

/** Whether a run is over. */
function isOver({ status }: Pick<ActorRun, 'status'>): boolean {
  return overStatuses.has(status);
}

/**
 * Waits for a run by its id and reads its dataset, also while it goes on: by offset, without filters, until a page is
 * empty that was asked for some time after the run was over, and the dataset says that there are no more.
 */
export class RunReader {
  readonly #config: ApifySourceConfig;
  readonly #context: SourceContext;
  readonly #api: ApifyApi;
  readonly #plan: RunPlan;
  readonly #bought: BoughtRun;
  readonly #signal: AbortSignal;
  #offset: number;
  #run: ActorRun;
  #polledMs: number;
  /** Since when (monotonic) the run is known to be over. */
  #overSinceMs: number | undefined;
  /** When (monotonic) it was asked to end, and why. */
  #aborted: { readonly atMs: number; readonly because: UnitFailedError } | undefined;
  #isForced = false;

  private constructor(parts: RunParts, run: ActorRun, offset: number) {
    this.#config = parts.config;
    this.#context = parts.context;
    this.#api = parts.api;
    this.#plan = parts.plan;
    this.#bought = parts.bought;
    this.#signal = parts.signal;
    this.#offset = offset;
    this.#run = run;
    this.#polledMs = parts.context.clock.monotonicMs();
    this.#noteStatus();
  }

  /** @param offset how many items of its dataset have been read before. */
  static async open(parts: RunParts, offset: number): Promise<RunReader> {
    const reader = new RunReader(parts, await findRun(parts), offset);
    await reader.#takeUp();
    return reader;
  }

  /** Whether the run goes on. */
  get isGoing(): boolean {
    return !isOver(this.#run);
  }

  /** What it has cost by what was last seen of it. */
  costSoFar(worstCaseMicroUsd: number): RunCost {
    return costOf(this.#run, this.#offset, worstCaseMicroUsd);
  }

  /** Ends the run, which the session leaves. */
  async abort(): Promise<void> {
    await this.#api.with(AbortSignal.timeout(stopMs)).abort(this.#bought.run, { gracefully: true });
  }

  /** The pages of the dataset, and at last how it ended. */
  async *pages(): AsyncGenerator<RunItems, RunEnd, void> {
    const { clock } = this.#context;
    const { pollMs, settleMs } = this.#config.timing;
    for (let looks = 0; ;) {
      this.#signal.throwIfAborted();
      if (this.isGoing && clock.monotonicMs() - this.#polledMs >= pollMs) await this.#poll();
      const askedMs = clock.monotonicMs();
      const page = await this.#page();
      if (page !== undefined) {
        yield page;
        continue;
      }
      const overMs = this.#overSinceMs === undefined ? -1 : askedMs - this.#overSinceMs;
      if (overMs < settleMs) {
        // Timers may be early by a part of a millisecond.
        const restMs = Math.ceil(settleMs - Math.max(0, overMs)) + 1;
        await clock.sleep(this.isGoing ? pollMs : restMs, this.#signal);
        continue;
      }
      if (!(await this.#hasAll())) {
        looks += 1;
        if (looks >= countTries) throw this.#itemsMissing();
        await clock.sleep(pollMs, this.#signal);
        continue;
      }
      await this.#poll();
      if (this.isGoing) continue;
      if (!this.#mayResurrect()) break;
      await this.#resurrect();
    }
    return { run: this.#run, items: this.#offset, failure: this.#failure() };
  }

  /** Items from where it is; undefined where there are none (yet). */
  async #page(): Promise<RunItems | undefined> {
    const dataset = this.#run.defaultDatasetId;
    const { values, url, fetchedAt } = await this.#api.items(
      dataset,
      this.#offset,
      this.#config.pageSize,
    );
    if (values.length === 0) return undefined;
    this.#offset += values.length;
    const facts = { url, fetchedAt, run: this.#bought.run, actor: this.#plan.actor };
    return { items: values.map((value) => ({ value, facts })), offset: this.#offset };
  }

  /** Whether the dataset says that it has no more than was read: its count may be late, and so may its items. */
  async #hasAll(): Promise<boolean> {
    const count = await this.#api.itemCount(this.#run.defaultDatasetId);
    if (count < this.#offset) {
      this.#context.logger.warn(
        { run: this.#bought.run, itemCount: count, read: this.#offset },
        'The dataset has given more items than it says it has.',
      );
    }
    return count <= this.#offset;
  }

  async #poll(): Promise<void> {
    const run = await this.#api.run(this.#bought.run);
    if (run === undefined) throw goneRun(this.#bought.run);
    this.#run = run;
    this.#polledMs = this.#context.clock.monotonicMs();
    this.#noteStatus();
    if (isOver(run)) return;
    const reason = this.#aborted?.because ?? this.#whyToEnd();
    if (reason !== undefined) await this.#end(reason);
  }

  #noteStatus(): void {
    if (isOver(this.#run)) this.#overSinceMs ??= this.#context.clock.monotonicMs();
    else this.#overSinceMs = undefined;
  }

  /** A run that takes too long, or costs more than it may. */
  #whyToEnd(): UnitFailedError | undefined {
    const { maxRunMinutes } = this.#config;
    const data = { run: this.#bought.run };
    if (this.#ranMs() > maxRunMinutes * 60_000) {
      return new UnitFailedError(
        'APIFY_RUN_TOO_LONG',
        `Run ${this.#bought.run} of ${this.#plan.actor} took longer than ${maxRunMinutes} minutes (source.maxRunMinutes) and was aborted. What it sold is kept.`,
        data,
      );
    }
    const { usageTotalUsd = 0 } = this.#run;
    if (toMicro(usageTotalUsd) > this.#plan.maxMicroUsd) {
      return new UnitFailedError(
        'APIFY_RUN_TOO_DEAR',
        `Run ${this.#bought.run} of ${this.#plan.actor} has cost $${usageTotalUsd}, more than source.maxUsdPerRun, and was aborted. What it sold is kept.`,
        data,
      );
    }
    return undefined;
  }

  /** How long it has been running. A run that was resurrected was not, for most of the time. */
  #ranMs(): number {
    const stats = this.#run.stats as Partial<ActorRun['stats']> | undefined;
    const resurrected = (stats?.resurrectCount ?? 0) > 0;
    if (resurrected && stats?.runTimeSecs !== undefined) return stats.runTimeSecs * 1000;
    const untilMs = isOver(this.#run)
      ? new Date(this.#run.finishedAt).getTime()
      : this.#context.clock.now();
    return untilMs - new Date(this.#run.startedAt).getTime();
  }

  /** Asks the run to end, and later makes it. */
  async #end(because: UnitFailedError): Promise<void> {
    const nowMs = this.#context.clock.monotonicMs();
    if (this.#aborted === undefined) {
      this.#context.logger.warn({ run: this.#bought.run, code: because.code }, because.message);
      this.#aborted = { atMs: nowMs, because };
      await this.#api.abort(this.#bought.run, { gracefully: true });
      return;
    }
    if (this.#isForced || nowMs - this.#aborted.atMs < abortGraceMs) return;
    this.#isForced = true;
    await this.#api.abort(this.#bought.run, { gracefully: false });
  }

  /** A run that was aborted when the session stopped goes on. */
  async #takeUp(): Promise<void> {
    const { onStop } = this.#config;
    const wasLeft =
      onStop === 'abort' && this.#bought.isFromBefore && this.#run.status === 'ABORTED';
    if (wasLeft && this.#whyToEnd() === undefined && !this.#bought.isSettled)
      await this.#resurrect();
  }

  #mayResurrect(): boolean {
    const { status } = this.#run;
    const stats = this.#run.stats as Partial<ActorRun['stats']> | undefined;
    return (
      (status === 'FAILED' || status === 'TIMED-OUT') &&
      !this.#bought.isSettled &&
      this.#aborted === undefined &&
      this.#whyToEnd() === undefined &&
      (stats?.resurrectCount ?? 0) < this.#config.resurrects
    );
  }

  async #resurrect(): Promise<void> {
    const { run, intent } = this.#bought;
    this.#context.logger.info({ run, intent, status: this.#run.status }, 'The run is resurrected.');
    await this.#api.resurrect(run);
    await this.#poll();
  }

  #failure(): UnitFailedError | undefined {
    const { status, statusMessage } = this.#run;
    if (status === 'SUCCEEDED' || (status as string) === 'FINISHED') return undefined;
    const because = this.#aborted?.because ?? (status === 'ABORTED' ? this.#whyToEnd() : undefined);
    if (because !== undefined) return because;
    const said = statusMessage === undefined ? '' : ` ("${this.#api.redact(statusMessage)}")`;
    return new UnitFailedError(
      `APIFY_RUN_${status.replace('-', '_')}`,
      `Run ${this.#bought.run} of ${this.#plan.actor} ended as ${status}${said}. The ${this.#offset} items that it sold are kept. ` +
        'It is not bought again: resurrect it in the Apify Console and try the unit again, or set source.resurrects in a new session.',
      { run: this.#bought.run, status },
    );
  }

  #itemsMissing(): RetryError {
    return new RetryError(
      'APIFY_ITEMS_MISSING',
      `The dataset of run ${this.#bought.run} says that it has more than the ${this.#offset} items that it gives.`,
      { data: { run: this.#bought.run } satisfies JsonObject },
    );
  }
}

/** What a {@link RunReader} works with. */
export interface RunParts {
  readonly config: ApifySourceConfig;
  readonly context: SourceContext;
  readonly api: ApifyApi;
  readonly plan: RunPlan;
  readonly bought: BoughtRun;
  readonly signal: AbortSignal;
}

/** A session that stops has no more time than this. */
const stopMs = 700;

async function findRun({ api, bought, context, config, signal }: RunParts): Promise<ActorRun> {
  const { clock } = context;
  const startedMs = clock.monotonicMs();
  for (;;) {
    const run = await api.run(bought.run);
    if (run !== undefined) return run;
    if (bought.isFromBefore || clock.monotonicMs() - startedMs >= freshMs)
      throw goneRun(bought.run);
    await clock.sleep(Math.min(1000, config.timing.pollMs), signal);
  }
}

function goneRun(run: string): UnitFailedError {
  return new UnitFailedError(
    'APIFY_RUN_GONE',
    `Run ${run} is not at Apify any more: old runs are deleted with their datasets. What was read of it before is kept; it is not bought again.`,
    { run },
  );
}
