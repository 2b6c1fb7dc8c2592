import { createHash } from 'node:crypto';
import type { PriceConfig } from '../../core/config/restSource.ts';
import {
  CollectorError,
  messageOf,
  RetryError,
  ThrottledError,
  UnitFailedError,
} from '../../core/errors.ts';
import { dollars } from '../../core/format.ts';
import { isInDoubt, type PaidCall } from '../../core/paidCall.ts';
import type { Clock } from '../../core/ports.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../http/client.ts';
import { hasNeverLeft } from '../http/trouble.ts';
import type { PaidAnswer, UnitCalls } from '../source.ts';

/** A stop waits this long for an answer that is paid for: `collect` has a second. */
const graceMs = 700;
const shownUrlLength = 200;

/**
 * Statuses that say that nothing was done: the request was refused as it is, or not now. Others that are no answer
 * may have cost something: 404 is what a search that finds nothing gives, too.
 */
const refusals: ReadonlySet<number> = new Set([
  400, 401, 402, 403, 405, 406, 407, 411, 412, 413, 414, 415, 417, 421, 422, 425, 426, 428, 429,
  431, 451,
]);

const badRedirects: ReadonlySet<string> = new Set([
  'REDIRECT_INVALID',
  'REDIRECT_LOOP',
  'TOO_MANY_REDIRECTS',
]);

/** An answer that was paid for. */
export interface PricedAnswer {
  readonly response: HttpResponse;
  /** What the answer's page says of it. */
  readonly paid: PaidAnswer;
  /** What to throw where no page can be made of it. */
  readonly spoilt: (error: unknown) => Promise<unknown>;
}

/**
 * Requests that cost money: each is written down with its price before it leaves, and none is sent a second time that
 * may have been charged, unless `onDoubt` is `repeat`.
 */
export class PricedCalls {
  readonly #client: HttpClient;
  readonly #clock: Clock;
  readonly #price: PriceConfig;
  readonly #priceMicroUsd: number;

  constructor(client: HttpClient, clock: Clock, price: PriceConfig) {
    this.#client = client;
    this.#clock = clock;
    this.#price = price;
    // A part of a millionth counts as one; 0.29 * 1e6 is not quite 290,000.
    this.#priceMicroUsd = Math.ceil(price.perCallUsd * 1e6 - 1e-3);
  }

  /**
   * Looks at what an earlier try has left.
   *
   * @throws UnitFailedError `PAID_CALL_IN_DOUBT` where a call is in doubt that is not to be made again without a
   *   person's word.
   */
  async settleDoubts(calls: UnitCalls): Promise<void> {
    for (const call of calls.known.filter(isInDoubt)) {
      if (this.#price.onDoubt === 'ask') throw this.#inDoubt(call.what, 'it was not waited for');
      await calls.settle(call.intent, call.reservedMicroUsd, 'cut off: may have been charged');
    }
  }

  /**
   * Sends one request, as {@link HttpClient.fetch} does.
   *
   * @throws what that throws, but UnitFailedError `PAID_CALL_IN_DOUBT` for what may pass and may have been charged;
   *   PauseError `BUDGET_REACHED` when there is no room for it in `limits.maxUsd`.
   */
  async fetch(request: HttpRequest, calls: UnitCalls): Promise<PricedAnswer> {
    const { signal } = request;
    const what = this.#describe(request);
    let call: PaidCall | undefined;
    const ending = new AbortController();
    const onAbort = (): void => {
      const end = (): void => {
        ending.abort(signal.reason);
      };
      // What is not sent yet need not be waited for.
      if (call === undefined) end();
      else this.#clock.sleep(graceMs, ending.signal).then(end, end);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const response = await this.#client.fetch({
        ...request,
        signal: ending.signal,
        isOnItsOwn: true,
        beforeSend: async () => {
          call = await calls.intend({
            what,
            worstCaseMicroUsd: this.#priceMicroUsd,
            inputHash: this.#hash(request),
          });
        },
        onRedirect: async (from, to) => {
          await request.onRedirect?.(from, to);
          if (call !== undefined) await calls.settle(call.intent, 0, 'redirected: not charged');
          call = undefined;
        },
      });
      return this.#answered(response, required(call), calls);
    } catch (error) {
      if (call === undefined) throw error;
      // Nobody waits any more: a call in doubt stays so, and whoever takes the unit up finds it.
      if (signal.aborted && notCharged(error) === undefined) throw error;
      throw await this.#failed(error, call, calls);
    } finally {
      signal.removeEventListener('abort', onAbort);
      // Ends a grace that was not needed.
      ending.abort();
    }
  }

  #answered(response: HttpResponse, call: PaidCall, calls: UnitCalls): PricedAnswer {
    const { intent } = call;
    const settled = { spentMicroUsd: this.#priceMicroUsd, evidence: 'price per call' };
    return {
      response,
      paid: { intent, settled },
      spoilt: async (error) => {
        if (!(error instanceof ThrottledError)) return this.#charged(error, call, calls);
        await calls.settle(intent, 0, `answered "not now" (${error.code}): not charged`);
        return error;
      },
    };
  }

  /** What to throw for a call that brought no answer; settles it as far as it can be known what it cost. */
  async #failed(error: unknown, call: PaidCall, calls: UnitCalls): Promise<unknown> {
    const why = notCharged(error);
    if (why === undefined) return this.#charged(error, call, calls);
    await calls.settle(call.intent, 0, why);
    return error;
  }

  /**
   * What to throw for a call that may have been charged. One that fails its unit is settled in the same commit as that:
   * between two, a killed process would forget that it must not be made again.
   */
  async #charged(error: unknown, { intent, what }: PaidCall, calls: UnitCalls): Promise<unknown> {
    if (!(error instanceof RetryError)) return error;
    if (this.#price.onDoubt === 'ask') return this.#inDoubt(what, messageOf(error), error);
    await calls.settle(intent, this.#priceMicroUsd, `${error.code}: may have been charged`);
    return error;
  }

  #inDoubt(what: string, why: string, cause?: unknown): UnitFailedError {
    return new UnitFailedError(
      'PAID_CALL_IN_DOUBT',
      `"${what}" may have been paid for without its answer having come (${why}). Its ${dollars(this.#priceMicroUsd)} ` +
        'counts as spent. Retry the unit to pay for it again.',
      { what, microUsd: this.#priceMicroUsd },
      cause,
    );
  }

  #describe({ method = 'GET', url }: HttpRequest): string {
    const shown = this.#client.redact(url);
    const cut = shown.length > shownUrlLength ? `${shown.slice(0, shownUrlLength)}…` : shown;
    return `${method} ${cut}`;
  }

  #hash({ method = 'GET', url, body = '' }: HttpRequest): string {
    const sent = this.#client.redact(`${method} ${url}\n${body}`);
    return createHash('sha256').update(sent).digest('hex');
  }
}

/** Why a call that brought no answer did certainly cost nothing; undefined where that is not certain. */
function notCharged(error: unknown): string | undefined {
  if (!(error instanceof CollectorError)) return undefined;
  if (badRedirects.has(error.code)) return `${error.code}: not charged`;
  const status = error.data['status'];
  if (typeof status === 'number') {
    const isRefused = error instanceof ThrottledError || refusals.has(status);
    return isRefused ? `HTTP ${status}: not charged` : undefined;
  }
  if (error instanceof ThrottledError || hasNeverLeft(error.cause)) {
    return `never left (${error.code}): not charged`;
  }
  return undefined;
}

function required(call: PaidCall | undefined): PaidCall {
  if (call === undefined) throw new Error('A request was sent that was not written down');
  return call;
}
