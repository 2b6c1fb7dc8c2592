import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import type { JsonValue } from '../../../../src/core/json.ts';
import { json, send } from '../../../fixtures/answers.ts';
import type { FaultyRequest, Routes } from '../../../fixtures/faultyServer.ts';
import { failure, serve } from '../http/httpBench.ts';
import { answer, openRest, readAll, things } from './restBench.ts';

const all = things(0, 23);
const slice = (start: number, size = 5): readonly { readonly id: number }[] =>
  all.slice(start, start + size);
const numberIn = (request: FaultyRequest, name: string, fallback: number): number =>
  Number(request.query.get(name) ?? fallback);

interface Way {
  readonly paginate: object;
  readonly source?: object;
  readonly routes: (url: string) => Routes;
  readonly end: string;
  /** Requests for the whole unit. */
  readonly requests: number;
}

/** Every way of paging, as real APIs do it: 23 things. */
const ways: Readonly<Record<string, Way>> = {
  none: {
    paginate: { type: 'none' },
    routes: () => ({ '/x': json({ list: all }) }),
    end: 'one page',
    requests: 1,
  },
  'page, to an empty one': {
    paginate: { type: 'page' },
    routes: () => ({
      '/x': answer((request) => ({ list: slice((numberIn(request, 'page', 1) - 1) * 5) })),
    }),
    end: 'empty page',
    requests: 6,
  },
  'page from 0 with the number of pages in a header, as WordPress, with 400 past the end': {
    paginate: { type: 'page', param: 'p', start: 0, totalPages: 'header:X-WP-TotalPages' },
    routes: () => ({
      '/x': (request, response) => {
        const page = numberIn(request, 'p', 0);
        const body = { list: slice(page * 5) };
        const headers = { 'x-wp-totalpages': '5' };
        const reply = page > 4 ? send(400, '{}') : json(body, headers);
        return reply(request, response);
      },
    }),
    end: 'page 5 of 5',
    requests: 5,
  },
  'page with the number of pages in the body and an empty page in the middle': {
    paginate: { type: 'page', totalPages: 'meta.pages' },
    routes: () => ({
      '/x': answer((request) => {
        const page = numberIn(request, 'page', 1);
        const start = page < 3 ? (page - 1) * 5 : (page - 2) * 5;
        return { list: page === 3 ? [] : slice(start), meta: { pages: 6 } };
      }),
    }),
    end: 'page 6 of 6',
    requests: 6,
  },
  'offset, by the items received, over a short page in the middle': {
    paginate: { type: 'offset' },
    routes: () => ({
      '/x': answer((request) => {
        const offset = numberIn(request, 'offset', 0);
        return { list: slice(offset, offset === 5 ? 2 : 5) };
      }),
    }),
    end: 'empty page',
    requests: 7,
  },
  'offset with a fixed step': {
    paginate: { type: 'offset', param: 'from', step: 10 },
    routes: () => ({
      '/x': answer((request) => ({ list: slice(numberIn(request, 'from', 0), 10) })),
    }),
    end: 'empty page',
    requests: 4,
  },
  'offset with the next one in the body, as Semantic Scholar': {
    paginate: { type: 'offset', next: 'next' },
    routes: () => ({
      '/x': answer((request) => {
        const offset = numberIn(request, 'offset', 0);
        return { list: slice(offset), ...(offset + 5 < 23 ? { next: offset + 5 } : {}) };
      }),
    }),
    end: 'no next offset',
    requests: 5,
  },
  'cursor that begins with a star and ends with null and no items, as OpenAlex': {
    paginate: { type: 'cursor', from: 'meta.next_cursor', first: '*' },
    routes: () => ({
      '/x': answer((request) => {
        const at = request.query.get('cursor') === '*' ? 0 : numberIn(request, 'cursor', -1);
        const list = slice(at);
        return { list, meta: { next_cursor: list.length === 0 ? null : `${at + 5}` } };
      }),
    }),
    end: 'no next cursor',
    requests: 6,
  },
  'cursor with empty pages in the middle': {
    paginate: { type: 'cursor', from: 'next' },
    routes: () => ({
      '/x': answer((request) => {
        const at = numberIn(request, 'cursor', 0);
        const list = at % 2 === 1 ? [] : slice((at / 2) * 5);
        return { list, next: at < 8 ? at + 1 : '' };
      }),
    }),
    end: 'no next cursor',
    requests: 9,
  },
  'cursor that is repeated on an empty page, as Solr': {
    paginate: { type: 'cursor', from: 'nextCursorMark', param: 'cursorMark', first: '*' },
    routes: () => ({
      '/x': answer((request) => {
        const mark = request.query.get('cursorMark') ?? '';
        const at = mark === '*' ? 0 : Number(mark);
        return { list: slice(at), nextCursorMark: at >= 23 ? mark : `${at + 5}` };
      }),
    }),
    end: 'empty page, same cursor',
    requests: 6,
  },
  'header with the cursor': {
    paginate: { type: 'header', header: 'X-Next', param: 'c' },
    routes: () => ({
      '/x': answer(
        (request) => ({ list: slice(numberIn(request, 'c', 0)) }),
        (request): Record<string, string> => {
          const next = numberIn(request, 'c', 0) + 5;
          return next < 23 ? { 'x-next': `${next}` } : {};
        },
      ),
    }),
    end: 'no next cursor',
    requests: 5,
  },
  'link header among others, relative, as GitHub': {
    paginate: { type: 'link' },
    routes: () => ({
      '/x': answer(
        (request) => ({ list: slice(numberIn(request, 'at', 0)) }),
        (request) => {
          const next = numberIn(request, 'at', 0) + 5;
          const rel = next < 23 ? 'next' : 'up';
          return { link: `<?at=0>; rel="first", <?at=${next}&q=a,b>; rel="${rel}"; title="n, m"` };
        },
      ),
    }),
    end: 'no next link',
    requests: 5,
  },
  'next URL in the body': {
    paginate: { type: 'next', from: 'links.next' },
    routes: (url) => ({
      '/x': answer((request) => {
        const next = numberIn(request, 'at', 0) + 5;
        return {
          list: slice(next - 5),
          links: { next: next < 23 ? `${url}/x?at=${next}#part` : null },
        };
      }),
    }),
    end: 'no next URL',
    requests: 5,
  },
  'keyset, by the id of the last item, as OpenReview': {
    paginate: { type: 'keyset', param: 'after', from: 'list[-1].id' },
    routes: () => ({
      '/x': answer((request) => {
        const after = request.query.get('after');
        return { list: slice(after === null ? 0 : Number(after) + 1) };
      }),
    }),
    end: 'empty page',
    requests: 6,
  },
  'continue object, as MediaWiki': {
    paginate: { type: 'continue' },
    routes: () => ({
      '/x': answer((request) => {
        const at = numberIn(request, 'gapcontinue', 0);
        const more = { continue: { gapcontinue: at + 5, continue: 'gapcontinue||' } };
        return { list: slice(at), ...(at + 5 < 23 ? more : { batchcomplete: true }) };
      }),
    }),
    end: 'no continue',
    requests: 5,
  },
  'keyset of several values in the body of a POST, as Elasticsearch': {
    paginate: { type: 'keyset', param: 'search_after', from: 'list[-1].sort', in: 'body' },
    source: { method: 'POST', body: { size: 5, query: { match_all: {} } }, items: 'list' },
    routes: () => ({
      '/x': answer((request) => {
        const body = JSON.parse(request.body.toString()) as {
          size: number;
          query: unknown;
          search_after?: [number, string];
        };
        assert.deepEqual(body.query, { match_all: {} });
        const start = body.search_after === undefined ? 0 : body.search_after[0] + 1;
        return { list: slice(start, body.size).map(({ id }) => ({ id, sort: [id, 'x'] })) };
      }),
    }),
    end: 'empty page',
    requests: 6,
  },
  'page inside the body of a POST': {
    paginate: { type: 'page', param: 'paging.page', in: 'body' },
    source: { method: 'POST', body: { paging: { size: 5 } } },
    routes: () => ({
      '/x': answer((request) => {
        const { paging } = JSON.parse(request.body.toString()) as {
          paging: { page: number; size: number };
        };
        assert.equal(request.url, '/x');
        return { list: slice((paging.page - 1) * paging.size) };
      }),
    }),
    end: 'empty page',
    requests: 6,
  },
};

