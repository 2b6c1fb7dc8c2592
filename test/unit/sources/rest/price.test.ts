import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  PauseError,
  RetryError,
  ThrottledError,
  UnitFailedError,
  type CollectorError,
} from '../../../../src/core/errors.ts';
import { isInDoubt, type PaidCall } from '../../../../src/core/paidCall.ts';
import type { Page, Source } from '../../../../src/sources/source.ts';
import type { RestItem } from '../../../../src/sources/rest/restSource.ts';
import { claim, errorOf, never, within } from '../../../conformance/drive.ts';
import {
  after,
  cutAfter,
  hang,
  inTurn,
  json,
  notHttp,
  reset,
  retryAfter,
  send,
} from '../../../fixtures/answers.ts';
import type { Answer, FaultyServer } from '../../../fixtures/faultyServer.ts';
import { ManualClock } from '../../../fixtures/manualClock.ts';
import { MemoryCalls } from '../../../fixtures/unitCalls.ts';
import { serve } from '../http/httpBench.ts';
import { answer, onlyUnit, openRest, things } from './restBench.ts';

const price = { perCallUsd: 0.29 };
const microUsd = 290_000;

const secrets = { get: (name: string) => Promise.resolve(`value-of-${name}`) };

interface Sent {
  readonly calls: MemoryCalls;
  readonly pages: readonly Page<RestItem>[];
  readonly error: unknown;
}

/** Carries out a source's only unit. */
async function run(
  source: Source<RestItem>,
  calls: MemoryCalls,
  signal: AbortSignal = never(),
  cursor?: Page<RestItem>['cursor'],
): Promise<Sent> {
  const pages: Page<RestItem>[] = [];
  let error: unknown;
  try {
    const unit = claim(await onlyUnit(source), 1, cursor);
    for await (const page of source.collect(unit, { signal, calls })) pages.push(page);
  } catch (thrown) {
    error = thrown;
  }
  return { calls, pages, error };
}

async function oneCall(
  t: TestContext,
  play: Answer,
  more: { readonly price?: object; readonly request?: object } = {},
): Promise<Sent & { readonly server: FaultyServer; readonly call: PaidCall | undefined }> {
  const server = await serve(t, { '/x': play, '/y': json({ list: things(0, 2) }) });
  const source = openRest(t, { url: server.url('/x'), items: 'list', price, ...more });
  const sent = await run(source, new MemoryCalls(1));
  return { ...sent, server, call: sent.calls.all.at(-1) };
}

test('each page is written down with its price before it leaves, and settled with its answer', async (t) => {
  const order: string[] = [];
  const server = await serve(t, {
    '/x': answer(({ query }) => {
      order.push(`page ${query.get('page') ?? ''}`);
      return {
        list: things((Number(query.get('page')) - 1) * 3, query.get('page') === '3' ? 0 : 3),
      };
    }),
  });
  const source = openRest(
    t,
    {
      url: `${server.url('/x')}?key=\${secret:KEY}`,
      items: 'list',
      paginate: { type: 'page' },
      price,
    },
    { secrets },
  );
  assert.equal(source.traits.paid, true);
  const calls = new MemoryCalls(1, [], (what) => {
    order.push(what);
    return Promise.resolve();
  });
  const { pages, error } = await run(source, calls);
  assert.equal(error, undefined);
  assert.deepEqual(order, ['intend', 'page 1', 'intend', 'page 2', 'intend', 'page 3']);
  assert.deepEqual(
    pages.map((page) => page.answer),
    calls.all.map(({ intent }) => ({
      intent,
      settled: { spentMicroUsd: microUsd, evidence: 'price per call' },
    })),
  );
  for (const { what, reservedMicroUsd, inputHash } of calls.all) {
    assert.equal(reservedMicroUsd, microUsd);
    assert.match(inputHash, /^[\da-f]{64}$/);
    assert.match(what, /^GET http.*\/x\?key=\$\{secret:KEY\}&page=\d$/);
  }
  assert.equal(new Set(calls.all.map(({ inputHash }) => inputHash)).size, 3);
});

test('a source without a price pays nothing', async (t) => {
  const server = await serve(t, { '/x': json({ list: things(0, 2) }) });
  const source = openRest(t, { url: server.url('/x'), items: 'list' });
  const { calls, pages } = await run(source, new MemoryCalls(1));
  assert.equal(source.traits.paid, false);
  assert.deepEqual([calls.all.length, pages[0]?.answer], [0, undefined]);
});

