import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger, type Logger } from '../../../../src/core/ports.ts';
import { checkPageConfig } from '../../../../src/sources/html/checkConfig.ts';
import { Scope } from '../../../../src/sources/html/scope.ts';
import { canonicalUrl } from '../../../../src/sources/html/canonicalUrl.ts';
import { planAll, throughJson } from '../../../conformance/drive.ts';
import { html, redirect, send } from '../../../fixtures/answers.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';
import { serve } from '../http/httpBench.ts';
import { htmlConfig, openHtml, walk } from './htmlBench.ts';

const noRobots = { '/robots.txt': send(404) };

test('start pages for every line of a file, whose columns go into the records', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/p/a': html('<title>A</title><a href="/more">x</a>'),
    '/p/b%2Fc': redirect('/moved'),
    '/moved': html('<title>BC</title>'),
    '/more': html('<title>More</title>'),
  });
  const root = await makeScratchFolder(t);
  await writeFile(join(root, 'books.csv'), 'id,name,note\na,"An ""A""",1\nb/c,"BC, it",2\n');
  const from = 'books.csv';
  const source = openHtml(
    t,
    {
      for: { id: { from, path: 'id' }, name: { from, path: 'name' }, row: { from } },
      start: [server.url('/p/{id}')],
      follow: ['a'],
      fields: {
        title: 'title',
        name: { from: 'for.name' },
        note: { from: 'for.row.note', as: 'integer' },
      },
    },
    { root },
  );
  const units = await planAll(source);
  assert.deepEqual(
    units.map(({ key, group, input }) => [key, group, throughJson(input)]),
    [
      [
        server.url('/p/a'),
        'books',
        {
          depth: 0,
          named: true,
          for: { name: 'An "A"', row: { id: 'a', name: 'An "A"', note: '1' } },
        },
      ],
      [
        server.url('/p/b%2Fc'),
        'books',
        {
          depth: 0,
          named: true,
          for: { name: 'BC, it', row: { id: 'b/c', name: 'BC, it', note: '2' } },
        },
      ],
    ],
    'only what fields use goes along',
  );
  const { records } = await walk(source);
  assert.deepEqual(records, [
    { title: 'A', name: 'An "A"', note: 1 },
    { title: 'More', name: 'An "A"', note: 1 },
    { title: 'BC', name: 'BC, it', note: 2 },
  ]);
});

test('a file of URLs: links stay on the host of their own page', async (t) => {
  const other = await serve(t, { ...noRobots, '/': html('<title>other</title>') });
  const server = await serve(t, {
    ...noRobots,
    '/x': html(`<title>x</title><a href="${other.url()}">x</a><a href="/y">y</a>`),
    '/y': html('<title>y</title>'),
  });
  const root = await makeScratchFolder(t);
  await writeFile(join(root, 'urls.txt'), `${server.url('/x?a=1&b=%20')}\nnot a url\n`);
  const warned: object[] = [];
  const logger = {
    ...silentLogger,
    warn: (fields: object) => {
      warned.push(fields);
    },
  } satisfies Logger;
  const config = { for: { url: { from: 'urls.txt' } }, start: ['{url}'], follow: ['a'] };
  assert.deepEqual(checkPageConfig(htmlConfig(config)), []);
  const { records } = await walk(openHtml(t, config, { root, logger }));
  assert.deepEqual(records, [{ title: 'x' }, { title: 'y' }]);
  assert.deepEqual(warned, [{ code: 'FOR_URL_INVALID', urls: 1 }]);

  const anywhere = { ...config, scope: { hosts: ['*'] } };
  assert.deepEqual(checkPageConfig(htmlConfig(anywhere)), []);
  const all = await walk(openHtml(t, anywhere, { root }));
  assert.deepEqual(
    all.records.map((record) => record['title']),
    ['x', 'other', 'y'],
  );
});

test('hosts of listed values are known before', () => {
  const scope = new Scope(
    htmlConfig({
      for: { site: ['a', 'b'], id: { from: 'ids.txt' }, page: [1, 2, 3] },
      start: ['https://{site}.test/{id}?p={page}', 'https://c.test/{{id}}/'],
    }),
  );
  const codes = ['https://a.test/', 'https://b.test/', 'https://c.test/', 'https://d.test/'].map(
    (url) => {
      const target = canonicalUrl(url);
      assert.ok(target);
      return scope.refuse(target)?.code;
    },
  );
  assert.deepEqual(codes, [undefined, undefined, undefined, 'HOST_OUT_OF_SCOPE']);
  assert.equal(scope.isOwnHostOnly, false);
});

test('names that for does not have are problems', () => {
  const config = htmlConfig({
    for: { id: ['1'] },
    start: ['https://a.test/{idd}'],
    sitemaps: ['https://a.test/{id}.xml'],
    fields: { a: { from: 'for.id' }, b: { from: 'for.it' } },
  });
  assert.deepEqual(
    checkPageConfig(config).map(({ code, path, suggestion }) => [code, path, suggestion]),
    [
      ['TEMPLATE_UNKNOWN', 'source.start.0', 'id'],
      ['FROM_UNKNOWN', 'source.fields.b.from', 'for.id'],
    ],
  );
});
