import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryError, ThrottledError, UnitFailedError } from '../../../../src/core/errors.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { PaidCall } from '../../../../src/core/paidCall.ts';
import { scriptedFaults } from '../../../fixtures/apifyServer.ts';
import { apifyToken } from '../../../fixtures/apifyService.ts';
import { ManualClock } from '../../../fixtures/manualClock.ts';
import { MemoryCalls } from '../../../fixtures/unitCalls.ts';
import { ApifyBench, collectUnit, quick } from './apifyBench.ts';

const items = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

test('reads the dataset while the run goes on, in order, each item once', async (t) => {
  const bench = await ApifyBench.start(t, { habits: { runReads: 12 } });
  const { values, pages, error, calls } = await collectUnit(
    bench.open({ input: { count: 10 }, pageSize: 3 }),
  );
  assert.equal(error, undefined);
  assert.deepEqual(values, items(10));
  assert.ok(pages.length >= 5, 'some pages came while it went on');
  const intent = calls.all[0]?.intent;
  const last = pages.at(-1);
  for (const page of pages.slice(0, -1)) {
    assert.deepEqual(page.answer, { intent, hasMore: true });
    assert.notEqual(page.cursor, undefined);
  }
  assert.deepEqual(last?.answer, { intent });
  assert.equal(last.end?.expected, 10);
  assert.match(last.end.by, /succeeded/);
  for (const { path, query } of bench.server.requests) {
    if (!path.endsWith('/items')) continue;
    assert.deepEqual([...query.keys()].sort(), ['format', 'limit', 'offset'], 'no filters');
  }
});

test('an empty page is the end only ten seconds after the run was over', async (t) => {
  const bench = await ApifyBench.start(t);
  const clock = new ManualClock();
  const source = bench.open({ timing: { pollMs: 1000 }, input: { count: 2 } }, { clock });
  const work = collectUnit(source);
  let isDone = false;
  void work.then(() => (isDone = true));
  await clock.untilSleeping();
  const run = bench.service.runs[0];
  assert.equal(run?.status, 'SUCCEEDED');
  assert.equal(bench.asked(/items$/), 2, 'a full page, and an empty one');
  await clock.advance(9_900);
  assert.equal(isDone, false);
  assert.equal(bench.asked(/items$/), 2);
  // What the dataset shows late.
  run.sold.push({ n: 2 });
  await clock.advance(200);
  const { values, error } = await work;
  assert.equal(error, undefined);
  assert.deepEqual(values, items(3));
});

test('the settling is of settle only after the cost was read again', async (t) => {
  const bench = await ApifyBench.start(t, {
    actor: { usdPerItem: 0.01, isUnlisted: true },
    habits: { costLagMs: 100 },
  });
  const { calls } = await collectUnit(bench.open({ timing: { ...quick, settleMs: 200 } }));
  assert.equal(calls.all[0]?.spentMicroUsd, 30_000);
  assert.ok(bench.asked(/^GET .*actor-runs/) >= 2);
});

test('what Apify says too late of the cost is made up for by its price list', async (t) => {
  const bench = await ApifyBench.start(t, { habits: { costLagMs: 60_000 } });
  const { calls } = await collectUnit(bench.open());
  assert.equal(calls.all[0]?.spentMicroUsd, 30_000);
});

test('a cost that Apify does not tell is taken for the maximum', async (t) => {
  const bench = await ApifyBench.start(t, {
    actor: { isUnlisted: true },
    habits: { hidesCost: true },
  });
  const { calls } = await collectUnit(bench.open({ maxUsdPerRun: 0.5 }));
  assert.equal(calls.all[0]?.spentMicroUsd, 500_000);
});

test('goes on at the cursor, and reads no item twice', async (t) => {
  const bench = await ApifyBench.start(t);
  const first = await collectUnit(bench.open({ pageSize: 2, input: { count: 5 } }));
  const [page] = first.pages;
  const [call] = first.calls.all;
  assert.ok(page?.cursor !== undefined && call !== undefined);
  const known: PaidCall = { ...call, spentMicroUsd: undefined };
  const later = await collectUnit(bench.open({ pageSize: 2, input: { count: 5 } }), {
    cursor: page.cursor,
    calls: new MemoryCalls(1, [known]),
  });
  assert.deepEqual(later.values, items(5).slice(2));
  assert.equal(later.pages.at(-1)?.end?.expected, 5);
  assert.equal(bench.starts, 1);
});

test('a count that comes late is waited for', async (t) => {
  const bench = await ApifyBench.start(t, { habits: { countLagMs: 150 } });
  const { error, values } = await collectUnit(bench.open({ input: { count: 6 } }));
  assert.equal(error, undefined);
  assert.deepEqual(values, items(6));
  // It states too few, which is told and believed to be late.
  assert.match(bench.warnings.said.join(), /more items than it says/);
});

