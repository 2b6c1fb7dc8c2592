import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import { readSitemap, type SitemapEntry } from '../../../../src/sources/html/sitemap.ts';
import { Gate, html, redirect, send } from '../../../fixtures/answers.ts';
import { pagesOf, planAll, claim } from '../../../conformance/drive.ts';
import { failure, serve } from '../http/httpBench.ts';
import { openHtml, pageOf, walk } from './htmlBench.ts';

const megabyte = 1024 * 1024;

async function read(body: string | Buffer, maxBytes = 50 * megabyte): Promise<SitemapEntry[]> {
  const entries: SitemapEntry[] = [];
  for await (const batch of readSitemap(Buffer.from(body), maxBytes)) entries.push(...batch);
  return entries;
}

async function links(body: string | Buffer): Promise<string[]> {
  return (await read(body)).map(({ kind, link }) => `${kind} ${link}`);
}

const urlset = (...locs: string[]) =>
  `<?xml version="1.0"?>\n<urlset xmlns="x">${locs.map((l) => `<url><loc>${l}</loc></url>`).join('\n')}</urlset>`;

test('a sitemap is its pages, an index its sitemaps', async () => {
  const images = '<image:image><image:loc>http://s.test/i.png</image:loc></image:image>';
  const alternate = '<xhtml:link rel="alternate" hreflang="de" href="http://s.test/de"/>';
  assert.deepEqual(
    await links(
      `<urlset><url>${images}<loc> http://s.test/?a=1&amp;b=2 </loc>${alternate}</url><url><loc><![CDATA[http://s.test/c]]></loc></url><url><loc/></url><url><loc>http://s.test/d</url></urlset>`,
    ),
    ['page http://s.test/?a=1&b=2', 'page http://s.test/c', 'page http://s.test/d'],
  );
  assert.deepEqual(
    await links(
      '<sm:sitemapindex><sm:sitemap><sm:loc>http://s.test/1.xml.gz</sm:loc></sm:sitemap></sm:sitemapindex>',
    ),
    ['sitemap http://s.test/1.xml.gz'],
  );
});

test('feeds and text files are sitemaps, too', async () => {
  assert.deepEqual(
    await links(
      '<rss><channel><link>http://s.test/</link><item><link>http://s.test/1</link></item></channel></rss>',
    ),
    ['page http://s.test/1'],
  );
  assert.deepEqual(
    await links(
      '<feed><link href="http://s.test/"/><entry><link rel="edit" href="/e"/><link href="/1"/></entry></feed>',
    ),
    ['page /1'],
  );
  assert.deepEqual(
    await links('\ufeff\n http://s.test/1\r\nhttps://s.test/2\r\r  \nhttp://s.test/3'),
    ['page http://s.test/1', 'page https://s.test/2', 'page http://s.test/3'],
  );
});

test('a gzipped one is unpacked, whatever it is called', async () => {
  assert.deepEqual(await links(gzipSync(urlset('http://s.test/1'))), ['page http://s.test/1']);
});

test('entries come in batches while the rest is still to be read, and none is cut in two', async () => {
  const locs = Array.from({ length: 50_000 }, (_, i) => `http://s.test/${'ž'.repeat(i % 7)}/${i}`);
  for (const body of [urlset(...locs), locs.join('\n'), gzipSync(urlset(...locs))]) {
    const batches: number[] = [];
    const read: string[] = [];
    for await (const batch of readSitemap(Buffer.from(body), 50 * megabyte)) {
      batches.push(batch.length);
      for (const { link } of batch) read.push(link);
    }
    assert.deepEqual(read, locs);
    assert.ok(batches.length > 10 && Math.max(...batches) < 5_000);
  }
});

const wrong: readonly (readonly [what: string, body: string | Buffer, code: string])[] = [
  ['nothing', ' \n ', 'SITEMAP_INVALID'],
  ['an error page', '<!doctype html><html><body>Sorry</body></html>', 'SITEMAP_INVALID'],
  ['a text that is no list of URLs', 'http://s.test/1\nSorry, no sitemap here', 'SITEMAP_INVALID'],
  ['JSON', '{"urls": []}', 'SITEMAP_INVALID'],
  ['one that ends in the middle', urlset('http://s.test/1').slice(0, -20), 'SITEMAP_CUT'],
  ['one that ends in an address', '<urlset><url><loc>http://s.test/al', 'SITEMAP_CUT'],
  [
    'gzip that ends in the middle',
    gzipSync(urlset('http://s.test/1')).subarray(0, -12),
    'SITEMAP_DAMAGED',
  ],
  ['gzip that is none', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4]), 'SITEMAP_DAMAGED'],
  ['one that nests without end', `<urlset>${'<a>'.repeat(1_000_000)}`, 'SITEMAP_INVALID'],
];

for (const [what, body, code] of wrong) {
  test(`${what} is refused`, async () => {
    await failure(read(body), UnitFailedError, code);
  });
}

test('what stands before the cut is used, but not an address that is cut itself', async () => {
  const entries: SitemapEntry[] = [];
  await assert.rejects(async () => {
    const body = `${urlset(...Array.from({ length: 5_000 }, (_, i) => `http://s.test/${i}`)).slice(0, -9)}<url><loc>http://s.te`;
    for await (const batch of readSitemap(Buffer.from(body), megabyte)) entries.push(...batch);
  });
  assert.ok(entries.length > 1000);
  assert.ok(entries.every(({ link }) => /\/\d+$/.test(link)));
});

