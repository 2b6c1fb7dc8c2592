import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnitFailedError, UnitSkippedError } from '../../../../src/core/errors.ts';
import {
  choose,
  endlessRedirect,
  html,
  hugeBody,
  inCharset,
  redirect,
  send,
} from '../../../fixtures/answers.ts';
import { claim, never, pagesOf, planAll, throughJson } from '../../../conformance/drive.ts';
import { failure, serve } from '../http/httpBench.ts';
import { openHtml, pageOf, walk } from './htmlBench.ts';

const noRobots = { '/robots.txt': send(404) };

test('a site is walked by its links, each page once', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/': html(
      '<title>start</title><a href="/a">x</a><a href="b.html#x">x</a><p><a href="/c">no</a>',
    ),
    '/a': html('<title>a</title><a href="/">x</a><a href="/b.html?">x</a>'),
    '/b.html': html('<title>b</title><a href="/deep">x</a><a href="http://else.test/">x</a>'),
    '/deep': html('<title>deep</title><a href="/deeper">x</a>'),
  });
  const source = openHtml(t, {
    start: [server.url('/#start'), server.url()],
    follow: ['title ~ a'],
    scope: { maxDepth: 2 },
    fields: { title: 'title', depth: { from: 'depth' }, url: { from: 'url' } },
  });
  const { records, ends } = await walk(source);
  assert.deepEqual(records, [
    { title: 'start', depth: 0, url: server.url() },
    { title: 'a', depth: 1, url: server.url('/a') },
    { title: 'b', depth: 1, url: server.url('/b.html') },
    { title: 'deep', depth: 2, url: server.url('/deep') },
  ]);
  assert.deepEqual(Object.values(ends), Array(4).fill('one page'));
  assert.equal(server.count(), 5, 'four pages and one robots.txt');
});

test('units are small, safe and the same at every open', async (t) => {
  const server = await serve(t, { ...noRobots, '/': html('<a href="/x">x</a>') });
  const config = { start: [server.url()], sitemaps: [server.url()], follow: ['a'] };
  const source = openHtml(t, config);
  const planned = await planAll(source);
  assert.deepEqual(await planAll(openHtml(t, config)), planned);
  assert.deepEqual(planned, [
    {
      key: `sitemap:${server.url()}`,
      lane: server.host,
      group: 'sitemaps',
      input: { kind: 'sitemap', depth: 0 },
    },
    { key: server.url(), lane: server.host, group: 'pages', input: { depth: 0, named: true } },
  ]);
  const [page] = await pagesOf(source, pageOf(server.url()));
  assert.deepEqual(page?.units, [
    { key: server.url('/x'), lane: server.host, group: 'pages', input: { depth: 1 } },
  ]);
});

test('an item is a match, and a page without one still gives its links', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/': html('<a href="/list">x</a>'),
    '/list': html('<base href="/img/"><p>1<img src="a"></p><p>2<img src="b"></p>'),
  });
  const source = openHtml(t, {
    start: [server.url()],
    follow: ['a'],
    items: 'p',
    fields: { n: { as: 'integer' }, image: { select: 'img', as: 'url' } },
  });
  const { records } = await walk(source);
  assert.deepEqual(records, [
    { n: 1, image: server.url('/img/a') },
    { n: 2, image: server.url('/img/b') },
  ]);
});

test('a page that redirects is done, and the other page is fetched once', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/': html(
      '<a href="/old">x</a><a href="/new/">x</a><a href="/new">x</a><a href="/older">x</a>',
    ),
    '/older': redirect('/old', 301),
    '/old': redirect('new', 301),
    '/new': redirect('/new/#part', 308),
    '/new/': html('<title>new</title>'),
  });
  const source = openHtml(t, { start: [server.url()], follow: ['a'] });
  const { records, ends } = await walk(source);
  assert.equal(records.length, 2);
  assert.deepEqual(ends, {
    [server.url('/')]: 'one page',
    [server.url('/old')]: 'redirect',
    [server.url('/new/')]: 'one page',
    [server.url('/new')]: 'redirect',
    [server.url('/older')]: 'redirect',
  });
  for (const path of ['/older', '/old', '/new', '/new/']) assert.equal(server.count(path), 1, path);
});

test('a redirect to another spelling of the same page is followed at once', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/~me': redirect('/%7Eme?#x'),
    '/%7Eme': html('<title>me</title>'),
  });
  const source = openHtml(t, { start: [server.url('/~me')], fields: { page: { from: 'page' } } });
  assert.deepEqual(await walk(source), {
    records: [{ page: server.url('/~me') }],
    ends: { [server.url('/~me')]: 'one page' },
  });
});

