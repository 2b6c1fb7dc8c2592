import { t } from '@vscode/l10n';
import { assertNever } from '../../core/assert.ts';
import type { FileRole } from '../../core/events.ts';
import type { Formats } from '../../core/format.ts';
import type { KnownDataFile } from '../data/dataFiles.ts';
import type { Verdict } from '../sessions/verdicts.ts';
import { joinParts, recordsPhrase, verdictPhrase } from './phrases.ts';

/** What a data file is: `Master of books`. */
function dataFilePhrase({ session, file }: KnownDataFile): string {
  return rolePhrase(file.role, session.snapshot.view.name);
}

function rolePhrase(role: FileRole, name: string): string {
  switch (role) {
    case 'master':
      return t('Master of {0}', name);
    case 'raw':
      return t('Raw items of {0}', name);
    case 'rejected':
      return t('Rejected records of {0}', name);
    default:
      return assertNever(role, 'file role');
  }
}

/** A data file in one line: `Master of books · 1,169 records · validated: no problems, …`. */
export function dataFileTooltip(
  known: KnownDataFile,
  verdict: Verdict | undefined,
  formats: Formats,
): string {
  const { file } = known;
  // A count that is not told again would soon be wrong.
  const size = isBeingWritten(known)
    ? t('being written')
    : file.role === 'master'
      ? recordsPhrase(file.lines, formats)
      : t('{0} lines', formats.count(file.lines));
  const said = verdict ? t('validated: {0}', verdictPhrase(verdict, formats)) : '';
  return joinParts([dataFilePhrase(known), size, said]);
}

/** Whether somebody carries the session out now. */
function isBeingWritten({ session }: KnownDataFile): boolean {
  const { state } = session.snapshot.view;
  return state === 'active' || (state === 'paused' && (session.isOurs || session.holder !== null));
}

/** A data file is being edited: what saving that would do. */
export function editWarning(known: KnownDataFile, name: string): string {
  const what = dataFilePhrase(known);
  return isBeingWritten(known)
    ? t(
        '{0} is being written: {1}. If you save this edit, its session stops at once, and can’t be resumed until the edit is undone.',
        name,
        what,
      )
    : t(
        '{0} belongs to a session: {1}. If you save this edit, the session can’t be resumed until the edit is undone.',
        name,
        what,
      );
}

/** A data file was edited and saved: what follows, and how to undo it. */
export function editedWarning(known: KnownDataFile, name: string): string {
  return t(
    '{0} is no longer what its session wrote: {1}. Before you resume, undo the edit and save again; to keep your version, save it under another name first.',
    name,
    dataFilePhrase(known),
  );
}
