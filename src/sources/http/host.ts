import {
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
  noJitterGenerator,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { backoffCeilingMs, backoffDelayMs } from '../../core/backoff.ts';
import { ThrottledError, type CollectorError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import type { SourceContext } from '../source.ts';
import type { ExchangeResponse } from './exchange.ts';
import { Gate } from './gate.ts';
import { isTroubleStatus, isTransportTrouble } from './trouble.ts';

/** Wraps what an exchange threw because it was aborted: says nothing about the host. */
class CancelledError extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('Cancelled');
    this.reason = reason;
  }
}

/** Averages follow the newest answers once there are this many. */
const averageOver = 100;

/**
 * One host as it is being talked to: how many requests at once and how often, the circuit that opens when it fails
 * again and again, the time before which it wants to be left alone, and the record of how it has been answering.
 */
export class Host {
  readonly name: string;
  readonly gate: Gate;
  readonly #context: SourceContext;
  readonly #circuit: CircuitBreakerPolicy;
  #requests: number;
  #failures: number;
  #consecutiveErrors: number;
  #averageMs: number;
  #lastError: HostHealth['lastError'];
  #lastSuccessMs: number | undefined;
  #isUnreachable: boolean;
  /** Wall clock; nothing is sent before. */
  #notBeforeMs = 0;
  /** Refusals in a row ("too many requests"), and when the newest came (monotonic). */
  #refusals = 0;
  #refusedAtMs = -Infinity;

  /**
   * @param before how it was when the session last ran.
   * @param closing ends waiting at the gate.
   */
  constructor(
    name: string,
    context: SourceContext,
    before: HostHealth | undefined,
    closing: AbortSignal,
  ) {
    this.name = name;
    this.#context = context;
    this.gate = new Gate(context.clock, context.perHost, closing);
    this.#requests = before?.requests ?? 0;
    this.#failures = before?.failures ?? 0;
    this.#consecutiveErrors = before?.consecutiveErrors ?? 0;
    this.#averageMs = before?.avgResponseMs ?? 0;
    this.#lastError = before?.lastError;
    this.#isUnreachable = before?.status === 'offline';
    const lastSuccess = Date.parse(before?.lastSuccessAt ?? '');
    this.#lastSuccessMs = Number.isNaN(lastSuccess) ? undefined : lastSuccess;
    const notBefore = Date.parse(before?.notBefore ?? '');
    if (!Number.isNaN(notBefore)) this.#notBeforeMs = notBefore;
    this.#circuit = this.#makeCircuit(before, notBefore);
  }

