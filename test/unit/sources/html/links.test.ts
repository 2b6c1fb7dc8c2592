import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHtml } from '../../../../src/sources/html/document.ts';
import { baseOf, isNofollowPage, LinkFinder } from '../../../../src/sources/html/links.ts';
import { Scope } from '../../../../src/sources/html/scope.ts';
import { htmlConfig } from './htmlBench.ts';

const url = 'http://site.test/a/b.html';

function finder(follow: string[] = ['a'], scope: object = {}): LinkFinder {
  return new LinkFinder(follow, new Scope(htmlConfig({ start: ['http://site.test/'], scope })));
}

function find(html: string, links = finder(), at = url): string[] {
  const page = parseHtml(html);
  return links
    .find(page, at, baseOf(page, at))
    .map((target) => target.url.replace('http://site.test', ''));
}

test('each page once, in the order of the links, without the page itself', () => {
  assert.deepEqual(
    find(`<a href="c.html">x</a><a href="/d">x</a><a href="c.html#part">x</a><a href="./c.html">x</a>
      <a href="#top">x</a><a href="b.html">x</a><a href="">x</a><a href="?p=2">x</a><a href="../e">x</a>`),
    ['/a/c.html', '/d', '/a/b.html?p=2', '/e'],
  );
});

test('only what the selectors say is followed, and what is inside of it', () => {
  const html = `<nav><a href="/1">x</a><b><a href="/2">x</a></b></nav><p><a class="next" href="/3">x</a>
    <a href="/4">x</a></p><link rel="next" href="/5"><iframe src="/6"></iframe><map><area href="/7"></map>`;
  assert.deepEqual(find(html, finder(['nav', 'a.next'])), ['/1', '/2', '/3']);
  assert.deepEqual(find(html, finder(['link[rel=next]', 'iframe'])), ['/5', '/6']);
  assert.deepEqual(find(html, finder(['map'])), ['/7']);
  assert.deepEqual(find(html, finder([])), []);
});

test('what is no page, out of scope, a download or nofollow is left alone', () => {
  assert.deepEqual(
    find(
      `<a href="mailto:a@b.test">x</a><a href="javascript:go()">x</a><a href="http://else.test/">x</a>
      <a href="/file" download>x</a><a href="/nf" rel="noopener NoFollow">x</a><a name="anchor">x</a>
      <a href="http://[bad">x</a><a href="/x.pdf">x</a><a href="/ok" rel="nofollowing">x</a>`,
      finder(['a'], { exclude: ['\\.pdf$'] }),
    ),
    ['/ok'],
  );
});

test('a page that is linked with and without nofollow is followed', () => {
  assert.deepEqual(find('<a href="/x" rel="nofollow">x</a><a href="/x">x</a>'), ['/x']);
});

test('links are relative to <base>, where it can be used', () => {
  assert.deepEqual(find('<base target="_top"><base href="/deep/er/"><a href="x">x</a>'), [
    '/deep/er/x',
  ]);
  assert.deepEqual(find('<base href="other/"><a href="x">x</a>'), ['/a/other/x']);
  assert.deepEqual(find('<base href="http://[bad"><a href="x">x</a>'), ['/a/x']);
  assert.deepEqual(find('<base href="data:text/html,"><a href="x">x</a>'), ['/a/x']);
  assert.deepEqual(find('<base href="/deep/"><a href="#x">x</a>'), ['/deep/']);
});

test('the same link on pages of other folders is another page', () => {
  const links = finder();
  const html = '<a href="x">x</a><a href="?q">x</a><a href="/y">x</a>';
  assert.deepEqual(find(html, links, 'http://site.test/a/b.html'), ['/a/x', '/a/b.html?q', '/y']);
  assert.deepEqual(find(html, links, 'http://site.test/a/c.html'), ['/a/x', '/a/c.html?q', '/y']);
  assert.deepEqual(find(html, links, 'http://site.test/d/'), ['/d/x', '/d/?q', '/y']);
  assert.deepEqual(find(html, links, 'http://site.test/d?in=/e/f'), ['/x', '/d?q', '/y']);
  assert.deepEqual(find(html, links, 'http://site.test/a/b.html'), ['/a/x', '/a/b.html?q', '/y']);
});

test('a page may ask that its links are not followed', () => {
  const asks = (html: string, tag?: string) => isNofollowPage(parseHtml(html), tag, 'cf-collector');
  assert.ok(asks('<meta name="robots" content="noindex, nofollow">'));
  assert.ok(asks('<META NAME="Robots" CONTENT="NONE">'));
  assert.ok(asks('<meta name="cf-collector" content="nofollow">'));
  assert.ok(!asks('<meta name="otherbot" content="nofollow">'));
  assert.ok(!asks('<meta name="robots" content="noindex, follow">'));
  assert.ok(!asks('<meta name="description" content="nofollow"><meta name="robots">'));
  assert.ok(asks('', 'noindex, nofollow'));
  assert.ok(asks('', 'unavailable_after: 25 Jun 2030 15:00:00 PST, nofollow'));
  assert.ok(asks('', 'otherbot: noindex, CF-Collector: nofollow'));
  assert.ok(!asks('', 'otherbot: noindex, nofollow'));
  assert.ok(!asks('', 'noindex'));
});
