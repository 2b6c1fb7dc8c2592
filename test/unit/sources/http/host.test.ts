import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryError, ThrottledError } from '../../../../src/core/errors.ts';
import type { HostHealth } from '../../../../src/core/events.ts';
import type { HttpClient } from '../../../../src/sources/http/client.ts';
import { Gate as Held, choose, hang, json, send } from '../../../fixtures/answers.ts';
import { ManualClock } from '../../../fixtures/manualClock.ts';
import { failure, get, openClient, serve } from './httpBench.ts';

// The circuit goes by the system's time: a first rest that no test can outlast, or one that is over at once.
const longRest = { attempts: 5, baseMs: 60_000, maxMs: 600_000 };
const shortRest = { attempts: 5, baseMs: 1, maxMs: 4 };

function only(client: HttpClient): HostHealth {
  const [health, ...others] = client.health();
  assert.ok(health !== undefined && others.length === 0);
  return health;
}

/** Fails until the circuit opens; tells how many requests that took. */
async function openCircuit(client: HttpClient, url: string): Promise<number> {
  for (let n = 0; n < 50; n++) {
    await client.fetch(get(url)).catch(() => undefined);
    if (only(client).circuit === 'open') return n + 1;
  }
  return assert.fail('the circuit did not open');
}

function untilRested(client: HttpClient): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (only(client).notBefore === undefined) resolve();
      else setImmediate(look);
    };
    look();
  });
}

test('no more requests at once than allowed, in the order in which they came', async (t) => {
  const held = new Held();
  let inside = 0;
  let most = 0;
  const answer = held.hold(json(1));
  const server = await serve(t, {
    '*': async (request, response) => {
      most = Math.max(most, ++inside);
      await answer(request, response);
      inside -= 1;
    },
  });
  const client = openClient(t, {}, { perHost: { concurrency: 2 } });
  const all = Array.from({ length: 20 }, (_, n) => client.fetch(get(server.url(`/?n=${n}`))));
  await server.untilRequests(2);
  held.open();
  await Promise.all(all);
  assert.equal(most, 2);
  const order = server.requests.map((request) => Number(request.query.get('n')));
  order.forEach((n, i) => assert.ok(Math.abs(n - i) <= 2, order.join(' ')));
});

test('one host that hangs does not hold up another', async (t) => {
  const slow = await serve(t, { '*': hang() });
  const quick = await serve(t, { '*': json(1) });
  const client = openClient(t, {}, { perHost: { concurrency: 1 } });
  const held = client.fetch(get(slow.url()));
  held.catch(() => undefined);
  await slow.untilRequests(1);
  await client.fetch(get(quick.url()));
});

test('requests start no faster than their rate', async (t) => {
  const clock = new ManualClock();
  const server = await serve(t, { '*': json(1) });
  const perHost = { concurrency: 10, ratePerSecond: 4 };
  const client = openClient(t, {}, { clock, perHost });
  const startedMs: number[] = [];
  const all = Array.from({ length: 5 }, () =>
    client.fetch(get(server.url())).then(() => startedMs.push(clock.monotonicMs())),
  );
  await clock.untilSleeping(4);
  assert.deepEqual(clock.sleepingMs, [250, 500, 750, 1000]);
  await clock.runToEnd(Promise.all(all));
  assert.equal(server.count(), 5);
});

test('a delay that a request asks for spaces the requests to its host', async (t) => {
  const clock = new ManualClock();
  const server = await serve(t, { '*': json(1) });
  const client = openClient(t, {}, { clock });
  const minDelayMs = 5000;
  await client.fetch(get(server.url(), { minDelayMs }));
  const next = client.fetch(get(server.url(), { minDelayMs }));
  await clock.untilSleeping();
  assert.deepEqual(clock.sleepingMs, [5000]);
  await clock.runToEnd(next);
  await clock.advance(60_000);
  // Nobody has asked for a while: no wait.
  await client.fetch(get(server.url(), { minDelayMs }));
});

test('whoever gives up waiting for a turn gives the turn back', async (t) => {
  const clock = new ManualClock();
  const server = await serve(t, { '*': json(1) });
  const client = openClient(t, {}, { clock, perHost: { concurrency: 1, ratePerSecond: 1 } });
  await client.fetch(get(server.url()));
  const controller = new AbortController();
  const reason = new Error('stop');
  const rated = client.fetch({ url: server.url(), signal: controller.signal });
  const queued = client.fetch({ url: server.url(), signal: controller.signal });
  const last = client.fetch(get(server.url()));
  await clock.untilSleeping();
  controller.abort(reason);
  await assert.rejects(rated, (error) => error === reason);
  await assert.rejects(queued, (error) => error === reason);
  await clock.runToEnd(last);
  assert.equal(server.count(), 2);
});

