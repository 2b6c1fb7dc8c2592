import { t } from '@vscode/l10n';
import { assertNever } from '../../core/assert.ts';
import type { Formats } from '../../core/format.ts';
import { limitInTheWay, type LimitName, type LimitUse } from '../../core/limits.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';

const minuteMs = 60_000;

/** The limit that a session has come up against and that can be raised from here; undefined when there is none. */
export function limitToRaise({ snapshot, holder }: TrackedSession): LimitUse | undefined {
  const { view, live } = snapshot;
  // Without a collection file there is nothing to write it into.
  if (holder !== null || view.collectionFile === '') return undefined;
  return limitInTheWay(view, live.elapsedMs);
}

/** Title and prompt of the box that asks for a higher limit. */
export function limitWords(
  use: LimitUse,
  name: string,
  formats: Formats,
): { readonly title: string; readonly prompt: string } {
  return {
    title: t('Raise and Resume {0}', name),
    prompt: t(
      '{0}. The new value of limits.{1} is written into the collection file, and the session goes on.',
      usedPhrase(use, formats),
      use.name,
    ),
  };
}

/** A limit that leaves room again: twice as much, or where that is less than was used, twice that. */
export function raisedValue({ name, max, used }: LimitUse): number {
  const value = 2 * Math.max(max, used);
  // A millionth of a dollar is the smallest amount; of the rest nobody wants fractions.
  return name === 'maxUsd' ? Math.ceil(value * 1e6 - 1e-3) / 1e6 : Math.ceil(value);
}

/** What is wrong with a value that a person gives; undefined when it can be used. */
export function valueProblem(use: LimitUse, text: string, formats: Formats): string | undefined {
  const value = text.trim() === '' ? NaN : Number(text);
  const isWhole = use.name === 'target' || use.name === 'maxRequests';
  if (!Number.isFinite(value) || (isWhole && !Number.isSafeInteger(value))) {
    return isWhole ? t('Give a whole number.') : t('Give a number, such as 12.5.');
  }
  if (value > Math.max(use.max, use.used)) return undefined;
  return t('Give more than {0}.', amount(use.name, Math.max(use.max, use.used), formats));
}

/** "$12.30 of $40 is spent" */
function usedPhrase({ name, used, max }: LimitUse, formats: Formats): string {
  const [of, all] = [amount(name, used, formats), amount(name, max, formats)];
  switch (name) {
    case 'maxUsd':
      return t('{0} of {1} is spent', of, all);
    case 'maxRequests':
      return t('{0} of {1} requests are used up', of, all);
    case 'maxMinutes':
      return t('{0} of {1} of work are used up', of, all);
    case 'target':
      return t('{0} of {1} records are there', of, all);
    default:
      return assertNever(name, 'limit');
  }
}

function amount(name: LimitName, value: number, formats: Formats): string {
  switch (name) {
    case 'maxUsd':
      return formats.usd(value * 1e6);
    case 'maxMinutes':
      return formats.duration(value * minuteMs);
    case 'maxRequests':
    case 'target':
      return formats.count(value);
    default:
      return assertNever(name, 'limit');
  }
}
