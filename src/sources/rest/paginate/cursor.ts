import { canonicalJson } from '../../../core/json.ts';
import { isNothing, placeOf, start, type PageAnswer, type Paginator } from './paginator.ts';
import type { ReadAnswer } from './readAnswer.ts';

/**
 * Each answer names the cursor of the next, in its body or in a header; the end is an answer without one. An empty page
 * that names the cursor it was asked for again is the end, too (Solr's cursorMark); with a cursor of its own it is not.
 */
export function cursorPages(settings: {
  readonly param: string;
  readonly from: ReadAnswer;
  readonly first: string | undefined;
  /** Whether the cursor goes into a query; a body takes any. */
  readonly isScalar: boolean;
}): Paginator {
  const { param, from, first, isScalar } = settings;
  return {
    first: first ?? start,
    request: (place) => (place === start ? {} : { params: { [param]: place } }),
    next: (place, page: PageAnswer) => {
      const cursor = from(page);
      if (isNothing(cursor)) return { end: 'no next cursor' };
      if (page.items.length === 0 && canonicalJson(cursor) === canonicalJson(place))
        return { end: 'empty page, same cursor' };
      return { next: placeOf(cursor, isScalar, page) };
    },
  };
}
