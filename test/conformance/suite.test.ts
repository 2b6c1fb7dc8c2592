import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RetryError } from '../../src/core/errors.ts';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import type { ClaimedUnit, NewUnit } from '../../src/core/unit.ts';
import type { CollectContext, Page, SourceContext } from '../../src/sources/source.ts';
import { allChecks } from './allChecks.ts';
import { allItems, ArrayService, type ShelfPage } from './arrayService.ts';
import { ArraySource, type ShelfItem } from './arraySource.ts';
import { runCheck } from './check.ts';
import type { Subject } from './subject.ts';
import { testSource } from './testSource.ts';

type SourceClass = new (
  service: ArrayService,
  context: SourceContext,
  timeoutMs: number,
) => ArraySource;

function subjectOf(made: SourceClass): Subject<ShelfItem, ArrayService> {
  return {
    name: 'a source that keeps the contract',
    traits: { paid: false, discovers: false, resumesMidUnit: true },
    start: () => Promise.resolve(new ArrayService()),
    create: (backend, context, { timeoutMs }) => new made(backend, context, timeoutMs),
    expected: () =>
      allItems.map((item) => ({
        id: item['id'] ?? null,
        note: (item['note'] as JsonObject)['value'] ?? null,
      })),
    errors: {
      throttled: 'ThrottledError',
      unavailable: 'RetryError',
      missing: 'UnitFailedError',
      silent: 'RetryError',
      cut: 'RetryError',
      refused: 'RetryError',
    },
    hasHealth: true,
  };
}

testSource(subjectOf(ArraySource));

type Pages = AsyncGenerator<Page<ShelfItem>, void, void>;
let callsOfMap = 0;

