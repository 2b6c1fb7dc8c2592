import LinkHeader from 'http-link-header';
import {
  isNothing,
  pagingFailed,
  start,
  type PageAnswer,
  type Paginator,
  type Step,
} from './paginator.ts';
import type { ReadAnswer } from './readAnswer.ts';

/** Each answer names the URL of the next in its body; the end is an answer without one. */
export function nextUrlPages(from: ReadAnswer): Paginator {
  return urlPages((page) => {
    const value = from(page);
    if (isNothing(value)) return undefined;
    if (typeof value === 'string') return value;
    throw pagingFailed(
      'PAGINATION_URL_INVALID',
      `The next page's URL is no text but ${JSON.stringify(value).slice(0, 80)}.`,
      page,
    );
  }, 'no next URL');
}

/** Each answer names the URL of the next in its `Link` header (RFC 8288); the end is one without rel="next". */
export function linkPages(): Paginator {
  return urlPages((page) => {
    const header = page.header('link');
    if (header === undefined) return undefined;
    try {
      return LinkHeader.parse(header).rel('next')[0]?.uri;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw pagingFailed(
        'PAGINATION_LINK_INVALID',
        `The Link header can't be read: ${reason}`,
        page,
      );
    }
  }, 'no next link');
}

function urlPages(find: (page: PageAnswer) => string | undefined, end: string): Paginator {
  return {
    first: start,
    request: (place) => {
      if (place === start) return {};
      if (typeof place !== 'string') throw new Error('The place of a page must be a URL');
      return { url: place };
    },
    next: (_place, page: PageAnswer): Step => {
      const url = find(page);
      return url === undefined ? { end } : { next: absolute(url, page) };
    },
  };
}

function absolute(text: string, page: PageAnswer): string {
  const url = URL.parse(text, page.url);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw pagingFailed(
      'PAGINATION_URL_INVALID',
      `The next page's URL "${text.slice(0, 200)}" is no http or https URL.`,
      page,
    );
  }
  url.hash = '';
  return url.href;
}
