import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalUrl } from '../../../../src/sources/html/canonicalUrl.ts';

const base = 'http://site.test/a/b.html?q=1';

const spellings: readonly (readonly [what: string, link: string, url: string])[] = [
  ['a relative link', 'c.html', 'http://site.test/a/c.html'],
  ['a link to the root', '/', 'http://site.test/'],
  ['a link without a scheme', '//other.test/x', 'http://other.test/x'],
  ['a query alone', '?page=2', 'http://site.test/a/b.html?page=2'],
  ['nothing', '', 'http://site.test/a/b.html?q=1'],
  ['a fragment', '#top', 'http://site.test/a/b.html?q=1'],
  ['a fragment that has a question mark', 'c#?x', 'http://site.test/a/c'],
  ['capitals in the host', 'HTTP://Site.TEST/A', 'http://site.test/A'],
  ['the usual port', 'http://site.test:80/', 'http://site.test/'],
  ['the usual port of https', 'https://site.test:443/', 'https://site.test/'],
  ['another port', 'http://site.test:8080', 'http://site.test:8080/'],
  ['a dot behind the host', 'http://site.test./x', 'http://site.test/x'],
  ['dot segments', '../x/./y/../z', 'http://site.test/x/z'],
  ['encoded dot segments', '/x/%2e%2E/y', 'http://site.test/y'],
  ['an empty query', '/x?', 'http://site.test/x'],
  ['an empty query and a fragment', '/x?#y', 'http://site.test/x'],
  ['a user name and password', 'http://me:secret@site.test/', 'http://site.test/'],
  ['needless encoding', '/%7Euser/%61%2D%5f', 'http://site.test/~user/a-_'],
  ['encoding in small letters', '/a%2fb?q=%c3%a9', 'http://site.test/a%2Fb?q=%C3%A9'],
  ['letters that need encoding', '/ä b', 'http://site.test/%C3%A4%20b'],
  ['broken encoding', '/100%', 'http://site.test/100%'],
  ['white space around', ' \t/x\n', 'http://site.test/x'],
  ['a name in another alphabet', 'http://münchen.test/', 'http://xn--mnchen-3ya.test/'],
  ['an address with IPv6', 'http://[::1]:8080/', 'http://[::1]:8080/'],
  ['NUL', '/a\0b', 'http://site.test/a%00b'],
  ['half a surrogate pair', '/\ud83d', 'http://site.test/%EF%BF%BD'],
];

for (const [what, link, url] of spellings) {
  test(`${what} has one canonical form, which is its own`, () => {
    assert.equal(canonicalUrl(link, base)?.url, url);
    assert.equal(canonicalUrl(url)?.url, url);
  });
}

test('what servers may tell apart stays apart', () => {
  const links = [
    '/x',
    '/x/',
    '/X',
    '/x?a=1&b=2',
    '/x?b=2&a=1',
    '/x?a=1',
    '//www.site.test/x',
    '/x//',
  ];
  const urls = links.map((link) => canonicalUrl(link, base)?.url);
  assert.equal(new Set(urls).size, links.length);
});

test('what no page can be at has none', () => {
  const links = [
    'mailto:me@site.test',
    'javascript:void(0)',
    'data:text/html,x',
    'tel:1',
    'ftp://site.test/',
  ];
  for (const link of [...links, 'http://', 'http://a b/', 'http://./', 'http://site.test:99999/']) {
    assert.equal(canonicalUrl(link, base), null, link);
  }
  assert.equal(canonicalUrl('relative'), null);
});

test('the host has its port, but for the usual one', () => {
  assert.equal(canonicalUrl('http://Site.test:8080/x')?.host, 'site.test:8080');
  assert.equal(canonicalUrl('https://site.test:443/x')?.host, 'site.test');
});
