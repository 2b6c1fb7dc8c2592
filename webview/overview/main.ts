import '../shared/base.css';
import '../shared/state.css';
import './overview.css';
import { messageOf } from '../../src/core/errors.ts';
import { formatsFor } from '../../src/core/format.ts';
import { shownText } from '../../src/core/shownText.ts';
import type {
  OverviewEvents,
  OverviewHydration,
  OverviewModel,
  OverviewRequests,
  OverviewRow,
  OverviewState,
} from '../../src/protocol/overview.ts';
import { el, setText } from '../shared/dom.ts';
import { KeyedList } from '../shared/keyedList.ts';
import { atMostEvery, connectPage, oncePerFrame } from '../shared/page.ts';
import { createActionButton, createButton, defineToolkitElements } from '../shared/toolkit.ts';
import { createWords } from '../shared/words.ts';
import { columns, createSessionRow } from './sessionRow.ts';
import type { Words } from './overviewWords.ts';

const rowsAtFirst = 100;
const rowsMore = 200;

let model: OverviewModel | undefined;
let show: ((model: OverviewModel) => void) | undefined;

const draw = oncePerFrame(() => {
  if (model) show?.(model);
});

/** Figures that change faster than that are not read any better. */
const drawFigures = atMostEvery(400, draw);

const { rpc, keepState } = connectPage<OverviewRequests, OverviewEvents>((name, payload) => {
  if (name === 'model') {
    model = payload as OverviewEvents['model'];
    draw();
  } else if (model) {
    model = withRows(model, payload as OverviewEvents['rows']);
    drawFigures();
  }
});

/** The model with newer rows in the places of the old ones. */
function withRows(before: OverviewModel, changed: readonly OverviewRow[]): OverviewModel {
  const newer = new Map(changed.map((row) => [row.ref.session, row]));
  return { ...before, rows: before.rows.map((row) => newer.get(row.ref.session) ?? row) };
}

function createPage(words: Words, hydration: OverviewHydration): HTMLElement {
  const { t, format } = words;
  const aheadMs = hydration.nowMs - Date.now();
  const nowMs = () => Date.now() + aheadMs;
  const notice = el('p', 'request-failed');
  notice.setAttribute('role', 'alert');
  const guarded = async (request: Promise<unknown>): Promise<void> => {
    try {
      await request;
      setText(notice, '');
    } catch (error) {
      setText(notice, t('requestFailed', shownText(messageOf(error))));
    }
  };
  const summary = el('p', 'subtitle');
  const problem = el('p', 'advice');
  problem.dataset['tone'] = 'error';
  const body = el('tbody');
  const headings = columns.map((column) => {
    const heading = el('th', `cell-${column}`, t(`column.${column}`));
    heading.setAttribute('scope', 'col');
    return heading;
  });
  const table = el('table', 'sessions', el('thead', '', el('tr', '', ...headings)), body);
  table.setAttribute('aria-label', t('title'));
  const rows = new KeyedList<OverviewRow>(
    body,
    ({ ref }) => ref.session,
    (row) =>
      createSessionRow(row, words, nowMs, (action, { ref }) =>
        guarded(rpc.request(action, { session: ref }, 0)),
      ),
  );
  let maxRows = rowsAtFirst;
  const more = createButton();
  more.appearance = 'secondary';
  more.addEventListener('click', () => {
    maxRows += rowsMore;
    draw();
  });
  const create = createActionButton(t('button.newCollection'), () =>
    guarded(rpc.request('newCollection', null, 0)),
  );
  create.appearance = 'primary';
  const sample = createActionButton(t('button.openSample'), () =>
    guarded(rpc.request('openSample', null, 0)),
  );
  const empty = el(
    'div',
    'empty',
    el('p', 'empty-title', t('empty')),
    el('p', 'note', t('emptyHint')),
    el('div', 'buttons', create, sample),
  );

  show = (shown) => {
    setText(summary, summaryText(shown.rows));
    summary.hidden = shown.rows.length === 0;
    problem.hidden = shown.problem === null;
    setText(problem, shownText(shown.problem ?? ''));
    rows.update(shown.rows.slice(0, maxRows));
    table.hidden = shown.rows.length === 0;
    empty.hidden = shown.rows.length > 0 || shown.problem !== null;
    const left = shown.rows.length - maxRows;
    more.hidden = left <= 0;
    setText(more, t('more', format.count(Math.min(rowsMore, Math.max(0, left)))));
  };

  function summaryText(all: readonly OverviewRow[]): string {
    const running = all.filter(({ state }) => state === 'active');
    if (running.length === 0) return t('summary.none');
    const rate = running.reduce((sum, row) => sum + (row.recordsPerSecond ?? 0), 0);
    const spent = running.reduce((sum, row) => sum + row.spentMicroUsd, 0);
    const parts = [
      t('summary.running', format.count(running.length)),
      t('summary.rate', format.rate(rate)),
    ];
    if (spent > 0) parts.push(t('summary.spent', format.usd(spent)));
    return parts.join(' · ');
  }

  return el(
    'main',
    '',
    el('header', '', el('h1', '', t('title')), summary, problem, notice),
    empty,
    el('div', 'table-box', table),
    el('div', 'buttons', more),
  );
}

async function hydrate(): Promise<void> {
  const hydration = await rpc.request('ready', null);
  keepState({ version: 1 } satisfies OverviewState);
  document.documentElement.lang = hydration.locale;
  const words = createWords(hydration.strings, formatsFor(hydration.locale));
  document.body.replaceChildren(createPage(words, hydration));
  model = hydration.model;
  show?.(model);
}

defineToolkitElements();
hydrate().catch((error: unknown) => {
  document.body.replaceChildren(el('p', 'advice', shownText(messageOf(error))));
});
