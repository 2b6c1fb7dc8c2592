import { t } from '@vscode/l10n';
import path from 'node:path';
import { assertNever } from '../../core/assert.ts';
import type { Formats } from '../../core/format.ts';
import type { SessionSnapshot } from '../../core/live.ts';
import type { SessionState } from '../../core/view.ts';
import type { HolderView } from '../../protocol/worker.ts';
import type { Verdict } from '../sessions/verdicts.ts';

/** The state as a person reads it, for a label. */
export function stateWord(state: SessionState): string {
  switch (state) {
    case 'active':
      return t('Running');
    case 'paused':
      return t('Paused');
    case 'stopped':
      return t('Stopped');
    case 'interrupted':
      return t('Interrupted');
    case 'faulted':
      return t('Faulted');
    case 'completed':
      return t('Completed');
    default:
      return assertNever(state, 'session state');
  }
}

/** The state and when it began, for the middle of a line. */
export function stateSince(state: SessionState, ago: string): string {
  switch (state) {
    case 'active':
      return t('running');
    case 'paused':
      return t('paused {0}', ago);
    case 'stopped':
      return t('stopped {0}', ago);
    case 'interrupted':
      return t('interrupted {0}', ago);
    case 'faulted':
      return t('faulted {0}', ago);
    case 'completed':
      return t('completed {0}', ago);
    default:
      return assertNever(state, 'session state');
  }
}

/** `1,234 records`. */
export function recordsPhrase(count: number, formats: Formats): string {
  return count === 1 ? t('1 record') : t('{0} records', formats.count(count));
}

/** `12 units`. */
export function unitsPhrase(count: number, formats: Formats): string {
  return count === 1 ? t('1 unit') : t('{0} units', formats.count(count));
}

/** `3 problems`. */
export function problemsPhrase(count: number, formats: Formats): string {
  return count === 1 ? t('1 problem') : t('{0} problems', formats.count(count));
}

/** `3 problems`, or that there are none. */
export function problemsOrNone(count: number, formats: Formats): string {
  return count === 0 ? t('no problems') : problemsPhrase(count, formats);
}

/** `no problems, 21 Nov 2026, 16:20`: what validating said, and when. */
export function verdictPhrase({ problems, atMs }: Verdict, formats: Formats): string {
  return t('{0}, {1}', problemsOrNone(problems, formats), formats.dateTime(atMs));
}

/** `12 failed`; empty when there are none. */
export function failedPhrase(count: number, formats: Formats): string {
  return count === 0 ? '' : t('{0} failed', formats.count(count));
}

/** Who carries a session out. */
export function holderPhrase(holder: HolderView, formats: Formats): string {
  const since = formats.dateTime(Date.parse(holder.since));
  return holder.via === 'cli'
    ? t('cf-collect, process {0} on {1}, since {2}', String(holder.pid), holder.host, since)
    : t(
        'another VS Code window, process {0} on {1}, since {2}',
        String(holder.pid),
        holder.host,
        since,
      );
}

/** `about 0:05:00 left`; empty where nobody can know. */
export function timeLeftPhrase(etaMs: number | null, formats: Formats): string {
  return etaMs === null ? '' : t('about {0} left', formats.duration(etaMs));
}

/** `1,234 records · 56.0/s · 12 of 40 units · 3 failed · about 0:05:00 left`: how far a run is, in one line. */
export function runPhrase({ view, live }: SessionSnapshot, formats: Formats): string {
  const { pending, in_progress: inProgress } = view.units;
  const finished = view.unitTotal - pending - inProgress;
  return joinParts([
    recordsPhrase(view.records, formats),
    t('{0}/s', formats.rate(live.recordsPerSecond)),
    t('{0} of {1}', formats.count(finished), unitsPhrase(view.unitTotal, formats)),
    failedPhrase(view.units.failed, formats),
    timeLeftPhrase(live.etaMs, formats),
  ]);
}

/** The names of files, the first few of many; paths of any platform. */
export function fileNames(paths: readonly string[]): string {
  const names = paths.map((file) => path.basename(file));
  const shown = names.slice(0, maxFileNames).join(', ');
  const more = names.length - maxFileNames;
  return more > 0 ? t('{0} and {1} more', shown, String(more)) : shown;
}

const maxFileNames = 3;

/** The parts of a line, the empty ones left out. */
export function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