const ids = (values: readonly JsonValue[]): number[] =>
  values.map((value) => (value as { id: number }).id);

for (const [name, way] of Object.entries(ways)) {
  test(`${name}: read whole, with proof of the end, and resumed after each page`, async (t) => {
    const server = await serve(t, {});
    const origin = `http://${server.host}`;
    for (const [path, reply] of Object.entries(way.routes(origin))) server.route(path, reply);
    const source = {
      url: `${origin}/x`,
      items: 'list',
      paginate: way.paginate,
      ...way.source,
    };
    const read = await readAll(openRest(t, source));
    assert.deepEqual(ids(read.values), ids(all as unknown as JsonValue[]));
    assert.deepEqual(read.end, { by: way.end });
    assert.equal(server.count(), way.requests);

    for (const [i, page] of read.pages.entries()) {
      if (page.end !== undefined) continue;
      const before = server.count();
      const rest = await readAll(openRest(t, source), page.cursor);
      const done = read.pages.slice(0, i + 1).flatMap((p) => p.items.map((item) => item.value));
      assert.deepEqual(ids([...done, ...rest.values]), ids(read.values), `after page ${i + 1}`);
      assert.equal(server.count() - before, way.requests - i - 1);
      assert.deepEqual(rest.end, read.end);
    }
  });
}

