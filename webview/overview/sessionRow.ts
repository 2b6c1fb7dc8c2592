import { shownText } from '../../src/core/shownText.ts';
import type { OverviewRow, SessionAction } from '../../src/protocol/overview.ts';
import { el, setAttribute, setText } from '../shared/dom.ts';
import type { RowView } from '../shared/keyedList.ts';
import { createActionButton } from '../shared/toolkit.ts';
import type { Words } from './overviewWords.ts';

const maxName = 120;
/** What has buttons of its own; the name opens the dashboard. */
const buttons = ['pause', 'resume', 'stop'] as const satisfies readonly SessionAction[];

/** The table's columns. */
export const columns = [
  'session',
  'state',
  'records',
  'rate',
  'progress',
  'money',
  'failed',
  'actions',
] as const;

/** A session as a row of the table. `ask` resolves when the host has done what was asked. */
export function createSessionRow(
  first: OverviewRow,
  { t, format }: Words,
  nowMs: () => number,
  ask: (action: SessionAction, row: OverviewRow) => Promise<void>,
): RowView<OverviewRow> {
  let row = first;
  const name = el('a', 'session-name', shownText(first.name, maxName));
  name.href = '#';
  const place = el('span', 'place');
  const state = el('span', 'state');
  const reason = el('span', 'reason');
  const records = el('span');
  const rate = el('span');
  const progress = el('span', 'progress-text');
  const bar = el('div', 'bar');
  const done = el('div', 'segment done');
  const failedShare = el('div', 'segment failed');
  bar.append(done, failedShare);
  // The words under it say the same.
  bar.setAttribute('aria-hidden', 'true');
  const money = el('span');
  const failed = el('span');
  const toolbar = el('div', 'buttons');
  const made = buttons.map((action) => {
    const button = createActionButton(t(`button.${action}`), () => ask(action, row));
    button.dataset['action'] = action;
    setAttribute(button, 'aria-label', t(`buttonLabel.${action}`, shownText(first.name, maxName)));
    toolbar.append(button);
    return { action, button };
  });
  const cells: Readonly<Record<(typeof columns)[number], readonly Node[]>> = {
    session: [name, place],
    state: [state, reason],
    records: [records],
    rate: [rate],
    progress: [bar, progress],
    money: [money],
    failed: [failed],
    actions: [toolbar],
  };
  const element = el('tr');
  for (const column of columns) {
    const isHeading = column === 'session';
    const cell = el(isHeading ? 'th' : 'td', `cell-${column}`, ...cells[column]);
    if (isHeading) cell.setAttribute('scope', 'row');
    cell.dataset['label'] = t(`column.${column}`);
    element.append(cell);
  }
  const open = (): void => void ask('open', row);
  name.addEventListener('click', (event) => {
    event.preventDefault();
    open();
  });
  element.addEventListener('click', (event) => {
    const isControl = event.target instanceof Element && event.target.closest('a, vscode-button');
    // Who selects text to copy it does not mean to go elsewhere.
    if (!isControl && document.getSelection()?.isCollapsed !== false) open();
  });

  return {
    element,
    update(next) {
      row = next;
      setText(place, placeText(next));
      setText(state, t(`state.${next.state}`));
      setAttribute(state, 'data-state', next.state);
      setText(reason, reasonText(next));
      setText(records, format.count(next.records));
      setText(rate, next.recordsPerSecond === null ? '' : perSecond(next.recordsPerSecond));
      setText(progress, progressText(next));
      const share = (count: number) =>
        `${next.total === 0 ? 0 : Math.min(1, count / next.total) * 100}%`;
      done.style.width = share(next.finished - next.failed);
      failedShare.style.width = share(next.failed);
      setText(money, moneyText(next));
      setText(failed, next.failed === 0 ? '' : format.count(next.failed));
      for (const { action, button } of made) button.hidden = !next.actions.includes(action);
    },
  };

  function perSecond(value: number): string {
    return t('perSecond', format.rate(value));
  }

  function placeText({ collectionFile, folder, createdAt }: OverviewRow): string {
    const file = collectionFile === '' ? t('merge') : shownText(collectionFile, maxName);
    const parts = [file, format.dateTime(createdAt)];
    return (folder === '' ? parts : [shownText(folder, maxName), ...parts]).join(' · ');
  }

  function reasonText({ state: is, reasonMessage, lastEventAt }: OverviewRow): string {
    if (is === 'active' || is === 'held') return '';
    if (reasonMessage !== null && (is === 'paused' || is === 'faulted')) {
      return shownText(reasonMessage, 200);
    }
    return format.ago(lastEventAt, nowMs());
  }

  function progressText({ finished, total, state: is, etaMs }: OverviewRow): string {
    if (total === 0) return '';
    const units = t(
      'progress.units',
      format.count(finished),
      format.count(total),
      format.percent(finished / total),
    );
    if (is !== 'active') return units;
    const left =
      etaMs === null
        ? t('progress.timeLeftUnknown')
        : t('progress.timeLeft', format.duration(Math.max(1000, etaMs)));
    return `${units} · ${left}`;
  }

  function moneyText({ spentMicroUsd, reservedMicroUsd, maxMicroUsd }: OverviewRow): string {
    if (spentMicroUsd + reservedMicroUsd === 0 && maxMicroUsd === null) return '';
    const spent = format.usd(spentMicroUsd);
    const parts = [
      maxMicroUsd === null ? spent : t('money.spentOf', spent, format.usd(maxMicroUsd)),
    ];
    if (reservedMicroUsd > 0) parts.push(t('money.reserved', format.usd(reservedMicroUsd)));
    return parts.join(' · ');
  }
}
