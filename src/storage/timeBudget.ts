import type { Clock, Logger } from '../core/ports.ts';

/** How long each may take before a disk counts as slow, milliseconds: the second earlier system's own limits. */
const budgetsMs = {
  'Making the session': 1_000,
  'Saving a checkpoint': 2_000,
  'Loading a checkpoint': 5_000,
  'Recovering the session': 300_000,
} as const;

/** Does something; where it takes longer than its budget, the log says so with both times. It is never cut short. */
export async function withinBudget<T>(
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  what: keyof typeof budgetsMs,
  action: () => Promise<T>,
): Promise<T> {
  const startedMs = clock.monotonicMs();
  try {
    return await action();
  } finally {
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    const budgetMs = budgetsMs[what];
    if (tookMs > budgetMs) {
      logger.warn(
        { code: 'SLOW_DISK', tookMs, budgetMs },
        `${what} took ${(tookMs / 1000).toFixed(1)} s, more than the ${budgetMs / 1000} s that it should: the disk is slow.`,
      );
    }
  }
}
