import { PauseError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';

const minuteMs = 60_000;
/** Timers can't take more than some weeks at once. */
const longestSleepMs = 86_400_000;

/**
 * Resolves with the reason to pause when a session has worked for `limits.maxMinutes`, over all its starts; with
 * undefined when the signal comes first.
 *
 * @param activeMs how long it has worked by now, milliseconds.
 */
export async function untilTimeIsUp(
  clock: Clock,
  maxMinutes: number,
  activeMs: () => number,
  signal: AbortSignal,
): Promise<PauseError | undefined> {
  try {
    for (;;) {
      const leftMs = maxMinutes * minuteMs - activeMs();
      if (leftMs <= 0) break;
      await clock.sleep(Math.min(Math.ceil(leftMs), longestSleepMs), signal);
    }
  } catch {
    // The work is over before its time is.
    return undefined;
  }
  const message = `The ${maxMinutes} minutes of limits.maxMinutes are used up.`;
  const data = { limit: 'maxMinutes', max: maxMinutes };
  return new PauseError('MINUTES_USED_UP', message, data, { reason: 'budget' });
}
