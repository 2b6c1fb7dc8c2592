import { RetryError, ThrottledError, UnitFailedError } from '../../src/core/errors.ts';
import type { HostHealth } from '../../src/core/events.ts';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import type { ClaimedUnit, NewUnit } from '../../src/core/unit.ts';
import type { CollectContext, Page, Source, SourceContext } from '../../src/sources/source.ts';
import { type ArrayService, shelves, type ShelfPage } from './arrayService.ts';

/** An item of the service with the time at which it came. */
interface ShelfItem {
  readonly value: JsonObject;
  readonly fetchedAt: string;
}

const host = 'shelves.test';
const failuresToOpen = 5;
const circuitMs = 5_000;

/**
 * A source over {@link ArrayService} that keeps the whole contract, in the plainest way: the suite must pass it, and
 * must fail each of the ways in which `suite.test.ts` breaks it.
 */
export class ArraySource implements Source<ShelfItem> {
  readonly type = 'array';
  readonly traits = { paid: false, discovers: false, resumesMidUnit: true };
  readonly service: ArrayService;
  readonly context: SourceContext;
  readonly timeoutMs: number;
  readonly #closed = new AbortController();
  #slots: number;
  #waiting: (() => void)[] = [];
  #lastCallMs = -Infinity;
  #requests: number;
  #failures: number;
  #consecutive: number;
  #notBeforeMs: number;
  #lastError: HostHealth['lastError'];
  #lastSuccessAt: string | undefined;

  constructor(service: ArrayService, context: SourceContext, timeoutMs: number) {
    this.service = service;
    this.context = context;
    this.timeoutMs = timeoutMs;
    this.#slots = context.perHost.concurrency;
    const before = context.health.find((one) => one.host === host);
    this.#requests = before?.requests ?? 0;
    this.#failures = before?.failures ?? 0;
    this.#consecutive = before?.consecutiveErrors ?? 0;
    this.#notBeforeMs = before?.notBefore === undefined ? 0 : Date.parse(before.notBefore);
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit> {
    for (let shelf = 0; shelf < shelves; shelf++) {
      signal.throwIfAborted();
      await Promise.resolve();
      yield { key: `shelf ${shelf}`, lane: host, group: `shelf_${shelf}`, input: { shelf } };
    }
  }

  async *collect(
    unit: ClaimedUnit,
    { signal }: CollectContext,
  ): AsyncGenerator<Page<ShelfItem>, void, void> {
    const shelf = Number(unit.input['shelf']);
    for (let page = Number(unit.cursor ?? 0); ; page++) {
      const answer = await this.fetchPage(shelf, page, signal);
      const fetchedAt = new Date().toISOString();
      const items = answer.items.map((value) => ({ value, fetchedAt }));
      if (answer.isLast) {
        yield { items, end: { by: 'last page' } };
        return;
      }
      yield { items, cursor: page + 1 };
    }
  }

  map(item: ShelfItem): JsonObject | Promise<JsonObject> {
    const note = item.value['note'] as JsonObject;
    return { id: item.value['id'] ?? null, note: note['value'] ?? null };
  }

  toRaw(item: ShelfItem): JsonValue {
    return { value: item.value, fetchedAt: item.fetchedAt };
  }

  fromRaw(raw: JsonValue): ShelfItem {
    return raw as unknown as ShelfItem;
  }

  provenance(item: ShelfItem): { readonly url: string; readonly fetchedAt: string } {
    return { url: `http://${host}/`, fetchedAt: item.fetchedAt };
  }

  health(): readonly HostHealth[] {
    if (this.#requests === 0) return [];
    const isOpen = this.#notBeforeMs > Date.now();
    return [
      {
        host,
        status: this.#consecutive === 0 ? 'healthy' : isOpen ? 'offline' : 'degraded',
        requests: this.#requests,
        failures: this.#failures,
        consecutiveErrors: this.#consecutive,
        avgResponseMs: 1,
        circuit: isOpen ? 'open' : 'closed',
        ...(isOpen ? { notBefore: new Date(this.#notBeforeMs).toISOString() } : {}),
        ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
        ...(this.#lastSuccessAt === undefined ? {} : { lastSuccessAt: this.#lastSuccessAt }),
      },
    ];
  }

  close(): Promise<void> {
    this.#closed.abort(new UnitFailedError('CLOSED', 'The source was closed.'));
    return Promise.resolve();
  }

  /** One page, in its turn. */
  async fetchPage(shelf: number, page: number, outer: AbortSignal): Promise<ShelfPage> {
    const signal = AbortSignal.any([outer, this.#closed.signal]);
    signal.throwIfAborted();
    const waitMs = this.#notBeforeMs - Date.now();
    if (waitMs > 0) throw new ThrottledError('CIRCUIT_OPEN', 'The host is left alone.', waitMs);
    await this.takeSlot(signal);
    try {
      await this.waitForRate(signal);
      const answer = await this.service.call(shelf, page, signal, this.timeoutMs);
      this.#requests++;
      this.#consecutive = 0;
      this.#lastSuccessAt = new Date().toISOString();
      return answer;
    } catch (error) {
      if (!signal.aborted) this.noteFailure(error);
      throw error;
    } finally {
      this.giveSlot();
    }
  }

  async takeSlot(signal: AbortSignal): Promise<void> {
    while (this.#slots === 0) await this.#turn(signal);
    this.#slots--;
  }

  giveSlot(): void {
    this.#slots++;
    for (const wake of this.#waiting) wake();
    this.#waiting = [];
  }

  async waitForRate(signal: AbortSignal): Promise<void> {
    const { ratePerSecond } = this.context.perHost;
    if (ratePerSecond === undefined) return;
    for (;;) {
      const waitMs = this.#lastCallMs + 1_000 / ratePerSecond - performance.now();
      if (waitMs <= 0) break;
      await this.context.clock.sleep(waitMs, signal).catch(() => {
        throw signal.reason as Error;
      });
    }
    this.#lastCallMs = performance.now();
  }

  noteFailure(error: unknown): void {
    this.#requests++;
    this.#failures++;
    this.#consecutive++;
    const at = new Date().toISOString();
    this.#lastError = { code: 'FAILED', message: String(error), at };
    if (error instanceof RetryError && this.#consecutive >= failuresToOpen) {
      this.#notBeforeMs = Date.now() + circuitMs;
    }
    if (error instanceof ThrottledError) this.#notBeforeMs = Date.now() + error.delayMs;
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }
}

/** The type of an {@link ArraySource}'s items. */
export type { ShelfItem };
