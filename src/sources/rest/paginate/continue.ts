import { isJsonObject, scalarText, type JsonValue } from '../../../core/json.ts';
import {
  isNothing,
  pagingFailed,
  start,
  type BatchRule,
  type PageAnswer,
  type Paginator,
} from './paginator.ts';
import type { ReadAnswer } from './readAnswer.ts';

/**
 * MediaWiki's way: each answer has an object whose keys go into the next request, beside those of the collection's own
 * query; the end is an answer without one.
 */
export function continuePages(from: ReadAnswer, batch?: BatchRule): Paginator {
  return {
    first: start,
    ...(batch === undefined ? {} : { batch }),
    // What belongs to one item may be spread over several answers.
    mayRepeatItems: true,
    request: (place) => {
      if (place === start) return {};
      if (!isJsonObject(place)) throw new Error('The place of a page must be an object');
      return { params: place };
    },
    next: (_place, page: PageAnswer) => {
      const value = from(page);
      if (isNothing(value)) return { end: 'no continue' };
      if (!isJsonObject(value) || !Object.values(value).every(isScalar)) {
        throw pagingFailed(
          'PAGINATION_CONTINUE_INVALID',
          'What to continue with is no object of texts and numbers (source.paginate.from).',
          page,
        );
      }
      return { next: value };
    },
  };
}

function isScalar(value: JsonValue): boolean {
  return scalarText(value) !== undefined;
}
