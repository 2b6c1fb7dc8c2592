import type { SessionSnapshot } from '../../src/core/live.ts';
import { el, section, setText } from '../shared/dom.ts';
import type { Part } from './tables.ts';
import type { Words } from './dashboardWords.ts';

/** The dashboard's figures, in the order of the page. Each is the view's own count, so it equals a recount. */
const figures = [
  ['elapsed', ({ live }, { format }) => format.duration(live.elapsedMs)],
  ['done', ({ view }, { format }) => format.count(view.units.done)],
  ['failed', ({ view }, { format }) => format.count(view.units.failed)],
  ['skipped', ({ view }, { format }) => format.count(view.units.skipped)],
  ['blocked', ({ view }, { format }) => format.count(view.units.blocked)],
  ['records', ({ view }, { format }) => format.count(view.records)],
  ['duplicates', ({ view }, { format }) => format.count(view.duplicates)],
  ['rejected', ({ view }, { format }) => format.count(view.rejected)],
  ['notYetSafe', ({ live }, { format }) => format.count(live.notYetSafe)],
  ['rate', ({ live }, { format }) => format.rate(live.recordsPerSecond)],
] as const satisfies readonly (readonly [
  string,
  (snapshot: SessionSnapshot, words: Words) => string,
])[];

/** The figures as a list of names and values. */
export function createFigures(words: Words): Part {
  const list = el('dl');
  const values = figures.map(([name, text]) => {
    const value = el('dd');
    value.dataset['figure'] = name;
    const item = el('div', `figure ${name}`, el('dt', '', words.t(`figure.${name}`)), value);
    item.title = words.t(`figureHint.${name}`);
    list.append(item);
    return { item, value, name, text };
  });
  return {
    element: section('figures', words.t('section.figures'), list),
    update({ snapshot }) {
      for (const { item, value, name, text } of values) {
        setText(value, text(snapshot, words));
        if (name === 'failed') item.classList.toggle('bad', snapshot.view.units.failed > 0);
      }
    },
  };
}