const refusals: readonly (readonly [string, Answer, new (...args: never[]) => CollectorError])[] = [
  ['429', retryAfter(429, 7), ThrottledError],
  ['503 with Retry-After', retryAfter(503, 7), ThrottledError],
  ['401', send(401, 'no key'), UnitFailedError],
  ['402', send(402, 'no credit'), UnitFailedError],
  ['a redirect to nowhere', send(302, '', { location: 'ftp://x' }), UnitFailedError],
  [
    '200 with Retry-After and no list',
    json({ error: { code: 'maxlag' } }, { 'retry-after': '5' }),
    ThrottledError,
  ],
];
for (const [name, play, type] of refusals) {
  test(`${name} costs nothing`, async (t) => {
    const { call, error, server } = await oneCall(t, play);
    assert.ok(error instanceof type, String(error));
    assert.notEqual(error.code, 'PAID_CALL_IN_DOUBT');
    assert.equal(call?.spentMicroUsd, 0);
    assert.equal(server.count('/x'), 1);
  });
}

test('a request that never left costs nothing', async (t) => {
  const server = await serve(t, {});
  const url = server.url('/x');
  await server.refuse();
  const source = openRest(t, { url, price });
  const { calls, error } = await run(source, new MemoryCalls(1));
  assert.ok(error instanceof RetryError);
  assert.deepEqual(
    calls.all.map(({ spentMicroUsd }) => spentMicroUsd),
    [0],
  );
});