test('a host that asked to be left alone is left alone, also by those that already waited', async (t) => {
  const held = new Held();
  const clock = new ManualClock();
  const server = await serve(t, { '*': held.hold(send(429, '', { 'retry-after': '30' })) });
  const client = openClient(t, {}, { clock, perHost: { concurrency: 1 } });
  const work = Promise.allSettled([1, 2, 3].map(() => client.fetch(get(server.url()))));
  await server.untilRequests(1);
  held.open();
  const codes = (await work).map((end) => {
    assert.ok(end.status === 'rejected' && end.reason instanceof ThrottledError);
    assert.equal(end.reason.delayMs, 30_000);
    return end.reason.code;
  });
  assert.deepEqual(codes, ['HTTP_RATE_LIMITED', 'HOST_RESTING', 'HOST_RESTING']);
  assert.equal(server.count(), 1);
  assert.equal(only(client).notBefore, new Date(clock.now() + 30_000).toISOString());
  assert.equal(only(client).status, 'degraded');

  await clock.advance(10_000);
  const early = await failure(client.fetch(get(server.url())), ThrottledError, 'HOST_RESTING');
  assert.equal(early.delayMs, 20_000);
  assert.match(early.message, /20\.0 s/);
  server.route('*', json(1));
  await clock.advance(20_000);
  await client.fetch(get(server.url()));
  assert.equal(only(client).status, 'healthy');
  assert.equal(only(client).notBefore, undefined);
});

test('refusals of requests that were under way together count once', async (t) => {
  const held = new Held();
  const random = { next: () => 0.999, hex: () => '' };
  const retry = { attempts: 5, baseMs: 100, maxMs: 10_000 };
  const server = await serve(t, { '*': held.hold(send(429)) });
  const client = openClient(t, {}, { random, retry, perHost: { concurrency: 4 } });
  const all = Array.from({ length: 4 }, () => client.fetch(get(server.url())));
  const ends = Promise.allSettled(all);
  await server.untilRequests(4);
  held.open();
  for (const end of await ends) {
    assert.ok(end.status === 'rejected' && end.reason instanceof ThrottledError);
    assert.equal(end.reason.delayMs, 200);
  }
});

test('the circuit opens after failures in a row and lets nothing through', async (t) => {
  const server = await serve(t, { '*': send(500), '/well': json(1) });
  const client = openClient(t, {}, { retry: longRest, perHost: { concurrency: 1 } });
  // A success in between starts the count again.
  for (let i = 0; i < 4; i++) await client.fetch(get(server.url())).catch(() => undefined);
  await client.fetch(get(server.url('/well')));
  assert.equal(await openCircuit(client, server.url()), 5);
  const before = server.count();
  const error = await failure(
    client.fetch(get(server.url('/well'))),
    ThrottledError,
    'CIRCUIT_OPEN',
  );
  assert.ok(error.delayMs > 50_000 && error.delayMs <= 60_000);
  assert.match(error.message, /5 times in a row.*HTTP|500/);
  assert.equal(server.count(), before);
  const health = only(client);
  assert.equal(health.status, 'critical');
  assert.equal(health.failures, 9);
  assert.equal(health.consecutiveErrors, 5);
  assert.equal(health.lastError?.code, 'HTTP_500');
  assert.ok(Date.parse(health.notBefore ?? '') > Date.now() + 50_000);
});

test('failures of requests that were under way together do not open the circuit', async (t) => {
  const held = new Held();
  const server = await serve(t, { '*': held.hold(send(500)) });
  const client = openClient(t, {}, { retry: longRest, perHost: { concurrency: 8 } });
  const ends = Promise.allSettled(Array.from({ length: 8 }, () => client.fetch(get(server.url()))));
  await server.untilRequests(8);
  held.open();
  await ends;
  assert.equal(only(client).circuit, 'closed');
});

test('what is the page’s fault does not open the circuit', async (t) => {
  const server = await serve(t, {
    '/404': send(404),
    '/large': send(200, 'x'.repeat(100)),
    '/damaged': send(200, 'x', { 'content-encoding': 'gzip' }),
  });
  const client = openClient(t, { maxBodyBytes: 50 }, { retry: longRest });
  for (let i = 0; i < 10; i++) {
    for (const path of ['/404', '/large', '/damaged'])
      await client.fetch(get(server.url(path))).catch(() => undefined);
  }
  assert.equal(only(client).circuit, 'closed');
  assert.equal(only(client).consecutiveErrors, 0);
});

