import {
  ApifyClient,
  DownloadItemsFormat,
  type ActorRun,
  type ActorRunListItem,
} from 'apify-client';
import type { ApifyRunOptions, ApifySourceConfig } from '../../core/config/apifySource.ts';
import { backoffDelayMs } from '../../core/backoff.ts';
import { RetryError, UnitFailedError } from '../../core/errors.ts';
import { parseJson, toJsonLine, type JsonObject, type JsonValue } from '../../core/json.ts';
import { version } from '../../core/version.ts';
import type { HttpClient } from '../http/client.ts';
import type { SourceContext } from '../source.ts';
import { SecretText } from '../text/secrets.ts';
import { apifyFailure } from './apifyFailure.ts';
import { throughHttpClient } from './apifyTransport.ts';

/** Tries of a call that only reads, before the unit goes back. */
const readTries = 3;
const runsAtOnce = 1000;
const longestNotNowMs = 30_000;

/** Items of a dataset, as they stand in it. */
export interface DatasetPage {
  readonly values: readonly JsonValue[];
  /** Where they were read. */
  readonly url: string;
  /** ISO time. */
  readonly fetchedAt: string;
}

/** What calls of one unit share. */
export interface ApifyCaller {
  readonly actor: string;
  readonly signal: AbortSignal;
}

/**
 * The calls to Apify that one unit makes, through the official client with its own retries off: one call is one request.
 * What only reads is tried a few times; what starts, aborts or resurrects a run never is.
 *
 * Every method throws the signal's reason when it is aborted, and else what {@link apifyFailure} makes of an error.
 */
export class ApifyApi {
  readonly #config: ApifySourceConfig;
  readonly #context: SourceContext;
  readonly #http: HttpClient;
  readonly #secrets: SecretText;
  readonly #token: string;
  readonly #actor: string;
  readonly #signal: AbortSignal;
  readonly #client: ApifyClient;

  private constructor(
    config: ApifySourceConfig,
    context: SourceContext,
    http: HttpClient,
    { actor, signal }: ApifyCaller,
    { secrets, token }: { readonly secrets: SecretText; readonly token: string },
  ) {
    this.#config = config;
    this.#context = context;
    this.#http = http;
    this.#secrets = secrets;
    this.#token = token;
    this.#actor = actor;
    this.#signal = signal;
    this.#client = this.#makeClient([]);
  }

  /** @throws PauseError when the token is not set. */
  static async make(
    config: ApifySourceConfig,
    context: SourceContext,
    http: HttpClient,
    caller: ApifyCaller,
  ): Promise<ApifyApi> {
    caller.signal.throwIfAborted();
    // Each time anew: a person may have set another one while the session was paused.
    const secrets = new SecretText(context.secrets);
    const token = await secrets.expand(config.token);
    // So that what the HTTP client says of errors has no token in it either.
    await http.expand(config.token);
    caller.signal.throwIfAborted();
    return new ApifyApi(config, context, http, caller, { secrets, token });
  }

