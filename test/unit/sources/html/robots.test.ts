import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ThrottledError, UnitBlockedError, UnitFailedError } from '../../../../src/core/errors.ts';
import { productToken, RobotsCache } from '../../../../src/sources/html/robots.ts';
import {
  flapping,
  Gate,
  hang,
  inTurn,
  redirect,
  retryAfter,
  send,
} from '../../../fixtures/answers.ts';
import type { Routes } from '../../../fixtures/faultyServer.ts';
import { ManualClock } from '../../../fixtures/manualClock.ts';
import { failure, openClient, serve } from '../http/httpBench.ts';

const dayMs = 24 * 3_600_000;
const never = new AbortController().signal;

/** A cache for a server, with times that only the test moves. */
async function bench(t: TestContext, routes: Routes, agent = 'cf-collector') {
  const server = await serve(t, routes);
  const clock = new ManualClock();
  const http = openClient(t, { timeoutMs: 5_000 }, { clock });
  const backoff = { baseMs: 1_000, maxMs: 60_000 };
  const robots = new RobotsCache({ http, clock, backoff, agent });
  return {
    server,
    clock,
    admit: (path: string, signal = never) => robots.admit(server.url(path), signal),
    blocks: (path: string) =>
      failure(robots.admit(server.url(path), never), UnitBlockedError, 'ROBOTS_BLOCKED'),
    waits: (path: string, code = 'ROBOTS_UNREACHABLE') =>
      failure(robots.admit(server.url(path), never), ThrottledError, code),
  };
}

const text = (body: string) => ({ '/robots.txt': send(200, body) });

test('rules are those of our group, else those of all; the longest rule counts', async (t) => {
  const body = `User-agent: *\nDisallow: /\n
    User-agent: otherbot\nUser-agent: CF-Collector/9.9\nDisallow: /a # secret\nAllow: /a/b\nDisallow: /*.pdf$\n`;
  const { admit, blocks } = await bench(t, text(body));
  assert.equal(await admit('/'), 0);
  await blocks('/a');
  await blocks('/a/c?x=1');
  await admit('/a/b/c');
  await blocks('/x.pdf');
  await admit('/x.pdf?page=1');
  const other = await bench(t, text(body), 'nobody');
  const error = await other.blocks('/x');
  assert.match(error.message, /robots\.txt forbids/);
});

test('a byte order mark, other line ends and encoded paths are read', async (t) => {
  const { admit, blocks } = await bench(
    t,
    text('\ufeffUSER-AGENT : *\r\nDisallow: /caf%c3%a9\rDisallow: /ünder\r\n'),
  );
  await blocks('/caf%C3%A9');
  await blocks('/%C3%BCnder');
  await admit('/cafe');
});

test('it is fetched once, also when many units ask at once', async (t) => {
  const { server, admit } = await bench(t, text(''));
  await Promise.all(Array.from({ length: 20 }, (_, i) => admit(`/${i}`)));
  await admit('/later');
  assert.equal(server.count(), 1);
});

test('the crawl delay is told, and only a sane one', async (t) => {
  for (const [delay, ms] of [
    ['2.5', 2500],
    ['soon', 0],
    ['-1', 0],
    ['Infinity', dayMs],
  ] as const) {
    const { admit } = await bench(t, text(`User-agent: *\nCrawl-delay: ${delay}\n`));
    assert.equal(await admit('/'), ms, delay);
  }
});

test('one that is not there allows everything', async (t) => {
  for (const status of [400, 401, 403, 404, 410]) {
    const { admit, server } = await bench(t, {
      '/robots.txt': send(status, 'User-agent: *\nDisallow: /'),
    });
    assert.equal(await admit('/'), 0, String(status));
    await admit('/again');
    assert.equal(server.count(), 1);
  }
});