/** Ways to break the contract, each with the check that must notice. */
const broken: readonly (readonly [what: string, check: string, made: SourceClass])[] = [
  [
    'plans other keys each time',
    'plans the same units each time, and each once',
    class extends ArraySource {
      override async *plan(signal: AbortSignal): AsyncGenerator<NewUnit> {
        for await (const unit of super.plan(signal)) yield { ...unit, key: `${Math.random()}` };
      }
    },
  ],
  [
    'plans a unit twice',
    'plans the same units each time, and each once',
    class extends ArraySource {
      override async *plan(signal: AbortSignal): AsyncGenerator<NewUnit> {
        yield* super.plan(signal);
        yield* super.plan(signal);
      }
    },
  ],
  [
    'plans an input that JSON changes',
    'plans units that the journal can hold',
    class extends ArraySource {
      override async *plan(signal: AbortSignal): AsyncGenerator<NewUnit> {
        for await (const unit of super.plan(signal)) {
          yield { ...unit, input: { ...unit.input, at: new Date(0) as unknown as string } };
        }
      }
    },
  ],
  [
    'names a group that is no file name',
    'plans units that the journal can hold',
    class extends ArraySource {
      override async *plan(signal: AbortSignal): AsyncGenerator<NewUnit> {
        for await (const unit of super.plan(signal)) yield { ...unit, group: '../up' };
      }
    },
  ],
  [
    'does not look at the signal while it plans',
    'stops planning when it is aborted before',
    class extends ArraySource {
      override plan(): AsyncGenerator<NewUnit> {
        return super.plan(new AbortController().signal);
      }
    },
  ],
  [
    'ends without a proof',
    'collects every record once, and each unit ends with a proof',
    class extends ArraySource {
      override async *collect(unit: ClaimedUnit, context: CollectContext): Pages {
        for await (const { items, cursor } of super.collect(unit, context)) {
          yield cursor === undefined ? { items } : { items, cursor };
        }
      }
    },
  ],
  [
    'goes on after the end',
    'collects every record once, and each unit ends with a proof',
    class extends ArraySource {
      override async *collect(unit: ClaimedUnit, context: CollectContext): Pages {
        yield* super.collect(unit, context);
        yield { items: [], end: { by: 'again' } };
      }
    },
  ],
  [
    'loses an item',
    'collects every record once, and each unit ends with a proof',
    class extends ArraySource {
      override async *collect(unit: ClaimedUnit, context: CollectContext): Pages {
        for await (const page of super.collect(unit, context)) {
          yield page.end === undefined ? page : { ...page, items: page.items.slice(1) };
        }
      }
    },
  ],
  [
    'keeps what belongs to a unit in the source',
    'collects the same when units run side by side',
    class extends ArraySource {
      #shelf: JsonValue = 0;
      override collect(unit: ClaimedUnit, context: CollectContext): Pages {
        this.#shelf = unit.input['shelf'] ?? 0;
        return super.collect(unit, context);
      }
      override fetchPage(_shelf: number, page: number, signal: AbortSignal) {
        return super.fetchPage(Number(this.#shelf), page, signal);
      }
    },
  ],
  [
    'gives nothing the second time',
    'collects a unit again from its start, with the same result',
    class extends ArraySource {
      readonly #done = new Set<string>();
      override async *collect(unit: ClaimedUnit, context: CollectContext): Pages {
        if (this.#done.has(unit.key)) yield { items: [], end: { by: 'known' } };
        else yield* super.collect(unit, context);
        this.#done.add(unit.key);
      }
    },
  ],
  [
    'starts over where it should resume',
    'resumes from each cursor with exactly what was left',
    class extends ArraySource {
      override collect(unit: ClaimedUnit, context: CollectContext): Pages {
        return super.collect({ ...unit, cursor: undefined }, context);
      }
    },
  ],
  [
    'moves its cursor one page too far',
    'resumes from each cursor with exactly what was left',
    class extends ArraySource {
      override async *collect(unit: ClaimedUnit, context: CollectContext): Pages {
        for await (const page of super.collect(unit, context)) {
          yield page.cursor === undefined ? page : { ...page, cursor: Number(page.cursor) + 1 };
        }
      }
    },
  ],
  [
    'calls before it is asked to',
    'makes no call before the first page is asked for',
    class extends ArraySource {
      override collect(unit: ClaimedUnit, context: CollectContext): Pages {
        this.fetchPage(0, 0, context.signal).catch(() => undefined);
        return super.collect(unit, context);
      }
    },
  ],
  [
    'fetches one page ahead',
    'does not fetch the next page before this one is durable',
    class extends ArraySource {
      override async *collect(unit: ClaimedUnit, context: CollectContext): Pages {
        const pages = super.collect(unit, context);
        let next = pages.next();
        for (;;) {
          const page = await next;
          if (page.done === true) return;
          next = pages.next();
          next.catch(() => undefined);
          yield page.value;
        }
      }
    },
  ],
  [
    'fetches on after return()',
    'is finished by return(), without another call',
    class extends ArraySource {
      override async *collect(unit: ClaimedUnit, context: CollectContext): Pages {
        try {
          yield* super.collect(unit, context);
        } finally {
          this.fetchPage(0, 0, context.signal).catch(() => undefined);
        }
      }
    },
  ],
  [
    'looks at the signal after its first call only',
    'stops before its first call',
    class extends ArraySource {
      override async fetchPage(shelf: number, page: number, signal: AbortSignal) {
        const answer = await super.fetchPage(shelf, page, new AbortController().signal);
        signal.throwIfAborted();
        return answer;
      }
    },
  ],
  [
    'does not stop during a call',
    'stops during each of its calls (held at the start of the answer)',
    class extends ArraySource {
      override fetchPage(shelf: number, page: number, signal: AbortSignal) {
        signal.throwIfAborted();
        return super.fetchPage(shelf, page, new AbortController().signal);
      }
    },
  ],
  [
    'throws an error of its own when it is stopped',
    'stops during each of its calls (held at the middle of the answer)',
    class extends ArraySource {
      override async fetchPage(shelf: number, page: number, signal: AbortSignal) {
        return super.fetchPage(shelf, page, signal).catch((error: unknown) => {
          throw new RetryError('CUT', String(error));
        });
      }
    },
  ],
  [
    'does not stop while it waits for its turn',
    'stops while it waits for another unit to be done, which goes on',
    class extends ArraySource {
      override takeSlot(): Promise<void> {
        return super.takeSlot(new AbortController().signal);
      }
    },
  ],
  [
    'keeps the slot of a unit that was stopped',
    'stops while it waits for another unit to be done, which goes on',
    class extends ArraySource {
      #stopped = 0;
      override async takeSlot(signal: AbortSignal): Promise<void> {
        if (this.#stopped > 0) await new Promise(() => undefined);
        await super.takeSlot(signal).catch((error: unknown) => {
          this.#stopped++;
          throw error;
        });
      }
    },
  ],
  [
    'makes more calls at once than it may',
    'stops while it waits for another unit to be done, which goes on',
    class extends ArraySource {
      override takeSlot(): Promise<void> {
        return Promise.resolve();
      }
    },
  ],
  [
    'is faster than its rate',
    'stops while it waits for its rate',
    class extends ArraySource {
      override waitForRate(): Promise<void> {
        return Promise.resolve();
      }
    },
  ],
  [
    'goes on to the next page after it was stopped',
    'stops between two pages, without another call',
    class extends ArraySource {
      override async *collect(unit: ClaimedUnit): Pages {
        yield* super.collect(unit, { signal: new AbortController().signal });
      }
    },
  ],
  [
    'takes a signal that comes too late for its own',
    'is not disturbed by a signal that is aborted afterwards',
    class extends ArraySource {
      override async *collect(unit: ClaimedUnit, context: CollectContext): Pages {
        context.signal.addEventListener('abort', () => void this.close());
        yield* super.collect(unit, context);
      }
    },
  ],
  [
    'takes "not now" for an error to be counted',
    'tells throttled by the class of its error',
    class extends ArraySource {
      override async fetchPage(shelf: number, page: number, signal: AbortSignal) {
        return super.fetchPage(shelf, page, signal).catch((error: unknown) => {
          throw new RetryError('HTTP_429', String(error));
        });
      }
    },
  ],
  [
    'takes a missing page for one to be tried again',
    'tells missing by the class of its error',
    class extends ArraySource {
      override async fetchPage(shelf: number, page: number, signal: AbortSignal) {
        return super.fetchPage(shelf, page, signal).catch((error: unknown) => {
          throw new RetryError('HTTP_404', String(error));
        });
      }
    },
  ],
  [
    'takes a cut answer for a whole one',
    'tells cut by the class of its error',
    class extends ArraySource {
      override async fetchPage(
        shelf: number,
        page: number,
        signal: AbortSignal,
      ): Promise<ShelfPage> {
        return super
          .fetchPage(shelf, page, signal)
          .catch((): ShelfPage => ({ items: [], isLast: true }));
      }
    },
  ],
  [
    'waits for ever where nobody answers',
    'tells silent by the class of its error',
    class extends ArraySource {
      constructor(service: ArrayService, context: SourceContext) {
        super(service, context, 60_000);
      }
    },
  ],
  [
    'maps by more than the item',
    'maps the same item to the same record, and leaves the item alone',
    class extends ArraySource {
      override async map(item: ShelfItem): Promise<JsonObject> {
        return { ...(await super.map(item)), n: callsOfMap++ };
      }
    },
  ],
  [
    'changes the item that it maps',
    'maps the same item to the same record, and leaves the item alone',
    class extends ArraySource {
      override map(item: ShelfItem) {
        (item.value as Record<string, JsonValue>)['mapped'] = true;
        return super.map(item);
      }
    },
  ],
  [
    'leaves something out of the raw form',
    'maps an item again from its raw form, in another source',
    class extends ArraySource {
      override toRaw(item: ShelfItem): JsonValue {
        return { value: { ...item.value, note: {} }, fetchedAt: item.fetchedAt };
      }
    },
  ],
  [
    'does not know when an item came',
    'knows where and when each item was received',
    class extends ArraySource {
      override provenance(item: ShelfItem) {
        return { ...super.provenance(item), fetchedAt: '1970-01-01T00:00:00.000Z' };
      }
    },
  ],
  [
    'does not count failures',
    'counts what was asked and how it went',
    class extends ArraySource {
      override noteFailure(): void {
        // Nothing.
      }
    },
  ],
  [
    'never leaves a failing host alone',
    'opens the circuit of a host that only fails: nothing is sent for a while',
    class extends ArraySource {
      override noteFailure(): void {
        // Nothing.
      }
    },
  ],
  [
    'forgets the waiting times of the session before',
    'takes up the waiting times of the session before',
    class extends ArraySource {
      constructor(service: ArrayService, context: SourceContext, timeoutMs: number) {
        super(service, { ...context, health: [] }, timeoutMs);
      }
    },
  ],
  [
    'leaves a call running when it is closed',
    'ends what is still running when it is closed',
    class extends ArraySource {
      override close(): Promise<void> {
        return Promise.resolve();
      }
    },
  ],
  [
    'leaves a timer running when it is closed',
    'closes without ever having been used, and again',
    class extends ArraySource {
      override close(): Promise<void> {
        setTimeout(() => undefined, 3_000);
        return super.close();
      }
    },
  ],
  [
    'never finishes closing',
    'can be closed between two pages',
    class extends ArraySource {
      override close(): Promise<void> {
        return new Promise(() => undefined);
      }
    },
  ],
  [
    'rejects a promise that nobody sees',
    'can be closed between two pages',
    class extends ArraySource {
      override close(): Promise<void> {
        void Promise.reject(new Error('unseen'));
        return super.close();
      }
    },
  ],
  [
    'says something else of itself',
    'says of itself what it is',
    class extends ArraySource {
      override readonly traits = { paid: true, discovers: false, resumesMidUnit: true };
    },
  ],
];

describe('the suite notices a source that', () => {
  for (const [what, name, made] of broken) {
    test(what, async () => {
      const found = allChecks.find((one) => one.name === name);
      assert.ok(found !== undefined, `no check is named "${name}"`);
      await assert.rejects(runCheck(subjectOf(made), found), assert.AssertionError);
    });
  }
});
