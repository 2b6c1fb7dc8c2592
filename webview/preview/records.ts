import { parseJson } from '../../src/core/json.ts';
import type { PreviewReport, ShownText } from '../../src/core/preview.ts';
import { shownText } from '../../src/core/shownText.ts';
import { el, section } from '../shared/dom.ts';
import type { Words } from './previewWords.ts';

const maxSummary = 160;
const maxLine = 2000;

/** The records that would have been kept, each to be opened; the first one is. */
export function recordsSection({ t, format }: Words, report: PreviewReport): HTMLElement {
  const { records, recordCount, duplicates, itemsRule, items, foundCount } = report;
  const notes: string[] = [];
  if (recordCount > records.length) {
    notes.push(t('recordsShown', format.count(records.length), format.count(recordCount)));
  }
  if (duplicates > 0) notes.push(t('duplicates', format.count(duplicates)));
  if (items === 0) {
    notes.push(itemsRule === '' ? t('noItems') : t('noItemsFor', shownText(itemsRule, 200)));
  } else if (recordCount === 0) {
    notes.push(t('noRecords'));
  }
  const heading = recordCount > 0 ? `${t('records')} (${format.count(recordCount)})` : t('records');
  const isWarning = items === 0 && foundCount === 0;
  return section(
    'records',
    heading,
    ...notes.map((text) => el('p', isWarning ? 'nothing-matched' : 'note', text)),
    ...records.map((record, i) => recordElement(format.count(i + 1), record, i === 0, t)),
  );
}

/** Records that would have been refused, each with its reason. */
export function rejectedSection(
  { t, format }: Words,
  { rejected, rejectedCount }: PreviewReport,
): HTMLElement | undefined {
  if (rejectedCount === 0) return undefined;
  return section(
    'rejected',
    `${t('rejected')} (${format.count(rejectedCount)})`,
    ...rejected.map(({ reason, record }) =>
      recordElement(shownText(reason, maxSummary), record, false, t),
    ),
  );
}

function recordElement(
  title: string,
  record: ShownText,
  isOpen: boolean,
  t: Words['t'],
): HTMLElement {
  const summary = el(
    'summary',
    '',
    el('span', 'record-title', title),
    ' ',
    el('code', 'record-line', shownText(record.text, maxSummary)),
  );
  const element = el('details', 'record', summary, el('pre', '', pretty(record, t)));
  element.open = isOpen;
  return element;
}

/** The whole record, a field a line; one that is cut is no JSON any more. */
function pretty({ text, isCut }: ShownText, t: Words['t']): string {
  if (isCut) return `${shownText(text, text.length)}… (${t('cut')})`;
  return JSON.stringify(parseJson(text), null, 2)
    .split('\n')
    .map((line) => shownText(line, maxLine))
    .join('\n');
}
