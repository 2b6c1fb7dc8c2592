import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PauseError, RetryError, UnitFailedError } from '../../../../src/core/errors.ts';
import { version } from '../../../../src/core/version.ts';
import { withoutUnseenRejections } from '../../../conformance/leftovers.ts';
import { after, choose, hang, html, json, redirect, send } from '../../../fixtures/answers.ts';
import { failure, get, openClient, serve } from './httpBench.ts';

test('an answer with its facts', async (t) => {
  const server = await serve(t, { '/x': html('<p>hello', { 'x-a': '1', link: 'one' }) });
  const before = Date.now();
  const response = await openClient(t).fetch(get(server.url('/x?q=1#part')));
  assert.equal(response.status, 200);
  assert.equal(response.body.toString(), '<p>hello');
  assert.equal(response.requestedUrl, server.url('/x?q=1#part'));
  assert.deepEqual(response.redirects, []);
  assert.equal(response.header('X-A'), '1');
  assert.equal(response.header('constructor'), undefined);
  assert.ok(Date.parse(response.receivedAt) >= before);
  assert.ok(response.ms > 0 && response.ms < 5000);
  assert.equal(server.requests[0]!.url, '/x?q=1');
});

test('headers of one name are joined', async (t) => {
  const server = await serve(t, {
    '/x': (_request, response) => {
      response.writeHead(200, ['link', '</a>; rel="next"', 'link', '</b>; rel="last"']).end();
    },
  });
  const response = await openClient(t).fetch(get(server.url('/x')));
  assert.equal(response.header('link'), '</a>; rel="next", </b>; rel="last"');
});

test('who we say that we are', async (t) => {
  const server = await serve(t, { '*': send(200) });
  await openClient(t).fetch(get(server.url()));
  await openClient(t, { contact: 'me@example.org' }).fetch(get(server.url()));
  await openClient(t, { userAgent: 'mine/1', contact: 'unused' }).fetch(get(server.url()));
  await openClient(t, { headers: { 'user-agent': 'of the headers' } }).fetch(get(server.url()));
  assert.deepEqual(
    server.requests.map((r) => r.headers['user-agent']),
    [
      `cf-collector/${version}`,
      `cf-collector/${version} (+me@example.org)`,
      'mine/1',
      'of the headers',
    ],
  );
});

test('configured headers and cookies go along; those of a request win', async (t) => {
  const server = await serve(t, { '*': send(200) });
  const client = openClient(t, {
    headers: { 'X-One': 'config', 'x-two': 'config' },
    cookies: { a: '1', b: '2' },
  });
  await client.fetch(get(server.url(), { headers: { 'x-ONE': 'request' } }));
  const { headers } = server.requests[0]!;
  assert.equal(headers['x-one'], 'request');
  assert.equal(headers['x-two'], 'config');
  assert.equal(headers.cookie, 'a=1; b=2');
});

test('a POST carries its body', async (t) => {
  const server = await serve(t, { '*': send(200) });
  const body = '{"q":"ü"}';
  const headers = { 'content-type': 'application/json' };
  await openClient(t).fetch(get(server.url(), { method: 'POST', body, headers }));
  assert.equal(server.requests[0]!.method, 'POST');
  assert.equal(server.requests[0]!.body.toString(), body);
  assert.equal(server.requests[0]!.headers['content-type'], 'application/json');
});

test('user name and password in a URL are sent as Basic and shown nowhere', async (t) => {
  const server = await serve(t, { '/x': send(404) });
  const url = server.url('/x').replace('//', '//me:p%40ss@');
  const error = await failure(openClient(t).fetch(get(url)), UnitFailedError, 'HTTP_NOT_FOUND');
  const sent = server.requests[0]!.headers.authorization ?? '';
  assert.equal(Buffer.from(sent.replace('Basic ', ''), 'base64').toString(), 'me:p@ss');
  assert.doesNotMatch(error.message + JSON.stringify(error.data), /p%40ss|p@ss/);
});

test('what is no http URL fails the unit', async (t) => {
  const client = openClient(t);
  for (const url of ['', '/path', 'ftp://host/x', 'http://', 'file:///etc/passwd', 'javascript:1'])
    await failure(client.fetch(get(url)), UnitFailedError, 'URL_INVALID');
});

test('a header that cannot be sent fails the unit', async (t) => {
  const server = await serve(t, { '*': send(200) });
  const client = openClient(t);
  const work = client.fetch(get(server.url(), { headers: { 'x-a': 'one\r\nx-b: two' } }));
  await failure(work, UnitFailedError, 'REQUEST_INVALID');
  assert.equal(server.count(), 0);
});

test('connections are kept alive, and no more of them than requests at once', async (t) => {
  const server = await serve(t, { '*': json([1]) });
  const client = openClient(t, {}, { perHost: { concurrency: 1 } });
  for (let i = 0; i < 5; i++) await client.fetch(get(server.url()));
  assert.equal(server.openConnections, 1);
});