  /** The same calls with another signal. */
  with(signal: AbortSignal): ApifyApi {
    return new ApifyApi(
      this.#config,
      this.#context,
      this.#http,
      { actor: this.#actor, signal },
      { secrets: this.#secrets, token: this.#token },
    );
  }

  /** A text of the collection with its secrets in place. @throws PauseError when one is not set. */
  expand(text: string): Promise<string> {
    return this.#secrets.expand(text);
  }

  /** A text without secrets. */
  redact(text: string): string {
    return this.#http.redact(this.#secrets.redact(text));
  }

  /**
   * Starts a run: one POST, and never another one.
   *
   * @param intent stands in the user agent, by which the run can be found again.
   * @throws what the client throws, so that it can be told whether a run may have been started.
   */
  async start(
    input: JsonObject,
    options: ApifyRunOptions & { readonly maxUsd: number },
    intent: string,
  ): Promise<string> {
    const client = this.#makeClient([intentMark(intent)]);
    const { build, memoryMbytes, timeoutSecs, maxItems, maxUsd } = options;
    // Text: the client's own serialisation would round integers past 2^53.
    const run = await client.actor(this.#actor).start(toJsonLine(input), {
      contentType: 'application/json; charset=utf-8',
      maxTotalChargeUsd: maxUsd,
      ...(build === undefined ? {} : { build }),
      ...(memoryMbytes === undefined ? {} : { memory: memoryMbytes }),
      ...(timeoutSecs === undefined ? {} : { timeout: timeoutSecs }),
      ...(maxItems === undefined ? {} : { maxItems }),
    });
    const id: unknown = run.id;
    if (typeof id !== 'string' || id === '') throw new Error('The answer names no run');
    return id;
  }

  /** What a failed {@link start} leads to. */
  failureOfStart(error: unknown): Error {
    return this.#failure(`Starting a run of ${this.#actor}`, error);
  }

  /** A run; undefined when there is none with that id (any more). */
  run(id: string): Promise<ActorRun | undefined> {
    return this.#read(`Reading run ${id}`, () => this.#client.run(id).get());
  }

  /** The runs of the actor that were started since a time, newest first; each page until one is empty. */
  async *runsSince(sinceMs: number): AsyncGenerator<ActorRunListItem, void, void> {
    const startedAfter = new Date(sinceMs).toISOString();
    for (let offset = 0; ;) {
      const at = offset;
      const { items } = await this.#read(`Listing the runs of ${this.#actor}`, () =>
        this.#client
          .actor(this.#actor)
          .runs()
          .list({ startedAfter, desc: true, limit: runsAtOnce, offset: at }),
      );
      if (items.length === 0) return;
      yield* items;
      offset += items.length;
    }
  }

  /** The input that a run was started with, as it was received; undefined when it is not there (any more). */
  async input(store: string): Promise<JsonValue | undefined> {
    return this.#read(`Reading the input of a run of ${this.#actor}`, async () => {
      const record = await this.#client.keyValueStore(store).getRecord('INPUT', { buffer: true });
      return record === undefined ? undefined : parseJson(record.value.toString('utf8'));
    });
  }

  /**
   * A dataset's items from `offset` on, as they stand in it: no filters, so each is one place.
   *
   * @throws UnitFailedError `APIFY_DATASET_EXPIRED`.
   */
  async items(dataset: string, offset: number, limit: number): Promise<DatasetPage> {
    const what = `Reading the dataset ${dataset} from item ${offset} on`;
    for (let count = limit; ; count = Math.max(1, Math.floor(count / 4))) {
      try {
        const values = await this.#read(what, async () => {
          const body = await this.#client
            .dataset(dataset)
            .downloadItems(DownloadItemsFormat.JSON, { offset, limit: count });
          const list = parseJson(body.toString('utf8'));
          if (!Array.isArray(list)) throw new Error('The answer is no list');
          return list as readonly JsonValue[];
        });
        const url = `${this.#client.baseUrl}/datasets/${dataset}/items?offset=${offset}&limit=${count}`;
        return { values, url, fetchedAt: new Date(this.#context.clock.now()).toISOString() };
      } catch (error) {
        if (!(error instanceof UnitFailedError)) throw error;
        if (error.code === 'APIFY_NOT_FOUND') throw expired(dataset, error);
        // Items were paid for, so a page that is too large is read in smaller parts.
        if (error.code !== 'BODY_TOO_LARGE' || count === 1) throw error;
      }
    }
  }

  /**
   * How many items Apify says that a dataset has.
   *
   * @throws UnitFailedError `APIFY_DATASET_EXPIRED`.
   */
  async itemCount(dataset: string): Promise<number> {
    const found = await this.#read(`Reading the dataset ${dataset}`, () =>
      this.#client.dataset(dataset).get(),
    );
    if (found === undefined) throw expired(dataset);
    return found.itemCount;
  }

  /** Ends a run; does nothing to one that has ended. */
  async abort(run: string, options: { readonly gracefully: boolean }): Promise<void> {
    await this.#once(`Aborting run ${run}`, () => this.#client.run(run).abort(options));
  }

  /** Has a run that has ended go on, with the same storages and within the same charge limit. */
  async resurrect(run: string): Promise<void> {
    await this.#once(`Resurrecting run ${run}`, () => this.#client.run(run).resurrect());
  }

  async #once<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      this.#signal.throwIfAborted();
      throw this.#failure(what, error);
    }
  }

  async #read<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const { clock, retry, random } = this.#context;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(what, ask);
      } catch (error) {
        if (!(error instanceof RetryError) || attempt >= readTries) throw error;
        await clock.sleep(error.delayMs ?? backoffDelayMs(attempt, retry, random), this.#signal);
      }
    }
  }

  #failure(what: string, error: unknown): Error {
    return apifyFailure(error, {
      what,
      actor: this.#actor,
      redact: (text) => this.redact(text),
      notNowMs: Math.min(longestNotNowMs, this.#context.retry.maxMs),
    });
  }

  #makeClient(suffix: readonly string[]): ApifyClient {
    return new ApifyClient({
      token: this.#token,
      baseUrl: this.#config.baseUrl,
      maxRetries: 0,
      userAgentSuffix: [`cf-collector/${version}`, ...suffix],
      requestInterceptors: [throughHttpClient(this.#http, this.#signal)],
    });
  }
}

/** What stands in the user agent of the call that an intent is for. */
export function intentMark(intent: string): string {
  return `cf-intent/${intent}`;
}

function expired(dataset: string, cause?: unknown): UnitFailedError {
  return new UnitFailedError(
    'APIFY_DATASET_EXPIRED',
    `The dataset ${dataset} is not at Apify any more: unnamed datasets are deleted when the plan's retention is over. What was read of it before is kept.`,
    { dataset },
    cause,
  );
}
