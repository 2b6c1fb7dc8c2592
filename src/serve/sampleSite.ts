import {
  type LoopbackOptions,
  type LoopbackServer,
  type Reply,
  serveLoopback,
} from './loopback.ts';
import { type SampleBook, sampleBookCount, sampleBooks } from './sampleBooks.ts';

/** Books on one listing page. */
const booksPerListing = 20;
/** Listing pages; the last has no "next". */
export const listingCount = sampleBookCount / booksPerListing;
/** Linked from the first listing page, and forbidden by robots.txt. */
export const disallowedPath = '/staff/ledger.html';

/**
 * A small bookshop to try collections on: {@link listingCount} listing pages (`li.next a` leads on, `article h3 a` to
 * the books), one page a book (`article.product_page`), a robots.txt that forbids {@link disallowedPath}, a sitemap.
 */
export function startSampleSite(options: LoopbackOptions = {}): Promise<LoopbackServer> {
  const pages = new Map<string, Reply>();
  for (let n = 1; n <= listingCount; n++) pages.set(listingPath(n), html(listingPage(n)));
  for (const book of sampleBooks) pages.set(bookPath(book), html(bookPage(book)));
  pages.set(disallowedPath, html(page('Staff ledger', '<h1>Staff ledger</h1>')));
  pages.set('/style.css', { status: 200, headers: { 'content-type': 'text/css' }, body: css });
  const notFound = { ...html(page('Not found', '<h1>Not found</h1>')), status: 404 };

  return serveLoopback({ ...options, server: 'site' }, (url) => {
    if (url.pathname === '/robots.txt') return { status: 200, body: robots(url) };
    if (url.pathname === '/sitemap.xml') return sitemap(url);
    return pages.get(url.pathname) ?? notFound;
  });
}

/** Path of a listing page; the first is the start page. */
function listingPath(n: number): string {
  return n === 1 ? '/' : `/catalogue/page-${n}.html`;
}

/** Path of a book's page. */
export function bookPath(book: SampleBook): string {
  return `/catalogue/${book.slug}/index.html`;
}

function html(body: string): Reply {
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function price(book: SampleBook): string {
  return `£${(book.pricePence / 100).toFixed(2)}`;
}

function availability(book: SampleBook): string {
  return book.inStock === 0 ? 'Out of stock' : `In stock (${book.inStock} available)`;
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} | The Sample Bookshop</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a href="/">The Sample Bookshop</a></header>
<main>
${body}
</main>
<footer>Books that nobody has written. Served from this computer.</footer>
</body>
</html>
`;
}

function pod(book: SampleBook): string {
  const title = escapeHtml(book.title);
  return `<li><article class="product_pod">
<h3><a href="${bookPath(book)}" title="${title}">${title}</a></h3>
<p class="star-rating" data-stars="${book.stars}">${'★'.repeat(book.stars)}</p>
<p class="price_color">${price(book)}</p>
</article></li>`;
}

function listingPage(n: number): string {
  const first = (n - 1) * booksPerListing;
  const books = sampleBooks.slice(first, first + booksPerListing);
  const ledger =
    n === 1
      ? `<li><article class="notice"><h3><a href="${disallowedPath}">Staff ledger</a></h3></article></li>`
      : '';
  const previous =
    n > 1 ? `<li class="previous"><a href="${listingPath(n - 1)}">previous</a></li>` : '';
  const next =
    n < listingCount ? `<li class="next"><a href="${listingPath(n + 1)}">next</a></li>` : '';
  return page(
    `All books, page ${n}`,
    `<h1>All books</h1>
<p><strong>${sampleBookCount}</strong> results, showing ${first + 1} to ${first + books.length}.</p>
<ol class="row">
${books.map(pod).join('\n')}
${ledger}
</ol>
<ul class="pager">${previous}<li class="current">Page ${n} of ${listingCount}</li>${next}</ul>`,
  );
}

function bookPage(book: SampleBook): string {
  const sameShelf = sampleBooks.filter((b) => b.shelf === book.shelf && b !== book).slice(0, 2);
  return page(
    book.title,
    `<ul class="breadcrumb"><li><a href="/">Home</a></li><li>${book.shelf}</li></ul>
<article class="product_page" data-number="${book.number}">
<h1>${escapeHtml(book.title)}</h1>
<p class="author">${escapeHtml(book.author)}</p>
<p class="price_color">${price(book)}</p>
<p class="availability">${availability(book)}</p>
<p class="star-rating" data-stars="${book.stars}">${'★'.repeat(book.stars)}</p>
<h2>Description</h2>
<p class="description">${book.description}</p>
<ul class="tags"><li>${book.shelf}</li><li>${book.stars} stars</li></ul>
</article>
<section>
<h2>From the same shelf</h2>
<ol class="row">
${sameShelf.map(pod).join('\n')}
</ol>
</section>`,
  );
}

function robots(url: URL): string {
  return `User-agent: *\nDisallow: /staff/\n\nSitemap: ${url.origin}/sitemap.xml\n`;
}

function sitemap(url: URL): Reply {
  const paths = [
    ...Array.from({ length: listingCount }, (_, i) => listingPath(i + 1)),
    ...sampleBooks.map(bookPath),
  ];
  const entries = paths.map((path) => `<url><loc>${url.origin}${path}</loc></url>`);
  return {
    status: 200,
    headers: { 'content-type': 'application/xml; charset=utf-8' },
    body: `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${entries.join('\n')}
</urlset>
`,
  };
}

const css = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
header a { font-size: 1.4rem; font-weight: 600; text-decoration: none; }
ol.row { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); list-style: none; padding: 0; }
article.product_pod, article.notice { border: 1px solid #8884; border-radius: 8px; height: 100%; padding: 0.5rem 1rem; }
.price_color { font-weight: 600; }
.star-rating { color: #c80; }
ul.pager, ul.breadcrumb, ul.tags { display: flex; gap: 1rem; list-style: none; padding: 0; }
footer { border-top: 1px solid #8884; color: #888; margin-top: 2rem; padding-top: 1rem; }
`;
