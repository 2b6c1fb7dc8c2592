import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryError, ThrottledError, UnitFailedError } from '../../../../src/core/errors.ts';
import { silentLogger } from '../../../../src/core/ports.ts';
import {
  htmlInsteadOfJson,
  json,
  malformedJson,
  redirect,
  send,
} from '../../../fixtures/answers.ts';
import { failure, serve } from '../http/httpBench.ts';
import { openRest, readAll, recordsOf } from './restBench.ts';

test('what is not JSON is tried again, and shown', async (t) => {
  const cases = [
    [htmlInsteadOfJson(), /not with JSON: "<!doctype html><title>Service<\/title>/],
    [malformedJson(), /not with JSON: "\{"items": \[\{"id": 1\}/],
    [send(200, ''), /not with JSON: ""/],
    [send(200, 'x'.repeat(10_000)), /"x{80}"$/],
    [send(200, 'a\n\u0000\tb'), /"a b"/],
    [send(200, '{"items": []} trailing'), /not with JSON/],
  ] as const;
  for (const [answer, words] of cases) {
    const server = await serve(t, { '/x': answer });
    const work = readAll(openRest(t, { url: server.url('/x'), items: 'items' }));
    const error = await failure(work, RetryError, 'BODY_NOT_JSON');
    assert.match(error.message, words);
    assert.match(error.message, new RegExp(server.url('/x')));
  }
});

test('JSON with a byte order mark, in UTF-16, and in the charset it claims', async (t) => {
  const text = '["Zürich"]';
  const charset = (name: string) => ({ 'content-type': `application/json; charset=${name}` });
  const server = await serve(t, {
    '/bom': send(200, `\uFEFF${text}`),
    '/utf16': send(200, Buffer.from(`\uFEFF${text}`, 'utf16le')),
    '/utf16be': send(200, Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()),
    '/latin1': send(200, Buffer.from(text, 'latin1'), charset('"iso-8859-1"')),
    '/lie': send(200, text, charset('iso-8859-1')),
    '/nonsense': send(200, text, charset('klingon')),
  });
  for (const path of ['/bom', '/utf16', '/utf16be', '/latin1', '/lie', '/nonsense'])
    assert.deepEqual(
      (await readAll(openRest(t, { url: server.url(path) }))).values,
      ['Zürich'],
      path,
    );
});

test('bytes that are no UTF-8 are marked, and the log says so', async (t) => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: unknown, words: string) => warnings.push(words) };
  const server = await serve(t, { '/x': send(200, Buffer.from('["a\xffb"]', 'latin1')) });
  const read = await readAll(openRest(t, { url: server.url('/x') }, { logger }));
  assert.deepEqual(read.values, ['a\uFFFDb']);
  assert.match(warnings[0] ?? '', /UTF-8/);
});

test('an answer without a body is an empty page', async (t) => {
  const server = await serve(t, { '/x': send(204) });
  const source = { url: server.url('/x'), items: 'a.b', paginate: { type: 'page' } };
  assert.deepEqual((await readAll(openRest(t, source))).end, { by: 'empty page' });
});

test('items that are not where they should be fail the unit, with what is there', async (t) => {
  const cases: readonly (readonly [unknown, string, string, RegExp])[] = [
    [{ results: [], count: 0 }, 'items', 'ITEMS_MISSING', /nothing at "items".*"results", "count"/],
    [{ results: [] }, '', 'ITEMS_NOT_A_LIST', /an object as the answer.*"results"/],
    [{ items: { a: 1 } }, 'items', 'ITEMS_NOT_A_LIST', /an object at "items"/],
    [{ items: null }, 'items', 'ITEMS_NOT_A_LIST', /null at "items"/],
    [{ items: 'none' }, 'items', 'ITEMS_NOT_A_LIST', /a text at "items"/],
    [[1], 'items', 'ITEMS_MISSING', /The answer is a list/],
    [{}, 'items', 'ITEMS_MISSING', /an empty object/],
    [5, '', 'ITEMS_NOT_A_LIST', /a number/],
    [{ error: { code: 'x' } }, '=items', 'ITEMS_MISSING', /"error"/],
    [{ items: 1 }, '=$nosuch(items)', 'ITEMS_FAILED', /non-function/],
    [
      Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, i])),
      'items',
      'ITEMS_MISSING',
      /"k19", …/,
    ],
  ];
  for (const [body, items, code, words] of cases) {
    const server = await serve(t, { '/x': json(body) });
    const work = readAll(openRest(t, { url: server.url('/x'), items }));
    const error = await failure(work, UnitFailedError, code);
    assert.match(error.message, words);
  }
});

test('"not now" with status 200, as MediaWiki says it, leaves the host alone', async (t) => {
  const body = { error: { code: 'maxlag' } };
  const server = await serve(t, { '/x': json(body, { 'retry-after': '5' }) });
  const work = readAll(openRest(t, { url: server.url('/x'), items: 'query.pages' }));
  assert.equal((await failure(work, ThrottledError, 'API_BUSY')).delayMs, 5000);
});

test('items may come from an expression: a map of pages, and one thing alone', async (t) => {
  const server = await serve(t, {
    '/map': json({ query: { pages: { 7: { t: 'A' }, 9: { t: 'B' } } } }),
    '/one': json({ id: 1 }),
  });
  const items = '=[$each(query.pages, function($page) { $page })]';
  const map = await readAll(openRest(t, { url: server.url('/map'), items }));
  assert.deepEqual(map.values, [{ t: 'A' }, { t: 'B' }]);
  const one = await readAll(openRest(t, { url: server.url('/one'), items: '=[$]' }));
  assert.deepEqual(one.values, [{ id: 1 }]);
});

test('digits, keys and texts come through as they were sent', async (t) => {
  const text =
    '[{"id":12345678901234567890,"f":1.5e300,"__proto__":{"a":1},"s":"\\ud800 \u2028","n":null}]';
  const server = await serve(t, { '/x': send(200, text) });
  const [record] = await recordsOf(openRest(t, { url: server.url('/x') }));
  assert.equal(
    JSON.stringify(record),
    '{"id":12345678901234567890,"f":1.5e+300,"__proto__":{"a":1},"s":"\\ud800 \u2028","n":null}',
  );
});

test('a redirect is followed, and relative links count from where it led', async (t) => {
  const server = await serve(t, {
    '/old': redirect('/v2/list'),
    '/v2/list': json([1], { link: '<more>; rel=next' }),
    '/v2/more': json([2]),
  });
  const source = openRest(t, { url: server.url('/old'), paginate: { type: 'link' } });
  const { values, pages } = await readAll(source);
  assert.deepEqual(values, [1, 2]);
  assert.equal(source.provenance(pages[0]!.items[0]!).url, server.url('/v2/list'));
});
