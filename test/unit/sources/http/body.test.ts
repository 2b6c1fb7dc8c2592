import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { RetryError, UnitFailedError } from '../../../../src/core/errors.ts';
import {
  cutAfter,
  cutChunked,
  drip,
  gzipBomb,
  hang,
  hugeBody,
  notHttp,
  raw,
  reset,
  send,
  wrongLength,
} from '../../../fixtures/answers.ts';
import type { Answer } from '../../../fixtures/faultyServer.ts';
import { failure, get, openClient, requestDefaults, serve } from './httpBench.ts';

const MiB = 1024 * 1024;
const small = 'Zürich \u2028 '.repeat(1000);
// Does not compress away: 400 kB stay 400 kB, more than is decompressed at once.
const large = Array.from({ length: 60_000 }, (_, i) => Math.sin(i).toString(36)).join('');

const quick = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } };

const packings: Readonly<Record<string, (body: string) => Buffer>> = {
  gzip: (body) => zlib.gzipSync(body),
  'x-gzip': (body) => zlib.gzipSync(body),
  deflate: (body) => zlib.deflateSync(body),
  'deflate without its header': (body) => zlib.deflateRawSync(body),
  br: (body) => zlib.brotliCompressSync(body, quick),
  zstd: (body) => zlib.zstdCompressSync(body),
  'gzip, br': (body) => zlib.brotliCompressSync(zlib.gzipSync(body), quick),
  identity: (body) => Buffer.from(body),
};

for (const [name, pack] of Object.entries(packings)) {
  const coding = name.replace(' without its header', '');
  for (const [size, body] of Object.entries({ empty: '', small, large })) {
    test(`${name}, ${size}: arrives unpacked`, async (t) => {
      const server = await serve(t, {
        '/x': send(200, pack(body), { 'content-encoding': coding }),
      });
      const response = await openClient(t).fetch(get(server.url('/x')));
      assert.equal(response.body.toString(), body);
    });
  }
  if (name === 'identity') continue;
  for (const [size, body] of Object.entries({ small, large })) {
    test(`${name}, ${size}, cut: tried again, never taken for the whole`, async (t) => {
      const packed = pack(body);
      const half = packed.subarray(0, Math.floor(packed.length / 2));
      const server = await serve(t, { '/x': send(200, half, { 'content-encoding': coding }) });
      const work = openClient(t).fetch(get(server.url('/x')));
      await failure(work, RetryError, 'BODY_DAMAGED');
    });
  }
}

test('what is asked for is what can be read', async (t) => {
  const server = await serve(t, { '/x': send(200) });
  await openClient(t).fetch(get(server.url('/x')));
  assert.equal(server.requests[0]!.headers['accept-encoding'], 'gzip, deflate, br, zstd');
});

test('a coding that nobody asked for fails the unit and is named', async (t) => {
  const server = await serve(t, { '/x': send(200, 'x', { 'content-encoding': 'compress' }) });
  const work = openClient(t).fetch(get(server.url('/x')));
  const error = await failure(work, UnitFailedError, 'BODY_ENCODING_UNKNOWN');
  assert.match(error.message, /compress/);
});

test('bytes that are not what their coding says are tried again', async (t) => {
  for (const coding of ['gzip', 'deflate', 'br', 'zstd']) {
    for (const body of ['no such thing', Buffer.alloc(100_000, 'no such thing')]) {
      const server = await serve(t, { '/x': send(200, body, { 'content-encoding': coding }) });
      const work = openClient(t).fetch(get(server.url('/x')));
      await failure(work, RetryError, 'BODY_DAMAGED');
    }
  }
});

test('a body of exactly the limit passes, one byte more does not', async (t) => {
  for (const coding of ['identity', 'gzip', 'deflate', 'br', 'zstd']) {
    const pack = packings[coding]!;
    const server = await serve(t, {
      '/fits': send(200, pack('x'.repeat(5000)), { 'content-encoding': coding }),
      '/over': send(200, pack('x'.repeat(5001)), { 'content-encoding': coding }),
    });
    const client = openClient(t, { maxBodyBytes: 5000 });
    assert.equal((await client.fetch(get(server.url('/fits')))).body.length, 5000);
    const error = await failure(
      client.fetch(get(server.url('/over'))),
      UnitFailedError,
      'BODY_TOO_LARGE',
    );
    assert.match(error.message, /5000 bytes.*maxBodyBytes/);
  }
});

test('the limit of a request goes before that of the collection', async (t) => {
  const server = await serve(t, { '/x': send(200, 'x'.repeat(5000)) });
  const client = openClient(t, { maxBodyBytes: 10 });
  const url = server.url('/x');
  assert.equal((await client.fetch(get(url, { maxBodyBytes: 5000 }))).body.length, 5000);
  await failure(client.fetch(get(url, { maxBodyBytes: 20 })), UnitFailedError, 'BODY_TOO_LARGE');
});

