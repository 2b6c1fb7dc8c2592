import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  PauseError,
  RetryError,
  ThrottledError,
  UnitFailedError,
} from '../../../../src/core/errors.ts';
import type { PaidCall } from '../../../../src/core/paidCall.ts';
import { scriptedFaults, type ApifyFault } from '../../../fixtures/apifyServer.ts';
import { apifyToken } from '../../../fixtures/apifyService.ts';
import { MemoryCalls } from '../../../fixtures/unitCalls.ts';
import { ApifyBench, collectUnit, hasty } from './apifyBench.ts';

const starting = /^POST .*\/runs$/;
const three = [{ n: 0 }, { n: 1 }, { n: 2 }];

test('writes the intent down, starts one run that bears it, and names the run at once', async (t) => {
  const bench = await ApifyBench.start(t);
  const order: string[] = [];
  const calls = new MemoryCalls(1, [], (what) => {
    order.push(`${what} ${bench.starts}`);
    return Promise.resolve();
  });
  const source = bench.open({
    maxUsdPerRun: 0.25,
    run: { build: 'beta', memoryMbytes: 512, timeoutSecs: 60, maxItems: 10 },
  });
  const { values, error } = await collectUnit(source, { calls });
  assert.equal(error, undefined);
  assert.deepEqual(values, three);
  assert.deepEqual(order, ['intend 0', 'named 1', 'settle 1']);
  const [call] = calls.all;
  assert.equal(call?.reservedMicroUsd, 250_000);
  assert.equal(call.what, 'apify run me/counter');
  assert.equal(call.spentMicroUsd, 30_000);
  assert.deepEqual(call.handle, { kind: 'apify-run', id: bench.service.runs[0]?.id });
  const start = bench.server.requests.find(({ method }) => method === 'POST');
  assert.match(start?.headers['user-agent'] ?? '', /^ApifyClient\/.*; cf-intent\/intent_1_1$/);
  assert.deepEqual(Object.fromEntries(start?.query ?? []), {
    build: 'beta',
    memory: '512',
    timeout: '60',
    maxItems: '10',
    maxTotalChargeUsd: '0.25',
  });
});

test('sends the input as it is written: templates with their types, secrets, large numbers, long texts', async (t) => {
  const bench = await ApifyBench.start(t);
  const long = 'x'.repeat(5000);
  const source = bench.open({
    for: { count: [2] },
    input: {
      count: '{count}',
      cookie: 'a=${secret:COOKIE}',
      big: 12345678901234567890n.toString(),
      long,
    },
  });
  const { values, calls } = await collectUnit(source);
  assert.equal(values.length, 2);
  const start = bench.server.requests.find(({ method }) => method === 'POST');
  assert.equal(start?.headers['content-encoding'], undefined);
  assert.deepEqual(JSON.parse(start?.body.toString() ?? ''), {
    count: 2,
    cookie: 'a=s3cret',
    big: '12345678901234567890',
    long,
  });
  // What is written down about it does not depend on the secret.
  const other = bench.open(
    {
      for: { count: [2] },
      input: { count: '{count}', cookie: 'a=${secret:COOKIE}', big: '12345678901234567890', long },
    },
    { secrets: { get: (name) => Promise.resolve(name === 'COOKIE' ? 'another one' : apifyToken) } },
  );
  const again = await collectUnit(other);
  assert.equal(again.calls.all[0]?.inputHash, calls.all[0]?.inputHash);
});

for (const fault of ['reset after', '502 after', 'cut', 'garbage', 'late'] as ApifyFault[]) {
  for (const hidden of [false, true]) {
    test(`a start that ends with "${fault}" has its run found${hidden ? ' by its input' : ''}, and none is started again`, async (t) => {
      const bench = await ApifyBench.start(t, {
        habits: { hidesAgent: () => hidden, fillsInput: { proxy: true }, stutters: true },
        faults: scriptedFaults(starting, [fault], 60),
      });
      const { values, error, calls } = await collectUnit(bench.open());
      assert.equal(error, undefined);
      assert.deepEqual(values, three);
      assert.equal(bench.starts, 1);
      assert.equal(calls.all.length, 1);
      assert.equal(calls.all[0]?.handle?.id, bench.service.runs[0]?.id);
    });
  }
}

