import {
  type LoopbackOptions,
  type LoopbackServer,
  type Reply,
  serveLoopback,
} from './loopback.ts';
import { type SamplePaper, samplePapers } from './samplePapers.ts';

/** The most notes that one answer holds, whatever `limit` asks for: OpenReview caps silently, too. */
const maxNotes = 1_000;
const maxPerPage = 100;

const byId = samplePapers.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/**
 * A paged API of papers, in two forms:
 *
 * - `/notes?content.venueid=iclr.cc/2024/Conference&sort=id&limit=&after=` as OpenReview's API v2: keyset paging in
 *   the order of ids, or `offset`; values wrapped as `{value}`; `count` only where `count=true` asks for it. The end is
 *   an empty page.
 * - `/papers?venue=&year=&page=&per_page=` with a `Link` header and `X-Total-Count`. The end is a page without
 *   `rel="next"`.
 */
export function startSampleApi(options: LoopbackOptions = {}): Promise<LoopbackServer> {
  return serveLoopback({ ...options, server: 'api' }, (url) => {
    switch (url.pathname) {
      case '/':
        return json(200, { endpoints: ['/notes', '/papers'] });
      case '/notes':
        return notes(url.searchParams);
      case '/papers':
        return papers(url);
      case '/robots.txt':
        return { status: 200, body: 'User-agent: *\nDisallow:\n' };
      default:
        return json(404, { name: 'NotFoundError', message: `No endpoint ${url.pathname}` });
    }
  });
}

function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

function invalid(message: string): Reply {
  return json(400, { name: 'ValidationError', message, status: 400 });
}

/** A paper in OpenReview's form: every value in an object of its own. */
export interface SampleNote {
  readonly id: string;
  readonly forum: string;
  readonly number: number;
  readonly content: Readonly<Record<string, { readonly value: string | readonly string[] }>>;
}

/** The venue id of a paper: "iclr.cc/2024/Conference". */
function venueId(paper: SamplePaper): string {
  return `${paper.venue}.cc/${paper.year}/Conference`;
}

/** A paper as `/notes` gives it. */
export function toNote(paper: SamplePaper): SampleNote {
  return {
    id: paper.id,
    forum: paper.id,
    number: paper.number,
    content: {
      title: { value: paper.title },
      authors: { value: paper.authors },
      abstract: { value: paper.abstract },
      keywords: { value: paper.keywords },
      venue: { value: `${paper.venue.toUpperCase()} ${paper.year}` },
      venueid: { value: venueId(paper) },
    },
  };
}

/** A parameter that must be a whole number of at least `min`; undefined when it is something else. */
function whole(query: URLSearchParams, name: string, fallback: number, min: number) {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= min ? value : undefined;
}

function notes(query: URLSearchParams): Reply {
  const limit = whole(query, 'limit', maxNotes, 1);
  const offset = whole(query, 'offset', 0, 0);
  const after = query.get('after');
  if (limit === undefined) return invalid('limit must be a positive whole number');
  if (offset === undefined) return invalid('offset must be a whole number');
  if (after !== null && query.get('sort') !== 'id') return invalid('after needs sort=id');
  const wanted = query.get('content.venueid')?.toLowerCase();

  const sorted = query.get('sort') === 'id' ? byId : samplePapers;
  const matching = sorted.filter(
    (paper) => wanted === undefined || venueId(paper).toLowerCase() === wanted,
  );
  const from = after === null ? offset : matching.findIndex((paper) => paper.id > after);
  const found = from < 0 ? [] : matching.slice(from, from + Math.min(limit, maxNotes));
  return json(200, {
    notes: found.map(toNote),
    ...(query.get('count') === 'true' ? { count: matching.length } : {}),
  });
}

function papers(url: URL): Reply {
  const query = url.searchParams;
  const page = whole(query, 'page', 1, 1);
  const perPage = whole(query, 'per_page', 30, 1);
  if (page === undefined) return invalid('page must be a positive whole number');
  if (perPage === undefined) return invalid('per_page must be a positive whole number');
  const size = Math.min(perPage, maxPerPage);
  const venue = query.get('venue');
  const year = query.get('year');
  const matching = samplePapers.filter(
    (paper) =>
      (venue === null || paper.venue === venue) && (year === null || String(paper.year) === year),
  );
  const pages = Math.max(1, Math.ceil(matching.length / size));
  const links: string[] = [];
  const link = (rel: string, target: number) => {
    const href = new URL(url);
    href.searchParams.set('page', String(target));
    links.push(`<${href.href}>; rel="${rel}"`);
  };
  if (page > 1) link('prev', page - 1);
  if (page < pages) link('next', page + 1);
  link('last', pages);
  return json(200, matching.slice((page - 1) * size, page * size), {
    link: links.join(', '),
    'x-total-count': String(matching.length),
  });
}
