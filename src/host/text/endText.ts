import { t } from '@vscode/l10n';
import { assertNever } from '../../core/assert.ts';
import type { Settings } from '../../contributions.ts';
import type { Formats } from '../../core/format.ts';
import type { SessionView } from '../../core/view.ts';
import { engineText } from './engineText.ts';
import { joinParts, recordsPhrase } from './phrases.ts';

/** Whether a session that is in this state needs a person, is done, or is nobody's news. */
export type EndKind = 'problem' | 'done' | 'none';

/** What the state that a session of this window has come to means for the person who is doing something else. */
export function endKind({ state, reason }: Pick<SessionView, 'state' | 'reason'>): EndKind {
  switch (state) {
    case 'faulted':
      return 'problem';
    case 'paused':
      // A person did that themselves.
      return reason === 'user' ? 'none' : 'problem';
    case 'completed':
      return 'done';
    case 'active':
    case 'stopped':
    case 'interrupted':
      return 'none';
    default:
      return assertNever(state, 'session state');
  }
}

/** Whether the setting lets a person be told. */
export function isTold(view: SessionView, setting: Settings['notifications']): boolean {
  const kind = endKind(view);
  switch (setting) {
    case 'all':
      return kind !== 'none';
    case 'problems':
      return kind === 'problem' || (kind === 'done' && view.units.failed > 0);
    case 'none':
      return false;
    default:
      return assertNever(setting, 'setting');
  }
}

/** One session's end, in one line. */
export function endNotice(view: SessionView, formats: Formats): string {
  const why = engineText(view.reasonMessage ?? '');
  if (view.state === 'faulted') return t('{0} has stopped: {1}', view.name, why);
  if (view.state === 'paused') return t('{0} is paused: {1}', view.name, why);
  return view.units.failed > 0
    ? t(
        '{0} is complete: {1}, {2} failed.',
        view.name,
        recordsPhrase(view.records, formats),
        formats.count(view.units.failed),
      )
    : t('{0} is complete: {1}.', view.name, recordsPhrase(view.records, formats));
}

/** How many names one line has room for. */
const maxNames = 3;

/** The ends of several sessions, in one line. */
export function endsNotice(views: readonly SessionView[], formats: Formats): string {
  const done = views.filter((view) => endKind(view) === 'done');
  const problems = views.filter((view) => endKind(view) === 'problem');
  const records = done.reduce((sum, view) => sum + view.records, 0);
  return joinParts([
    done.length === 0
      ? ''
      : t('Complete: {0} ({1}).', namesOf(done, formats), recordsPhrase(records, formats)),
    problems.length === 0 ? '' : t('Need you: {0}.', namesOf(problems, formats)),
  ]);
}

function namesOf(views: readonly SessionView[], formats: Formats): string {
  const shown = views
    .slice(0, maxNames)
    .map(({ name }) => name)
    .join(', ');
  const more = views.length - maxNames;
  return more > 0 ? t('{0} and {1} more', shown, formats.count(more)) : shown;
}
