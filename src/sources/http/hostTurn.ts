import { CollectorError, RetryError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { ExchangeResponse } from './exchange.ts';
import { statusFailure, statusRule, transportFailure, type RequestFacts } from './failures.ts';
import type { Host } from './host.ts';
import { isRedirect } from './redirect.ts';
import { excerptOf } from './response.ts';
import { isTransportTrouble, isTroubleStatus } from './trouble.ts';

/** What came of one request. */
export interface Answer {
  readonly response: ExchangeResponse;
  /** From sending to the body's last byte. */
  readonly ms: number;
}

/** One request, for whoever judges its answer. */
export interface Asked {
  readonly facts: RequestFacts;
  readonly signal: AbortSignal;
  /** Whether a status is an answer and not an error. */
  readonly isAccepted: (status: number) => boolean;
}

/**
 * A place at a host's gate. What is asked of the host with it goes through the host's circuit, counts in its health,
 * and comes back as an answer or as an error named by what happens next.
 */
export class HostTurn {
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #closing: AbortSignal;

  private constructor(host: Host, clock: Clock, closing: AbortSignal) {
    this.#host = host;
    this.#clock = clock;
    this.#closing = closing;
  }

  /**
   * Waits for a place; whoever has it calls {@link end}.
   *
   * @param closing aborted when nothing may be asked any more.
   * @throws ThrottledError while the host is left alone; the signals' reasons.
   */
  static async take(
    host: Host,
    clock: Clock,
    closing: AbortSignal,
    { minDelayMs, signal }: { readonly minDelayMs: number; readonly signal: AbortSignal },
  ): Promise<HostTurn> {
    host.assertReady();
    const waiting = host.gate.enter(minDelayMs, signal);
    if (waiting !== undefined) await waiting;
    try {
      closing.throwIfAborted();
      // While this one waited, others may have found out that the host wants to be left alone.
      if (waiting !== undefined) host.assertReady();
      return new HostTurn(host, clock, closing);
    } catch (error) {
      host.gate.leave();
      throw error;
    }
  }

  /**
   * Asks the host something.
   *
   * @param send throws the error of the connection, or one of ours that says nothing about the host.
   * @throws what `HttpClient.fetch` throws.
   */
  async ask(send: () => Promise<ExchangeResponse>, asked: Asked): Promise<Answer> {
    const sentAtMs = this.#clock.monotonicMs();
    try {
      const response = await this.#host.run(send, asked.signal);
      const ms = this.#clock.monotonicMs() - sentAtMs;
      this.#host.answered(ms);
      this.#judge(response, asked, sentAtMs, ms);
      return { response, ms };
    } catch (error) {
      if (error instanceof CollectorError) throw error;
      asked.signal.throwIfAborted();
      throw this.#failure(error, asked.facts, this.#clock.monotonicMs() - sentAtMs);
    }
  }

  /** Lets the next one in. */
  end(): void {
    this.#host.gate.leave();
  }

  /** Records how the host answered, and throws for a status that is neither accepted nor a redirect. */
  #judge(response: ExchangeResponse, asked: Asked, sentAtMs: number, ms: number): void {
    const host = this.#host;
    const { status, headers } = response;
    const isAnswer =
      asked.isAccepted(status) || (isRedirect(status) && headers.location !== undefined);
    if (isAnswer && !isTroubleStatus(status)) {
      host.succeeded(ms);
      return;
    }
    const rule = statusRule(response, this.#clock.now());
    const delayMs = rule.kind === 'throttled' ? host.refused(rule.delayMs, sentAtMs) : rule.delayMs;
    const error = statusFailure(rule, status, delayMs, asked.facts, excerptOf(response));
    if (rule.kind === 'failed') host.succeeded(ms);
    else host.failed(error, ms, true);
    if (!isAnswer) throw error;
  }

  #failure(error: unknown, facts: RequestFacts, ms: number): CollectorError {
    if (this.#closing.aborted) return closedError();
    const failure = transportFailure(error, facts);
    if (isTransportTrouble(error)) this.#host.failed(failure, ms, false);
    else this.#host.succeeded(ms);
    return failure;
  }
}

/** What is left of a request when its source is closed. */
export function closedError(): RetryError {
  return new RetryError('CLIENT_CLOSED', 'The request was ended because its source was closed.');
}
