import {
  type LoopbackOptions,
  type LoopbackServer,
  type Reply,
  serveLoopback,
} from './loopback.ts';
import { quotesScript } from './quotesScript.ts';
import { type SampleQuote, sampleQuoteCount, sampleQuotes, sampleTopics } from './sampleQuotes.ts';

/** Quotes on one page, and in one answer of the site's API. */
export const quotesPerPage = 10;

/**
 * The ways in which the site shows its quotes. Each shows all of them: see {@link startQuotesSite}.
 */
export const quoteStyles = [
  'js',
  'delayed',
  'scroll',
  'virtual',
  'more',
  'late',
  'tabs',
  'search',
  'dialogs',
  'members',
] as const;
/** One way of showing quotes. */
export type QuoteStyle = (typeof quoteStyles)[number];

/** How the quotes site is started. */
export interface QuotesSiteOptions extends LoopbackOptions {
  /** How many quotes it has. Default {@link sampleQuoteCount}. */
  readonly quotes?: number;
  /** What pages fetch by script waits this long beside `delayMs`. Default 0. */
  readonly contentDelayMs?: number;
  /** On `/late/`, how long after a click on `#begin` the button `#more` is there. Default 1500. */
  readonly lateMs?: number;
  /** URLs whose first request is answered with 503. Default none. */
  readonly failsOnce?: (url: URL) => boolean;
}

/**
 * Quotes that only a browser gets to see: each is a `div.quote` (with `data-number`) made by script, of `.text`,
 * `.author` and `.tag`s. The same quotes in every style:
 *
 * - `/js/`: made from data in the page; `li.next a` leads to the next page.
 * - `/delayed/`: the same, and they come late (`contentDelayMs`); only then the next link is shown.
 * - `/scroll/`: more come whenever the bottom is scrolled to. `/virtual/`: and only the last 25 are kept.
 * - `/more/`: more come with each click on `#more`, which goes when all are there.
 * - `/late/`: none at first; `#more` comes `lateMs` after a click on `#begin`.
 * - `/tabs/`: one `[role=tab]` a topic; a tab's quotes replace those of the one before.
 * - `/search/`: a form with `#topic` (a list), `#word` and `#go`; what is found replaces what was found before.
 * - `/dialogs/`: behind an alert, `#accept` in a dialog, a question to be refused and a pop-up window.
 * - `/members/`: all at once, for those with the cookie `member=yes` (`#sign-in` sets it).
 */
export function startQuotesSite(options: QuotesSiteOptions = {}): Promise<LoopbackServer> {
  const quotes = sampleQuotes(options.quotes ?? sampleQuoteCount);
  const failed = new Set<string>();

  return serveLoopback({ ...options, server: 'quotes' }, (url, { cookie = '' }) => {
    const target = url.pathname + url.search;
    if (options.failsOnce?.(url) === true && !failed.has(target)) {
      failed.add(target);
      return { status: 503, headers: { 'retry-after': '0' }, body: 'Try again' };
    }
    switch (url.pathname) {
      case '/robots.txt':
        return { status: 200, body: 'User-agent: *\nDisallow: /advert/\n' };
      case '/quotes.js':
        return { status: 200, headers: { 'content-type': 'text/javascript' }, body: quotesScript };
      case '/style.css':
        return { status: 200, headers: { 'content-type': 'text/css' }, body: css };
      case '/api/quotes':
        return { ...apiAnswer(quotes, url.searchParams), delayMs: options.contentDelayMs ?? 0 };
      case '/':
        return html('Quotes', homePage());
      case '/advert/':
        return html('Advert', '<p>Buy fewer things.</p>');
      default:
        return stylePage(quotes, url.pathname, {
          isMember: cookie.includes('member=yes'),
          lateMs: options.lateMs ?? 1_500,
        });
    }
  });
}

function apiAnswer(quotes: readonly SampleQuote[], query: URLSearchParams): Reply {
  const page = Number(query.get('page') ?? 0);
  if (page > 0) {
    const body = {
      page,
      has_next: page * quotesPerPage < quotes.length,
      quotes: pageOf(quotes, page),
    };
    return json(body);
  }
  const topic = query.get('topic');
  const word = (query.get('word') ?? '').toLowerCase();
  return json({
    quotes: quotes.filter(
      (quote) => quote.topic === topic && quote.text.toLowerCase().includes(word),
    ),
  });
}

