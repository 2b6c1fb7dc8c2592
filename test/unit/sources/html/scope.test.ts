import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalUrl, type CanonicalUrl } from '../../../../src/sources/html/canonicalUrl.ts';
import { parseHost, Scope } from '../../../../src/sources/html/scope.ts';
import { htmlConfig } from './htmlBench.ts';

function scopeOf(scope: object, start = ['http://site.test/']): Scope {
  return new Scope(htmlConfig({ start, scope }));
}

function target(url: string): CanonicalUrl {
  const canonical = canonicalUrl(url);
  assert.ok(canonical !== null);
  return canonical;
}

function codeFor(scope: Scope, url: string, named = false): string | undefined {
  return scope.refuse(target(url), named)?.code;
}

test('without hosts, those of start and sitemaps are visited', () => {
  const scope = new Scope(
    htmlConfig({ start: ['http://a.test/x'], sitemaps: ['https://b.test:8443/map.xml'] }),
  );
  assert.equal(codeFor(scope, 'http://a.test/y'), undefined);
  assert.equal(codeFor(scope, 'https://a.test/y'), undefined);
  assert.equal(codeFor(scope, 'https://b.test:8443/'), undefined);
  assert.equal(codeFor(scope, 'https://b.test/'), 'HOST_OUT_OF_SCOPE');
  assert.equal(codeFor(scope, 'http://www.a.test/'), 'HOST_OUT_OF_SCOPE');
  assert.equal(codeFor(scope, 'http://a.test:8080/'), 'HOST_OUT_OF_SCOPE');
});

test('hosts are compared as URLs have them', () => {
  const scope = scopeOf({ hosts: ['Site.TEST', 'münchen.test', 'plain.test:80', 'tls.test:443'] });
  for (const url of [
    'http://site.test/',
    'https://xn--mnchen-3ya.test/',
    'http://plain.test/',
    'https://tls.test/',
  ]) {
    assert.equal(codeFor(scope, url), undefined, url);
  }
});

test('a host is a host and nothing else', () => {
  for (const text of [
    'http://site.test',
    'site.test/',
    'a b',
    '',
    'me@site.test',
    'site.test?x',
    'site.test:port',
  ]) {
    assert.equal(parseHost(text), null, text);
  }
  assert.equal(parseHost('127.0.0.1:8080'), '127.0.0.1:8080');
  assert.equal(parseHost('[::1]:8080'), '[::1]:8080');
});

test('include and exclude are about the whole URL, and exclude wins', () => {
  const scope = scopeOf({
    include: ['^http://site\\.test/books/', '\\?shelf='],
    exclude: ['\\.pdf$'],
  });
  assert.equal(codeFor(scope, 'http://site.test/books/1'), undefined);
  assert.equal(codeFor(scope, 'http://site.test/list?shelf=3'), undefined);
  assert.equal(codeFor(scope, 'http://site.test/about'), 'URL_NOT_INCLUDED');
  assert.equal(codeFor(scope, 'http://site.test/books/1.pdf'), 'URL_EXCLUDED');
});

test('what a person named need not be included, but may be excluded', () => {
  const scope = scopeOf({ include: ['/books/'], exclude: ['/private/'] });
  assert.equal(codeFor(scope, 'http://site.test/en/', true), undefined);
  assert.equal(codeFor(scope, 'http://site.test/private/', true), 'URL_EXCLUDED');
});

test('a URL of one character too many is left alone', () => {
  const scope = scopeOf({ maxUrlLength: 30 });
  const url = 'http://site.test/'.padEnd(30, 'x');
  assert.equal(codeFor(scope, url), undefined);
  assert.equal(codeFor(scope, `${url}x`), 'URL_TOO_LONG');
});

test('depth counts links, and the last allowed one is allowed', () => {
  assert.equal(scopeOf({ maxDepth: 2 }).refuseDepth(2), undefined);
  assert.equal(scopeOf({ maxDepth: 2 }).refuseDepth(3)?.code, 'TOO_DEEP');
  assert.equal(scopeOf({ maxDepth: 0 }).refuseDepth(1)?.code, 'TOO_DEEP');
  assert.equal(scopeOf({}).refuseDepth(1_000_000), undefined);
});

test('path segments that go round and round are a trap', () => {
  const scope = scopeOf({});
  const traps = [
    '/a/a/a/a',
    '/x/a/a/a/a/y',
    '/a/b/a/b/a/b/a/b/',
    '/en/a/b/c/a/b/c/a/b/c/a/b/c?x=1',
  ];
  for (const path of traps)
    assert.equal(codeFor(scope, `http://site.test${path}`), 'URL_TRAP', path);
  const pages = [
    '/',
    '/a/a/a',
    '/a/b/a/b/a/b',
    '/2011/11/11/11',
    '/a/b/c/d/e/f',
    '/x////',
    '/?a/a/a/a/a',
    '/1/1/2/1/1/2',
  ];
  for (const path of pages)
    assert.equal(codeFor(scope, `http://site.test${path}`), undefined, path);
});

test('every refusal says which setting it is about', () => {
  const scope = scopeOf({ include: ['/in/'], exclude: ['/no/'], maxUrlLength: 60, maxDepth: 1 });
  const settings = {
    hosts: scope.refuse(target('http://elsewhere.test/')),
    exclude: scope.refuse(target('http://site.test/no/')),
    include: scope.refuse(target('http://site.test/')),
    maxUrlLength: scope.refuse(target(`http://site.test/in/${'x'.repeat(60)}`)),
    maxDepth: scope.refuseDepth(2),
  };
  for (const [setting, refusal] of Object.entries(settings)) {
    assert.ok(refusal?.message.includes(`source.scope.${setting}`), setting);
  }
});
