import { el, section, setText } from '../shared/dom.ts';
import type { Words } from './dashboardWords.ts';
import { isRunningHere } from './advice.ts';
import type { Part, Shown } from './part.ts';

type Tell = (shown: Shown, words: Words) => string;

/**
 * The dashboard's figures, in the order of the page: first the seven that everybody asks for, then the rest. Each that
 * can be counted is the view's own count, so it equals a recount.
 */
const figures = [
  ['elapsed', ({ model }, { format }) => format.duration(model.snapshot.live.elapsedMs)],
  ['done', ({ model }, { format }) => format.count(model.snapshot.view.units.done)],
  ['failed', ({ model }, { format }) => format.count(model.snapshot.view.units.failed)],
  ['skipped', ({ model }, { format }) => format.count(model.snapshot.view.units.skipped)],
  ['blocked', ({ model }, { format }) => format.count(model.snapshot.view.units.blocked)],
  ['records', ({ model }, { format }) => format.count(model.snapshot.view.records)],
  ['rate', live(({ recordsPerSecond }, { format }) => format.rate(recordsPerSecond))],
  ['duplicates', ({ model }, { format }) => format.count(model.snapshot.view.duplicates)],
  ['rejected', ({ model }, { format }) => format.count(model.snapshot.view.rejected)],
  ['notYetSafe', live(({ notYetSafe }, { format }) => format.count(notYetSafe))],
  ['inFlight', live(({ inFlight }, { format }) => format.count(inFlight.length))],
  ['queue', ({ model }, { format }) => format.count(model.snapshot.view.units.pending)],
  ['received', live(({ receivedBytes }, { format }) => format.bytes(receivedBytes))],
  ['masterSize', ({ model }, { format }) => format.bytes(masterBytes(model))],
] as const satisfies readonly (readonly [string, Tell])[];

/** How many of them stand in the first row. */
const mainCount = 7;

/** The figures as two lists of names and values. */
export function createFigures(words: Words): Part {
  const values = figures.map(([name, text]) => {
    const value = el('dd');
    value.dataset['figure'] = name;
    const item = el('div', `figure ${name}`, el('dt', '', words.t(`figure.${name}`)), value);
    item.title = words.t(`figureHint.${name}`);
    return { item, value, name, text };
  });
  const items = values.map(({ item }) => item);
  return {
    element: section(
      'figures',
      words.t('section.figures'),
      el('dl', 'main-figures', ...items.slice(0, mainCount)),
      el('dl', 'more-figures', ...items.slice(mainCount)),
    ),
    update(shown) {
      for (const { item, value, name, text } of values) {
        setText(value, text(shown, words));
        if (name === 'failed') {
          item.classList.toggle('bad', shown.model.snapshot.view.units.failed > 0);
        }
      }
    },
  };
}

/** A figure that is measured: there is none while the session is not carried out here. */
function live(tell: (stats: Shown['model']['snapshot']['live'], words: Words) => string): Tell {
  return ({ model }, words) => (isHeldHere(model) ? tell(model.snapshot.live, words) : '–');
}

function isHeldHere(model: Shown['model']): boolean {
  const isPausedHere = model.snapshot.view.state === 'paused' && model.holder === null;
  return isRunningHere(model) || isPausedHere;
}

function masterBytes({ snapshot }: Shown['model']): number {
  const masters = snapshot.view.files.filter(({ role }) => role === 'master');
  return masters.reduce((sum, { bytes }) => sum + bytes, 0);
}