  /**
   * Passes when something may be sent now.
   *
   * @throws ThrottledError with the time that is left.
   */
  assertReady(): void {
    const waitMs = this.#notBeforeMs - this.#context.clock.now();
    if (waitMs > 0) {
      throw new ThrottledError(
        'HOST_RESTING',
        `${this.name} asked to be left alone for another ${seconds(waitMs)} s.`,
        waitMs,
        { data: { host: this.name } },
      );
    }
    if (this.#circuit.state === CircuitState.Closed) return;
    const restMs = this.#circuitRestMs();
    if (restMs > 0) throw this.#circuitOpen(restMs);
  }

  /**
   * Runs one exchange through the circuit. Call {@link assertReady} before it, {@link succeeded} or {@link failed}
   * after it.
   *
   * @throws ThrottledError when the circuit is open; else what `send` throws.
   */
  async run(send: () => Promise<ExchangeResponse>, signal: AbortSignal): Promise<ExchangeResponse> {
    try {
      return await this.#circuit.execute(async () => {
        try {
          return await send();
        } catch (error) {
          throw signal.aborted ? new CancelledError(error) : error;
        }
      });
    } catch (error) {
      if (error instanceof CancelledError) throw error.reason;
      if (isBrokenCircuitError(error)) throw this.#circuitOpen(Math.max(1, this.#circuitRestMs()));
      throw error;
    }
  }

  /** An answer is there whole, whatever it says. */
  answered(ms: number): void {
    this.#context.meter.answered(ms);
  }

  /** The host answered. */
  succeeded(ms: number): void {
    this.#count(ms);
    this.#consecutiveErrors = 0;
    this.#refusals = 0;
    this.#isUnreachable = false;
    this.#lastSuccessMs = this.#context.clock.now();
  }

  /** The host failed or refused; `answered` when at least an answer came. */
  failed(error: CollectorError, ms: number, answered: boolean): void {
    this.#count(ms);
    this.#failures += 1;
    this.#consecutiveErrors += 1;
    this.#isUnreachable = !answered;
    this.#lastError = {
      code: error.code,
      message: error.message,
      at: new Date(this.#context.clock.now()).toISOString(),
    };
  }

  /**
   * The host refused because of too many requests: it is left alone for a while.
   *
   * @param askedMs how long it asked for; undefined or 0: a backoff that grows with each refusal in a row.
   * @param sentAtMs when the refused request was sent (monotonic): requests that were under way together count once.
   * @returns for how long.
   */
  refused(askedMs: number | undefined, sentAtMs: number): number {
    const { clock, retry, random } = this.#context;
    if (sentAtMs > this.#refusedAtMs || this.#refusals === 0) this.#refusals += 1;
    this.#refusedAtMs = clock.monotonicMs();
    const delayMs =
      askedMs !== undefined && askedMs > 0
        ? askedMs
        : retry.baseMs + backoffDelayMs(this.#refusals, retry, random);
    this.#notBeforeMs = Math.max(this.#notBeforeMs, clock.now() + delayMs);
    return delayMs;
  }

  /** How the host is doing. */
  health(): HostHealth {
    const now = this.#context.clock.now();
    const circuit = this.#circuitName();
    const until = Math.max(this.#notBeforeMs, circuit === 'open' ? now + this.#circuitRestMs() : 0);
    return {
      host: this.name,
      status: this.#status(circuit, until > now),
      requests: this.#requests,
      failures: this.#failures,
      consecutiveErrors: this.#consecutiveErrors,
      avgResponseMs: Math.round(this.#averageMs * 10) / 10,
      circuit,
      ...(until > now ? { notBefore: new Date(until).toISOString() } : {}),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.#lastSuccessMs === undefined
        ? {}
        : { lastSuccessAt: new Date(this.#lastSuccessMs).toISOString() }),
    };
  }

  #makeCircuit(before: HostHealth | undefined, notBefore: number): CircuitBreakerPolicy {
    const { retry, perHost } = this.#context;
    // Requests that are under way together fail together: that is one failure, not several in a row.
    const threshold = Math.max(5, perHost.concurrency + 1);
    const attemptNo = Math.max(1, (before?.consecutiveErrors ?? 0) - threshold + 1);
    const openedAt = (Number.isNaN(notBefore) ? 0 : notBefore) - backoffCeilingMs(attemptNo, retry);
    const wasOpen = before !== undefined && before.circuit !== 'closed';
    return circuitBreaker(
      handleWhen((error) => this.#counts(error)).orWhenResult((response) =>
        isTroubleStatus((response as ExchangeResponse).status),
      ),
      {
        breaker: new ConsecutiveBreaker(threshold),
        halfOpenAfter: new ExponentialBackoff({
          initialDelay: retry.baseMs,
          maxDelay: retry.maxMs,
          generator: noJitterGenerator,
        }),
        // The form is that of the policy's toJSON.
        ...(wasOpen
          ? {
              initialState: {
                ownState: { value: CircuitState.Open, openedAt, attemptNo },
                breakerState: before.consecutiveErrors,
              },
            }
          : {}),
      },
    );
  }

  #counts(error: unknown): boolean {
    // A trial that was cancelled has shown nothing: the circuit must not close on it.
    if (error instanceof CancelledError) return this.#circuit.state === CircuitState.HalfOpen;
    return isTransportTrouble(error);
  }

  #circuitRestMs(): number {
    if (this.#circuit.state === CircuitState.HalfOpen) return this.#context.retry.baseMs;
    const { ownState } = this.#circuit.toJSON() as {
      ownState: { openedAt?: number; attemptNo?: number };
    };
    if (ownState.openedAt === undefined) return 0;
    const openMs = backoffCeilingMs(ownState.attemptNo ?? 1, this.#context.retry);
    // The policy goes by Date.now, so this must, too.
    return ownState.openedAt + openMs - Date.now();
  }

  #circuitOpen(restMs: number): ThrottledError {
    const why = this.#lastError === undefined ? '' : ` Last error: ${this.#lastError.message}`;
    return new ThrottledError(
      'CIRCUIT_OPEN',
      `${this.name} has failed ${this.#consecutiveErrors} times in a row and is left alone for ${seconds(restMs)} s.${why}`,
      restMs,
      { data: { host: this.name } },
    );
  }

  #circuitName(): HostHealth['circuit'] {
    switch (this.#circuit.state) {
      case CircuitState.Closed:
        return 'closed';
      case CircuitState.HalfOpen:
        return 'half-open';
      default:
        return 'open';
    }
  }

  #status(circuit: HostHealth['circuit'], isResting: boolean): HostHealth['status'] {
    if (circuit !== 'closed') return this.#isUnreachable ? 'offline' : 'critical';
    return this.#consecutiveErrors > 0 || isResting ? 'degraded' : 'healthy';
  }

  #count(ms: number): void {
    this.#requests += 1;
    this.#averageMs += (ms - this.#averageMs) / Math.min(this.#requests, averageOver);
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
