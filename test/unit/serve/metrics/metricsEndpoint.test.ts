import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { silentLogger } from '../../../../src/core/ports.ts';
import { systemClock, systemRandom } from '../../../../src/core/systemPorts.ts';
import { Preparer } from '../../../../src/engine/prepare.ts';
import { SessionRun } from '../../../../src/engine/sessionRun.ts';
import { MeasuredRuns } from '../../../../src/serve/metrics/measuredRuns.ts';
import { MetricsEndpoint } from '../../../../src/serve/metrics/metricsEndpoint.ts';
import { letRun } from '../../../fixtures/manualClock.ts';
import { readMetrics, type Metrics } from '../../../fixtures/metrics.ts';
import {
  createTestSession,
  makeScratchFolder,
  newUnit,
  testCollection,
  testPorts,
} from '../../../fixtures/storageSession.ts';
import { lastPage, MemorySource, page, type Carry } from '../../engine/memorySource.ts';

async function open(t: TestContext): Promise<{
  readonly runs: MeasuredRuns;
  readonly endpoint: MetricsEndpoint;
  readonly url: string;
}> {
  const runs = new MeasuredRuns();
  const endpoint = new MetricsEndpoint(runs);
  t.after(() => endpoint.close());
  return { runs, endpoint, url: await endpoint.open(0) };
}

async function begin(t: TestContext, units: number, carry: Carry): Promise<SessionRun> {
  const store = await createTestSession(
    await makeScratchFolder(t),
    testPorts(),
    testCollection({ limits: { maxUsd: 2.5 } }),
  );
  const plan = Array.from({ length: units }, (_, i) => newUnit(`u${i}`));
  const source = new MemorySource(plan, carry);
  const run = new SessionRun({
    store,
    source: source,
    preparer: new Preparer<unknown>(source, store.collection, undefined),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    onEntries: () => undefined,
  });
  t.after(async () => {
    void run.stop('user');
    await run.finished;
  });
  return run;
}

const scrape = async (url: string): Promise<Metrics> =>
  readMetrics(await (await fetch(url)).text());

function assertEqual(metrics: Metrics, run: SessionRun): void {
  const { session } = run.store.layout;
  const { view, live } = run.snapshot();
  const value = (name: string, labels = {}): number | undefined =>
    metrics.value(`cf_collector_${name}`, { session, collection: view.name, ...labels });
  assert.equal(value('records_total'), view.records);
  assert.equal(value('duplicates_total'), view.duplicates);
  assert.equal(value('rejected_total'), view.rejected);
  for (const [state, count] of Object.entries(view.units)) {
    assert.equal(value('units', { state }), count, state);
  }
  assert.equal(value('queue_length'), view.units.pending);
  assert.equal(value('in_flight_units'), live.inFlight.length);
  assert.equal(value('not_yet_safe_records'), live.notYetSafe);
  assert.equal(value('received_bytes_total'), live.receivedBytes);
  assert.equal(value('limit_usd'), 2.5);
  assert.equal(value('session_state', { state: view.state }), 1);
  for (const { role, bytes } of view.files) {
    assert.equal(value('written_bytes_total', { file: role }), bytes);
  }
}

test('what is scraped is what the session says, while it runs and when it has ended', async (t) => {
  const { runs, url } = await open(t);
  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
  const run = await begin(t, 20, async function* ({ key, n }) {
    await letRun();
    yield page([key, `${key}+`, 'the same'], { cursor: 1 });
    if (n > 10) await held;
    yield lastPage([`${key}!`]);
  });
  runs.track(run);
  await run.start();
  while (run.store.view.units.done < 8) await letRun();
  await run.store.settled();
  const during = await scrape(url);
  assertEqual(during, run);
  assert.ok((during.value('cf_collector_in_flight_units') ?? 0) > 0);
  letGo(undefined);
  await run.finished;
  const after = await scrape(url);
  assertEqual(after, run);
  const { session } = run.store.layout;
  assert.equal(after.value('cf_collector_session_state', { session, state: 'completed' }), 1);
  assert.equal(after.value('cf_collector_records_total'), 61);
  assert.equal(after.value('cf_collector_duplicates_total'), 19);
  // As many commits as were measured.
  assert.ok((after.value('cf_collector_commit_duration_seconds_count') ?? 0) > 0);
});

