import { collectionSchema } from '../../src/core/config.ts';
import type { BrowserSourceConfig } from '../../src/core/config/browserSource.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { HtmlItem } from '../../src/sources/html/htmlItem.ts';
import { createBrowserSource } from '../../src/sources/browser/browserSource.ts';
import type { FaultyRequest } from '../fixtures/faultyServer.ts';
import { HttpBackend, type WellAnswer } from './httpBackend.ts';
import type { Subject } from './subject.ts';
import { testSource } from './testSource.ts';

/** Pages by path: their links, and how many items they show. */
const site: Readonly<
  Record<string, { readonly links: readonly string[]; readonly items: number }>
> = {
  '/a/': { links: ['1.html', '2.html', '/b/'], items: 0 },
  '/a/1.html': { links: ['./', '2.html#top'], items: 2 },
  '/a/2.html': { links: ['1.html', 'https://elsewhere.test/'], items: 1 },
  '/b/': { links: ['/a/', 'only.html'], items: 3 },
  '/b/only.html': { links: [], items: 1 },
};

function answer({ path }: FaultyRequest): WellAnswer | undefined {
  if (path === '/robots.txt') return { headers: {}, body: 'User-agent: *\nDisallow: /private/\n' };
  const page = site[path];
  if (page === undefined) return undefined;
  const items = itemsOf(path).map(
    ({ name, price }) =>
      `<article><h2>${name}</h2><p class="price">£${price.toFixed(2)}</p><i>x</i><i>y</i></article>`,
  );
  const links = page.links.map((link) => `<a class="next" href="${link}">on</a>`);
  return {
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!doctype html><title>${path}</title><h1>Æ ${path}</h1><main></main><script>
      document.querySelector('main').innerHTML = ${JSON.stringify(links.join(' ') + items.join(''))};
    </script>`,
  };
}

function itemsOf(path: string): { readonly name: string; readonly price: number }[] {
  return Array.from({ length: site[path]?.items ?? 0 }, (_, i) => ({
    name: `${path} & ${i}`,
    price: path.length + i / 4,
  }));
}

function configOf(source: object): BrowserSourceConfig {
  const { source: checked } = collectionSchema.parse({ name: 'test', source });
  if (checked.type !== 'browser') throw new Error('not a browser source');
  return checked;
}

function subject(
  name: string,
  source: (url: (path: string) => string) => object,
  expected: (url: (path: string) => string) => readonly JsonObject[],
): Subject<HtmlItem, HttpBackend> {
  const urlOf = (backend: HttpBackend) => (path: string) => backend.server.url(path);
  return {
    name,
    traits: { paid: false, discovers: true, resumesMidUnit: false },
    start: () => HttpBackend.start(answer),
    create: (backend, context, { timeoutMs }) =>
      createBrowserSource(
        configOf({ type: 'browser', request: { timeoutMs }, ...source(urlOf(backend)) }),
        context,
      ),
    expected: (backend) => expected(urlOf(backend)),
    errors: {
      throttled: 'ThrottledError',
      unavailable: 'RetryError',
      missing: 'UnitFailedError',
      silent: 'RetryError',
      cut: 'RetryError',
      refused: 'RetryError',
    },
    hasHealth: true,
    silentMs: 3_000,
    firstUnitMs: 20_000,
  };
}

testSource(
  subject(
    'browser: a record per match, links followed',
    (url) => ({
      start: [url('/a/'), url('/b/')],
      follow: ['a.next'],
      items: 'article',
      fields: {
        name: 'h2',
        price: { select: '.price', as: 'number' },
        letters: { select: 'i', list: true },
        page: { from: 'page' },
      },
    }),
    (url) =>
      Object.keys(site).flatMap((path) =>
        itemsOf(path).map(({ name, price }) => ({
          name,
          price,
          letters: ['x', 'y'],
          page: url(path),
        })),
      ),
  ),
);