function pageOf(quotes: readonly SampleQuote[], page: number): readonly SampleQuote[] {
  return quotes.slice((page - 1) * quotesPerPage, page * quotesPerPage);
}

function json(value: unknown): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  };
}

const stylePath = /^\/([a-z]+)\/(?:page\/(\d+)\/)?$/;

function stylePage(
  quotes: readonly SampleQuote[],
  pathname: string,
  { isMember, lateMs }: { readonly isMember: boolean; readonly lateMs: number },
): Reply {
  const [, name, number = '1'] = stylePath.exec(pathname) ?? [];
  const style = quoteStyles.find((known) => known === name);
  const page = Number(number);
  if (style === undefined || page < 1 || (page - 1) * quotesPerPage >= Math.max(1, quotes.length)) {
    return { ...html('Not found', '<h1>Not found</h1>'), status: 404 };
  }
  const body = `<h1>Quotes</h1>
<p id="status" role="status"></p>
${aboveList(style, isMember)}
<div id="quotes"></div>
${belowList(style, quotes, page)}
<script src="/quotes.js"></script>`;
  return html('Quotes', body, { style, page: String(page), 'late-ms': String(lateMs) });
}

function aboveList(style: QuoteStyle, isMember: boolean): string {
  switch (style) {
    case 'tabs':
      return `<div role="tablist">${sampleTopics
        .map((topic) => `<button type="button" role="tab" data-topic="${topic}">${topic}</button>`)
        .join('')}</div>`;
    case 'search':
      return `<form>
<label>Topic <select id="topic" name="topic">${sampleTopics
        .map((topic) => `<option>${topic}</option>`)
        .join('')}</select></label>
<label>Word <input id="word" name="word"></label>
<button id="go">Search</button>
</form>`;
    case 'late':
      return '<button id="begin" type="button">Begin</button>';
    case 'virtual':
      return '<div id="spacer"></div>';
    case 'members':
      return isMember ? '' : '<button id="sign-in" type="button">Sign in</button>';
    case 'dialogs':
      return '<dialog id="consent"><p>Cookies?</p><button id="accept" type="button">Accept</button></dialog>';
    case 'js':
    case 'delayed':
    case 'scroll':
    case 'more':
      return '';
  }
}

function belowList(style: QuoteStyle, quotes: readonly SampleQuote[], page: number): string {
  switch (style) {
    case 'js':
      return `<script type="application/json" id="data">${JSON.stringify(pageOf(quotes, page)).replaceAll('<', '\\u003c')}</script>
${pager(style, quotes.length, page, '')}`;
    case 'delayed':
      return pager(style, quotes.length, page, ' hidden');
    case 'scroll':
    case 'virtual':
      return '<div id="bottom"></div>';
    case 'more':
      return '<button id="more" type="button">Load more</button>';
    case 'late':
    case 'tabs':
    case 'search':
    case 'dialogs':
    case 'members':
      return '';
  }
}

function pager(style: QuoteStyle, count: number, page: number, attributes: string): string {
  if (page * quotesPerPage >= count) return '';
  return `<ul class="pager"><li class="next"${attributes}><a href="/${style}/page/${page + 1}/">Next</a></li></ul>`;
}

function homePage(): string {
  const links = quoteStyles.map((style) => `<li><a href="/${style}/">${style}</a></li>`);
  return `<h1>Quotes</h1>\n<p>The same quotes, in many ways.</p>\n<ul>${links.join('\n')}</ul>`;
}

function html(title: string, body: string, data: Readonly<Record<string, string>> = {}): Reply {
  const attributes = Object.entries(data).map(([name, value]) => ` data-${name}="${value}"`);
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} | The Sample Quotes</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body${attributes.join('')}>
${body}
</body>
</html>
`,
  };
}

const css = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 45rem; padding: 1rem; }
.quote { border: 1px solid #8884; border-radius: 8px; margin: 1rem 0; padding: 0.5rem 1rem; }
.quote .text { display: block; font-size: 1.1rem; }
.tags { font-size: 0.9rem; }
.tag { background: #8882; border-radius: 4px; padding: 0 0.4rem; }
[role='tab'][aria-selected='true'] { font-weight: 700; }
#bottom { height: 1px; }
`;
