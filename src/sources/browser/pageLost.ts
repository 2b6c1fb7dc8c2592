import { CollectorError, messageOf, RetryError } from '../../core/errors.ts';
import { untilAborted } from '../html/untilAborted.ts';

/** What the browser says when a page, or all of it, went away under an operation. */
const goneMessage =
  /Target (?:page|crashed|closed)|has been closed|has crashed|page crashed|Connection closed|Session closed/i;

/** What the browser says when the document changed under an operation: it can be done again. */
const navigatedMessage =
  /Execution context was destroyed|because the page is navigating|Cannot find context|frame was detached/i;

/** Whether an operation failed because the page went on to another document meanwhile. */
export function isNavigating(error: unknown): boolean {
  return navigatedMessage.test(messageOf(error));
}

/** The first line of what Playwright says: the rest is its log. */
export function firstLineOf(error: unknown): string {
  return (messageOf(error).split('\n')[0] ?? '').replace(
    /^(?:page|locator|elementHandle|keyboard)\.\w+: /,
    '',
  );
}

/**
 * An operation of the browser, until the signal is aborted or it takes too long.
 *
 * @throws the signal's reason; RetryError `PAGE_LOST` when the page went away, `PAGE_UNRESPONSIVE` when nothing came
 *   within `limitMs`; whatever else the operation throws.
 */
export async function operate<T>(
  work: Promise<T>,
  signal: AbortSignal,
  limitMs: number,
  what: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new RetryError(
          'PAGE_UNRESPONSIVE',
          `${what}: the page gave no answer within ${limitMs} ms.`,
        ),
      );
    }, limitMs);
  });
  try {
    return await untilAborted(Promise.race([work, late]), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CollectorError) && goneMessage.test(messageOf(error)))
      throw new RetryError('PAGE_LOST', `${what}: the browser lost the page.`, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