test('a redirect out of scope skips the page, with the reason', async (t) => {
  const server = await serve(t, { ...noRobots, '/': redirect('http://www.else.test/') });
  const source = openHtml(t, { start: [server.url()] });
  const error = await failure(
    pagesOf(source, pageOf(server.url())),
    UnitSkippedError,
    'REDIRECT_OUT_OF_SCOPE',
  );
  assert.match(error.message, /www\.else\.test.*source\.scope\.hosts/);
});

test('what stands for a start page need not be included', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/': redirect('/en'),
    '/en': redirect('/en/'),
    '/en/': html('<title>en</title><a href="/books/1">x</a><a href="/about">x</a>'),
    '/books/1': redirect('/sorry'),
  });
  const source = openHtml(t, {
    start: [server.url()],
    follow: ['a'],
    scope: { include: ['/books/'] },
  });
  const { ends } = await walk(source);
  assert.deepEqual(ends, {
    [server.url('/')]: 'redirect',
    [server.url('/en')]: 'redirect',
    [server.url('/en/')]: 'one page',
    [server.url('/books/1')]: 'REDIRECT_OUT_OF_SCOPE',
  });
});

test('redirects in a circle are a failure', async (t) => {
  const server = await serve(t, { ...noRobots, '/a': redirect('/b'), '/b': redirect('/a') });
  const source = openHtml(t, { start: [server.url('/a'), server.url('/b')] });
  const { ends } = await walk(source);
  assert.deepEqual(ends, { [server.url('/a')]: 'redirect', [server.url('/b')]: 'REDIRECT_LOOP' });
});

test('a redirect to itself is a failure', async (t) => {
  const server = await serve(t, { ...noRobots, '/a': redirect('/a#x') });
  const source = openHtml(t, { start: [server.url('/a')] });
  assert.deepEqual((await walk(source)).ends, { [server.url('/a')]: 'REDIRECT_LOOP' });
});

test('redirects that never end are a failure', async (t) => {
  const server = await serve(t, { ...noRobots, '/r': endlessRedirect() });
  const source = openHtml(t, { start: [server.url('/r')], request: { maxRedirects: 4 } });
  const { ends } = await walk(source);
  assert.equal(Object.values(ends).at(-1), 'TOO_MANY_REDIRECTS');
  assert.equal(server.count('/r'), 5);
});

test('a page that sends visitors away for a cookie and back is collected', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/': choose(({ headers }) =>
      headers.cookie === undefined ? redirect('/check') : html('<title>in</title>'),
    ),
    '/check': send(302, '', { location: '/', 'set-cookie': 'ok=1; Path=/' }),
  });
  const source = openHtml(t, {
    start: [server.url()],
    fields: { title: 'title', page: { from: 'page' } },
  });
  const { records, ends } = await walk(source);
  assert.deepEqual(records, [{ title: 'in', page: server.url() }]);
  assert.deepEqual(ends, { [server.url()]: 'redirect', [server.url('/check')]: 'one page' });
});

test('what is no page is skipped, with its type', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/json': send(200, '{"a":1}', { 'content-type': 'application/json' }),
    '/typeless-json': send(200, '{"a":1}'),
    '/empty': send(204),
    '/typeless': send(200, '\ufeff\n <!doctype html><title>x</title>'),
    '/xhtml': send(200, '<title>x</title>', { 'content-type': 'Application/XHTML+XML' }),
  });
  const start = ['/json', '/typeless-json', '/empty', '/typeless', '/xhtml'];
  const source = openHtml(t, { start: start.map((path) => server.url(path)) });
  const { ends } = await walk(source);
  assert.deepEqual(Object.values(ends), [
    'NOT_HTML',
    'NOT_HTML',
    'NOT_HTML',
    'one page',
    'one page',
  ]);
});

test("errors of the page are the client's", async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/huge': hugeBody(3000),
    '/gone': send(410),
  });
  const source = openHtml(t, {
    start: ['/huge', '/gone', '/missing'].map((path) => server.url(path)),
    request: { maxBodyBytes: 2000 },
  });
  const { ends } = await walk(source);
  assert.deepEqual(Object.values(ends), ['BODY_TOO_LARGE', 'HTTP_GONE', 'HTTP_NOT_FOUND']);
});

