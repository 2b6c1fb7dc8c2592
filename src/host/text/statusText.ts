import { t } from '@vscode/l10n';
import { assertNever } from '../../core/assert.ts';
import type { PauseReason } from '../../core/events.ts';
import type { Formats } from '../../core/format.ts';
import type { SessionSnapshot } from '../../core/live.ts';
import { endKind } from './endText.ts';
import { joinParts, recordsPhrase, runPhrase, timeLeftPhrase } from './phrases.ts';
import { labelText } from './plainText.ts';

/** What the status bar shows. */
export interface StatusBarText {
  /** With an icon at its beginning; names in it can't bring icons of their own. */
  readonly text: string;
  /** What a screen reader says. */
  readonly label: string;
  /** A line for each session, the first few of many. */
  readonly tooltip: string;
  /** A session needs a person. */
  readonly isTrouble: boolean;
}

/** How many sessions the tooltip tells of. */
const maxTooltipLines = 8;

/** What the status bar says about the sessions of this window; undefined when there are none. */
export function statusBarText(
  sessions: readonly SessionSnapshot[],
  formats: Formats,
): StatusBarText | undefined {
  const [only, another] = sessions;
  if (!only) return undefined;
  const shown = another ? severalText(sessions, formats) : oneText(only, formats);
  const tooltip = sessions
    .slice(0, maxTooltipLines)
    .map(({ view, live }) => t('{0}: {1}', view.name, runPhrase({ view, live }, formats)));
  return { ...shown, text: `${shown.icon} ${labelText(shown.text)}`, tooltip: tooltip.join('\n') };
}

type Shown = Omit<StatusBarText, 'tooltip'> & { readonly icon: string };

function oneText({ view, live }: SessionSnapshot, formats: Formats): Shown {
  const figures = recordsPhrase(view.records, formats);
  const { name } = view;
  if (view.state === 'active') {
    const rate = formats.rate(live.recordsPerSecond);
    const waiting = waitingPhrase(live);
    const parts = [name, figures, waiting || t('{0}/s', rate), timeLeftPhrase(live.etaMs, formats)];
    const text = joinParts(parts);
    const label = waiting
      ? t('{0}: running, {1}, {2}', name, figures, waiting)
      : t('{0}: running, {1}, {2} per second', name, figures, rate);
    return { icon: '$(sync~spin)', text, label, isTrouble: false };
  }
  const why = view.state === 'paused' ? pauseWord(view.reason as PauseReason) : '';
  return {
    icon: why === '' ? '$(debug-pause)' : '$(warning)',
    text: joinParts([name, figures, why]),
    label:
      why === ''
        ? t('{0}: paused, {1}', name, figures)
        : t('{0}: paused, {1}, {2}', name, why, figures),
    isTrouble: why !== '',
  };
}

function severalText(sessions: readonly SessionSnapshot[], formats: Formats): Shown {
  const running = sessions.filter(({ view }) => view.state === 'active');
  const troubled = sessions.filter(({ view }) => endKind(view) === 'problem').length;
  const what = t('{0} collections', formats.count(sessions.length));
  const records = sessions.reduce((sum, { view }) => sum + view.records, 0);
  const figures = recordsPhrase(records, formats);
  const rate = formats.rate(running.reduce((sum, { live }) => sum + live.recordsPerSecond, 0));
  const trouble = troubled === 0 ? '' : needYouPhrase(troubled, formats);
  const isTrouble = troubled > 0;
  if (running.length === 0) {
    const icon = isTrouble ? '$(warning)' : '$(debug-pause)';
    const label = joinParts([t('{0}: paused, {1}', what, figures), trouble]);
    return { icon, text: joinParts([what, figures, trouble]), label, isTrouble };
  }
  return {
    icon: '$(sync~spin)',
    text: joinParts([what, figures, t('{0}/s', rate), trouble]),
    label: joinParts([t('{0}: running, {1}, {2} per second', what, figures, rate), trouble]),
    isTrouble,
  };
}

/** Nothing comes because a host is left alone for a while. */
function waitingPhrase({ recordsPerSecond, hosts }: SessionSnapshot['live']): string {
  const closed = recordsPerSecond > 0 ? undefined : hosts.find(({ circuit }) => circuit === 'open');
  return closed ? t('waiting for {0}', closed.host) : '';
}

/** Why a session waits, in two words; empty where a person wanted that. */
function pauseWord(reason: PauseReason): string {
  switch (reason) {
    case 'user':
      return '';
    case 'budget':
      return t('limit reached');
    case 'disk-full':
      return t('disk full');
    case 'in-doubt':
    case 'setup':
      return t('needs you');
    default:
      return assertNever(reason, 'pause reason');
  }
}

function needYouPhrase(count: number, formats: Formats): string {
  return count === 1 ? t('1 needs you') : t('{0} need you', formats.count(count));
}

/** The badge of the view: how many sessions run or need a person; undefined when none do. */
export function badgeText(
  { running, troubled }: { readonly running: number; readonly troubled: number },
  formats: Formats,
): { readonly value: number; readonly tooltip: string } | undefined {
  if (running + troubled === 0) return undefined;
  return {
    value: running + troubled,
    tooltip: joinParts([
      running === 0
        ? ''
        : running === 1
          ? t('1 collection is running')
          : t('{0} collections are running', formats.count(running)),
      troubled === 0 ? '' : needYouPhrase(troubled, formats),
    ]),
  };
}
