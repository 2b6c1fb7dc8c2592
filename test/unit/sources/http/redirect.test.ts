import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnitBlockedError, UnitFailedError } from '../../../../src/core/errors.ts';
import type { Hop } from '../../../../src/sources/http/hop.ts';
import { redirected } from '../../../../src/sources/http/redirect.ts';
import { choose, endlessRedirect, html, redirect, send } from '../../../fixtures/answers.ts';
import { failure, get, openClient, serve } from './httpBench.ts';

test('redirects are followed and named', async (t) => {
  const server = await serve(t, {
    '/a': redirect('/b?x=1', 301),
    '/b': redirect('c', 303),
    '/c': html('end'),
  });
  const response = await openClient(t).fetch(get(server.url('/a')));
  assert.equal(response.body.toString(), 'end');
  assert.equal(response.requestedUrl, server.url('/a'));
  assert.equal(response.url, server.url('/c'));
  assert.deepEqual(response.redirects, [server.url('/b?x=1'), server.url('/c')]);
});

test('a location that is not escaped is read as UTF-8', async (t) => {
  const location = Buffer.from('/Zürich').toString('latin1');
  const server = await serve(t, { '/a': redirect(location), '/Z%C3%BCrich': html('there') });
  const response = await openClient(t).fetch(get(server.url('/a')));
  assert.equal(response.url, server.url('/Z%C3%BCrich'));
});

for (const [status, method, keeps] of [
  [301, 'POST', false],
  [302, 'POST', false],
  [303, 'POST', false],
  [307, 'POST', true],
  [308, 'POST', true],
  [301, 'HEAD', true],
  [303, 'HEAD', true],
] as const) {
  test(`${status} ${keeps ? 'repeats' : 'makes a GET of'} a ${method}`, async (t) => {
    const server = await serve(t, { '/a': redirect('/b', status), '/b': send(200) });
    const headers = { 'content-type': 'text/plain', 'x-kept': '1' };
    const body = method === 'POST' ? { body: 'sent' } : {};
    await openClient(t).fetch(get(server.url('/a'), { method, headers, ...body }));
    const last = server.requests[1]!;
    assert.equal(last.method, keeps ? method : 'GET');
    assert.equal(last.body.toString(), keeps && method === 'POST' ? 'sent' : '');
    assert.equal(last.headers['content-type'], keeps ? 'text/plain' : undefined);
    assert.equal(last.headers['x-kept'], '1');
  });
}

test('a circle is noticed as soon as it closes', async (t) => {
  const server = await serve(t, {
    '/a': redirect('/b'),
    '/b': redirect('/a'),
    '/c': redirect('/c'),
  });
  const client = openClient(t, { maxRedirects: 50 });
  await failure(client.fetch(get(server.url('/a'))), UnitFailedError, 'REDIRECT_LOOP');
  assert.equal(server.count(), 2);
  await failure(client.fetch(get(server.url('/c'))), UnitFailedError, 'REDIRECT_LOOP');
  assert.equal(server.count(), 3);
});

test('redirects without end are given up after as many as are allowed', async (t) => {
  const server = await serve(t, { '/a': endlessRedirect() });
  const error = await failure(
    openClient(t, { maxRedirects: 4 }).fetch(get(server.url('/a'))),
    UnitFailedError,
    'TOO_MANY_REDIRECTS',
  );
  assert.equal(server.count(), 5);
  assert.match(error.message, /4 redirects/);
  const strict = openClient(t, { maxRedirects: 0 });
  await failure(strict.fetch(get(server.url('/a'))), UnitFailedError, 'TOO_MANY_REDIRECTS');
});

test('a redirect back with a new cookie is no circle', async (t) => {
  const server = await serve(t, {
    '/a': choose((request) =>
      request.headers.cookie === 'seen=1'
        ? html('welcome')
        : send(302, '', { location: '/a', 'set-cookie': 'seen=1' }),
    ),
  });
  const response = await openClient(t).fetch(get(server.url('/a')));
  assert.equal(response.body.toString(), 'welcome');
});

test('nor is a way back over another page', async (t) => {
  const server = await serve(t, {
    '/a': choose((request) =>
      request.headers.cookie === 'seen=1'
        ? html('welcome')
        : send(302, '', { location: '/b', 'set-cookie': 'seen=1' }),
    ),
    '/b': redirect('/a'),
  });
  const response = await openClient(t).fetch(get(server.url('/a')));
  assert.equal(response.body.toString(), 'welcome');
  const plain = await serve(t, {
    '/a': choose((request) =>
      request.nth === 1
        ? send(302, '', { location: '/b', 'set-cookie': 'seen=1' })
        : redirect('/b'),
    ),
    '/b': redirect('/a'),
  });
  const work = openClient(t).fetch(get(plain.url('/a')));
  await failure(work, UnitFailedError, 'REDIRECT_LOOP');
  assert.equal(plain.count(), 3);
});

test('a server that sets a cookie each time and leads back each time is given up', async (t) => {
  const server = await serve(t, {
    '/a': (request, response) => {
      response.writeHead(302, { location: '/a', 'set-cookie': `n=${request.nth}` }).end();
    },
  });
  const work = openClient(t).fetch(get(server.url('/a')));
  await failure(work, UnitFailedError, 'TOO_MANY_REDIRECTS');
});