test('texts come through in every charset', async (t) => {
  const title = '<title>Žluťoučký kůň</title>';
  const server = await serve(t, {
    ...noRobots,
    '/header': inCharset('windows-1250', title, 'windows-1250'),
    '/meta': inCharset('iso-8859-2', `<meta charset="iso-8859-2">${title}`),
    '/wrong': inCharset('utf8', title, 'klingon'),
    '/utf16': inCharset('utf-16', title),
  });
  const start = ['/header', '/meta', '/wrong', '/utf16'].map((path) => server.url(path));
  const { records } = await walk(openHtml(t, { start }));
  assert.deepEqual(records, Array(4).fill({ title: 'Žluťoučký kůň' }));
});

test('robots.txt blocks a page, also one that is redirected to', async (t) => {
  const server = await serve(t, {
    '/robots.txt': send(200, 'User-agent: *\nDisallow: /private/\n'),
    '/': html('<a href="/private/1">x</a><a href="/moved">x</a><a href="/open">x</a>'),
    '/moved': redirect('/private/2'),
    '/open': html(''),
  });
  const { ends } = await walk(openHtml(t, { start: [server.url()], follow: ['a'] }));
  assert.deepEqual(ends, {
    [server.url()]: 'one page',
    [server.url('/private/1')]: 'ROBOTS_BLOCKED',
    [server.url('/moved')]: 'redirect',
    [server.url('/open')]: 'one page',
    [server.url('/private/2')]: 'ROBOTS_BLOCKED',
  });
  assert.equal(server.count('/private/1') + server.count('/private/2'), 0);
});

test('robots.txt and robots metas are ignored when the collection says so', async (t) => {
  const server = await serve(t, {
    '/robots.txt': send(200, 'User-agent: *\nDisallow: /\n'),
    '/': html('<meta name="robots" content="nofollow"><a href="/x">x</a>', {
      'x-robots-tag': 'none',
    }),
    '/x': html(''),
  });
  const source = openHtml(t, { start: [server.url()], follow: ['a'], robots: 'ignore' });
  assert.deepEqual(Object.keys((await walk(source)).ends), [server.url(), server.url('/x')]);
  assert.equal(server.count('/robots.txt'), 0);
});

test('a page that asks for it is collected without its links', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/meta': html('<title>x</title><meta name="robots" content="nofollow"><a href="/x">x</a>'),
    '/header': html('<title>x</title><a href="/x">x</a>', { 'x-robots-tag': 'nofollow' }),
    '/me': html('<title>x</title><a href="/x">x</a>', { 'x-robots-tag': 'bookbot: nofollow' }),
    '/other': html('<title>x</title><a href="/y">x</a>', { 'x-robots-tag': 'otherbot: nofollow' }),
  });
  const start = ['/meta', '/header', '/me', '/other'].map((path) => server.url(path));
  const request = { userAgent: 'BookBot/1.0 (+mailto:me@site.test)' };
  const { records, ends } = await walk(openHtml(t, { start, follow: ['a'], request }));
  assert.equal(records.length, 4);
  assert.deepEqual(Object.keys(ends), [...start, server.url('/y')]);
});

test('pages of a host past the limit are skipped, and those without a page do not count', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '*': html('x'),
    '/gone': send(410),
    '/moved': redirect('/4'),
    '/data': send(200, '{}', { 'content-type': 'application/json' }),
  });
  const paths = ['/gone', '/1', '/moved', '/data', '/2', '/3', '/4'];
  const source = openHtml(t, {
    start: paths.map((path) => server.url(path)),
    scope: { maxPagesPerHost: 2 },
  });
  const { ends } = await walk(source);
  assert.deepEqual(
    paths.map((path) => ends[server.url(path)]),
    [
      'HTTP_GONE',
      'one page',
      'redirect',
      'NOT_HTML',
      'one page',
      'HOST_PAGE_LIMIT',
      'HOST_PAGE_LIMIT',
    ],
  );
  const again = await pagesOf(source, claim(pageOf(server.url('/1')), 2));
  assert.equal(again[0]?.end?.by, 'one page', 'a page that has its place keeps it');
});

test('the limit counts on from what was done before', async (t) => {
  const server = await serve(t, { ...noRobots, '*': html('x') });
  const asked: string[] = [];
  const pagesDone = (host: string) => {
    asked.push(host);
    return 9;
  };
  const start = [server.url('/1'), server.url('/2')];
  const source = openHtml(t, { start, scope: { maxPagesPerHost: 10 } }, {}, { pagesDone });
  assert.deepEqual(Object.values((await walk(source)).ends), ['one page', 'HOST_PAGE_LIMIT']);
  assert.deepEqual(new Set(asked), new Set([server.host]));
});