for (const fault of ['reset before', '502 before', 'drop'] as ApifyFault[]) {
  test(`a start that ends with "${fault}" is settled as nothing once the run is surely not there`, async (t) => {
    const bench = await ApifyBench.start(t, { faults: scriptedFaults(starting, [fault]) });
    const startedMs = performance.now();
    const { error, calls } = await collectUnit(bench.open(hasty));
    assert.ok(performance.now() - startedMs >= 400, 'the doubt window is waited for');
    assert.ok(error instanceof RetryError, String(error));
    assert.equal(error.code, 'APIFY_START_FAILED');
    assert.equal(bench.starts, 1, 'never started again by itself');
    assert.equal(calls.all[0]?.spentMicroUsd, 0);
    const again = await collectUnit(bench.open(hasty), { calls: new MemoryCalls(1, calls.all) });
    assert.equal(again.error, undefined);
    assert.equal(again.calls.all.length, 2, 'the next try is an intent of its own');
    assert.equal(bench.service.runs.length, 1);
  });
}

test('a run that another intent started is not taken, though its input is the same', async (t) => {
  const bench = await ApifyBench.start(t, {
    faults: scriptedFaults(starting, [undefined, '502 before']),
  });
  await collectUnit(bench.open(hasty), { calls: new MemoryCalls(7) });
  const { error } = await collectUnit(bench.open(hasty), { calls: new MemoryCalls(8) });
  assert.ok(error instanceof RetryError);
  assert.equal(error.code, 'APIFY_START_FAILED');
});

test('goes on with a run that an earlier start bought, without starting one', async (t) => {
  const bench = await ApifyBench.start(t);
  const { calls } = await collectUnit(bench.open());
  const [call] = calls.all;
  assert.ok(call !== undefined);
  const known: PaidCall = { ...call, spentMicroUsd: undefined };
  const later = await collectUnit(bench.open(), { calls: new MemoryCalls(1, [known]) });
  assert.deepEqual(later.values, three);
  assert.equal(bench.starts, 1);
  assert.equal(later.calls.all[0]?.spentMicroUsd, 30_000);
});

test('looks a call of an earlier start up before anything is bought', async (t) => {
  const bench = await ApifyBench.start(t);
  const first = await collectUnit(bench.open());
  const [call] = first.calls.all;
  assert.ok(call !== undefined);
  const doubtful: PaidCall = { ...call, spentMicroUsd: undefined, handle: undefined };
  const found = await collectUnit(bench.open(), { calls: new MemoryCalls(1, [doubtful]) });
  assert.deepEqual(found.values, three);
  assert.equal(bench.starts, 1);
  assert.equal(found.calls.all[0]?.handle?.id, bench.service.runs[0]?.id);

  const never: PaidCall = { ...doubtful, intent: 'never-left', inputHash: 'other' };
  const { calls, values } = await collectUnit(bench.open(hasty), {
    calls: new MemoryCalls(1, [never]),
  });
  assert.equal(calls.all[0]?.spentMicroUsd, 0);
  assert.deepEqual(values, three);
  assert.equal(bench.starts, 2);
});

test('a call that a person said to repeat is made again', async (t) => {
  const bench = await ApifyBench.start(t);
  const told: PaidCall = {
    intent: 'old',
    unit: 1,
    what: 'apify run me/counter',
    inputHash: 'x',
    intendedAt: new Date().toISOString(),
    reservedMicroUsd: 1_000_000,
    spentMicroUsd: 1_000_000,
    handle: undefined,
    isAnswered: false,
  };
  const { values } = await collectUnit(bench.open(), { calls: new MemoryCalls(1, [told]) });
  assert.deepEqual(values, three);
  assert.equal(bench.asked(/^GET .*\/runs$/), 0, 'nothing to look up');
});

test('leaves a call in doubt when the session stops in the middle of it', async (t) => {
  const bench = await ApifyBench.start(t, { faults: scriptedFaults(starting, ['drop']) });
  const stop = new AbortController();
  const reason = new Error('stopped');
  const calls = new MemoryCalls(1, [], (what) => {
    if (what === 'intend') setTimeout(() => stop.abort(reason), 50);
    return Promise.resolve();
  });
  const { error } = await collectUnit(bench.open(), { calls, signal: stop.signal });
  assert.equal(error, reason);
  assert.equal(calls.all[0]?.spentMicroUsd, undefined);
  assert.equal(calls.all[0]?.handle, undefined);
});

test('buys nothing when the budget has no room', async (t) => {
  const bench = await ApifyBench.start(t);
  const full = new PauseError('BUDGET_REACHED', 'No room.', {}, { reason: 'budget' });
  const calls = new MemoryCalls(1, [], () => Promise.reject(full));
  const { error } = await collectUnit(bench.open(), { calls });
  assert.equal(error, full);
  assert.equal(bench.server.requests.length, 0);
});