test('a dataset that says it has more than it gives is never taken for read', async (t) => {
  const bench = await ApifyBench.start(t, { habits: { extraCount: 1 } });
  const { error, values, calls } = await collectUnit(bench.open());
  assert.ok(error instanceof RetryError, String(error));
  assert.equal(error.code, 'APIFY_ITEMS_MISSING');
  assert.deepEqual(values, items(3));
  assert.equal(calls.all[0]?.spentMicroUsd, undefined);
});

test('a page that is too large is read in smaller parts', async (t) => {
  const bench = await ApifyBench.start(t);
  const source = bench.open({
    input: { count: 40 },
    request: { timeoutMs: 5000, maxBodyBytes: 200 },
  });
  const { error } = await collectUnit(source);
  // A run is more than 200 bytes, so not even that can be read.
  assert.ok(error instanceof UnitFailedError);
  const roomy = bench.open({
    input: { count: 400 },
    maxUsdPerRun: 5,
    request: { timeoutMs: 5000, maxBodyBytes: 1500 },
  });
  const { values, error: none } = await collectUnit(roomy);
  assert.equal(none, undefined);
  assert.deepEqual(values, items(400));
});

test('integers past 2^53 are kept as they are', async (t) => {
  const bench = await ApifyBench.start(t);
  const source = bench.open({ fields: { id: 'id' } });
  bench.service.raw = '[{"id":12345678901234567890}]';
  const { pages } = await collectUnit(source, {
    onPage: () => (bench.service.raw = '[]'),
  });
  const item = pages[0]?.items[0];
  assert.ok(item !== undefined);
  assert.equal(JSON.stringify(source.toRaw(item)).includes('12345678901234567890'), true);
});

test('reading goes on after faults, and does not start a run for them', async (t) => {
  const bench = await ApifyBench.start(t, {
    faults: scriptedFaults(/^GET/, ['502 before', 'reset before', undefined, 'cut', 'drop']),
  });
  const { error, values } = await collectUnit(bench.open({ request: { timeoutMs: 500 } }));
  assert.equal(error, undefined);
  assert.deepEqual(values, items(3));
  assert.equal(bench.starts, 1);
});

test('reading that is refused for now waits', async (t) => {
  const bench = await ApifyBench.start(t, { faults: scriptedFaults(/^GET/, ['429']) });
  const { error } = await collectUnit(bench.open());
  assert.ok(error instanceof ThrottledError, String(error));
});

test('a run that failed: what it sold is collected and paid, then the unit fails; nothing is bought anew', async (t) => {
  const bench = await ApifyBench.start(t, { actor: { endsAs: 'FAILED', failsAt: 0.5 } });
  const source = bench.open({ input: { count: 6 } });
  const { error, values, calls, pages } = await collectUnit(source);
  assert.ok(error instanceof UnitFailedError, String(error));
  assert.equal(error.code, 'APIFY_RUN_FAILED');
  assert.match(error.message, /The actor met an error/);
  assert.match(error.message, /The 3 items/);
  assert.deepEqual(values, items(3));
  assert.equal(calls.all[0]?.spentMicroUsd, 30_000);
  assert.deepEqual(pages.at(-1)?.answer, { intent: calls.all[0].intent });
  assert.equal(pages.at(-1)?.cursor, undefined, 'the engine must not find the same page again');

  const again = await collectUnit(source, {
    calls: new MemoryCalls(1, calls.all),
    cursor: pages[0]?.cursor ?? null,
  });
  assert.ok(again.error instanceof UnitFailedError);
  assert.equal(again.error.code, 'APIFY_RUN_FAILED');
  assert.equal(bench.starts, 1);
});

test('a run that failed is resurrected as often as it is told, and goes on', async (t) => {
  const bench = await ApifyBench.start(t, { actor: { endsAs: 'TIMED-OUT', failsAt: 0.5 } });
  const { error, values, calls } = await collectUnit(
    bench.open({ input: { count: 6 }, resurrects: 1 }),
  );
  assert.equal(error, undefined);
  assert.deepEqual(values, items(6));
  assert.equal(bench.service.runs[0]?.resurrects, 1);
  assert.equal(calls.all.length, 1, 'the same intent');
  assert.equal(calls.all[0]?.spentMicroUsd, 60_000);
});

test('an actor that never ends is aborted after its time; what it sold is kept', async (t) => {
  const bench = await ApifyBench.start(t, { actor: { neverEnds: true } });
  const { error, values, calls } = await collectUnit(bench.open({ maxRunMinutes: 0.001 }));
  assert.ok(error instanceof UnitFailedError, String(error));
  assert.equal(error.code, 'APIFY_RUN_TOO_LONG');
  assert.match(error.message, /maxRunMinutes/);
  assert.deepEqual(values, items(3));
  assert.equal(calls.all[0]?.spentMicroUsd, 30_000);
  const abort = bench.server.requests.find(({ path }) => path.endsWith('/abort'));
  assert.equal(abort?.query.get('gracefully'), '1');
});

