import type { Page } from 'playwright-core';
import type { Clock } from '../../core/ports.ts';
import type { Activity } from './activity.ts';
import { isNavigating } from './pageLost.ts';

/** Where a scrolled element, or the window, stands. */
export interface ScrollStep {
  /** Its whole height, pixels. */
  readonly height: number;
  readonly isAtEnd: boolean;
}

/**
 * Goes down one screen (with a fifth of the last one left in sight, so that no row is passed by) or to the bottom, and
 * waits until that is drawn.
 */
export function scrollStep(
  page: Page,
  inside: string | undefined,
  by: 'screen' | 'bottom' | 'nothing',
  timeoutMs: number,
): Promise<ScrollStep> {
  if (inside === undefined) {
    return page.evaluate<ScrollStep>(`(${step})(document.scrollingElement, ${JSON.stringify(by)})`);
  }
  // As text: the types of a page's own world are not known here.
  const script = `(element) => (${step})(element, ${JSON.stringify(by)})`;
  const target = page.locator(inside).first();
  return target.evaluate(script as never, undefined, { timeout: timeoutMs });
}

const step = `async (element, by) => {
  const top = by === 'bottom' ? element.scrollHeight
    : by === 'screen' ? element.scrollTop + element.clientHeight * 0.8
    : element.scrollTop;
  element.scrollTo({ top, behavior: 'instant' });
  await new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
    setTimeout(resolve, 100);
  });
  const isAtEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 2;
  return { height: element.scrollHeight, isAtEnd };
}`;

const stepMs = 50;

/**
 * Waits for more at the end of a list: as long as the page loads something, and then for `settleMs`.
 *
 * @returns whether it has grown.
 */
export async function growsWithin(
  settleMs: number,
  from: ScrollStep,
  parts: {
    readonly page: Page;
    readonly activity: Activity;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly inside: string | undefined;
    /** Longest wait for what is being loaded. */
    readonly limitMs: number;
  },
): Promise<boolean> {
  const { page, activity, clock, signal, inside, limitMs } = parts;
  const startedAtMs = clock.monotonicMs();
  let quietSinceMs = startedAtMs;
  for (;;) {
    const now = clock.monotonicMs();
    if (activity.isLoading) quietSinceMs = now;
    try {
      const { height } = await scrollStep(page, inside, 'nothing', limitMs);
      if (height > from.height) return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!isNavigating(error)) throw error;
    }
    if (now - quietSinceMs >= settleMs || now - startedAtMs >= settleMs + limitMs) return false;
    await clock.sleep(Math.min(stepMs, settleMs), signal);
  }
}
