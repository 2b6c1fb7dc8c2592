import type { Random } from './ports.ts';

/** How long retries wait: the collection's `retry`. */
export interface BackoffSettings {
  /** The first wait's upper bound; doubled for each further attempt. */
  readonly baseMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
}

/**
 * How long to wait after attempt number `attempt` (from 1) has failed: exponential with full jitter, so anything from 0
 * up to `baseMs * 2 ** (attempt - 1)`, at most `maxMs`. Many units that failed together do not come back together.
 */
export function backoffDelayMs(attempt: number, settings: BackoffSettings, random: Random): number {
  return Math.round(backoffCeilingMs(attempt, settings) * random.next());
}

/** The longest that {@link backoffDelayMs} gives for this attempt. */
export function backoffCeilingMs(attempt: number, settings: BackoffSettings): number {
  return Math.min(settings.maxMs, settings.baseMs * 2 ** (Math.max(1, attempt) - 1));
}