test('one that can not be had makes its pages wait, longer each time', async (t) => {
  const { waits, admit, clock, server } = await bench(t, {
    '/robots.txt': flapping(3, send(500), send(200, 'User-agent: *\nDisallow: /x')),
  });
  for (const delayMs of [1_000, 2_000, 4_000]) {
    const error = await waits('/a');
    assert.equal(error.delayMs, delayMs);
    assert.match(error.message, /robots\.txt can't be had/);
    const calls = server.count();
    await clock.advance(delayMs - 100);
    assert.equal((await waits('/b')).delayMs, 100, 'asked again before its time');
    assert.equal(server.count(), calls);
    await clock.advance(100);
  }
  await admit('/a');
});

test('nobody listening makes pages wait, too', async (t) => {
  const { server, clock, waits, admit } = await bench(t, text(''));
  await server.refuse();
  await waits('/');
  await server.listenAgain();
  await clock.advance(1_000);
  await admit('/');
});

test('when the server asks to wait, its time counts', async (t) => {
  const { waits, admit, clock } = await bench(t, {
    '/robots.txt': inTurn(retryAfter(429, 40), retryAfter(503, 50), send(200, '')),
  });
  assert.equal((await waits('/', 'HTTP_RATE_LIMITED')).delayMs, 40_000);
  await clock.advance(40_000);
  assert.equal((await waits('/', 'HTTP_UNAVAILABLE')).delayMs, 50_000);
  await clock.advance(50_000);
  await admit('/');
});

test('after a day it is fetched anew', async (t) => {
  const { server, clock, admit, blocks } = await bench(t, {
    '/robots.txt': inTurn(send(200, ''), send(200, 'User-agent: *\nDisallow: /')),
  });
  await admit('/');
  await clock.advance(dayMs - 1);
  await admit('/');
  assert.equal(server.count(), 1);
  await clock.advance(1);
  await blocks('/');
  assert.equal(server.count(), 2);
});

test('the old copy counts while no new one can be had', async (t) => {
  const { clock, admit, blocks, server } = await bench(t, {
    '/robots.txt': inTurn(send(200, 'User-agent: *\nDisallow: /x'), send(500), send(404)),
  });
  await admit('/');
  await clock.advance(dayMs);
  await blocks('/x');
  await blocks('/x');
  assert.equal(server.count(), 2, 'an outage is not asked after for each page');
  await clock.advance(1_000);
  await admit('/x');
});

test('five redirects are followed, to wherever they lead; more are none', async (t) => {
  const elsewhere = await serve(t, { '/r': send(200, 'User-agent: *\nDisallow: /x') });
  const hops = (count: number): Routes => ({
    '/robots.txt': redirect('/1'),
    ...Object.fromEntries(
      Array.from({ length: count - 1 }, (_, i) => [
        `/${i + 1}`,
        redirect(i + 2 === count ? elsewhere.url('/r') : `/${i + 2}`),
      ]),
    ),
  });
  await (await bench(t, hops(5))).blocks('/x');
  await (await bench(t, hops(6))).admit('/x');
  await (await bench(t, { '/robots.txt': redirect('/robots.txt') })).admit('/x');
});

test('only the first 500 KiB are read', async (t) => {
  const filler = `# ${'x'.repeat(1021)}\n`.repeat(499);
  const { admit, blocks } = await bench(
    t,
    text(`${filler}User-agent: *\nDisallow: /a\n${filler}Disallow: /b\n`),
  );
  await blocks('/a');
  await admit('/b');
});

test('what is no use waiting for fails the page', async (t) => {
  const { admit } = await bench(t, {
    '/robots.txt': send(200, 'x', { 'content-encoding': 'zip' }),
  });
  await failure(admit('/'), UnitFailedError, 'BODY_ENCODING_UNKNOWN');
});

test('a unit that is stopped while it waits stops at once; the others get their answer', async (t) => {
  const gate = new Gate();
  const { server, admit } = await bench(t, { '/robots.txt': gate.hold(send(200, '')) });
  const stop = new AbortController();
  const reason = new Error('stopped');
  const first = admit('/1');
  await server.untilRequests(1);
  const second = admit('/2', stop.signal);
  stop.abort(reason);
  await assert.rejects(second, (error) => error === reason);
  gate.open();
  assert.equal(await first, 0);
  assert.equal(server.count(), 1);
});

test('when the unit that fetches is stopped, another takes over', async (t) => {
  const { server, admit } = await bench(t, { '/robots.txt': inTurn(hang(), send(200, '')) });
  const stop = new AbortController();
  const reason = new Error('stopped');
  const first = admit('/1', stop.signal);
  const others = Promise.all([admit('/2'), admit('/3')]);
  await server.untilRequests(1);
  stop.abort(reason);
  await assert.rejects(first, (error) => error === reason);
  assert.deepEqual(await others, [0, 0]);
  assert.equal(server.count(), 2);
});

test('what was aborted before asks nothing', async (t) => {
  const { server, admit } = await bench(t, text(''));
  const reason = new Error('before');
  await assert.rejects(admit('/', AbortSignal.abort(reason)), (error) => error === reason);
  assert.equal(server.count(), 0);
});

test('our name is the product in the User-Agent', () => {
  assert.equal(productToken('cf-collector'), 'cf-collector');
  assert.equal(productToken('BookBot/2.1 (+https://books.test)'), 'bookbot');
  assert.equal(
    productToken('Mozilla/5.0 (compatible; BookBot/1.0; +https://books.test)'),
    'bookbot',
  );
});