test('secrets are put into headers, cookies and URLs, and shown nowhere', async (t) => {
  const secret = 's3cr/t&';
  const secrets = { get: (name: string) => Promise.resolve(name === 'K' ? secret : undefined) };
  const server = await serve(t, {
    '/404': send(404, `no key ${secret} here`, { 'content-type': 'text/plain' }),
    '/500': send(500, `{"key":"${secret}"}`, { 'content-type': 'application/json' }),
    '/redirect': redirect(`mailto:${secret}`),
  });
  const client = openClient(
    t,
    { headers: { 'X-Key': 'k=${secret:K}' }, cookies: { c: '${secret:K}' } },
    { secrets },
  );
  for (const [path, type, code] of [
    ['/404', UnitFailedError, 'HTTP_NOT_FOUND'],
    ['/500', RetryError, 'HTTP_500'],
    ['/redirect', UnitFailedError, 'REDIRECT_INVALID'],
  ] as const) {
    const url = await client.expand(server.url(`${path}?key=\${secret:K}`), encodeURIComponent);
    const error = await failure<RetryError | UnitFailedError>(client.fetch(get(url)), type, code);
    const shown =
      error.message + JSON.stringify([error.data, client.health()]) + (error.stack ?? '');
    assert.ok(!shown.includes('s3cr'), shown);
    assert.match(error.message, /key=\$\{secret:K\}/);
  }
  assert.equal(server.requests[0]!.headers['x-key'], `k=${secret}`);
  assert.equal(server.requests[0]!.headers.cookie, `c=${secret}`);
  assert.equal(server.requests[0]!.query.get('key'), secret);
});

test('a secret that is missing pauses, and is asked for again the next time', async (t) => {
  const values = new Map<string, string>();
  const server = await serve(t, { '*': send(200) });
  const secrets = { get: (name: string) => Promise.resolve(values.get(name)) };
  const client = openClient(t, { headers: { a: '${secret:KEY}' } }, { secrets });
  await failure(client.fetch(get(server.url())), PauseError, 'SECRET_MISSING');
  assert.equal(server.count(), 0);
  values.set('KEY', 'now');
  await client.fetch(get(server.url()));
  assert.equal(server.requests[0]!.headers['a'], 'now');
});

test('an aborted signal ends a request at once, with its reason, wherever it is', async (t) => {
  const server = await serve(t, {
    '/hang': hang(),
    '/body': (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
    },
    '/redirect': redirect('/hang'),
  });
  const client = openClient(t);
  const reason = new Error('stop');
  await assert.rejects(
    client.fetch({ url: server.url(), signal: AbortSignal.abort(reason) }),
    reason,
  );
  assert.equal(server.count(), 0);
  for (const path of ['/hang', '/body', '/redirect']) {
    const last = path === '/body' ? '/body' : '/hang';
    const arrived = server.untilRequests(server.count(last) + 1, last);
    const controller = new AbortController();
    const work = client.fetch({ url: server.url(path), signal: controller.signal });
    work.catch(() => undefined);
    await arrived;
    const started = performance.now();
    controller.abort(reason);
    await assert.rejects(work, (error) => error === reason);
    assert.ok(performance.now() - started < 5_000);
  }
  assert.equal(client.health()[0]!.consecutiveErrors, 0);
});

test('what is aborted while it connects is never sent', async (t) => {
  const server = await serve(t, { '*': send(200) });
  const other = await serve(t, { '*': send(200) });
  const client = openClient(t);
  await client.fetch(get(other.url()));
  const controller = new AbortController();
  const reason = new Error('stop');
  const work = client.fetch({ url: server.url('/not'), signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(work, (error) => error === reason);
  await client.fetch(get(server.url('/sent')));
  assert.equal(server.count('/not'), 0);
});

test('many requests that are aborted together leave no listener and no connection', async (t) => {
  await withoutUnseenRejections(async () => {
    const server = await serve(t, { '*': hang() });
    const client = openClient(t, {}, { perHost: { concurrency: 8 } });
    const controller = new AbortController();
    const all = Array.from({ length: 50 }, () =>
      client.fetch({ url: server.url(), signal: controller.signal }),
    );
    await server.untilRequests(8);
    controller.abort(new Error('stop'));
    const ends = await Promise.allSettled(all);
    assert.ok(ends.every((end) => end.status === 'rejected'));
    await client.close();
    await server.untilNoConnections();
  });
});

test('close ends what runs and what waits, and refuses what comes later', async (t) => {
  await withoutUnseenRejections(async () => {
    const server = await serve(t, { '*': hang() });
    const client = openClient(t, {}, { perHost: { concurrency: 1, ratePerSecond: 0.001 } });
    const all = Array.from({ length: 3 }, () => client.fetch(get(server.url())));
    const ends = Promise.allSettled(all);
    await server.untilRequests(1);
    await Promise.all([client.close(), client.close()]);
    for (const end of await ends) {
      assert.ok(end.status === 'rejected' && end.reason instanceof RetryError);
      assert.equal(end.reason.code, 'CLIENT_CLOSED');
    }
    await failure(client.fetch(get(server.url())), RetryError, 'CLIENT_CLOSED');
    await server.untilNoConnections();
  });
});

test('close while the secrets are awaited', async (t) => {
  const server = await serve(t, { '*': send(200) });
  let give: (value: string) => void = () => undefined;
  const secrets = { get: () => new Promise<string>((resolve) => (give = resolve)) };
  const client = openClient(t, { headers: { a: '${secret:KEY}' } }, { secrets });
  const work = client.fetch(get(server.url()));
  work.catch(() => undefined);
  await new Promise(setImmediate);
  const closed = client.close();
  give('late');
  await closed;
  await failure(work, RetryError, 'CLIENT_CLOSED');
  assert.equal(server.count(), 0);
});

test('requests side by side, and more of them than may run at once', async (t) => {
  const server = await serve(t, {
    '*': choose((request) => after(5, json({ n: request.query.get('n') }))),
  });
  const client = openClient(t, {}, { perHost: { concurrency: 3 } });
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, n) => client.fetch(get(server.url(`/?n=${n}`)))),
  );
  all.forEach((response, n) => assert.equal(response.body.toString(), `{"n":"${n}"}`));
  assert.ok(server.openConnections <= 3);
});
