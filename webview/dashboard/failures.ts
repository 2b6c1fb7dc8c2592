import { shownText } from '../../src/core/shownText.ts';
import type { ErrorView } from '../../src/core/view.ts';
import type { FailureGroup } from '../../src/core/history.ts';
import { el, foldableSection, setAttribute, setText, type Fold } from '../shared/dom.ts';
import { KeyedList, type RowView } from '../shared/keyedList.ts';
import { Table } from '../shared/table.ts';
import { createActionButton } from '../shared/toolkit.ts';
import { canRetry } from './advice.ts';
import type { Words } from './dashboardWords.ts';
import type { Part } from './part.ts';

/** More groups than this are only counted. */
const maxGroups = 20;

/**
 * What has failed for good, by what it failed of, with the ways to try it again; and the newest errors, those of units
 * that are tried again by themselves included.
 *
 * @param retry tries failed units again: these, or all (null).
 */
export function createFailures(
  words: Words,
  fold: Fold,
  retry: (units: readonly number[] | null) => Promise<void>,
): Part {
  const { t, format } = words;
  const retryAll = createActionButton(t('failures.retryAll'), () => retry(null));
  const bar = el('div', 'buttons', retryAll);
  const list = el('ul', 'rows');
  let isRetriable = false;
  const groups = new KeyedList<FailureGroup>(
    list,
    ({ code, lane }) => JSON.stringify([code, lane]),
    createGroup,
  );
  const groupNote = el('p', 'note');
  const newest = el('h3', '', t('failures.lastErrors'));
  const table = new Table<ErrorView>(t('section.errors'), [
    {
      heading: t('column.time'),
      width: '8em',
      text: (error) => format.clock(Date.parse(error.at)),
    },
    { heading: t('column.unit'), width: '3fr', text: (error) => error.key, oneLine: true },
    {
      heading: t('column.error'),
      width: '4fr',
      text: (error) => `${error.message} (${error.code})`,
    },
    {
      heading: t('column.outcome'),
      width: '9em',
      text: (error) => t(error.retried ? 'outcome.retried' : 'outcome.final'),
    },
  ]);
  const note = el('p', 'note', t('empty.errors'));
  const element = foldableSection(
    'failures',
    t('section.failures'),
    fold,
    bar,
    list,
    groupNote,
    newest,
    el('div', 'wide-table', table.element),
    note,
  );

  function createGroup(): RowView<FailureGroup> {
    let shown: FailureGroup | undefined;
    const count = el('span', 'row-count');
    const message = el('span', 'row-main');
    const place = el('span', 'row-side');
    const button = createActionButton(t('failures.retry'), () => retry(shown?.units ?? []));
    return {
      element: el('li', '', count, message, place, button),
      update(group) {
        shown = group;
        setText(count, format.count(group.failed));
        setText(message, shownText(`${group.message} (${group.code})`, 300));
        setText(place, shownText(group.lane, 80));
        setAttribute(button, 'aria-label', t('failures.retryLabel', shownText(group.code, 200)));
        button.hidden = !isRetriable;
      },
    };
  }

  return {
    element,
    update({ model, failures }) {
      const { view } = model.snapshot;
      const hasFailed = view.units.failed > 0;
      isRetriable = canRetry(model);
      bar.hidden = !hasFailed || !isRetriable;
      const known = failures.state === 'there' && hasFailed ? failures.value : [];
      groups.update(known.slice(0, maxGroups));
      list.hidden = known.length === 0;
      setText(groupNote, noteText());
      newest.hidden = !hasFailed || view.errors.length === 0;
      table.update(view.errors);
      note.hidden = hasFailed || view.errors.length > 0;

      function noteText(): string {
        if (!hasFailed) return '';
        if (failures.state === 'loading') return t('reading');
        if (failures.state === 'failed') return t('requestFailed', shownText(failures.message));
        const more = known.length - maxGroups;
        return more > 0 ? t('moreRows', format.count(more)) : '';
      }
    },
  };
}
