import { createHash } from 'node:crypto';
import type { ActorRunListItem } from 'apify-client';
import { RetryError, UnitSkippedError } from '../../core/errors.ts';
import {
  canonicalJson,
  getKey,
  isJsonObject,
  setKey,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts';
import { isInDoubt, type PaidCall } from '../../core/paidCall.ts';
import type { ApifySourceConfig } from '../../core/config/apifySource.ts';
import type { SourceContext, UnitCalls } from '../source.ts';
import { renderJson } from '../text/template.ts';
import { intentMark, type ApifyApi } from './apifyApi.ts';
import { whyNotStarted } from './apifyFailure.ts';
import type { RunPlan } from './apifyUnits.ts';

/** The kind of a call's handle: its id is that of a run. */
const runHandle = 'apify-run';

/** The clocks here and there may differ by this much without a run being overlooked. */
const clockMarginMs = 3_600_000;
/** Runs of others with the same input, started this much before the intent, are not taken for ours. */
const hashMarginMs = 600_000;

/** A run that was paid for. */
export interface BoughtRun {
  readonly intent: string;
  readonly run: string;
  /** What it cost is in the journal. */
  readonly isSettled: boolean;
  readonly reservedMicroUsd: number;
  /** An earlier start of the session bought it. */
  readonly isFromBefore: boolean;
}

/**
 * Sees to it that a unit has its run, and that it is bought once. A run that an earlier start bought is gone on with. Of a
 * call that may or may not have left, the run is looked for, by its intent in the user agent or else by its input, for
 * longer than a request can be on its way; only where it is surely not there is another one started.
 */
export class RunPurchase {
  readonly #config: ApifySourceConfig;
  readonly #context: SourceContext;
  readonly #api: ApifyApi;
  readonly #calls: UnitCalls;
  readonly #plan: RunPlan;
  readonly #signal: AbortSignal;
  /** Runs that were looked at and are of somebody else. */
  readonly #foreign = new Set<string>();

  constructor(parts: {
    readonly config: ApifySourceConfig;
    readonly context: SourceContext;
    readonly api: ApifyApi;
    readonly calls: UnitCalls;
    readonly plan: RunPlan;
    readonly signal: AbortSignal;
  }) {
    this.#config = parts.config;
    this.#context = parts.context;
    this.#api = parts.api;
    this.#calls = parts.calls;
    this.#plan = parts.plan;
    this.#signal = parts.signal;
  }

  /**
   * The unit's run.
   *
   * @param isWanted asked before anything is bought. @throws UnitSkippedError when it says no.
   */
  async run(isWanted: () => boolean): Promise<BoughtRun> {
    const before = this.#calls.known.findLast((call) => call.handle?.kind === runHandle);
    if (before?.handle !== undefined) return bought(before, before.handle.id, true);
    for (const call of this.#calls.known.filter(isInDoubt)) {
      const found = await this.#lookUp(call);
      if (found !== undefined) return await this.#take(call, found, true);
      await this.#calls.settle(call.intent, 0, 'no such run at Apify');
    }
    if (!isWanted()) {
      throw new UnitSkippedError(
        'LIMIT_REACHED',
        'Its records would be over limits.perKey: its run is not started.',
      );
    }
    return await this.#buy();
  }

  async #buy(): Promise<BoughtRun> {
    const { actor, options, maxUsd, maxMicroUsd } = this.#plan;
    const input = await this.#input();
    const call = await this.#calls.intend({
      what: `apify run ${actor}`,
      worstCaseMicroUsd: maxMicroUsd,
      inputHash: this.#hash(input),
    });
    let run: string;
    try {
      run = await this.#api.start(input, { ...options, maxUsd }, call.intent);
    } catch (error) {
      const reason = whyNotStarted(error);
      if (reason !== undefined) {
        await this.#calls.settle(call.intent, 0, reason);
        throw this.#api.failureOfStart(error);
      }
      // Where the session stops, the next start looks it up.
      this.#signal.throwIfAborted();
      return await this.#settleDoubt(call, this.#api.failureOfStart(error));
    }
    return await this.#take(call, run, false);
  }

  /** The call was cut off: was a run started? */
  async #settleDoubt(call: PaidCall, failure: Error): Promise<BoughtRun> {
    this.#context.logger.warn(
      { intent: call.intent, error: failure.message },
      'It is not known whether a run was started: it is looked for at Apify.',
    );
    const found = await this.#lookUp(call);
    if (found !== undefined) return await this.#take(call, found, false);
    await this.#calls.settle(call.intent, 0, 'no such run at Apify');
    throw new RetryError('APIFY_START_FAILED', `${failure.message} No run was started.`, {
      cause: failure,
    });
  }

  async #take(call: PaidCall, run: string, isFromBefore: boolean): Promise<BoughtRun> {
    await this.#calls.named(call.intent, { kind: runHandle, id: run });
    return bought(call, run, isFromBefore);
  }

  /**
   * The run that a call in doubt has started; undefined when it surely has started none: its list was read once more after
   * everything that was on its way had time to arrive. That time begins now and not with the intent, since nobody
   * knows how long after it the call left.
   */
  async #lookUp(call: PaidCall): Promise<string | undefined> {
    const { clock } = this.#context;
    const { doubtMs, pollMs } = this.#config.timing;
    const input = await this.#input();
    const startedMs = clock.monotonicMs();
    for (;;) {
      const isLast = clock.monotonicMs() - startedMs >= doubtMs;
      const found = await this.#find(call, input);
      if (found !== undefined || isLast) return found;
      const leftMs = doubtMs - (clock.monotonicMs() - startedMs);
      await clock.sleep(Math.max(1, Math.min(pollMs, leftMs)), this.#signal);
    }
  }

  async #find(call: PaidCall, input: JsonObject): Promise<string | undefined> {
    const intendedMs = Date.parse(call.intendedAt);
    const unmarked: ActorRunListItem[] = [];
    for await (const run of this.#api.runsSince(intendedMs - clockMarginMs)) {
      const agent = userAgentOf(run);
      if (agent.split('; ').includes(intentMark(call.intent))) return run.id;
      if (!agent.includes(intentMark(''))) unmarked.push(run);
    }
    for (const run of unmarked) {
      if (this.#foreign.has(run.id)) continue;
      const startedMs = new Date(run.startedAt).getTime();
      if (startedMs >= intendedMs - hashMarginMs && (await this.#hasInput(run, call, input)))
        return run.id;
      this.#foreign.add(run.id);
    }
    return undefined;
  }

  /** Whether a run was started with the input of a call. Apify fills in what the actor's schema has defaults for. */
  async #hasInput(run: ActorRunListItem, call: PaidCall, input: JsonObject): Promise<boolean> {
    const received = await this.#api.input(run.defaultKeyValueStoreId);
    if (!isJsonObject(received)) return false;
    const own: Record<string, JsonValue> = {};
    for (const name of Object.keys(input)) setKey(own, name, getKey(received, name) ?? null);
    return this.#hash(own) === call.inputHash;
  }

  async #input(): Promise<JsonObject> {
    const { input, values } = this.#plan;
    const rendered = await renderJson(input, { ...values.for, ...values.parent }, (text) =>
      this.#api.expand(text),
    );
    return rendered as JsonObject;
  }

  /** Without secrets: the hash is written down, and a short one could be guessed from it. */
  #hash(input: JsonObject): string {
    return createHash('sha256')
      .update(this.#api.redact(canonicalJson(input)))
      .digest('hex');
  }
}

function bought(call: PaidCall, run: string, isFromBefore: boolean): BoughtRun {
  return {
    intent: call.intent,
    run,
    isSettled: call.spentMicroUsd !== undefined,
    reservedMicroUsd: call.reservedMicroUsd,
    isFromBefore,
  };
}

/** What others say may be missing. */
function userAgentOf(run: ActorRunListItem): string {
  const meta = run.meta as Partial<ActorRunListItem['meta']> | undefined;
  return meta?.userAgent ?? '';
}
