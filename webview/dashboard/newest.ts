import { maxNewestText, type NewestRecord } from '../../src/core/live.ts';
import { shownText } from '../../src/core/shownText.ts';
import { el, foldableSection, setText, type Fold } from '../shared/dom.ts';
import { KeyedList, type RowView } from '../shared/keyedList.ts';
import { isRunningHere } from './advice.ts';
import type { Words } from './dashboardWords.ts';
import type { Part } from './part.ts';

/** Text that moves faster can't be read. */
const everyMs = 1000;

/**
 * The newest records, as soon as they are safe. Stands still while the pointer or the keyboard's focus is in it, so
 * that it can be read.
 */
export function createNewest(words: Words, fold: Fold): Part {
  const { t, format } = words;
  const list = el('ol', 'newest-list');
  list.tabIndex = 0;
  list.setAttribute('role', 'list');
  list.setAttribute('aria-label', t('section.newest'));
  const rows = new KeyedList<NewestRecord>(list, ({ id }) => String(id), createRow);
  const note = el('p', 'note');
  const element = foldableSection('newest', t('section.newest'), fold, note, list);
  let isPointedAt = false;
  let drawn: readonly NewestRecord[] = [];
  let drawnAtMs = -everyMs;
  let later: ReturnType<typeof setTimeout> | undefined;
  let newest: readonly NewestRecord[] = [];
  let isRunning = false;
  list.addEventListener('pointerenter', () => {
    isPointedAt = true;
    draw();
  });
  list.addEventListener('pointerleave', () => {
    isPointedAt = false;
    draw();
  });
  for (const name of ['focusin', 'focusout'] as const) {
    // The focus has moved only when the event is over.
    list.addEventListener(name, () => setTimeout(draw));
  }

  function draw(): void {
    const isHeld = isPointedAt || list.contains(document.activeElement);
    const waitMs = drawnAtMs + everyMs - performance.now();
    if (!isHeld && newest !== drawn) {
      if (waitMs > 0) {
        later ??= setTimeout(() => {
          later = undefined;
          draw();
        }, waitMs);
      } else {
        drawn = newest;
        drawnAtMs = performance.now();
        rows.update(newest);
      }
    }
    list.hidden = drawn.length === 0;
    const held = isHeld && newest !== drawn ? countNewer(newest, drawn) : 0;
    setText(note, noteText(held));
  }

  function noteText(held: number): string {
    if (held > 0) return t('newest.held', format.count(held));
    if (drawn.length > 0) return t('newest.hint');
    return isRunning ? t('empty.newest') : '';
  }

  function createRow(record: NewestRecord): RowView<NewestRecord> {
    const text = el('code', '', shownText(record.text, maxNewestText) + (record.isCut ? '…' : ''));
    text.title = text.textContent;
    const unit = el('span', 'newest-unit', shownText(record.unit, 200));
    unit.title = t('newest.unit', unit.textContent);
    const time = el('time', '', format.clock(record.at));
    return { element: el('li', '', time, text, unit), update: () => undefined };
  }

  return {
    element,
    update({ model }) {
      newest = model.snapshot.live.newest;
      isRunning = isRunningHere(model);
      element.hidden = newest.length === 0 && !isRunning;
      draw();
    },
  };
}

function countNewer(newest: readonly NewestRecord[], drawn: readonly NewestRecord[]): number {
  return (newest[0]?.id ?? 0) - (drawn[0]?.id ?? 0);
}
