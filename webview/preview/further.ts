import type { PreviewFailure, PreviewPrice, PreviewReport } from '../../src/core/preview.ts';
import { shownText } from '../../src/core/shownText.ts';
import type { PreviewTrouble } from '../../src/protocol/preview.ts';
import { el, section } from '../shared/dom.ts';
import { createButton } from '../shared/toolkit.ts';
import type { Asks, Words } from './previewWords.ts';

const maxUnit = 300;
const maxMessage = 2000;

/** What is in the way, with what can be done about it. */
export function troubleElement(
  { t }: Words,
  { message, actions }: PreviewTrouble,
  failure: PreviewFailure | null,
  asks: Asks,
): HTMLElement {
  const what = el('p', '', shownText(message, maxMessage));
  const meaning = el('p', 'note', failure === null ? '' : meaningOf(failure));
  meaning.hidden = failure === null;
  const buttons = actions.map((action, i) => {
    const button = createButton(t(`action.${action}`));
    button.appearance = i === 0 ? 'primary' : 'secondary';
    button.dataset['action'] = action;
    button.addEventListener('click', () => {
      asks.act(action);
    });
    return button;
  });
  const element = el('div', 'advice trouble', what, meaning, el('div', 'buttons', ...buttons));
  element.dataset['tone'] =
    failure?.kind === 'skipped' || failure?.kind === 'blocked' ? 'warning' : 'error';
  element.setAttribute('role', 'alert');
  return element;

  function meaningOf({ kind, delayMs }: PreviewFailure): string {
    return t(`failure.${kind}`, String(Math.ceil((delayMs ?? 0) / 1000)));
  }
}

/** What a preview would cost, and what can be looked at for nothing. */
export function priceElement({ t, format }: Words, price: PreviewPrice, asks: Asks): HTMLElement {
  const cost = t(`price.${price.what}`, format.usd(price.microUsd));
  const { session } = price;
  const button = createButton(t('action.previewEarlier'));
  button.dataset['action'] = 'previewEarlier';
  button.addEventListener('click', () => {
    asks.act('previewEarlier');
  });
  const buttons = el('div', 'buttons', button);
  buttons.hidden = session === null;
  const element = el(
    'div',
    'advice price',
    el('p', '', cost),
    el('p', 'note', session === null ? t('price.none') : t('price.earlier', session)),
    buttons,
  );
  element.dataset['tone'] = 'warning';
  return element;
}

/** The way to what is shown, where there was more than one page, and what is to be known about it. */
export function notesElement({ t, format }: Words, report: PreviewReport): HTMLElement | undefined {
  const { notes, steps } = report;
  const lines = notes.map((note) => el('li', '', t(`note.${note}`)));
  const way = steps.map(({ unit, items, found }) =>
    el('li', '', t('step', shownText(unit, maxUnit), format.count(items), format.count(found))),
  );
  if (lines.length === 0 && way.length < 2) return undefined;
  const trail = el('ol', 'way', ...way);
  trail.setAttribute('aria-label', t('steps'));
  trail.hidden = way.length < 2;
  const list = el('ul', 'notes', ...lines);
  list.hidden = lines.length === 0;
  return el('div', 'notes-part note', list, trail);
}

/** Where the unit goes on, and what it leads to: each can be previewed itself. */
export function nextSection(
  { t, format }: Words,
  report: PreviewReport,
  asks: Asks,
): HTMLElement | undefined {
  const { end, cursor, found, foundCount } = report;
  if (report.steps.length === 0) return undefined;
  const facts = [
    ...(end === null ? [] : [t('end', shownText(end, maxUnit))]),
    ...(cursor === null ? [] : [t('cursor', shownText(cursor, maxUnit))]),
    ...(foundCount === 0 ? [] : [t('found', format.count(foundCount))]),
  ];
  const links = found.map((unit) => {
    const shown = shownText(unit, maxUnit);
    const button = el('button', 'link', shown);
    button.type = 'button';
    button.title = t('preview', shown);
    button.addEventListener('click', () => {
      asks.run(unit);
    });
    return el('li', '', button);
  });
  const more = foundCount - found.length;
  const list = el('ul', 'found', ...links);
  if (more > 0) list.append(el('li', 'note', t('foundMore', format.count(more))));
  list.hidden = foundCount === 0;
  if (facts.length === 0) return undefined;
  return section('next', t('next'), ...facts.map((text) => el('p', 'note', text)), list);
}

/** What the source had to say. */
export function warningsSection(
  { t }: Words,
  { warnings }: PreviewReport,
): HTMLElement | undefined {
  if (warnings.length === 0) return undefined;
  const lines = warnings.map((text) => el('li', '', shownText(text, maxMessage)));
  return section('warnings', t('warnings'), el('ul', 'notes', ...lines));
}
