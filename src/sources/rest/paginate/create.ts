import { assertNever } from '../../../core/assert.ts';
import type { PaginateConfig } from '../../../core/config/restSource.ts';
import { canonicalJson } from '../../../core/json.ts';
import { compilePath } from '../../text/jsonPath.ts';
import { continuePages } from './continue.ts';
import { cursorPages } from './cursor.ts';
import { keysetPages } from './keyset.ts';
import { linkPages, nextUrlPages } from './nextUrl.ts';
import { onePage } from './none.ts';
import { offsetPages } from './offset.ts';
import { numberedPages } from './page.ts';
import { isThere, type BatchRule, type Paginator } from './paginator.ts';
import { compileReadAnswer, type ReadAnswer } from './readAnswer.ts';

/**
 * The paginator that a collection asks for.
 *
 * @throws PathSyntaxError
 */
export function createPaginator(config: PaginateConfig): Paginator {
  switch (config.type) {
    case 'none':
      return onePage;
    case 'page':
      return numberedPages({ ...config, totalPages: optional(config.totalPages) });
    case 'offset':
      return offsetPages({ ...config, step: config.step, next: optional(config.next) });
    case 'cursor':
      return cursorPages({
        param: config.param,
        from: compileReadAnswer(config.from),
        first: config.first,
        isScalar: config.in === 'query',
      });
    case 'header':
      return cursorPages({
        param: config.param,
        from: (page) => page.header(config.header),
        first: undefined,
        isScalar: true,
      });
    case 'link':
      return linkPages();
    case 'next':
      return nextUrlPages(compileReadAnswer(config.from));
    case 'keyset':
      return keysetPages({
        param: config.param,
        from: compileReadAnswer(config.from),
        path: config.from,
        isScalar: config.in === 'query',
      });
    case 'continue':
      return continuePages(compileReadAnswer(config.from), batchRule(config));
    default:
      return assertNever(config, 'paginator');
  }
}

function batchRule({
  mergeBy,
  batchEnd,
}: Extract<PaginateConfig, { type: 'continue' }>): BatchRule | undefined {
  if (mergeBy === undefined) return undefined;
  const readId = compilePath(mergeBy);
  const readEnd = compileReadAnswer(batchEnd);
  return {
    identify: (item) => {
      const id = readId(item);
      return id === undefined || id === null ? undefined : canonicalJson(id);
    },
    isComplete: (page) => isThere(readEnd(page)),
  };
}

function optional(text: string | undefined): ReadAnswer | undefined {
  return text === undefined ? undefined : compileReadAnswer(text);
}
