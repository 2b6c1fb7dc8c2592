import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PauseError, UnitFailedError } from '../../../../src/core/errors.ts';
import type { JsonValue } from '../../../../src/core/json.ts';
import { claim, pagesOf, planAll } from '../../../conformance/drive.ts';
import { json, send } from '../../../fixtures/answers.ts';
import { failure, serve } from '../http/httpBench.ts';
import { answer, openRest, readAll } from './restBench.ts';

const secret = 'k&y/1';
const secrets = { get: (name: string) => Promise.resolve(name === 'K' ? secret : undefined) };
const shows = (value: unknown): boolean => /k&y|k%26y/.test(JSON.stringify(value));

test('values and secrets are put into URL, query, headers and body', async (t) => {
  const server = await serve(t, { '*': json([]) });
  const source = openRest(
    t,
    {
      url: server.url('/{venue}/${secret:K}?y={year}'),
      method: 'POST',
      for: { venue: ['a/b ü'], year: [2024] },
      query: { id: '{venue}.cc/{year}', key: '${secret:K}', n: 3 },
      body: { venue: '{venue}', year: '{year}', key: '${secret:K}', text: '{{year}}' },
      request: {
        headers: { 'X-Year': 'y{year}', 'X-Key': '${secret:K}', 'X-Both': '{year}${secret:K}' },
      },
    },
    { secrets },
  );
  await readAll(source);
  const [request] = server.requests;
  assert.equal(
    request!.url,
    '/a%2Fb%20%C3%BC/k%26y%2F1?y=2024&id=a%2Fb%20%C3%BC.cc%2F2024&key=k%26y%2F1&n=3',
  );
  assert.equal(request!.method, 'POST');
  assert.deepEqual(JSON.parse(request!.body.toString()), {
    venue: 'a/b ü',
    year: 2024,
    key: secret,
    text: '{year}',
  });
  assert.equal(request!.headers['content-type'], 'application/json');
  assert.equal(request!.headers.accept, 'application/json');
  assert.equal(request!.headers['x-year'], 'y2024');
  assert.equal(request!.headers['x-key'], secret);
  assert.equal(request!.headers['x-both'], `2024${secret}`);
});

test('a content type of the collection’s own is kept', async (t) => {
  const server = await serve(t, { '*': json([]) });
  const headers = { 'Content-Type': 'application/vnd.api+json', Accept: 'text/json' };
  const source = { url: server.url(), method: 'POST', body: {}, request: { headers } };
  await readAll(openRest(t, source));
  assert.equal(server.requests[0]!.headers['content-type'], 'application/vnd.api+json');
  assert.equal(server.requests[0]!.headers.accept, 'text/json');
});

test('a value that looks like a secret or a template is sent as it is', async (t) => {
  const server = await serve(t, { '*': json([]) });
  const source = openRest(
    t,
    {
      url: server.url('/{a}'),
      for: { a: ['${secret:K}'], year: [1] },
      query: { q: '{a}{year}' },
      body: '{a}!',
      method: 'POST',
    },
    { secrets },
  );
  await readAll(source);
  assert.equal(server.requests[0]!.query.get('q'), '${secret:K}1');
  assert.equal(server.requests[0]!.body.toString(), '"${secret:K}!"');
  assert.ok(!shows(server.requests[0]!.url));
});

test('a secret that is not set pauses before anything is sent', async (t) => {
  const server = await serve(t, { '*': json([]) });
  const source = openRest(t, { url: server.url('/x?key=${secret:OTHER}') });
  await failure(readAll(source), PauseError, 'SECRET_MISSING');
  assert.equal(server.count(), 0);
});

test('a URL that one combination makes invalid fails that unit alone', async (t) => {
  const server = await serve(t, { '*': json([]) });
  const port = server.host.split(':')[1] ?? '';
  const source = openRest(t, { url: 'http://{host}/', for: { host: ['', `127.0.0.1`] } });
  const units = await planAll(source);
  assert.equal(units.length, 2);
  await failure(pagesOf(source, claim(units[0]!, 1)), UnitFailedError, 'URL_INVALID');
  assert.ok(port !== '');
});