test('after its rest one request tries the host: a success closes the circuit', async (t) => {
  const server = await serve(t, { '*': send(500) });
  const client = openClient(t, {}, { retry: shortRest, perHost: { concurrency: 4 } });
  await openCircuit(client, server.url());
  await untilRested(client);
  const held = new Held();
  server.route('*', held.hold(json(1)));
  const before = server.count();
  const trial = client.fetch(get(server.url()));
  await server.untilRequests(before + 1);
  assert.equal(only(client).circuit, 'half-open');
  await failure(client.fetch(get(server.url())), ThrottledError, 'CIRCUIT_OPEN');
  assert.equal(server.count(), before + 1);
  held.open();
  await trial;
  assert.equal(only(client).circuit, 'closed');
  assert.equal(only(client).status, 'healthy');
});

test('a trial that fails, or is cancelled, opens the circuit again, for longer', async (t) => {
  const server = await serve(t, { '*': send(500) });
  const retry = { attempts: 5, baseMs: 1, maxMs: 600_000 };
  const client = openClient(t, {}, { retry, perHost: { concurrency: 1 } });
  await openCircuit(client, server.url());
  await untilRested(client);
  await failure(client.fetch(get(server.url())), RetryError, 'HTTP_500');
  assert.equal(only(client).circuit, 'open');
  await untilRested(client);
  server.route('*', hang());
  const controller = new AbortController();
  const before = server.count();
  const trial = client.fetch({ url: server.url(), signal: controller.signal });
  await server.untilRequests(before + 1);
  controller.abort(new Error('stop'));
  await assert.rejects(trial, /stop/);
  assert.equal(only(client).circuit, 'open');
});

test('a host that cannot be reached is offline', async (t) => {
  const server = await serve(t, {});
  await server.close();
  const client = openClient(t, {}, { retry: longRest });
  await openCircuit(client, server.url());
  assert.equal(only(client).status, 'offline');
  assert.equal(only(client).lastError?.code, 'CONNECTION_FAILED');
});

test('health is taken up again: counts, circuit, and how long it stays open', async (t) => {
  const server = await serve(t, { '*': send(500) });
  const first = openClient(t, {}, { retry: longRest });
  await openCircuit(first, server.url());
  const before = JSON.parse(JSON.stringify(first.health())) as HostHealth[];
  const elsewhere: HostHealth = { ...before[0]!, host: 'example.org' };

  const second = openClient(t, {}, { retry: longRest, health: [...before, elsewhere] });
  assert.deepEqual(second.health(), [...before, elsewhere]);
  const calls = server.count();
  await failure(second.fetch(get(server.url())), ThrottledError, 'HOST_RESTING');
  assert.equal(server.count(), calls);
  const after = second.health().find((health) => health.host === server.host);
  assert.deepEqual(after, before[0]);
  assert.ok(second.health().includes(elsewhere));
});

test('a circuit that was open and has rested is tried, and opens again for longer', async (t) => {
  const server = await serve(t, { '*': send(500) });
  const health: HostHealth = {
    host: server.host,
    status: 'critical',
    requests: 20,
    failures: 8,
    consecutiveErrors: 8,
    avgResponseMs: 2,
    circuit: 'open',
    notBefore: new Date(Date.now() - 1000).toISOString(),
  };
  const client = openClient(t, {}, { retry: longRest, health: [health] });
  await failure(client.fetch(get(server.url())), RetryError, 'HTTP_500');
  assert.equal(only(client).circuit, 'open');
  const restMs = Date.parse(only(client).notBefore ?? '') - Date.now();
  // The eighth failure in a row is the fourth rest: 8 minutes; the next one reaches the longest, 10.
  assert.ok(restMs > 590_000 && restMs <= 600_000, String(restMs));
});

test('the average response time follows what was measured', async (t) => {
  const clock = new ManualClock();
  const server = await serve(t, {
    '*': choose((request) => (_request, response) => {
      void clock.advance(Number(request.query.get('ms'))).then(() => response.end());
    }),
  });
  const client = openClient(t, {}, { clock });
  for (const ms of [10, 30, 50]) await client.fetch(get(server.url(`/?ms=${ms}`)));
  assert.equal(only(client).avgResponseMs, 30);
  assert.equal(only(client).requests, 3);
});
