import { t } from '@vscode/l10n';
import type { FailedUnit, SessionRef } from '../../protocol/worker.ts';
import { unitsPhrase } from '../text/phrases.ts';
import type { Services } from '../services.ts';
import { readTimeoutMs } from '../engine/sessionTracker.ts';
import { showWarningMessage } from '../window.ts';

/** Why a unit failed that may have been paid for: trying it again may be paying again. */
const paidCodes: ReadonlySet<string> = new Set(['PAID_CALL_IN_DOUBT', 'PAID_ANSWER_LOST']);

const atOnce = 500;

/** A failed unit that is to be tried again. */
export type RetriedUnit = Pick<FailedUnit, 'unit' | 'code'>;

/**
 * Which of the failed units are tried again: those that may be paid for twice only when a person says so.
 *
 * @param chosen null for all of the session.
 * @returns their numbers; null for all; undefined for none.
 */
export async function unitsToRetry(
  services: Services,
  ref: SessionRef,
  chosen: readonly RetriedUnit[] | null,
): Promise<readonly number[] | null | undefined> {
  const units = chosen ?? (await allFailed(services, ref));
  const numbers = chosen === null ? null : chosen.map(({ unit }) => unit);
  const free = units.filter(({ code }) => !paidCodes.has(code));
  const paid = units.length - free.length;
  if (paid === 0) return numbers;
  const again = t('Try Again, Maybe Pay Twice');
  const others = t('Only the Others');
  const said = await showWarningMessage(
    t('{0} may have been paid for already', unitsPhrase(paid, services.formats)),
    {
      modal: true,
      detail: t(
        'Calls of theirs were cut off, or what they brought is gone. Their money counts as spent. When they are tried again, they may be paid for twice.',
      ),
    },
    again,
    ...(free.length > 0 ? [others] : []),
  );
  if (said === again) return numbers;
  return said === others ? free.map(({ unit }) => unit) : undefined;
}

async function allFailed({ engine }: Services, ref: SessionRef): Promise<readonly FailedUnit[]> {
  const units: FailedUnit[] = [];
  for (;;) {
    const params = { ...ref, offset: units.length, limit: atOnce };
    const page = await engine.request('listFailedUnits', params, readTimeoutMs);
    units.push(...page);
    if (page.length < atOnce) return units;
  }
}