test('a run that goes on after it was asked to end is made to', async (t) => {
  const bench = await ApifyBench.start(t, { actor: { neverEnds: true, ignoresGrace: true } });
  const clock = new ManualClock(Date.now());
  const source = bench.open({ maxRunMinutes: 10, timing: { pollMs: 60_000 } }, { clock });
  const work = collectUnit(source);
  for (let minutes = 0; minutes < 13; minutes++) {
    await clock.untilSleeping();
    await clock.advance(60_000);
  }
  await clock.untilSleeping();
  await clock.advance(11_000);
  const { error } = await work;
  assert.ok(error instanceof UnitFailedError, String(error));
  assert.equal(error.code, 'APIFY_RUN_TOO_LONG');
  const aborts = bench.server.requests.filter(({ path }) => path.endsWith('/abort'));
  assert.deepEqual(
    aborts.map(({ query }) => query.get('gracefully')),
    ['1', '0'],
  );
});

test('a run that costs more than it may is aborted', async (t) => {
  const bench = await ApifyBench.start(t, {
    actor: { neverEnds: true, ignoresMax: true },
  });
  const { error, values, calls } = await collectUnit(
    bench.open({ input: { count: 9 }, maxUsdPerRun: 0.05 }),
  );
  assert.ok(error instanceof UnitFailedError, String(error));
  assert.equal(error.code, 'APIFY_RUN_TOO_DEAR');
  assert.deepEqual(values, items(9), 'what was sold is kept');
  assert.equal(calls.all[0]?.spentMicroUsd, 90_000, 'what it cost is told as it is');
});

test('a dataset that has expired: a clear error, what was read stays, and the money is settled', async (t) => {
  const bench = await ApifyBench.start(t);
  const { error, values, calls } = await collectUnit(
    bench.open({ pageSize: 2, input: { count: 5 } }),
    {
      onPage: () => {
        const [run] = bench.service.runs;
        if (run !== undefined) bench.service.expire(run);
      },
    },
  );
  assert.ok(error instanceof UnitFailedError, String(error));
  assert.equal(error.code, 'APIFY_DATASET_EXPIRED');
  assert.match(error.message, /retention/);
  assert.deepEqual(values, items(2));
  assert.equal(calls.all[0]?.spentMicroUsd, 50_000);
});

test('a run that is gone fails the unit, settled at its maximum; nothing is bought', async (t) => {
  const bench = await ApifyBench.start(t);
  const gone: PaidCall = {
    intent: 'old',
    unit: 1,
    what: 'apify run me/counter',
    inputHash: 'x',
    intendedAt: new Date().toISOString(),
    reservedMicroUsd: 1_000_000,
    spentMicroUsd: undefined,
    handle: { kind: 'apify-run', id: 'gone' },
    isAnswered: false,
  };
  const calls = new MemoryCalls(1, [gone]);
  const { error } = await collectUnit(bench.open(), { calls });
  assert.ok(error instanceof UnitFailedError, String(error));
  assert.equal(error.code, 'APIFY_RUN_GONE');
  assert.equal(calls.all[0]?.spentMicroUsd, 1_000_000);
  assert.equal(bench.starts, 0);
});

for (const onStop of ['leave', 'abort'] as const) {
  test(`a run that goes on when the session stops: ${onStop}`, async (t) => {
    const bench = await ApifyBench.start(t, { habits: { runMs: 400 } });
    const source = bench.open({ input: { count: 8 }, onStop });
    const stop = new AbortController();
    const reason = new Error('stopped');
    const { error, values, pages, calls } = await collectUnit(source, {
      signal: stop.signal,
      onPage: () => {
        stop.abort(reason);
      },
    });
    assert.equal(error, reason);
    await source.close();
    const [run] = bench.service.runs;
    assert.equal(bench.asked(/abort$/), onStop === 'abort' ? 1 : 0);
    assert.equal(run?.status, onStop === 'abort' ? 'ABORTED' : 'RUNNING');

    const later = await collectUnit(bench.open({ input: { count: 8 }, onStop }), {
      calls: new MemoryCalls(1, calls.all),
      cursor: pages.at(-1)?.cursor ?? null,
    });
    assert.equal(later.error, undefined);
    assert.deepEqual([...values, ...later.values], items(8));
    assert.equal(bench.starts, 1);
    assert.equal(run.resurrects, onStop === 'abort' ? 1 : 0);
  });
}

test('says where and when each item was read, and nothing of the token', async (t) => {
  const bench = await ApifyBench.start(t);
  const source = bench.open();
  const { pages } = await collectUnit(source);
  const item = pages[0]?.items[0];
  assert.ok(item !== undefined);
  const { url } = source.provenance(item);
  assert.match(url, /\/v2\/datasets\/dataset-run000000\/items\?offset=0&limit=500$/);
  const written = JSON.stringify([source.toRaw(item), source.health(), pages.map((p) => p.cursor)]);
  assert.equal(written.includes(apifyToken), false);
  assert.deepEqual((source.toRaw(item) as JsonObject)['value'], { n: 0 });
});