test('an announced length over the limit is refused before the body is read', async (t) => {
  const headers = { 'content-length': String(100 * MiB) };
  const server = await serve(t, {
    '/x': (_request, response) => {
      response.writeHead(200, headers).flushHeaders();
    },
  });
  await failure(openClient(t).fetch(get(server.url('/x'))), UnitFailedError, 'BODY_TOO_LARGE');
});

test('a body without end is cut at the limit', async (t) => {
  const server = await serve(t, { '/x': hugeBody(Infinity) });
  const client = openClient(t, { maxBodyBytes: 2 * MiB });
  await failure(client.fetch(get(server.url('/x'))), UnitFailedError, 'BODY_TOO_LARGE');
});

test('a compressed bomb is cut at the limit, though it would not end', async (t) => {
  const server = await serve(t, { '/x': gzipBomb(Infinity) });
  const before = process.memoryUsage().rss;
  const client = openClient(t, { maxBodyBytes: 8 * MiB });
  await failure(client.fetch(get(server.url('/x'))), UnitFailedError, 'BODY_TOO_LARGE');
  assert.ok(process.memoryUsage().rss - before < 150 * MiB);
});

test('a small bomb is cut at the limit, whatever packs it', async (t) => {
  const zeros = Buffer.alloc(64 * MiB);
  const bombs = {
    gzip: zlib.gzipSync(zeros),
    br: zlib.brotliCompressSync(zeros, quick),
    zstd: zlib.zstdCompressSync(zeros),
  };
  for (const [coding, bomb] of Object.entries(bombs)) {
    const server = await serve(t, { '/x': send(200, bomb, { 'content-encoding': coding }) });
    const client = openClient(t, { maxBodyBytes: 8 * MiB });
    await failure(client.fetch(get(server.url('/x'))), UnitFailedError, 'BODY_TOO_LARGE');
    const wide = openClient(t, { maxBodyBytes: 64 * MiB });
    assert.equal((await wide.fetch(get(server.url('/x')))).body.length, 64 * MiB);
  }
});

/** Ways to fail under way, and the code that each leads to; all are tried again. */
const failures: readonly (readonly [string, Answer, string])[] = [
  ['cut in the middle', cutAfter(100, small), 'BODY_CUT'],
  ['chunked and cut', cutChunked('half of it'), 'BODY_CUT'],
  ['longer than it is', wrongLength(100, 'short'), 'BODY_CUT'],
  ['reset before the answer', reset(), 'CONNECTION_FAILED'],
  ['not HTTP', notHttp(), 'RESPONSE_MALFORMED'],
  ['headers without end', raw(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}`), 'CONNECTION_FAILED'],
];

for (const [name, answer, code] of failures) {
  test(`${name}: tried again as ${code}`, async (t) => {
    const server = await serve(t, { '/x': answer });
    const error = await failure(openClient(t).fetch(get(server.url('/x'))), RetryError, code);
    assert.deepEqual(error.data, { url: server.url('/x'), host: server.host });
    assert.equal(error.delayMs, undefined);
  });
}

test('nobody listens: tried again', async (t) => {
  const server = await serve(t, {});
  await server.close();
  const error = await failure(
    openClient(t).fetch(get(server.url('/x'))),
    RetryError,
    'CONNECTION_FAILED',
  );
  assert.match(error.message, /ECONNREFUSED/);
});

test('a host name that is not found is tried again: the network may be away', async (t) => {
  const work = openClient(t).fetch(get('http://no-such-host.invalid/x'));
  const error = await failure(work, RetryError, 'DNS_NOT_FOUND');
  assert.match(error.message, /no-such-host\.invalid/);
});

test('the deadline holds for a server that never answers and for one that drips', async (t) => {
  const server = await serve(t, { '/hang': hang(), '/drip': drip('x'.repeat(1000), 20) });
  const client = openClient(t, { timeoutMs: 200 });
  for (const path of ['/hang', '/drip']) {
    const started = performance.now();
    const work = client.fetch(get(server.url(path)));
    const error = await failure(work, RetryError, 'REQUEST_TIMEOUT');
    assert.match(error.message, /200 ms/);
    assert.ok(performance.now() - started < 1500);
  }
  await client.close();
  await server.untilNoConnections();
});

test('the beginning of an error page is read, and not the rest', async (t) => {
  const server = await serve(t, {
    '/x': (_request, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(60_000)));
        response.once('drain', more);
      };
      more();
    },
  });
  const client = openClient(t, { maxBodyBytes: 10 });
  await failure(client.fetch(get(server.url('/x'))), RetryError, 'HTTP_500');
});

test('HEAD and 304 have no body, whatever their headers promise', async (t) => {
  const server = await serve(t, {
    '/x': (_request, response) => {
      response.writeHead(200, { 'content-length': '500', 'content-encoding': 'gzip' }).end();
    },
  });
  const client = openClient(t, { maxBodyBytes: 10 });
  const response = await client.fetch(get(server.url('/x'), { method: 'HEAD' }));
  assert.equal(response.body.length, 0);
  assert.equal(response.header('Content-Length'), '500');
});

test('the schema and these tests agree on the limit', () => {
  assert.equal(requestDefaults.maxBodyBytes, 32 * MiB);
});
