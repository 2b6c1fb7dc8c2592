import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCollectionText } from '../../../../src/core/collectionText.ts';
import { checkPageConfig } from '../../../../src/sources/html/checkConfig.ts';
import { createHtmlSource } from '../../../../src/sources/html/htmlSource.ts';
import { makeContext } from '../../../conformance/drive.ts';
import { htmlConfig } from './htmlBench.ts';

const start = ['http://site.test/'];

const wrong: readonly (readonly [what: string, source: object, path: string, message: RegExp])[] = [
  ['nothing to start with', {}, 'source.start', /source\.start or source\.sitemaps/],
  ['a start that is no URL', { start: ['/books'] }, 'source.start.0', /"\/books" is no http/],
  [
    'a start without a scheme',
    { start: [...start, 'site.test/x'] },
    'source.start.1',
    /Did you mean "https:\/\/site/,
  ],
  [
    'a start of another scheme',
    { start: ['ftp://site.test/'] },
    'source.start.0',
    /no http or https/,
  ],
  ['a password in a start', { start: ['http://me:x@site.test/'] }, 'source.start.0', /password/],
  ['a secret in a start', { start: ['http://site.test/${secret:A}'] }, 'source.start.0', /secret/],
  ['a sitemap that is no URL', { start, sitemaps: ['x'] }, 'source.sitemaps.0', /no http/],
  [
    'a follow that does not compile',
    { start, follow: ['a', 'a['] },
    'source.follow.1',
    /"a\[" is no CSS selector/,
  ],
  ['items that do not compile', { start, items: 'li >' }, 'source.items', /Nothing follows/],
  ['a short field', { start, fields: { price: '.p..x' } }, 'source.fields.price', /CSS selector/],
  [
    'a long field',
    { start, fields: { p: { select: 'a:nope' } } },
    'source.fields.p.select',
    /:nope/,
  ],
  [
    'a fallback',
    { start, fields: { p: { select: ['a', '!'] } } },
    'source.fields.p.select.1',
    /CSS/,
  ],
  [
    "Scrapy's selectors",
    { start, fields: { p: 'h1::text' } },
    'source.fields.p',
    /without "::text"/,
  ],
  [
    'a regular expression',
    { start, fields: { p: { select: 'a', regex: '(' } } },
    'source.fields.p.regex',
    /[Uu]nterminated group/,
  ],
  [
    'an include',
    { start, scope: { include: ['x', '['] } },
    'source.scope.include.1',
    /character class/,
  ],
  ['an exclude', { start, scope: { exclude: ['*'] } }, 'source.scope.exclude.0', /repeat/],
  [
    'a host that is a URL',
    { start, scope: { hosts: ['http://site.test'] } },
    'source.scope.hosts.0',
    /no host/,
  ],
  [
    'a start that scope has not',
    { start, scope: { hosts: ['else.test'] } },
    'source.start.0',
    /source\.scope\.hosts/,
  ],
  [
    'a fact and a part',
    { start, fields: { p: { from: 'url', select: 'a' } } },
    'source.fields.p.from',
    /Give one/,
  ],
  ['an empty field', { start, fields: { p: {} } }, 'source.fields.p', /says nothing/],
  ['no fields', { start, fields: {} }, 'source.fields', /needs a field/],
];

for (const [what, source, path, message] of wrong) {
  test(`${what} is found, with its place`, () => {
    const problems = checkPageConfig(htmlConfig(source));
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.equal(problems[0]?.path, path);
    assert.match(problems[0].message, message);
    assert.ok(problems[0].message.endsWith('.') || problems[0].message.endsWith('?'));
  });
}

test('everything wrong is told at once', () => {
  const problems = checkPageConfig(
    htmlConfig({
      start: ['x'],
      follow: ['['],
      scope: { include: ['('] },
      items: ':x',
      fields: { a: '!' },
    }),
  );
  assert.deepEqual(
    problems.map((problem) => problem.path),
    [
      'source.start.0',
      'source.follow.0',
      'source.scope.include.0',
      'source.items',
      'source.fields.a',
    ],
  );
});

test('what is right has no problems, and a source can be made of it', async () => {
  const config = htmlConfig({
    start: ['http://site.test:8080/', 'https://other.test'],
    sitemaps: ['https://site.test/sitemap.xml.gz'],
    follow: ['li.next a', 'nav'],
    scope: {
      hosts: ['Site.test:8080', 'other.test', 'site.test:443'],
      include: ['^https?://[\\w-.]+/'],
      exclude: ['\\.(pdf|zip)$', '(?<!x)y'],
    },
    items: 'article, :scope > body',
    fields: {
      a: 'h1',
      b: { from: 'url', regex: '\\d+', as: 'integer' },
      c: { select: ['> b', 'i'], attr: 'x', list: true, as: 'url' },
      d: { attr: 'id' },
      e: { as: 'html' },
    },
  });
  assert.deepEqual(checkPageConfig(config), []);
  await createHtmlSource(config, makeContext()).close();
});

test('a problem is shown at its line', () => {
  const text = `{
  "name": "books",
  "source": {
    "type": "html",
    "start": ["http://site.test/"],
    "fields": {
      "title": "h1",
      "price": { "select": ["b", "..x"] }
    }
  }
}`;
  const { collection, locate } = readCollectionText(text, 'books.collect.json');
  assert.equal(collection.source.type, 'html');
  const [problem] = locate(checkPageConfig(collection.source));
  assert.deepEqual([problem?.line, problem?.column], [8, 34]);
});
