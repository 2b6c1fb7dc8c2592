import type { OpenedPage, SnapshotElement, SnapshotNode } from '../../src/core/picker.ts';
import { shownText } from '../../src/core/shownText.ts';
import { el, setText } from '../shared/dom.ts';
import type { Words } from './pickerWords.ts';

/** What is marked on the page, by the elements' places. */
export interface Marks {
  readonly picked: readonly number[];
  /** What the selector in hand takes. */
  readonly matches: readonly number[];
  readonly items: readonly number[];
}

/** The page that is picked from: texts in boxes of ours, none of which is what it was there. */
export interface PageView {
  readonly element: HTMLElement;
  show(page: OpenedPage | null): void;
  mark(marks: Marks): void;
  focus(): void;
}

const blocks = new Set(
  (
    'html head body title meta link div p section article main header footer nav aside h1 h2 h3 h4 h5 h6 ul ol dl dt ' +
    'dd li form fieldset blockquote figure figcaption address details summary pre hr center table caption'
  ).split(' '),
);
/** Tags that have a look of their own; all others are plain boxes. */
const styled = new Set(
  (
    'h1 h2 h3 h4 h5 h6 li ul ol dd blockquote pre code hr table caption thead tbody tfoot tr td th a b strong em i ' +
    'cite small title meta link img button option label'
  ).split(' '),
);

/**
 * Makes the view. Whatever the page is made of becomes boxes with texts: no attribute of it, no style, no address. One
 * box at a time is the current one; the keyboard moves it, a click or Enter picks it.
 */
export function createPageView(
  { t }: Words,
  onPick: (element: number, byKeyboard: boolean) => void,
  onLetGo: () => void,
): PageView {
  const help = el('p', 'hidden-text', t('pageHelp'));
  help.id = 'page-help';
  const here = el('p', 'here');
  here.setAttribute('role', 'status');
  const stage = el('div', 'page');
  stage.tabIndex = 0;
  stage.setAttribute('role', 'application');
  stage.setAttribute('aria-label', t('page'));
  stage.setAttribute('aria-describedby', help.id);
  let boxes: readonly HTMLElement[] = [];
  const byNumber = new Map<number, HTMLElement>();
  let current: HTMLElement | undefined;
  let marked: readonly [HTMLElement, string][] = [];

  const moveTo = (box: HTMLElement | undefined, byKeyboard: boolean): void => {
    if (box === current || box === undefined) return;
    current?.classList.remove('current');
    current = box;
    box.classList.add('current');
    setText(here, wordsFor(box));
    if (byKeyboard) box.scrollIntoView({ block: 'nearest' });
  };
  const boxAt = (target: EventTarget | null): HTMLElement | undefined =>
    target instanceof Element ? (target.closest<HTMLElement>('[data-n]') ?? undefined) : undefined;
  const pick = (box: HTMLElement | undefined, byKeyboard: boolean): void => {
    if (box !== undefined) onPick(Number(box.dataset['n']), byKeyboard);
  };

  stage.addEventListener('mouseover', ({ target }) => {
    moveTo(boxAt(target), false);
  });
  stage.addEventListener('click', ({ target }) => {
    const box = boxAt(target);
    moveTo(box, false);
    pick(box, false);
  });
  stage.addEventListener('focus', () => {
    moveTo(current ?? boxes[0], false);
  });
  stage.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') pick(current, true);
    else if (event.key === 'Escape') onLetGo();
    else {
      const next = nextBox(event.key);
      if (next === undefined) return;
      moveTo(next, true);
    }
    event.preventDefault();
  });

  function nextBox(key: string): HTMLElement | undefined {
    const at = current === undefined ? -1 : boxes.indexOf(current);
    switch (key) {
      case 'ArrowDown':
        return boxes[at + 1] ?? current;
      case 'ArrowUp':
        return boxes[at - 1] ?? current;
      case 'ArrowRight':
        return current?.querySelector<HTMLElement>('[data-n]') ?? current;
      case 'ArrowLeft':
        return current?.parentElement?.closest<HTMLElement>('[data-n]') ?? current;
      case 'Home':
        return boxes[0];
      case 'End':
        return boxes.at(-1);
      default:
        return undefined;
    }
  }

  return {
    element: el('div', 'page-side', help, stage, here),
    show(page) {
      current = undefined;
      marked = [];
      byNumber.clear();
      setText(here, '');
      const content = page === null ? [] : boxesOf(page.snapshot.nodes);
      stage.replaceChildren(...content);
      boxes = [...stage.querySelectorAll<HTMLElement>('[data-n]')];
      for (const box of boxes) byNumber.set(Number(box.dataset['n']), box);
      stage.scrollTop = 0;
    },
    mark({ picked, matches, items }) {
      for (const [box, name] of marked) box.classList.remove(name);
      const named = (numbers: readonly number[], name: string): [HTMLElement, string][] =>
        numbers.flatMap((n) => {
          const box = byNumber.get(n);
          return box === undefined ? [] : [[box, name] as [HTMLElement, string]];
        });
      marked = [...named(items, 'item'), ...named(matches, 'match'), ...named(picked, 'picked')];
      for (const [box, name] of marked) box.classList.add(name);
    },
    focus() {
      stage.focus();
    },
  };

  function boxesOf(nodes: readonly SnapshotNode[]): Node[] {
    return nodes.map((node) =>
      typeof node === 'string' ? document.createTextNode(node) : boxOf(node),
    );
  }

  function boxOf({ n, tag, label, children }: SnapshotElement): HTMLElement {
    const isBlock = blocks.has(tag) || tag.includes('-');
    const box = el(isBlock ? 'div' : 'span', styled.has(tag) ? `box tag-${tag}` : 'box');
    box.dataset['n'] = String(n);
    box.dataset['tag'] = tag;
    if (label !== undefined) {
      box.classList.add('label');
      const words = shownText(label, 300);
      box.append(
        tag === 'img' ? [t('image'), words].filter((part) => part !== '').join(': ') : words || tag,
      );
    }
    if (children !== undefined) box.append(...boxesOf(children));
    return box;
  }

  function wordsFor(box: HTMLElement): string {
    const text = shownText(box.textContent.replace(/\s+/g, ' ').trim(), 80);
    return `${box.dataset['tag'] ?? ''}: ${text}`;
  }
}
