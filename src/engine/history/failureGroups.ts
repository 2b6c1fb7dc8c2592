import type { FailureGroup } from '../../core/history.ts';
import type { FailedUnit } from '../../storage/indexQueries.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A failure that the index does not know the reason of. */
const unknownCode = 'UNKNOWN';

/**
 * Failed units by their error's code and their lane; the largest group first.
 *
 * @param failures in the order in which they happened.
 */
export function failureGroups(failures: Iterable<FailedUnit>): FailureGroup[] {
  const groups = new Map<string, Mutable<FailureGroup> & { readonly units: number[] }>();
  for (const { n, lane, error } of failures) {
    const { code = unknownCode, message = '' } = error ?? {};
    const name = JSON.stringify([code, lane]);
    let group = groups.get(name);
    if (group === undefined) {
      group = { code, lane, message, failed: 0, units: [] };
      groups.set(name, group);
    }
    group.message = message;
    group.failed += 1;
    group.units.push(n);
  }
  for (const { units } of groups.values()) units.sort((a, b) => a - b);
  return [...groups.values()].sort((a, b) => b.failed - a.failed);
}
