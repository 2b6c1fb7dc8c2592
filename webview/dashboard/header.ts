import { shownText } from '../../src/core/shownText.ts';
import type { DashboardAction } from '../../src/protocol/dashboard.ts';
import { adviceFor, adviceText, offeredActions } from './advice.ts';
import { el, setAttribute, setText } from '../shared/dom.ts';
import type { Part } from './part.ts';
import { createActionButton } from '../shared/toolkit.ts';
import type { Words } from './dashboardWords.ts';

/** What the buttons and the link ask for. */
type Action = DashboardAction;

const buttons = [
  'raiseAndResume',
  'resume',
  'pause',
  'stop',
  'openRecords',
  'openMaster',
  'validate',
  'showRecoveryPlan',
  'openLog',
] as const satisfies Action[];

/** Name, state, buttons and advice. `act` resolves when the host has done what was asked. */
export function createHeader(words: Words, act: (action: Action) => Promise<void>): Part {
  const { t } = words;
  const title = el('h1');
  const state = el('span', 'state');
  state.setAttribute('role', 'status');
  const collection = el('a', 'collection');
  collection.href = '#';
  collection.title = t('openCollection');
  collection.addEventListener('click', (event) => {
    event.preventDefault();
    void act('openCollection');
  });
  const merge = el('span', 'merge');
  const session = el('span', 'session');
  const advice = el('p', 'advice');
  const bar = el('div', 'buttons');
  bar.setAttribute('role', 'group');
  const made = buttons.map((action) => {
    const button = createActionButton(t(`button.${action}`), () => act(action));
    button.dataset['action'] = action;
    bar.append(button);
    return { action, button };
  });
  return {
    element: el(
      'header',
      '',
      el(
        'div',
        'title-row',
        el(
          'div',
          'title',
          el('div', 'name', title, state),
          el('p', 'subtitle', collection, merge, ' · ', session),
        ),
        bar,
      ),
      advice,
    ),
    update({ model }) {
      const { view } = model.snapshot;
      setText(title, shownText(view.name, 200));
      const shown = model.holder ? 'held' : view.state;
      setText(state, t(`state.${shown}`));
      setAttribute(state, 'data-state', shown);
      // A merge has none.
      const file = shownText(view.collectionFile, 400);
      setText(collection, model.isCollectionMissing ? t('collectionGone', file) : file);
      collection.hidden = view.collectionFile === '';
      merge.hidden = !collection.hidden;
      const { remapOf } = view;
      setText(merge, remapOf === undefined ? t('merge') : t('remap', shownText(remapOf, 200)));
      setText(session, t('session', shownText(view.session, 200)));
      const offered = offeredActions(model);
      for (const { action, button } of made) {
        button.hidden = !offered.has(action);
        const main = offered.has('raiseAndResume') ? 'raiseAndResume' : 'resume';
        const appearance = action === main ? 'primary' : 'secondary';
        if (button.appearance !== appearance) button.appearance = appearance;
      }
      const found = adviceFor(model);
      advice.hidden = found === null;
      if (found) {
        setAttribute(advice, 'data-tone', found.tone);
        setText(advice, adviceText(words, found, model));
      }
    },
  };
}
