import { t } from '@vscode/l10n';
import { assertNever } from '../../core/assert.ts';
import type { Formats } from '../../core/format.ts';
import type { SessionSnapshot } from '../../core/live.ts';
import type { ErrorView, SessionView } from '../../core/view.ts';
import { mastersOf } from '../tree/treeModel.ts';
import { engineText } from './engineText.ts';
import { recordsPhrase, unitsPhrase } from './phrases.ts';

/** A run begins, in a task's terminal. */
export function beginLine({ name, session, records }: SessionView, formats: Formats): string {
  return records > 0
    ? t('{0}: going on with {1}, {2} so far', name, session, recordsPhrase(records, formats))
    : t('{0}: {1}', name, session);
}

/** A unit has failed for good. */
export function failureLine({ key, message, code }: ErrorView): string {
  return t('Failed: {0}: {1} ({2})', key, engineText(message), code);
}

/** A person has paused it; the task waits. */
export function pausedLine({ name }: SessionView): string {
  return t('{0} is paused. Resume it in the Collector view; Ctrl+C stops it.', name);
}

/** How a run ended, with what to do next. */
export function endLines({ view, live }: SessionSnapshot, formats: Formats): readonly string[] {
  const sum = t(
    '{0} ({1} duplicates, {2} rejected) from {3}, {4} failed, {5} to do, in {6}',
    recordsPhrase(view.records, formats),
    formats.count(view.duplicates),
    formats.count(view.rejected),
    unitsPhrase(view.units.done, formats),
    formats.count(view.units.failed),
    formats.count(view.units.pending + view.units.in_progress),
    formats.duration(live.elapsedMs),
  );
  const masters = mastersOf(view.files)
    .map(({ file }) => file)
    .reverse();
  return [...endWords(view), sum, ...masters];
}

function endWords({ state, reasonMessage, name }: SessionView): readonly string[] {
  const why = engineText(reasonMessage ?? '');
  switch (state) {
    case 'completed':
      return [t('{0} is complete.', name)];
    case 'paused':
      return [
        t('{0} is paused: {1}', name, why),
        t('It waits in this window. Put that right, then resume it in the Collector view.'),
      ];
    case 'stopped':
      return [t('{0} is stopped. Resume goes on where it was.', name)];
    case 'faulted':
      return [t('{0} has stopped: {1}', name, why)];
    case 'interrupted':
    case 'active':
      return [
        t(
          'The collection engine ended unexpectedly. Every record counted so far is safe on disk; Resume goes on where it was.',
        ),
      ];
    default:
      return assertNever(state, 'session state');
  }
}
