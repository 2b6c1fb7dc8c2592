import type { SessionView } from '../../src/core/view.ts';
import { unitStates, type UnitState } from '../../src/core/unit.ts';
import { isRunningHere } from './advice.ts';
import { el, section, setAttribute, setText } from '../shared/dom.ts';
import type { Part } from './part.ts';
import type { Words } from './dashboardWords.ts';

/** What is behind us stands left. */
const barOrder = [
  'done',
  'failed',
  'skipped',
  'blocked',
  'in_progress',
] as const satisfies readonly UnitState[];

/** How many units have ended, in whichever way. */
function finishedUnits(view: Pick<SessionView, 'units'>): number {
  const { done, failed, skipped, blocked } = view.units;
  return done + failed + skipped + blocked;
}

/** The bar of units by state, with a legend that says the same in words. */
export function createProgress(words: Words): Part {
  const { t, format } = words;
  const text = el('p', 'progress-text');
  const bar = el('div', 'bar');
  bar.setAttribute('role', 'progressbar');
  bar.setAttribute('aria-label', t('section.progress'));
  bar.setAttribute('aria-valuemin', '0');
  const segments = barOrder.map((state) => {
    const segment = el('div', `segment ${state}`);
    bar.append(segment);
    return { state, segment };
  });
  const legend = el('ul', 'legend');
  const entries = unitStates.map((state) => {
    const count = el('span', 'count');
    legend.append(el('li', '', el('span', `swatch ${state}`), `${t(`unit.${state}`)} `, count));
    return { state, count };
  });
  return {
    element: section('progress', t('section.progress'), text, bar, legend),
    update({ model }) {
      const { view, live } = model.snapshot;
      const finished = finishedUnits(view);
      const total = view.unitTotal;
      const parts = [
        total === 0
          ? t('progress.none')
          : t(
              'progress.units',
              format.count(finished),
              format.count(total),
              format.percent(finished / total),
            ),
      ];
      if (isRunningHere(model) && total > 0) {
        parts.push(
          live.etaMs === null
            ? t('progress.timeLeftUnknown')
            : t('progress.timeLeft', format.duration(Math.max(1000, live.etaMs))),
        );
      }
      setText(text, parts.join(' · '));
      setAttribute(bar, 'aria-valuemax', String(total));
      setAttribute(bar, 'aria-valuenow', String(finished));
      setAttribute(bar, 'aria-valuetext', parts.join(', '));
      for (const { state, segment } of segments) {
        const share = total === 0 ? 0 : view.units[state] / total;
        segment.style.width = `${share * 100}%`;
        segment.hidden = share === 0;
      }
      for (const { state, count } of entries) setText(count, format.count(view.units[state]));
    },
  };
}
