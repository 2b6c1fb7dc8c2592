import type { Page } from 'playwright-core';
import type { Clock } from '../../core/ports.ts';
import type { Activity } from './activity.ts';
import { scrollInPage, type ScrollBy, type ScrollStep } from './inPage.ts';
import { isNavigating } from './pageLost.ts';

/**
 * Scrolls the window, or an element in it.
 *
 * @param inside selector of the element; undefined for the window.
 */
export function scrollStep(
  page: Page,
  inside: string | undefined,
  by: ScrollBy,
  timeoutMs: number,
): Promise<ScrollStep> {
  const target = page.locator(inside ?? ':root').first();
  return target.evaluate(scrollInPage, by, { timeout: timeoutMs });
}

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
