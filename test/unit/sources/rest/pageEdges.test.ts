import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThrottledError, UnitFailedError } from '../../../../src/core/errors.ts';
import { checkRestConfig } from '../../../../src/sources/rest/checkRestConfig.ts';
import { json, send } from '../../../fixtures/answers.ts';
import type { Answer } from '../../../fixtures/faultyServer.ts';
import { failure, serve } from '../http/httpBench.ts';
import { answer, openRest, readAll, restConfig, things } from './restBench.ts';

// What APIs do at the end of their pages, and where they have nothing to list.

const paged =
  (pages: number, pastEnd: Answer): Answer =>
  (request, response) => {
    const page = Number(request.query.get('page') ?? 1);
    const reply = page > pages ? pastEnd : json({ list: things(page * 5, 5) });
    return reply(request, response);
  };

test('a status that says "no such page" is the end, whatever its body is', async (t) => {
  const bodies: readonly [number, Answer][] = [
    [400, send(400, '{"code":"rest_post_invalid_page_number"}')],
    [404, send(404, '<h1>Not found</h1>')],
  ];
  for (const [status, reply] of bodies) {
    const server = await serve(t, { '/x': paged(2, reply) });
    const paginate = { type: 'page', pastEnd: status };
    const source = { url: server.url('/x'), items: 'list', paginate };
    const { values, end, pages } = await readAll(openRest(t, source));
    assert.equal(values.length, 10);
    assert.deepEqual(end, { by: `status ${status} after the last page` });
    const resumed = await readAll(openRest(t, source), pages[1]?.cursor);
    assert.deepEqual(resumed.values, []);
    assert.deepEqual(resumed.end, end);
  }
});

test('the same status on the first page, another one later, and one that is not named fail the unit', async (t) => {
  const server = await serve(t, {
    '/none': paged(0, send(400)),
    '/other': paged(2, send(404)),
    '/offset': paged(0, send(400)),
    '/unnamed': paged(2, send(400)),
  });
  const cases = [
    ['/none', { type: 'page', pastEnd: 400 }, 'HTTP_400', 1],
    ['/other', { type: 'page', pastEnd: 400 }, 'HTTP_NOT_FOUND', 3],
    ['/offset', { type: 'offset', pastEnd: 400, step: 5 }, 'HTTP_400', 1],
    ['/unnamed', { type: 'page' }, 'HTTP_400', 3],
  ] as const;
  for (const [path, paginate, code, requests] of cases) {
    const source = { url: server.url(path), items: 'list', paginate };
    await failure(readAll(openRest(t, source)), UnitFailedError, code);
    assert.equal(server.count(path), requests, path);
  }
});

test('pages that went away while they were read are noticed by their number', async (t) => {
  const server = await serve(t, {
    '/x': (request, response) => {
      // Said to be 10 at first; then five of them are deleted, and the last page with them.
      const page = Number(request.query.get('page') ?? 1);
      const total = request.nth === 1 ? '10' : '5';
      const reply =
        page === 1 ? json({ list: things(0, 5) }, { 'x-total': total }) : send(400, '{}');
      return reply(request, response);
    },
  });
  const source = openRest(t, {
    url: server.url('/x'),
    items: 'list',
    paginate: { type: 'page', pastEnd: 400 },
    total: 'header:X-Total',
  });
  const { pages, end } = await readAll(source);
  assert.deepEqual(end, { by: 'status 400 after the last page', expected: 5 });
  assert.equal(server.count(), 4, 'begun again, and read once more');
  assert.equal(pages.length, 4);
});

test('an answer without a list is an empty page only where it says that it is one', async (t) => {
  const server = await serve(t, {
    '/empty': json({ batchcomplete: true }),
    '/text': json({ batchcomplete: '' }),
    '/later': answer((request) =>
      request.query.has('at')
        ? { query: { pages: [1] } }
        : { continue: { at: 2, continue: '-||' } },
    ),
    '/false': json({ batchcomplete: false }),
    '/error': json({ error: { code: 'badvalue', info: 'Unrecognized value' } }),
    '/busy': json({ error: { code: 'maxlag' } }, { 'retry-after': '5' }),
  });
  const open = (path: string) =>
    openRest(t, {
      url: server.url(path),
      items: 'query.pages',
      noItemsWhen: ['batchcomplete', 'continue'],
      paginate: { type: 'continue' },
    });
  for (const path of ['/empty', '/text']) {
    assert.deepEqual((await readAll(open(path))).values, []);
  }
  assert.deepEqual((await readAll(open('/later'))).values, [1]);
  await failure(readAll(open('/false')), UnitFailedError, 'ITEMS_MISSING');
  const error = await failure(readAll(open('/error')), UnitFailedError, 'ITEMS_MISSING');
  assert.match(error.message, /it says \{"code":"badvalue","info":"Unrecognized value"\}/);
  await failure(readAll(open('/busy')), ThrottledError, 'API_BUSY');
});