test('every answer and every commit is in the histograms once', async (t) => {
  const { runs, url } = await open(t);
  const run = await begin(t, 1, async function* () {
    await letRun();
    yield lastPage(['a']);
  });
  runs.track(run);
  for (const ms of [0.5, 3, 30, 300, 99_000]) run.meter.answered(ms);
  for (const ms of [4, 4]) run.meter.committed(ms);
  const metrics = await scrape(url);
  const answers = (le: string): number | undefined =>
    metrics.value('cf_collector_fetch_duration_seconds_bucket', { le });
  assert.deepEqual(
    ['0.001', '0.005', '0.05', '0.5', '60', '+Inf'].map(answers),
    [1, 2, 3, 4, 4, 5],
  );
  assert.equal(metrics.value('cf_collector_fetch_duration_seconds_count'), 5);
  assert.equal(metrics.value('cf_collector_fetch_duration_seconds_sum'), 99.3335);
  assert.equal(metrics.value('cf_collector_commit_duration_seconds_count'), 2);
});

test('a session that was under way when metrics were switched on is in them', async (t) => {
  const runs = new MeasuredRuns();
  const run = await begin(t, 3, async function* ({ key }) {
    await letRun();
    yield lastPage([key]);
  });
  runs.track(run);
  await run.start();
  await run.finished;
  const endpoint = new MetricsEndpoint(runs);
  t.after(() => endpoint.close());
  assertEqual(await scrape(await endpoint.open(0)), run);
});

/** Asks with a Host header of one's own, at an address. */
async function ask(
  port: number,
  options: { method?: string; path?: string; headers?: Record<string, string> },
): Promise<number | undefined> {
  const asked = request({ host: '127.0.0.1', port, path: '/metrics', ...options });
  asked.end();
  const [response] = (await once(asked, 'response')) as [{ statusCode?: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

test('only GET /metrics under a name of this machine is answered', async (t) => {
  const { url } = await open(t);
  const port = Number(new URL(url).port);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost', `[::1]:${port}`]) {
    assert.equal(await ask(port, { headers: { host } }), 200, host);
  }
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    '10.0.0.1',
  ]) {
    assert.equal(await ask(port, { headers: { host } }), 403, host);
  }
  assert.equal(await ask(port, { path: '/' }), 404);
  assert.equal(await ask(port, { path: '/metrics/more' }), 404);
  assert.equal(await ask(port, { method: 'POST' }), 405);
  assert.equal(await ask(port, { method: 'DELETE' }), 405);
});

test('it listens on loopback only', async (t) => {
  const { url } = await open(t);
  const { hostname, port } = new URL(url);
  assert.equal(hostname, '127.0.0.1');
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal);
  if (others.length === 0) t.diagnostic('This machine has no other address.');
  for (const { address, scopeid, family } of others) {
    const host = family === 'IPv6' && scopeid > 0 ? `${address}%${scopeid}` : address;
    const socket = connect({ host, port: Number(port) });
    const refusal = await Promise.race([
      once(socket, 'error').then(([error]) => (error as NodeJS.ErrnoException).code ?? ''),
      once(socket, 'connect').then(() => 'it listens there'),
    ]);
    socket.destroy();
    assert.match(refusal, /^(ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)$/, address);
  }
});

test('a port that is taken is said so, and another one can be had', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const endpoint = new MetricsEndpoint(new MeasuredRuns());
  t.after(() => endpoint.close());
  await assert.rejects(endpoint.open(port), { code: 'METRICS_PORT_TAKEN' });
  assert.equal((await fetch(await endpoint.open(0))).status, 200);
});

test('who scrapes gets what is true at the end; nobody else is waited for', async (t) => {
  const { endpoint, url } = await open(t);
  const never = new AbortController();
  assert.equal(await endpoint.lastScrape(never.signal), false, 'nobody has ever asked');
  await fetch(url);
  // How long the last is waited for goes by this.
  await setTimeout(1000);
  await fetch(url);
  const last = endpoint.lastScrape(never.signal);
  const text = await (await fetch(url)).text();
  assert.equal(await last, true);
  assert.match(text, /cf_collector_build_info/);
  await fetch(url);
  // As quick as it asked before, it would have come by now.
  assert.equal(await endpoint.lastScrape(never.signal), false);
  const stopped = new AbortController();
  await fetch(url);
  const waiting = endpoint.lastScrape(stopped.signal);
  stopped.abort();
  assert.equal(await waiting, false);
});