/** Each with the limit of its request: only one of them is meant to reach it. */
const cutOffs: readonly (readonly [string, Answer, { readonly timeoutMs: number }?])[] = [
  ['no answer in time', hang(), { timeoutMs: 1000 }],
  ['an answer that breaks off', cutAfter(5, '{"list":[]}')],
  ['a reset connection', reset()],
  ['bytes that are no HTTP', notHttp()],
  ['502', send(502, 'bad gateway')],
  ['503', send(503, 'down')],
  ['408', send(408, 'slow')],
  ['an error page with status 200', send(200, '<html>')],
];
for (const [name, play, request = {}] of cutOffs) {
  test(`${name} is not asked for again without a word`, async (t) => {
    const { call, error, server } = await oneCall(t, play, { request });
    assert.ok(error instanceof UnitFailedError, String(error));
    assert.equal(error.code, 'PAID_CALL_IN_DOUBT');
    assert.match(error.message, /"GET http.*\$0\.29 counts as spent/);
    assert.equal(server.count('/x'), 1);
    // The engine settles it together with the unit's failure.
    assert.ok(call !== undefined && isInDoubt(call));
  });

  test(`${name} is asked for again where the collection says so; it counts as spent`, async (t) => {
    const again = { ...price, onDoubt: 'repeat' };
    const { call, error } = await oneCall(t, play, { request, price: again });
    assert.ok(error instanceof RetryError, String(error));
    assert.equal(call?.spentMicroUsd, microUsd);
  });
}

test('404 may cost something: a search that finds nothing is one', async (t) => {
  const { call, error } = await oneCall(t, send(404, 'nothing'));
  assert.ok(error instanceof UnitFailedError);
  assert.equal(error.code, 'HTTP_NOT_FOUND');
  assert.ok(call !== undefined && isInDoubt(call));
});

test('a redirect costs nothing, what it leads to does', async (t) => {
  const { calls, error, pages } = await oneCall(t, send(302, '', { location: '/y' }));
  assert.equal(error, undefined);
  assert.deepEqual(
    calls.all.map(({ spentMicroUsd }) => spentMicroUsd),
    [0, undefined],
  );
  assert.equal(pages[0]?.answer?.intent, calls.all[1]?.intent);
});

test('nothing is sent that there is no room for', async (t) => {
  const server = await serve(t, { '/x': json([]) });
  const source = openRest(t, { url: server.url('/x'), price });
  const full = new PauseError('BUDGET_REACHED', 'no room', {}, { reason: 'budget' });
  const { error } = await run(source, new MemoryCalls(1, [], () => Promise.reject(full)));
  assert.equal(error, full);
  assert.equal(server.count(), 0);
});

test('units that wait for room while others are redirected hold nobody up', async (t) => {
  const server = await serve(t, {
    '/x': after(20, send(302, '', { location: '/y' })),
    '/y': json({ list: [] }),
  });
  const source = openRest(
    t,
    { url: server.url('/x'), items: 'list', price },
    { perHost: { concurrency: 2 } },
  );
  // There is room for one call at a time. What a unit's page settles is free when the unit is at its end.
  const waiting: (() => void)[] = [];
  let isFree = true;
  const free = (): void => {
    const next = waiting.shift();
    if (next === undefined) isFree = true;
    else next();
  };
  const oneAtATime = async (what: string): Promise<void> => {
    if (what === 'settle') free();
    else if (isFree) isFree = false;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const units = [1, 2, 3, 4].map((n) =>
    run(source, new MemoryCalls(n, [], oneAtATime)).finally(free),
  );
  const sent = await within(5_000, 'all units', Promise.all(units));
  assert.deepEqual(
    sent.map(({ error }) => error),
    [undefined, undefined, undefined, undefined],
  );
  assert.equal(server.count(), 8);
});

test('a stop waits a moment for an answer that is paid for', async (t) => {
  const clock = new ManualClock();
  const held = Promise.withResolvers<undefined>();
  const arrived = Promise.withResolvers<undefined>();
  const server = await serve(t, {
    '/x': async (request, response) => {
      arrived.resolve(undefined);
      await held.promise;
      await json({ list: things(0, 2) })(request, response);
    },
  });
  const context = { clock };
  const source = openRest(t, { url: server.url('/x'), items: 'list', price }, context);
  const stop = new AbortController();
  const work = run(source, new MemoryCalls(1), stop.signal);
  await arrived.promise;
  stop.abort(new Error('stopped'));
  held.resolve(undefined);
  const { pages, error } = await work;
  assert.deepEqual([pages.length, error], [1, undefined]);
  assert.equal(pages[0]?.answer?.settled?.spentMicroUsd, microUsd);
});

test('a stop does not wait long: the call stays in doubt, and fails the unit when it is taken up again', async (t) => {
  const clock = new ManualClock();
  const server = await serve(t, { '/x': inTurn(hang(), json({ list: things(0, 2) })) });
  const source = openRest(t, { url: server.url('/x'), items: 'list', price }, { clock });
  const stop = new AbortController();
  const reason = new Error('stopped');
  const first = run(source, new MemoryCalls(1), stop.signal);
  while (server.count() === 0) await new Promise((resolve) => setImmediate(resolve));
  stop.abort(reason);
  await clock.untilSleeping();
  assert.ok(clock.sleepingMs.every((ms) => ms < 1000));
  await clock.advance(1000);
  const { calls, error } = await first;
  assert.equal(error, reason);
  assert.deepEqual(calls.all.map(isInDoubt), [true]);

  const again = await run(source, new MemoryCalls(1, calls.all));
  assert.ok(again.error instanceof UnitFailedError);
  assert.equal(again.error.code, 'PAID_CALL_IN_DOUBT');
  assert.equal(server.count(), 1);

  const repeating = openRest(t, {
    url: server.url('/x'),
    items: 'list',
    price: { ...price, onDoubt: 'repeat' },
  });
  const repeated = await run(repeating, new MemoryCalls(1, calls.all));
  assert.equal(repeated.error, undefined);
  assert.deepEqual(
    repeated.calls.all.map(({ spentMicroUsd }) => spentMicroUsd),
    [microUsd, undefined],
  );
});

test('counts that differ fail the unit behind its last page; it is not paged again', async (t) => {
  const server = await serve(t, { '/x': json({ list: things(0, 3), total: 5 }) });
  const source = openRest(t, { url: server.url('/x'), items: 'list', total: 'total', price });
  const { pages, error } = await run(source, new MemoryCalls(1));
  assert.ok(error instanceof UnitFailedError);
  assert.equal(error.code, 'COUNT_MISMATCH');
  assert.equal(pages.length, 1);
  assert.equal(pages[0]?.items.length, 3);
  assert.equal(pages[0].end, undefined);
  assert.ok(pages[0].answer);
  const again = await run(source, new MemoryCalls(1), never(), pages[0].cursor);
  assert.ok(again.error instanceof UnitFailedError);
  assert.equal(again.error.code, 'COUNT_MISMATCH');
  assert.equal(server.count(), 1);
  assert.equal(again.calls.all.length, 0);
});

test('a priced source without calls to write down is a bug, and sends nothing', async (t) => {
  const server = await serve(t, { '/x': json({ list: [] }) });
  const source = openRest(t, { url: server.url('/x'), items: 'list', price });
  const unit = claim(await onlyUnit(source), 1);
  const error = await errorOf(source.collect(unit, { signal: never() }).next());
  assert.match(String(error), /needs the calls/);
  assert.equal(server.count(), 0);
});