test('secrets are in no page, cursor, record, provenance, raw item, error or health', async (t) => {
  const server = await serve(t, {
    '/x': answer(({ query, nth }) => {
      assert.equal(query.get('key'), secret);
      // Some APIs give their parameters back, the key too.
      const key = encodeURIComponent(query.get('key') ?? '');
      return { list: [{ id: nth }], next: nth < 4 ? `/x?key=${key}&at=${nth}` : null };
    }),
  });
  const config = {
    url: server.url('/x'),
    query: { key: '${secret:K}' },
    items: 'list',
    paginate: { type: 'next', from: 'next' },
    fields: { id: 'id', url: { from: 'url' }, same: '=$url' },
  };
  const source = openRest(t, config, { secrets });
  const [unit] = await planAll(source);
  const { pages } = await readAll(source);
  assert.equal(pages.length, 4);
  const item = pages[1]!.items[0]!;
  const record = await source.map(item, claim(unit!, 1));
  assert.equal(record['url'], server.url('/x?key=${secret:K}&at=1'));
  for (const value of [
    unit,
    pages,
    record,
    source.provenance(item),
    source.toRaw(item),
    source.health(),
  ])
    assert.ok(!shows(value), JSON.stringify(value));

  // A resume puts the secret back.
  server.route(
    '/x',
    answer(({ query }) => ({ list: [], key: query.get('key') })),
  );
  await readAll(openRest(t, config, { secrets }), pages[1]!.cursor);
  assert.equal(server.requests.at(-1)!.url, '/x?key=k%26y%2F1&at=2');

  server.route('/x', send(200, '<html>key=k&y/1'));
  const error = await readAll(source).then(
    () => assert.fail('no error'),
    (reason: unknown) => reason as Error & { data: JsonValue },
  );
  assert.ok(!shows(error.message) && !shows(error.data), error.message);
});

test('a secret that the next URL leaves out is put back, at the same origin only', async (t) => {
  const other = await serve(t, { '*': json({ list: [] }) });
  const server = await serve(t, {
    '/x': answer(({ nth }) => ({
      list: [nth],
      next: ['/x?at=1', '/x', other.url('/y?at=3')][nth - 1],
    })),
  });
  const source = openRest(
    t,
    {
      url: server.url('/x?token=${secret:K}&plain=1'),
      query: { key: '${secret:K}', limit: 5 },
      items: 'list',
      paginate: { type: 'next', from: 'next' },
      request: { headers: { 'X-Key': '${secret:K}', 'X-Plain': 'p' }, cookies: { c: '1' } },
    },
    { secrets },
  );
  await readAll(source);
  assert.deepEqual(
    server.requests.map((request) => request.url),
    [
      '/x?token=k%26y%2F1&plain=1&key=k%26y%2F1&limit=5',
      '/x?at=1&token=k%26y%2F1&key=k%26y%2F1',
      '/x?token=k%26y%2F1&key=k%26y%2F1',
    ],
  );
  const [away] = other.requests;
  assert.equal(away!.url, '/y?at=3');
  assert.deepEqual([away!.headers['x-key'], away!.headers.cookie], [undefined, undefined]);
  assert.equal(away!.headers['x-plain'], 'p');
});

test('an API cannot talk a secret out of us', async (t) => {
  const thief = await serve(t, { '*': json({ list: [] }) });
  const all = { get: (name: string) => Promise.resolve(`value-of-${name}`) };
  for (const steal of [
    (host: string) => `http://${host}/x?stolen=\${secret:K}&other=\${secret:OTHER}`,
    () => `/x?stolen=\${secret:OTHER}`,
    () => `/x?stolen=\${secret:K}`,
    () => `${thief.url('/y')}?stolen=\${secret:K}`,
  ]) {
    const server = await serve(t, {
      '/x': answer(({ nth, headers }) => ({
        list: [nth],
        ...(nth === 1 ? { next: steal(headers.host ?? '') } : {}),
      })),
    });
    const source = openRest(
      t,
      {
        url: server.url('/x'),
        query: { key: '${secret:K}' },
        items: 'list',
        paginate: { type: 'next', from: 'next' },
      },
      { secrets: all },
    );
    const { pages } = await readAll(source);
    for (const request of [...server.requests.slice(1), ...thief.requests]) {
      const target = new URL(request.url, server.url());
      assert.ok(!(target.searchParams.get('stolen') ?? '').includes('value-of'), request.url);
      assert.ok(!request.url.includes('OTHER') || !request.url.includes('value-of-OTHER'));
    }
    assert.ok(!JSON.stringify(pages).includes('value-of'));
  }
  assert.ok(!thief.requests[0]!.url.includes('value-of'));
});
