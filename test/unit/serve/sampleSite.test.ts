import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { sampleBookCount, sampleBooks } from '../../../src/serve/sampleBooks.ts';
import { disallowedPath, listingCount, startSampleSite } from '../../../src/serve/sampleSite.ts';

async function text(url: string | URL): Promise<string> {
  const response = await fetch(url);
  assert.equal(response.status, 200, String(url));
  return response.text();
}

function hrefs(page: string, pattern: RegExp): string[] {
  return Array.from(page.matchAll(pattern), (match) => match[1] ?? '');
}

test('a walk by "next" and by the books links reaches every book once', async (t) => {
  const site = await startSampleSite();
  t.after(() => site.close());
  const bookLinks: string[] = [];
  let listings = 0;
  for (let at: string | undefined = '/'; at !== undefined; listings++) {
    const page = await text(new URL(at, site.url));
    bookLinks.push(...hrefs(page, /<h3><a href="(\/catalogue[^"]+)"/g));
    [at] = hrefs(page, /<li class="next"><a href="([^"]+)"/g);
  }
  assert.equal(listings, listingCount);
  assert.equal(new Set(bookLinks).size, sampleBookCount);
  assert.equal(bookLinks.length, sampleBookCount);

  const titles = new Set<string>();
  for (const link of bookLinks) {
    const page = await text(new URL(link, site.url));
    assert.equal(page.match(/<article class="product_page"/g)?.length, 1);
    assert.match(page, /<p class="price_color">£\d+\.\d\d<\/p>/);
    titles.add(/<h1>([^<]+)<\/h1>/.exec(page)?.[1] ?? '');
  }
  assert.ok(!titles.has(''));
});

test('books are the same in every run, and no two share an address', () => {
  assert.equal(new Set(sampleBooks.map((book) => book.slug)).size, sampleBookCount);
  assert.equal(
    hash('sha256', JSON.stringify(sampleBooks)),
    '17f5027f187f6421c9e0eac125b219ad163d6daf9b03a6f9d93b942cd4776b37',
  );
});

test('robots.txt forbids one linked page, and the sitemap names the others', async (t) => {
  const site = await startSampleSite();
  t.after(() => site.close());
  assert.match(await text(`${site.url}robots.txt`), /^Disallow: \/staff\/$/m);
  assert.ok((await text(site.url)).includes(`href="${disallowedPath}"`));
  const locations = hrefs(await text(`${site.url}sitemap.xml`), /<loc>([^<]+)<\/loc>/g);
  assert.equal(locations.length, listingCount + sampleBookCount);
  assert.ok(locations.every((location) => location.startsWith(site.url)));
});

test('requests are logged, unknown pages are 404, other methods 405', async (t) => {
  const site = await startSampleSite();
  t.after(() => site.close());
  assert.equal((await fetch(`${site.url}nothing`)).status, 404);
  assert.equal((await fetch(site.url, { method: 'POST' })).status, 405);
  assert.deepEqual(
    site.requests.map((request) => `${request.method} ${request.url}`),
    ['GET /nothing', 'POST /'],
  );
});

test('delayMs holds every response back, and close does not wait for it', async () => {
  const slow = await startSampleSite({ delayMs: 40 });
  const before = performance.now();
  await text(slow.url);
  assert.ok(performance.now() - before >= 39);
  await slow.close();

  const verySlow = await startSampleSite({ delayMs: 60_000 });
  const pending = fetch(verySlow.url);
  const refused = assert.rejects(pending);
  while (verySlow.requests.length === 0) await new Promise(setImmediate);
  await verySlow.close();
  await refused;
});