test('a cursor that is a big integer is sent as it was written, also after a resume', async (t) => {
  const server = await serve(t, {
    '/x': (request, response) => {
      const last = request.query.get('cursor') !== null;
      const body = last ? '{"list":[2]}' : '{"list":[1],"next":12345678901234567890}';
      return send(200, body)(request, response);
    },
  });
  const source = {
    url: server.url('/x'),
    items: 'list',
    paginate: { type: 'cursor', from: 'next' },
  };
  const { pages } = await readAll(openRest(t, source));
  await readAll(openRest(t, source), pages[0]!.cursor);
  for (const nth of [1, 2])
    assert.equal(server.requests[nth]!.query.get('cursor'), '12345678901234567890');
});

test('the query of the collection goes along with every page; paging replaces its own part', async (t) => {
  const server = await serve(t, {
    '/x': answer((request) => ({ list: slice((numberIn(request, 'page', 0) - 1) * 10, 10) })),
  });
  const source = openRest(t, {
    url: server.url('/x?page=7&fixed=a%2Fb'),
    query: { 'q.x': 'ü&=', n: 5, on: true },
    items: 'list',
    paginate: { type: 'page' },
  });
  await readAll(source);
  assert.deepEqual(
    server.requests.map((request) => request.url),
    [1, 2, 3, 4].map((page) => `/x?fixed=a%2Fb&q.x=%C3%BC%26%3D&n=5&on=true&page=${page}`),
  );
});

test('continue keys are not carried on from one answer to the next', async (t) => {
  const answers = [{ continue: { a: 1, x: 1 } }, { continue: { b: 2, x: 2 } }, {}];
  const server = await serve(t, {
    '/x': answer((request) => ({ list: [request.nth], ...answers[request.nth - 1] })),
  });
  const url = server.url('/x?x=0&keep=1');
  await readAll(openRest(t, { url, items: 'list', paginate: { type: 'continue' } }));
  assert.deepEqual(
    server.requests.map((request) => request.url),
    ['/x?x=0&keep=1', '/x?keep=1&a=1&x=1', '/x?keep=1&b=2&x=2'],
  );
});

/** Answers that do not page as the collection says. */
const broken: readonly (readonly [string, object, unknown, string, RegExp])[] = [
  [
    'keyset without its key',
    { type: 'keyset', param: 'after', from: 'list[-1].key' },
    { list: [{ id: 1 }] },
    'PAGINATION_KEY_MISSING',
    /list\[-1\]\.key/,
  ],
  [
    'a cursor that is an object',
    { type: 'cursor', from: 'next' },
    { list: [1], next: { a: 1 } },
    'PAGINATION_VALUE_INVALID',
    /\{"a":1\}/,
  ],
  [
    'a next URL that is a number',
    { type: 'next', from: 'next' },
    { list: [1], next: 5 },
    'PAGINATION_URL_INVALID',
    /5/,
  ],
  [
    'a next URL of another kind',
    { type: 'next', from: 'next' },
    { list: [1], next: 'file:///etc/passwd' },
    'PAGINATION_URL_INVALID',
    /file:/,
  ],
  [
    'a next offset that is no number',
    { type: 'offset', next: 'next' },
    { list: [1], next: 'soon' },
    'PAGINATION_OFFSET_INVALID',
    /no number/,
  ],
  [
    'a continue that is a text',
    { type: 'continue' },
    { list: [1], continue: 'x' },
    'PAGINATION_CONTINUE_INVALID',
    /paginate\.from/,
  ],
];

for (const [name, paginate, body, code, words] of broken) {
  test(`${name} fails the unit`, async (t) => {
    const server = await serve(t, { '/x': json(body) });
    const source = openRest(t, { url: server.url('/x'), items: 'list', paginate });
    const error = await failure(readAll(source), UnitFailedError, code);
    assert.match(error.message, words);
  });
}

test('a Link header that can’t be read fails the unit', async (t) => {
  const server = await serve(t, { '/x': json({ list: [1] }, { link: '<a; rel=next' }) });
  const source = openRest(t, {
    url: server.url('/x'),
    items: 'list',
    paginate: { type: 'link' },
  });
  await failure(readAll(source), UnitFailedError, 'PAGINATION_LINK_INVALID');
});
