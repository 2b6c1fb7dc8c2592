import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCollectionText } from '../../../../src/core/collectionText.ts';
import { checkRestConfig } from '../../../../src/sources/rest/checkRestConfig.ts';
import { restConfig } from './restBench.ts';

const url = 'https://api.example/{a}';

/** What is wrong, and what is said about it. */
const wrong: readonly (readonly [object, code: string, path: string, words: RegExp, string?])[] = [
  [{ url: 'api.example/x' }, 'URL_INVALID', 'source.url', /Did you mean "https:\/\/api/],
  [{ url: 'ftp://api.example/x' }, 'URL_INVALID', 'source.url', /no http or https/],
  [{ url: 'https://me:pw@api.example/' }, 'URL_INVALID', 'source.url', /password/],
  [{ url: 'https://${secret:HOST}/' }, 'URL_INVALID', 'source.url', /no http or https/],
  [{ url: 'https://x.example/{b}' }, 'TEMPLATE_UNKNOWN', 'source.url', /\{b\} stands for nothing/],
  [
    { query: { q: 'x{venu}' }, for: { venue: ['x'], a: [1] } },
    'TEMPLATE_UNKNOWN',
    'source.query.q',
    /\{\{venu\}\}/,
    'venue',
  ],
  [{ method: 'POST', body: { q: ['{id}'] } }, 'TEMPLATE_UNKNOWN', 'source.body.q.0', /\{id\}/],
  [
    { request: { headers: { 'X-A': '{b}' } } },
    'TEMPLATE_UNKNOWN',
    'source.request.headers.X-A',
    /\{b\}/,
  ],
  [
    { request: { headers: { 'X A': 'b' } } },
    'HEADER_INVALID',
    'source.request.headers.X A',
    /name/,
  ],
  [
    { request: { headers: { 'X-A': 'b\nc: d' } } },
    'HEADER_INVALID',
    'source.request.headers.X-A',
    /line breaks/,
  ],
  [{ request: { proxy: 'proxy:80:80' } }, 'URL_INVALID', 'source.request.proxy', /no URL/],
  [{ body: {} }, 'BODY_WITHOUT_POST', 'source.body', /POST/],
  [{ paginate: { type: 'page', in: 'body' } }, 'BODY_WITHOUT_POST', 'source.paginate.in', /POST/],
  [
    { method: 'POST', paginate: { type: 'page', in: 'body' } },
    'BODY_NO_OBJECT',
    'source.paginate.in',
    /object/,
  ],
  [
    { method: 'POST', body: {}, paginate: { type: 'page', in: 'body', param: 'a[0]' } },
    'PATH_INVALID',
    'source.paginate.param',
    /names only/,
  ],
  [
    { paginate: { type: 'cursor', from: 'meta..next' } },
    'PATH_INVALID',
    'source.paginate.from',
    /character 6/,
  ],
  [
    { paginate: { type: 'keyset', param: 'p', from: 'x[' } },
    'PATH_INVALID',
    'source.paginate.from',
    /\[-1\]/,
  ],
  [{ paginate: { type: 'offset', next: 'x]' } }, 'PATH_INVALID', 'source.paginate.next', /path/],
  [
    { paginate: { type: 'page', totalPages: 'header: ' } },
    'HEADER_INVALID',
    'source.paginate.totalPages',
    /header/,
  ],
  [{ paginate: { type: 'next', from: '.x' } }, 'PATH_INVALID', 'source.paginate.from', /path/],
  [{ paginate: { type: 'continue', from: 'a.' } }, 'PATH_INVALID', 'source.paginate.from', /path/],
  [{ items: 'a[b]' }, 'PATH_INVALID', 'source.items', /path/],
  [{ items: '=$map(' }, 'JSONATA_INVALID', 'source.items', /JSONata/],
  [{ total: 'a..b' }, 'PATH_INVALID', 'source.total', /path/],
  [{ fields: { title: '=$join(' } }, 'JSONATA_INVALID', 'source.fields.title', /at character \d+/],
  [{ fields: { at: '=$now()' } }, 'JSONATA_INVALID', 'source.fields.at', /each time/],
  [{ fields: { title: 'a[' } }, 'PATH_INVALID', 'source.fields.title', /path/],
  [
    { fields: { b: { from: 'for.aa' } } },
    'FROM_UNKNOWN',
    'source.fields.b.from',
    /url, fetchedAt/,
    'for.a',
  ],
  [{ fields: { b: { from: 'uri' } } }, 'FROM_UNKNOWN', 'source.fields.b.from', /status/, 'url'],
];

for (const [source, code, path, words, suggestion] of wrong) {
  test(`${code} at ${path}: ${JSON.stringify(source)}`, () => {
    const problems = checkRestConfig(restConfig({ url, for: { a: ['x'] }, ...source }));
    assert.equal(problems.length, 1, JSON.stringify(problems));
    const [problem] = problems;
    assert.equal(problem!.code, code);
    assert.equal(problem!.path, path);
    assert.match(problem!.message, words);
    assert.equal(problem!.suggestion, suggestion);
  });
}

test('everything wrong is told at once', () => {
  const problems = checkRestConfig(
    restConfig({ url: 'nowhere', items: 'a[', total: '..', fields: { x: '=(', y: ']' } }),
  );
  assert.equal(problems.length, 5);
});

test('a collection with everything right has no problem', () => {
  const source = {
    url: 'https://me:${secret:PW}@api.example/{a}?x={{y}}&key=${secret:K}',
    method: 'POST',
    for: { a: ['x', 'y z'], year: [2024] },
    query: { q: '{a}', n: 1, on: true },
    body: { graphql: 'query { papers { id } }', after: '{{cursor}}', y: '{year}' },
    items: '=[$each(pages, function($p) { $p })]',
    total: 'header:X-Total',
    paginate: { type: 'keyset', param: 'page.after', in: 'body', from: 'list[-1]["sort key"]' },
    fields: { id: 'id', t: '=$for.a', y: { from: 'for.year' }, u: { from: 'url' }, all: '' },
    request: {
      headers: { Authorization: 'Bearer ${secret:T}', 'X-Y': '{year}' },
      proxy: 'http://u:${secret:P}@proxy:8080',
    },
  };
  assert.deepEqual(checkRestConfig(restConfig(source)), []);
});

test('each problem can be found in the file', () => {
  const text = `{
  "name": "x",
  "source": {
    "type": "rest",
    "url": "https://api.example/",
    "fields": {
      "title": "a[",
      "when": { "from": "tomorrow" }
    }
  }
}`;
  const { collection, locate } = readCollectionText(text, 'x.collect.json');
  assert.ok(collection.source.type === 'rest');
  const places = locate(checkRestConfig(collection.source)).map((problem) => problem.line);
  assert.deepEqual(places, [7, 8]);
});
