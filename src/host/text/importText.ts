import { t } from '@vscode/l10n';
import { assertNever } from '../../core/assert.ts';
import type { Formats } from '../../core/format.ts';
import type { EarlierData, ImportReport } from '../../core/importReport.ts';
import { bullets, escapeText, factTable, page, section, table } from './markdown.ts';

/** What importing an earlier system's data came to, as a page that a person reads. Markdown. */
export function importMarkdown(report: ImportReport, formats: Formats): string {
  const { kind, from, sessions, files, carriedOver, notCarriedOver, warnings } = report;
  return page([
    `# ${t('Import report')}`,
    factTable([
      [t('Found'), kindWord(kind)],
      [t('Read from'), from],
      [t('Changed there'), t('nothing')],
    ]),
    ...section(
      t('Carried over'),
      bullets(carriedOver),
      carriedOver.length === 0 ? escapeText(t('Nothing.')) : '',
    ),
    ...section(
      t('Not carried over'),
      table(
        [t('What'), t('Why')],
        notCarriedOver.map(({ what, why }) => [what, why]),
      ),
      notCarriedOver.length === 0 ? escapeText(t('Everything was carried over.')) : '',
    ),
    ...section(t('Worth knowing'), bullets(warnings)),
    ...section(
      t('Sessions that were made'),
      table(
        [t('Name'), t('Session'), t('Records'), t('Units done'), t('Units to go')],
        sessions.map(({ name, session, records, unitsDone, unitsToDo }) => [
          name,
          session,
          formats.count(records),
          formats.count(unitsDone),
          formats.count(unitsToDo),
        ]),
        [2, 3, 4],
      ),
    ),
    ...section(t('Files that were made'), bullets(files)),
  ]);
}

/** What earlier data turned out to be. */
function kindWord(kind: EarlierData): string {
  switch (kind) {
    case 'compute-forecast-state':
      return t('State of compute-forecast');
    case 'reply-guyd-master':
      return t('A master of reply-guyd');
    case 'reply-guyd-checkpoint-data':
      return t('Checkpoint data of reply-guyd');
    case 'glider-config':
      return t('A configuration of glider');
    case 'glider-run':
      return t('A run of glider');
    default:
      return assertNever(kind, 'kind');
  }
}
