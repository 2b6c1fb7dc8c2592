import type { JsonValue } from '../../../core/json.ts';
import { compilePath } from '../../text/jsonPath.ts';
import type { PageAnswer } from './paginator.ts';

/** Takes something out of an answer. */
export type ReadAnswer = (page: PageAnswer) => JsonValue | undefined;

const header = 'header:';

/**
 * A reader of `header:NAME`, or of a path in the body.
 *
 * @throws PathSyntaxError
 */
export function compileReadAnswer(text: string): ReadAnswer {
  if (text.startsWith(header)) {
    const name = text.slice(header.length).trim();
    return (page) => page.header(name);
  }
  const read = compilePath(text);
  return (page) => read(page.body);
}