test('nobody who listens means that nothing left: it is settled at once', async (t) => {
  const bench = await ApifyBench.start(t);
  const source = bench.open();
  await bench.server.close();
  const { error, calls } = await collectUnit(source);
  assert.ok(error instanceof RetryError, String(error));
  assert.equal(calls.all[0]?.spentMicroUsd, 0);
});

test('"not now" waits, and costs nothing', async (t) => {
  const bench = await ApifyBench.start(t, { habits: { maxRunning: 0 } });
  const { error, calls } = await collectUnit(bench.open());
  assert.ok(error instanceof ThrottledError, String(error));
  assert.equal(error.code, 'APIFY_NOT_NOW');
  assert.match(error.message, /actor-memory-limit-exceeded/);
  assert.equal(calls.all[0]?.spentMicroUsd, 0);

  const limited = await ApifyBench.start(t, { faults: scriptedFaults(starting, ['429']) });
  const second = await collectUnit(limited.open());
  assert.ok(second.error instanceof ThrottledError, String(second.error));
  assert.equal(second.calls.all[0]?.spentMicroUsd, 0);
});

test('an actor that is not found fails the unit and says its name', async (t) => {
  const bench = await ApifyBench.start(t);
  const { error, calls } = await collectUnit(bench.open({ actor: 'me/nobody' }));
  assert.ok(error instanceof UnitFailedError, String(error));
  assert.equal(error.code, 'APIFY_NOT_FOUND');
  assert.match(error.message, /me\/nobody/);
  assert.equal(calls.all[0]?.spentMicroUsd, 0);
});

test('an input that the actor refuses fails the unit with its words', async (t) => {
  const bench = await ApifyBench.start(t);
  const { error } = await collectUnit(bench.open({ input: { count: 'many' } }));
  assert.ok(error instanceof UnitFailedError, String(error));
  assert.equal(error.code, 'APIFY_INPUT_REFUSED');
  assert.match(error.message, /input\.count must be number/);
});

test('a charge limit below what the actor asks for fails the unit and says what to raise', async (t) => {
  const bench = await ApifyBench.start(t, { actor: { minUsd: 5 } });
  const { error } = await collectUnit(bench.open());
  assert.ok(error instanceof UnitFailedError, String(error));
  assert.equal(error.code, 'APIFY_CHARGE_TOO_LOW');
  assert.match(error.message, /maxUsdPerRun/);
});

test('a token that is not set pauses before anything is asked', async (t) => {
  const bench = await ApifyBench.start(t);
  const source = bench.open({}, { secrets: { get: () => Promise.resolve(undefined) } });
  const { error, calls } = await collectUnit(source);
  assert.ok(error instanceof PauseError, String(error));
  assert.equal(error.code, 'SECRET_MISSING');
  assert.match(error.message, /APIFY_TOKEN/);
  assert.equal(bench.server.requests.length, 0);
  assert.equal(calls.all.length, 0);
});

test('a token that is refused pauses; the one that is set then is used', async (t) => {
  const bench = await ApifyBench.start(t);
  let token = 'apify_api_wrong';
  const source = bench.open({}, { secrets: { get: () => Promise.resolve(token) } });
  const { error, calls } = await collectUnit(source);
  assert.ok(error instanceof PauseError, String(error));
  assert.equal(error.code, 'APIFY_TOKEN_REFUSED');
  assert.match(error.message, /Set the secret anew/);
  assert.doesNotMatch(error.message, /apify_api_wrong/);
  assert.equal(calls.all[0]?.spentMicroUsd, 0);
  token = apifyToken;
  const { values } = await collectUnit(source, { calls: new MemoryCalls(1, calls.all) });
  assert.deepEqual(values, three);
});

for (const [type, status, code, reason] of [
  ['not-enough-usage-to-run-paid-actor', 402, 'APIFY_NO_USAGE_LEFT', 'budget'],
  ['actor-is-not-rented', 403, 'APIFY_ACTOR_NOT_RENTED', 'setup'],
  ['insufficient-permissions', 403, 'APIFY_FORBIDDEN', 'setup'],
] as const) {
  test(`${type} pauses the session`, async (t) => {
    const bench = await ApifyBench.start(t);
    bench.service.refusal = { status, type };
    const { error, calls } = await collectUnit(bench.open());
    assert.ok(error instanceof PauseError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.reason, reason);
    assert.equal(calls.all[0]?.spentMicroUsd, 0);
    assert.equal(bench.service.runs.length, 0);
  });
}