test('a bomb is stopped at the limit', async () => {
  const bomb = gzipSync(`<urlset>${' '.repeat(20 * megabyte)}</urlset>`);
  await failure(read(bomb, 2 * megabyte), UnitFailedError, 'SITEMAP_TOO_LARGE');
  await read(bomb, 21 * megabyte);
});

test('pages of sitemaps are start pages, each in scope and once', async (t) => {
  const server = await serve(t, {
    '/robots.txt': send(200, 'User-agent: *\nDisallow: /no'),
    '*': send(200, '<title>x</title>', { 'content-type': 'text/html' }),
  });
  const at = (path: string) => server.url(path);
  server.route('/index.xml', redirect('/real-index.xml'));
  server.route(
    '/real-index.xml',
    send(
      200,
      `<sitemapindex>${['/a.xml', '/index.xml', '/no.xml', 'b.txt.gz']
        .map((path) => `<sitemap><loc>${path}</loc></sitemap>`)
        .join('')}<sitemap><loc>http://else.test/c.xml</loc></sitemap></sitemapindex>`,
    ),
  );
  server.route('/a.xml', send(200, urlset(at('/1'), at('/2#x'), 'http://else.test/', at('/skip'))));
  server.route('/b.txt.gz', send(200, gzipSync(`${at('/2')}\n${at('/no')}`)));
  const source = openHtml(t, {
    sitemaps: [at('/index.xml')],
    scope: { exclude: ['skip'] },
    fields: { depth: { from: 'depth' } },
  });
  const { records, ends } = await walk(source);
  const done = 'end of sitemap';
  assert.deepEqual(ends, {
    [`sitemap:${at('/index.xml')}`]: done,
    [`sitemap:${at('/a.xml')}`]: done,
    [`sitemap:${at('/no.xml')}`]: 'ROBOTS_BLOCKED',
    [`sitemap:${at('/b.txt.gz')}`]: done,
    [at('/1')]: 'one page',
    [at('/2')]: 'one page',
    [at('/no')]: 'ROBOTS_BLOCKED',
  });
  assert.deepEqual(records, [{ depth: 0 }, { depth: 0 }]);
});

test('a sitemap that moves to where we may not go is left alone', async (t) => {
  const server = await serve(t, {
    '/robots.txt': send(200, 'User-agent: *\nDisallow: /no'),
    '/out.xml': redirect('http://else.test/map.xml'),
    '/blocked.xml': redirect('/no.xml'),
  });
  const sitemaps = [server.url('/out.xml'), server.url('/blocked.xml')];
  const { ends } = await walk(openHtml(t, { sitemaps }));
  assert.deepEqual(Object.values(ends), ['REDIRECT_OUT_OF_SCOPE', 'ROBOTS_BLOCKED']);
  assert.equal(server.count('/no.xml'), 0);
});

test('indexes in indexes come to an end', async (t) => {
  const server = await serve(t, {
    '*': ({ path }, response) => {
      const next = `${path.slice(0, -4)}x.xml`;
      response.end(`<sitemapindex><sitemap><loc>${next}</loc></sitemap></sitemapindex>`);
    },
    '/robots.txt': send(404),
  });
  const warnings: string[] = [];
  const quiet = () => undefined;
  const logger = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (_: object, message: string) => warnings.push(message),
  };
  const source = openHtml(t, { sitemaps: [server.url('/s.xml')] }, { logger });
  assert.equal(Object.keys((await walk(source)).ends).length, 4);
  assert.deepEqual(warnings, ['A sitemap in a sitemap is left out']);
});

test('a large sitemap is handed over in parts, the proof with the last', async (t) => {
  const server = await serve(t, { '/robots.txt': send(404) });
  const locs = Array.from({ length: 12_345 }, (_, i) => server.url(`/${i}`));
  server.route('/map.xml', send(200, urlset(...locs)));
  const source = openHtml(t, { sitemaps: [server.url('/map.xml')] });
  const [unit] = await planAll(source);
  const pages = await pagesOf(source, claim(unit!, 1));
  assert.deepEqual(
    pages.flatMap((page) => page.units?.map((found) => found.key) ?? []),
    locs,
  );
  assert.ok(pages.length > 5 && pages.every((page) => (page.units?.length ?? 0) < 2_500));
  const ends = pages.map((page) => page.end?.by);
  assert.equal(ends.pop(), 'end of sitemap');
  assert.ok(ends.every((end) => end === undefined));
});

test('sitemaps are read one at a time, and one that is stopped while it waits stops at once', async (t) => {
  const gate = new Gate();
  const server = await serve(t, {
    '/robots.txt': send(404),
    '/1.xml': gate.hold(send(200, urlset('/x'))),
    '/2.xml': send(200, urlset('/x')),
    '/3.xml': send(200, urlset('/x')),
    '/page': html(''),
  });
  const source = openHtml(t, { sitemaps: [1, 2, 3].map((n) => server.url(`/${n}.xml`)) });
  const [first, second, third] = (await planAll(source)).map((unit, i) => claim(unit, i + 1));
  const stop = new AbortController();
  const reason = new Error('stopped');
  const one = pagesOf(source, first!);
  const two = source.collect(second!, { signal: stop.signal }).next();
  const three = pagesOf(source, third!);
  await server.untilRequests(1, '/1.xml');
  stop.abort(reason);
  await assert.rejects(two, (error) => error === reason);
  // What was sent before these round trips has arrived by their end.
  for (const n of [4, 5]) await pagesOf(source, pageOf(server.url('/page'), {}, n));
  assert.equal(server.count('/2.xml') + server.count('/3.xml'), 0);
  gate.open();
  assert.equal((await one).length + (await three).length, 2);
});
