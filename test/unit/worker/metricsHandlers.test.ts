import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { metricsHandlers } from '../../../src/worker/metricsHandlers.ts';
import { freePort } from '../../fixtures/freePort.ts';
import { readMetrics, type Metrics } from '../../fixtures/metrics.ts';
import { beginShelves, http } from '../../fixtures/workerSessions.ts';

const shelves = ['a', 'b'];

const scrape = async (url: string): Promise<Metrics> =>
  readMetrics(await (await fetch(url)).text());
const addressOf = (port: number): string => `http://127.0.0.1:${port}/metrics`;
const isRefused = (port: number): Promise<void> => assert.rejects(fetch(addressOf(port)));

async function begin(t: TestContext) {
  const begun = await beginShelves(t, { shelves });
  const { sessions } = begun;
  const handlers = { ...sessions.handlers(), ...metricsHandlers(sessions.measured) };
  t.after(() => handlers.serveMetrics({ port: 0 }));
  return { ...begun, handlers };
}

test('the port may change while sessions run; those that have ended stay', async (t) => {
  const { server, workspace, file, sessions, handlers } = await begin(t);
  const start = async (): Promise<string> =>
    (await handlers.start({ workspace, file, http })).session;
  const first = await start();
  await sessions.runOf({ workspace, session: first })?.finished;

  server.rule('b/2', 'hang');
  const asked = server.untilAsked('b/2');
  const second = await start();
  await asked;
  const running = sessions.runOf({ workspace, session: second });
  assert.ok(running);
  while (running.store.view.units.done === 0) await new Promise((resolve) => setImmediate(resolve));
  await running.store.settled();
  const assertTrue = ({ value }: Metrics): void => {
    const name = 'cf_collector_records_total';
    assert.equal(value(name, { session: first }), server.ids(shelves).length);
    assert.equal(value(name, { session: second }), running.snapshot().view.records);
    const state = 'active';
    assert.equal(value('cf_collector_session_state', { session: second, state }), 1);
  };
  const [one, two] = [await freePort(), await freePort()];
  assert.deepEqual(await handlers.serveMetrics({ port: one }), { url: addressOf(one) });
  assertTrue(await scrape(addressOf(one)));
  // Changed twice at once: the last word holds.
  await Promise.all([handlers.serveMetrics({ port: two }), handlers.serveMetrics({ port: one })]);
  await isRefused(two);
  await handlers.serveMetrics({ port: two });
  await isRefused(one);
  assertTrue(await scrape(addressOf(two)));
  assert.deepEqual(await handlers.serveMetrics({ port: 0 }), { url: null });
  await isRefused(two);

  server.serveAll();
  await running.stop('user');
  await handlers.serveMetrics({ port: one });
  const after = await scrape(addressOf(one));
  assert.equal(after.value('cf_collector_session_state', { session: second, state: 'stopped' }), 1);
});

test('a port that is taken stops no session, and the next one is tried', async (t) => {
  const { handlers, workspace, file, sessions } = await begin(t);
  const taken = await freePort();
  const holder = createServer().listen(taken, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const { session } = await handlers.start({ workspace, file, http });
  const run = sessions.runOf({ workspace, session });
  await assert.rejects(handlers.serveMetrics({ port: taken }), { code: 'METRICS_PORT_TAKEN' });
  assert.equal((await run?.finished)?.state, 'completed');
  const free = await freePort();
  await handlers.serveMetrics({ port: free });
  const { value } = await scrape(addressOf(free));
  assert.equal(value('cf_collector_session_state', { session, state: 'completed' }), 1);
});
