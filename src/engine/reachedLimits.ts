import { assertNever } from '../core/assert.ts';
import { UsageError } from '../core/errors.ts';
import { limitUses, reachedLimit, type Limits, type LimitName } from '../core/limits.ts';
import type { SessionView } from '../core/view.ts';

/**
 * Refuses to go on where a limit leaves no room for any work.
 *
 * @param activeMs work time over all starts.
 * @throws UsageError `LIMIT_REACHED` naming the limit and its value.
 */
export function refuseReached(view: SessionView, activeMs: number, limits: Limits): void {
  const use = reachedLimit(limitUses(view, activeMs, limits));
  if (use === undefined) return;
  const { name, max, used } = use;
  throw new UsageError(
    'LIMIT_REACHED',
    `${view.session} has used up limits.${name}: ${Math.floor(used).toLocaleString('en')} of ${max.toLocaleString('en')}. Raise it in the ` +
      `collection file (Raise and Resume), or: cf-collect resume ${view.session} ${limitOption(name)} N`,
    { session: view.session, limit: name, max, used },
  );
}

/** The option of `cf-collect run` and `resume` that sets a limit. */
export function limitOption(name: LimitName): string {
  switch (name) {
    case 'maxUsd':
      return '--max-usd';
    case 'maxRequests':
      return '--max-requests';
    case 'maxMinutes':
      return '--max-minutes';
    case 'target':
      return '--target';
    default:
      return assertNever(name, 'limit');
  }
}
