import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { RetryError, ThrottledError, UnitFailedError } from '../../../../src/core/errors.ts';
import { json, send } from '../../../fixtures/answers.ts';
import { ManualClock } from '../../../fixtures/manualClock.ts';
import { failure, get, openClient, serve } from './httpBench.ts';

const classes = { RetryError, ThrottledError, UnitFailedError };

/** Every rule: what is answered, which error follows, and after which wait. */
const rules: readonly (readonly [
  status: number,
  headers: Readonly<Record<string, string>>,
  type: keyof typeof classes,
  code: string,
  delayMs?: number,
])[] = [
  [400, {}, 'UnitFailedError', 'HTTP_400'],
  [401, {}, 'UnitFailedError', 'HTTP_UNAUTHORIZED'],
  [402, {}, 'UnitFailedError', 'HTTP_402'],
  [403, {}, 'UnitFailedError', 'HTTP_FORBIDDEN'],
  [403, { 'retry-after': '9' }, 'ThrottledError', 'HTTP_RATE_LIMITED', 9000],
  [403, { 'x-ratelimit-remaining': '12' }, 'UnitFailedError', 'HTTP_FORBIDDEN'],
  [
    403,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795277790' },
    'ThrottledError',
    'HTTP_RATE_LIMITED',
    90_000,
  ],
  [404, {}, 'UnitFailedError', 'HTTP_NOT_FOUND'],
  [405, {}, 'UnitFailedError', 'HTTP_405'],
  [407, {}, 'UnitFailedError', 'PROXY_UNAUTHORIZED'],
  [408, {}, 'RetryError', 'HTTP_408'],
  [408, { 'retry-after': '3' }, 'RetryError', 'HTTP_408', 3000],
  [410, {}, 'UnitFailedError', 'HTTP_GONE'],
  [418, {}, 'UnitFailedError', 'HTTP_418'],
  [425, {}, 'RetryError', 'HTTP_425'],
  [429, { 'retry-after': '7' }, 'ThrottledError', 'HTTP_RATE_LIMITED', 7000],
  [
    429,
    { 'retry-after': 'Sat, 21 Nov 2026 16:15:30 GMT' },
    'ThrottledError',
    'HTTP_RATE_LIMITED',
    30_000,
  ],
  [429, { 'ratelimit-reset': '45' }, 'ThrottledError', 'HTTP_RATE_LIMITED', 45_000],
  [500, {}, 'RetryError', 'HTTP_500'],
  [500, { 'retry-after': '4' }, 'RetryError', 'HTTP_500', 4000],
  [502, {}, 'RetryError', 'HTTP_502'],
  [503, {}, 'RetryError', 'HTTP_503'],
  [503, { 'retry-after': '120' }, 'ThrottledError', 'HTTP_UNAVAILABLE', 120_000],
  [504, {}, 'RetryError', 'HTTP_504'],
  [520, {}, 'RetryError', 'HTTP_520'],
  [304, {}, 'UnitFailedError', 'HTTP_304'],
  [300, { location: '/other' }, 'UnitFailedError', 'HTTP_300'],
  [302, {}, 'UnitFailedError', 'HTTP_302'],
];

for (const [status, headers, type, code, delayMs] of rules) {
  test(`${status} ${JSON.stringify(headers)} is a ${type}`, async (t) => {
    const server = await serve(t, { '/x': send(status, '', headers) });
    const clock = new ManualClock(Date.UTC(2026, 10, 21, 16, 15, 0));
    const client = openClient(t, {}, { clock });
    const error = await failure(client.fetch(get(server.url('/x'))), classes[type], code);
    assert.deepEqual(error.data, { url: server.url('/x'), host: server.host, status });
    assert.match(error.message, new RegExp(`GET ${server.url('/x')} .*${status}`));
    if ('delayMs' in error) assert.equal(error.delayMs, delayMs);
  });
}