test('redirects to what is no http URL are refused', async (t) => {
  for (const location of ['ftp://host/x', 'javascript:alert(1)', 'file:///etc/passwd', 'http://']) {
    const server = await serve(t, { '/a': redirect(location) });
    const work = openClient(t).fetch(get(server.url('/a')));
    await failure(work, UnitFailedError, 'REDIRECT_INVALID');
  }
});

test('each hop can be refused before it is made', async (t) => {
  const server = await serve(t, { '/a': redirect('/b'), '/b': redirect('/c'), '/c': html('end') });
  const hops: string[] = [];
  const blocked = new UnitBlockedError('ROBOTS', 'no');
  const work = openClient(t).fetch(
    get(server.url('/a'), {
      onRedirect: async (from, to) => {
        hops.push(`${new URL(from).pathname} > ${new URL(to).pathname}`);
        await Promise.resolve();
        if (to.endsWith('/c')) throw blocked;
      },
    }),
  );
  await assert.rejects(work, (error) => error === blocked);
  assert.deepEqual(hops, ['/a > /b', '/b > /c']);
  assert.equal(server.count('/c'), 0);
});

test('credentials stay behind when a redirect leads to another origin, and do not return', async (t) => {
  const secrets = { get: () => Promise.resolve('topsecret') };
  const home = await serve(t, { '*': send(200) });
  const away = await serve(t, { '/b': redirect('/b2'), '/b2': redirect(home.url('/c')) });
  home.route('/a', redirect(away.url('/b')));
  const client = openClient(
    t,
    {
      headers: { Authorization: 'Bearer x', 'X-Key': '${secret:KEY}', 'X-Plain': 'p' },
      cookies: { session: '1' },
    },
    { secrets },
  );
  const own = { 'x-own': 'o', 'x-own-key': await client.expand('${secret:KEY}') };
  await client.fetch(get(home.url('/a'), { headers: own }));
  const first = home.requests[0]!;
  const credentials = ['authorization', 'x-key', 'cookie', 'x-own-key'];
  for (const name of credentials) assert.ok(first.headers[name] !== undefined, name);
  const laterOnes = [...away.requests, home.requests[1]!];
  assert.equal(laterOnes.length, 3);
  for (const later of laterOnes) {
    for (const name of credentials) assert.equal(later.headers[name], undefined, name);
    assert.equal(later.headers['x-plain'], 'p');
    assert.equal(later.headers['x-own'], 'o');
  }
});

test('credentials go along to the same origin', async (t) => {
  const server = await serve(t, { '/a': redirect('/b'), '/b': send(200) });
  const client = openClient(t, { headers: { Authorization: 'Bearer x' }, cookies: { a: '1' } });
  await client.fetch(get(server.url('/a')));
  assert.equal(server.requests[1]!.headers.authorization, 'Bearer x');
  assert.equal(server.requests[1]!.headers.cookie, 'a=1');
});

test('a request without credentials has none from the start', async (t) => {
  const server = await serve(t, { '*': send(200) });
  const client = openClient(t, {
    headers: { Authorization: 'Bearer x', b: '2' },
    cookies: { a: '1' },
  });
  await client.fetch(get(server.url(), { withoutCredentials: true }));
  const { headers } = server.requests[0]!;
  assert.deepEqual(
    [headers.authorization, headers.cookie, headers['b']],
    [undefined, undefined, '2'],
  );
});

test('cookies that a host sets come back to it, and to no other', async (t) => {
  const server = await serve(t, {
    '/set': (_request, response) => {
      response.writeHead(200, {
        'set-cookie': ['a=host', 'p=1; Path=/deep', 'x=1; Domain=example.org'],
      });
      response.end();
    },
    '*': send(200),
  });
  const other = await serve(t, { '*': send(200) });
  const client = openClient(t, { cookies: { a: 'config', b: 'config' } });
  await client.fetch(get(server.url('/set')));
  await client.fetch(get(server.url('/')));
  await client.fetch(get(server.url('/deep/er'), { withoutCredentials: true }));
  await client.fetch(get(other.url().replace('127.0.0.1', 'localhost')));
  assert.equal(server.requests[0]!.headers.cookie, 'a=config; b=config');
  assert.equal(server.requests[1]!.headers.cookie, 'a=host; b=config');
  assert.equal(server.requests[2]!.headers.cookie, 'p=1; a=host');
  assert.equal(other.requests[0]!.headers.cookie, 'a=config; b=config');
});

test('the step from http to https on the same host is no other origin', () => {
  const facts = { method: 'GET', url: '', host: '', redact: (text: string) => text };
  const hop = (url: string): Hop => ({
    url: new URL(url),
    method: 'GET',
    body: undefined,
    headers: undefined,
    isAtHome: true,
  });
  for (const [from, to, isAtHome] of [
    ['http://api.example/a', 'https://api.example/a', true],
    ['http://api.example/a', 'https://www.api.example/a', false],
    ['http://api.example/a', 'https://api.example:8443/a', false],
    ['https://api.example/a', 'http://api.example/a', false],
  ] as const)
    assert.equal(redirected(hop(from), to, 302, facts).isAtHome, isAtHome, `${from} ${to}`);
});