/** Two batches: of the first batch's two things, the links come in three parts; beside each part stands what is basic. */
const wiki: readonly object[] = [
  {
    pages: [
      { id: 1, title: 'one', links: ['a'], info: { size: 5 } },
      { id: 2, title: 'two' },
    ],
    continue: { more: 1 },
  },
  {
    pages: [
      { id: 1, title: 'one', links: ['b', 'c'], info: { touched: 'now' } },
      { id: 2, title: 'two', links: ['d'] },
    ],
    continue: { more: 2 },
  },
  { pages: [{ id: 2, title: 'two', links: ['e'] }], batchcomplete: '', continue: { more: 3 } },
  { pages: [{ id: 3, title: 'three', links: ['f'] }, { note: 1 }, { note: 2 }], batchcomplete: '' },
];
const merged = [
  { id: 1, title: 'one', links: ['a', 'b', 'c'], info: { size: 5, touched: 'now' } },
  { id: 2, title: 'two', links: ['d', 'e'] },
  { id: 3, title: 'three', links: ['f'] },
  { note: 1 },
  { note: 2 },
];
const wikiSource = { items: 'pages', paginate: { type: 'continue', mergeBy: 'id' } };

test('parts of an item that come in several answers become one item, once all are there', async (t) => {
  const server = await serve(t, {
    '/x': answer((request) => wiki[Number(request.query.get('more') ?? 0)]),
  });
  const source = { url: server.url('/x'), ...wikiSource };
  const { values, pages, end } = await readAll(openRest(t, source));
  assert.deepEqual(values, merged);
  assert.deepEqual(end, { by: 'no continue' });
  assert.deepEqual(
    pages.map(({ items }) => items.length),
    [2, 3],
  );
  const resumed = await readAll(openRest(t, source), pages[0]?.cursor);
  assert.deepEqual(resumed.values, merged.slice(2), 'a resume goes on between two batches');
});

test('a batch that is cut off is read again from its beginning', async (t) => {
  let cuts = 0;
  const server = await serve(t, {
    '/x': (request, response) => {
      const at = Number(request.query.get('more') ?? 0);
      const isCut = at === 2 && cuts++ === 0;
      return (isCut ? send(404) : json(wiki[at]))(request, response);
    },
  });
  const source = openRest(t, { url: server.url('/x'), ...wikiSource });
  await failure(readAll(source), UnitFailedError, 'HTTP_NOT_FOUND');
  assert.deepEqual((await readAll(source)).values, merged);
});

test('a batch whose end is never shown is not held for ever', async (t) => {
  const size = 5000;
  const server = await serve(t, {
    '/x': answer((request) => ({
      pages: things(request.nth * size, size),
      continue: { more: request.nth },
    })),
  });
  const source = openRest(t, {
    url: server.url('/x'),
    items: 'pages',
    paginate: { type: 'continue', mergeBy: 'id', batchEnd: 'no.such' },
  });
  await failure(readAll(source), UnitFailedError, 'PAGINATION_BATCH_ENDLESS');
  assert.equal(server.count(), 5);
});

test('paths of these settings are checked, and what is paid for is not held back', () => {
  const url = 'https://api.example/';
  const codes = (source: object): string[] =>
    checkRestConfig(restConfig({ url, ...source })).map(({ code, path }) => `${code} ${path}`);
  assert.deepEqual(codes({ noItemsWhen: ['ok', 'a[', 'header:x y'] }), [
    'PATH_INVALID source.noItemsWhen.1',
    'HEADER_INVALID source.noItemsWhen.2',
  ]);
  const paginate = { type: 'continue', mergeBy: 'a[', batchEnd: 'b[' };
  assert.deepEqual(codes({ paginate }), [
    'PATH_INVALID source.paginate.mergeBy',
    'PATH_INVALID source.paginate.batchEnd',
  ]);
  const priced = { price: { perCallUsd: 0.01 }, paginate: { type: 'continue', mergeBy: 'id' } };
  assert.deepEqual(codes(priced), ['BATCH_PRICED source.paginate.mergeBy']);
});
