import { shownText } from '../../src/core/shownText.ts';
import type { DashboardStringKey, MarkReason } from '../../src/protocol/dashboard.ts';
import { el, foldableSection, setAttribute, setText, type Fold } from '../shared/dom.ts';
import { KeyedList, type RowView } from '../shared/keyedList.ts';
import { createActionButton, createButton } from '../shared/toolkit.ts';
import { canGoBack } from './advice.ts';
import type { Words } from './dashboardWords.ts';
import type { Part, Shown } from './part.ts';
import { timelineRows, type TimelineRow } from './timelineRows.ts';

const rowsAtFirst = 12;
const rowsMore = 50;

const reasonKeys: Readonly<Record<MarkReason, DashboardStringKey>> = {
  window: 'reason.window',
  cli: 'reason.cli',
  user: 'reason.user',
  'disk-full': 'reason.disk-full',
  budget: 'reason.budget',
  'in-doubt': 'reason.in-doubt',
  setup: 'reason.setup',
  signal: 'reason.signal',
  'window-closed': 'reason.window-closed',
  guard: 'reason.guard',
  exhausted: 'reason.exhausted',
  target: 'reason.target',
  session_started: 'reason.session_started',
  venue_completed: 'reason.venue_completed',
  batch_completed: 'reason.batch_completed',
  api_call_completed: 'reason.api_call_completed',
  error_occurred: 'reason.error_occurred',
  source_completed: 'reason.source_completed',
  batch_processed: 'reason.batch_processed',
  deduplication_completed: 'reason.deduplication_completed',
  session_paused: 'reason.session_paused',
  session_completed: 'reason.session_completed',
};

/**
 * The timeline as a list.
 *
 * @param resumeFrom takes the session up again from a checkpoint; a person is asked by the host.
 */
export function createTimeline(
  words: Words,
  fold: Fold,
  resumeFrom: (checkpoint: string) => Promise<void>,
): Part {
  const { t, format } = words;
  const list = el('ol', 'rows timeline-list');
  list.setAttribute('role', 'list');
  const note = el('p', 'note');
  const more = createButton();
  more.appearance = 'secondary';
  let maxRows = rowsAtFirst;
  let shown: Shown | undefined;
  let isAtRest = false;
  let rows: readonly TimelineRow[] = [];
  let madeOf: readonly unknown[] = [];
  more.addEventListener('click', () => {
    maxRows += rowsMore;
    if (shown) update(shown);
  });
  const items = new KeyedList<TimelineRow>(list, ({ key }) => key, createRow);
  const element = foldableSection('timeline', t('section.timeline'), fold, list, note, more);

  function createRow(row: TimelineRow): RowView<TimelineRow> {
    const { checkpoint } = row;
    const when = format.dateTime(row.at);
    const time = el('time', 'row-time', when);
    const what = el('span', 'row-main', whatText(row));
    const side = el('span', 'row-side');
    const item = el('li', `mark ${row.kind}`, time, what, side);
    if (checkpoint === null) return { element: item, update: () => undefined };
    const button = createActionButton(t('timeline.resume'), () => resumeFrom(checkpoint.id));
    setAttribute(button, 'aria-label', t('timeline.resumeLabel', when));
    item.append(button);
    return {
      element: item,
      update({ checkpoint: now }) {
        if (!now) return;
        const records = now.records === null ? '' : format.count(now.records);
        const told = records === '' ? '' : t('timeline.records', records);
        setText(side, now.valid ? told : t('timeline.damaged'));
        button.hidden = !isAtRest || !now.valid;
      },
    };
  }

  function whatText({ kind, reason }: TimelineRow): string {
    const what = t(`mark.${kind}`);
    if (reason === null) return what;
    const known = Object.hasOwn(reasonKeys, reason) ? reasonKeys[reason as MarkReason] : undefined;
    return t('timeline.mark', what, known === undefined ? shownText(reason, 200) : t(known));
  }

  function update(next: Shown): void {
    shown = next;
    const { model, past } = next;
    const isResumable = canGoBack(model);
    const last = model.snapshot.view.lastCheckpoint;
    const of = [past, last?.id, isResumable, maxRows];
    // Rows change seldom, and figures five times a second.
    if (of.every((part, i) => part === madeOf[i]) && madeOf.length > 0) return;
    madeOf = of;
    isAtRest = isResumable;
    rows = past.state === 'there' ? timelineRows(past.value, model) : [];
    items.update(rows.slice(0, maxRows));
    list.hidden = rows.length === 0;
    setText(note, noteText(past));
    more.hidden = rows.length <= maxRows;
    const left = Math.min(rowsMore, rows.length - maxRows);
    setText(more, t('timeline.more', format.count(Math.max(0, left))));
  }

  function noteText(past: Shown['past']): string {
    switch (past.state) {
      case 'loading':
        return t('reading');
      case 'failed':
        return t('requestFailed', shownText(past.message));
      case 'there':
        return rows.length === 0 ? t('empty.timeline') : '';
    }
  }

  return { element, update };
}