test('429 without a word on when to come back: a wait that grows with each refusal', async (t) => {
  const server = await serve(t, { '/x': send(429) });
  const clock = new ManualClock();
  const random = { next: () => 0.5, hex: () => '' };
  const retry = { attempts: 5, baseMs: 100, maxMs: 1000 };
  const client = openClient(t, {}, { clock, random, retry });
  const delays: number[] = [];
  for (let i = 0; i < 6; i++) {
    const error = await failure(
      client.fetch(get(server.url('/x'))),
      ThrottledError,
      'HTTP_RATE_LIMITED',
    );
    delays.push(error.delayMs);
    await clock.advance(error.delayMs);
  }
  assert.deepEqual(delays, [150, 200, 300, 500, 600, 600]);

  server.route('/x', send(200));
  await client.fetch(get(server.url('/x')));
  server.route('/x', send(429));
  const again = client.fetch(get(server.url('/x')));
  assert.equal((await failure(again, ThrottledError, 'HTTP_RATE_LIMITED')).delayMs, 150);
});

test('Retry-After: 0 is no leave to ask again at once', async (t) => {
  const server = await serve(t, { '/x': send(429, '', { 'retry-after': '0' }) });
  const client = openClient(t);
  const work = client.fetch(get(server.url('/x')));
  const error = await failure(work, ThrottledError, 'HTTP_RATE_LIMITED');
  assert.ok(error.delayMs >= 10);
});

test('403 whose words are of a rate limit is one, also when they are compressed', async (t) => {
  const words = { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' };
  const remaining = { 'content-type': 'application/json', 'x-ratelimit-remaining': '4999' };
  const packed = (body: Buffer, coding: string) =>
    send(403, body, { ...remaining, 'content-encoding': coding });
  const text = JSON.stringify(words);
  const server = await serve(t, {
    '/plain': send(403, text, remaining),
    '/gzip': packed(gzipSync(text), 'gzip'),
    '/br': packed(brotliCompressSync(text), 'br'),
    '/cut': packed(gzipSync(text).subarray(0, -8), 'gzip'),
    '/damaged': packed(Buffer.from(text), 'gzip'),
    '/forbidden': send(403, '{"message":"Resource not accessible"}', remaining),
  });
  for (const path of ['/plain', '/gzip', '/br', '/cut']) {
    // Each its own: a host that has limited one request is left alone.
    const work = openClient(t).fetch(get(server.url(path)));
    const error = await failure(work, ThrottledError, 'HTTP_RATE_LIMITED');
    assert.equal(error.delayMs, 60_000, path);
  }
  const open = (path: string) => openClient(t).fetch(get(server.url(path)));
  await failure(open('/damaged'), UnitFailedError, 'HTTP_FORBIDDEN');
  const error = await failure(open('/forbidden'), UnitFailedError, 'HTTP_FORBIDDEN');
  assert.match(error.message, /Resource not accessible/);
});

test('an accepted status is an answer, with its body', async (t) => {
  const server = await serve(t, {
    '/404': send(404, 'nothing here'),
    '/503': send(503, 'down', { 'retry-after': '60' }),
  });
  const client = openClient(t);
  const accept = (): boolean => true;
  const missing = await client.fetch(get(server.url('/404'), { accept }));
  assert.equal(missing.status, 404);
  assert.equal(missing.body.toString(), 'nothing here');
  const down = await client.fetch(get(server.url('/503'), { accept }));
  assert.equal(down.status, 503);
  // It is an answer to whoever asked, but the host did ask to be left alone.
  await failure(client.fetch(get(server.url('/404'))), ThrottledError, 'HOST_RESTING');
});

test('what an API says about an error is part of the message, in one short line', async (t) => {
  const server = await serve(t, {
    '/json': send(400, `{"message":\n"Bad\u0000key ${'x'.repeat(900)}"}`, {
      'content-type': 'application/json',
    }),
    '/html': send(400, '<html><title>Bad</title>', { 'content-type': 'text/html' }),
  });
  const client = openClient(t);
  const said = await failure(client.fetch(get(server.url('/json'))), UnitFailedError, 'HTTP_400');
  assert.match(said.message, /400 Bad Request: \{"message": "Bad key xxx/);
  assert.ok(said.message.length < 300);
  const page = await failure(client.fetch(get(server.url('/html'))), UnitFailedError, 'HTTP_400');
  assert.doesNotMatch(page.message, /title/);
});

test('every status from 200 to 299 is an answer', async (t) => {
  const server = await serve(t, {
    '/200': json({}),
    '/201': send(201, 'made'),
    '/204': send(204),
    '/206': send(206, 'part'),
  });
  const client = openClient(t);
  for (const status of [200, 201, 204, 206])
    assert.equal((await client.fetch(get(server.url(`/${status}`)))).status, status);
});
