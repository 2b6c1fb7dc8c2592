import {
  integerOf,
  isNothing,
  numberPlace,
  pagingFailed,
  type PageAnswer,
  type Paginator,
} from './paginator.ts';
import type { ReadAnswer } from './readAnswer.ts';

/**
 * Pages begin at an offset. With `next` the answer says where the next one begins, or that there is none; else it is
 * `step` further, or as many as there were items, until a page is empty: a short one is not the end.
 */
export function offsetPages(settings: {
  readonly param: string;
  readonly start: number;
  readonly step: number | undefined;
  readonly next: ReadAnswer | undefined;
  readonly pastEnd?: number | undefined;
}): Paginator {
  const { param, start, step, next, pastEnd } = settings;
  return {
    first: start,
    pastEnd,
    request: (place) => ({ params: { [param]: place } }),
    next: (place, page: PageAnswer) => {
      if (next === undefined) {
        const { length } = page.items;
        return length === 0
          ? { end: 'empty page' }
          : { next: numberPlace(place) + (step ?? length) };
      }
      const value = next(page);
      if (isNothing(value)) return { end: 'no next offset' };
      const offset = integerOf(value);
      if (offset === undefined)
        throw pagingFailed('PAGINATION_OFFSET_INVALID', 'The next offset is no number.', page);
      return { next: offset };
    },
  };
}