test('at most so many pages even when many are under way', async (t) => {
  const server = await serve(t, { ...noRobots, '*': html('x') });
  const source = openHtml(t, { start: [server.url()], scope: { maxPagesPerHost: 3 } });
  const units = Array.from({ length: 10 }, (_, i) => pageOf(server.url(`/${i}`), {}, i + 1));
  const ends = await Promise.allSettled(units.map((unit) => pagesOf(source, unit)));
  assert.equal(ends.filter((end) => end.status === 'fulfilled').length, 3);
});

test('an item survives the raw file: a page as received, an element as markup', async (t) => {
  const body =
    '<!doctype html><title>T &amp; t</title><base href="/base/"><div><p id=1>a &lt; b &amp;amp; ž\u2028 <i>x</i>' +
    '<a href="y">l</a><script>a<b</script></p></div>';
  const server = await serve(t, { ...noRobots, '/': html(body) });
  const facts = {
    url: { from: 'url' },
    page: { from: 'page' },
    depth: { from: 'depth' },
    at: { from: 'fetchedAt' },
    status: { from: 'status' },
    link: { select: 'a', as: 'url' },
    text: { as: 'text' },
    html: { select: 'i', as: 'html' },
  };
  for (const items of [undefined, 'p']) {
    const config = {
      start: [server.url()],
      fields: facts,
      ...(items === undefined ? {} : { items }),
    };
    const source = openHtml(t, config);
    const unit = pageOf(server.url(), { depth: 2 });
    const [page] = await pagesOf(source, unit);
    const item = page!.items[0]!;
    const raw = throughJson(source.toRaw(item));
    const later = openHtml(t, config);
    const record = await source.map(item, unit);
    assert.deepEqual(await later.map(later.fromRaw(raw, unit), unit), record);
    assert.equal(record['link'], server.url('/base/y'));
    assert.equal(record['depth'], 2);
    if (items === undefined) assert.equal((raw as { html?: string }).html, body);
  }
});

test('a raw item of another kind is refused', (t) => {
  const source = openHtml(t, { start: ['http://site.test/'] });
  const unit = pageOf('http://site.test/');
  for (const raw of [null, 'x', [], {}, { html: 1 }, { element: 'no markup' }]) {
    assert.throws(() => source.fromRaw(raw, unit), /raw item/);
  }
});

test('provenance is the canonical address and the time', async (t) => {
  const server = await serve(t, { ...noRobots, '/': html('x') });
  const source = openHtml(t, { start: [server.url()] });
  const before = new Date().toISOString();
  const [page] = await pagesOf(source, pageOf(server.url()));
  const { url, fetchedAt } = source.provenance(page!.items[0]!);
  assert.equal(url, server.url());
  assert.ok(fetchedAt >= before && fetchedAt <= new Date().toISOString());
});

test('a hostile page is one failed unit, and the source goes on', async (t) => {
  const server = await serve(t, {
    ...noRobots,
    '/nested': html(`${'<div>'.repeat(100_000)}<title>deep</title>`),
    '/siblings': html(`<ul>${'<li>x'.repeat(50_000)}</ul>`),
    '/well': html('<title>x</title>'),
  });
  const start = ['/nested', '/siblings', '/well'].map((path) => server.url(path));
  const fields = { title: 'title', text: { select: 'div', as: 'html' } };
  const source = openHtml(t, { start, follow: ['.none ~ li'], fields });
  const { ends } = await walk(source);
  assert.deepEqual(Object.values(ends), ['one page', 'SELECTOR_TOO_SLOW', 'one page']);
});

test('a page is not read to its end when it is stopped', async (t) => {
  const server = await serve(t, { ...noRobots, '/': hugeBody(Infinity) });
  const source = openHtml(t, { start: [server.url()] });
  const controller = new AbortController();
  const reason = new Error('stopped');
  const work = source.collect(pageOf(server.url()), { signal: controller.signal }).next();
  await server.untilRequests(1, '/');
  controller.abort(reason);
  await assert.rejects(work, (error) => error === reason);
  await assert.rejects(
    source.collect(pageOf(server.url('/x')), { signal: never() }).next(),
    UnitFailedError,
  );
});
