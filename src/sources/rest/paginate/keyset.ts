import {
  isNothing,
  pagingFailed,
  placeOf,
  start,
  type PageAnswer,
  type Paginator,
} from './paginator.ts';
import type { ReadAnswer } from './readAnswer.ts';

/** The next page begins after the key of this one's last item; the end is an empty page: a short one is not. */
export function keysetPages(settings: {
  readonly param: string;
  readonly from: ReadAnswer;
  /** How the collection writes `from`, for messages. */
  readonly path: string;
  /** Whether the key goes into a query; a body takes any. */
  readonly isScalar: boolean;
}): Paginator {
  const { param, from, path, isScalar } = settings;
  return {
    first: start,
    request: (place) => (place === start ? {} : { params: { [param]: place } }),
    next: (_place, page: PageAnswer) => {
      if (page.items.length === 0) return { end: 'empty page' };
      const key = from(page);
      if (isNothing(key)) {
        throw pagingFailed(
          'PAGINATION_KEY_MISSING',
          `The page has items, but nothing is at "${path}" (source.paginate.from) to go on after.`,
          page,
        );
      }
      return { next: placeOf(key, isScalar, page) };
    },
  };
}
