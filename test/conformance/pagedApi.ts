import type { FaultyRequest } from '../fixtures/faultyServer.ts';
import type { WellAnswer } from './httpBackend.ts';

/** One thing of the API. */
export interface Thing {
  readonly id: string;
  readonly shelf: string;
  readonly label: { readonly value: string };
}

/** The shelves, each of which is paged by itself. */
export const shelves = ['left', 'right', 'empty'];
/** How many things a page has, at most. */
export const pageSize = 3;

/** Every thing of a shelf, in the order of ids. */
export function thingsOf(shelf: string): Thing[] {
  const count = { left: 10, right: 7, empty: 0 }[shelf] ?? 0;
  return Array.from({ length: count }, (_, i) => ({
    id: `${shelf}-${String(i).padStart(2, '0')}`,
    shelf,
    label: { value: `№ ${i}` },
  }));
}

/** Ways to page that the API speaks, by the path in front of the shelf. */
export type Paging =
  'page' | 'offset' | 'cursor' | 'header' | 'link' | 'next' | 'keyset' | 'continue';

const noThings: readonly Thing[] = [];

/** Answers `/PAGING/SHELF?…` with one page of the shelf; the body is `{things, …}`. */
export function answerPaged(request: FaultyRequest): WellAnswer | undefined {
  const [, paging = '', shelf = ''] = request.path.split('/');
  const { query } = request;
  if (!shelves.includes(shelf)) return undefined;
  const all = thingsOf(shelf);
  const number = (name: string, fallback: number) => Number(query.get(name) ?? fallback);
  const slice = (start: number) => ({
    things: all.slice(start, start + pageSize),
    next: start + pageSize < all.length ? start + pageSize : undefined,
  });
  const url = (start: number) => `http://${request.headers.host ?? ''}${request.path}?at=${start}`;

  switch (paging as Paging) {
    case 'page':
      return json({ things: slice((number('page', 1) - 1) * pageSize).things });
    case 'offset':
      return json({ things: slice(number('offset', 0)).things, total: all.length });
    case 'cursor': {
      const { things, next } = slice(number('cursor', 0));
      return json({ things, meta: { next: next === undefined ? null : String(next) } });
    }
    case 'header': {
      const { things, next } = slice(number('cursor', 0));
      return json({ things }, next === undefined ? {} : { 'x-next-cursor': String(next) });
    }
    case 'link': {
      const { things, next } = slice(number('at', 0));
      return json({ things }, next === undefined ? {} : { link: `<${url(next)}>; rel="next"` });
    }
    case 'next': {
      const { things, next } = slice(number('at', 0));
      return json({ things, ...(next === undefined ? {} : { next: url(next) }) });
    }
    case 'keyset': {
      const after = query.get('after') ?? '';
      const start = all.findIndex((thing) => thing.id > after);
      return json({ things: start < 0 ? noThings : slice(start).things });
    }
    case 'continue': {
      const { things, next } = slice(number('gapoffset', 0));
      const more = { continue: { gapoffset: next, continue: '-||' } };
      return json({ things, ...(next === undefined ? { batchcomplete: true } : more) });
    }
  }
}

function json(value: unknown, headers: Readonly<Record<string, string>> = {}): WellAnswer {
  return {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}
