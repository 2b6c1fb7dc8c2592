import type { Stage } from '../../src/core/live.ts';
import { el, foldableSection, setText, type Fold } from '../shared/dom.ts';
import { isRunningHere } from './advice.ts';
import type { Words } from './dashboardWords.ts';
import type { Part } from './part.ts';

/** In the order in which a unit goes through them. */
const stages = ['wait', 'fetch', 'parse', 'commit'] as const satisfies readonly Stage[];

/** Where the time of all units together has gone since this start: a bar, and the same in numbers. */
export function createTimeSpent(words: Words, fold: Fold): Part {
  const { t, format } = words;
  const bar = el('div', 'bar');
  // The list under it says the same.
  bar.setAttribute('aria-hidden', 'true');
  const legend = el('ul', 'legend');
  const rows = stages.map((stage) => {
    const segment = el('div', `segment ${stage}`);
    bar.append(segment);
    const value = el('span', 'count');
    const entry = el('li', '', el('span', `swatch ${stage}`), `${t(`stage.${stage}`)} `, value);
    entry.title = t(`stageHint.${stage}`);
    legend.append(entry);
    return { stage, segment, value };
  });
  const empty = el('p', 'note', t('empty.time'));
  const element = foldableSection('time', t('section.time'), fold, empty, bar, legend);
  return {
    element,
    update({ model }) {
      const { stages: spent } = model.snapshot.live;
      const total = stages.reduce((sum, stage) => sum + spent[stage], 0);
      element.hidden = total === 0 && !isRunningHere(model);
      empty.hidden = total > 0;
      bar.hidden = total === 0;
      legend.hidden = total === 0;
      for (const { stage, segment, value } of rows) {
        const share = total === 0 ? 0 : spent[stage] / total;
        segment.style.width = `${share * 100}%`;
        setText(value, `${format.percent(share)} (${format.duration(spent[stage])})`);
      }
    },
  };
}
