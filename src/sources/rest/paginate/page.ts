import { integerOf, numberPlace, type PageAnswer, type Paginator } from './paginator.ts';
import type { ReadAnswer } from './readAnswer.ts';

/**
 * Pages are numbered. The end is the last page where the API says how many there are (WordPress answers 400 after it),
 * else an empty page: a short one is not.
 */
export function numberedPages(settings: {
  readonly param: string;
  readonly start: number;
  readonly totalPages: ReadAnswer | undefined;
  readonly pastEnd?: number | undefined;
}): Paginator {
  const { param, start, totalPages, pastEnd } = settings;
  return {
    first: start,
    pastEnd,
    request: (place) => ({ params: { [param]: place } }),
    next: (place, page: PageAnswer) => {
      const number = numberPlace(place);
      const pages = integerOf(totalPages?.(page));
      if (pages === undefined)
        return page.items.length === 0 ? { end: 'empty page' } : { next: number + 1 };
      const done = number - start + 1;
      return done >= pages ? { end: `page ${done} of ${pages}` } : { next: number + 1 };
    },
  };
}
