import type { ViewerState } from '../../src/protocol/viewer.ts';
import { el, setAttribute } from '../shared/dom.ts';
import type { Words } from './viewerWords.ts';

/** A filter is looked for when nobody has typed for so long. */
const typingMs = 350;

/** What a person asks for in the toolbar. */
export interface ToolbarHost {
  readonly filter: (text: string) => void;
  /** @param record from 0. */
  readonly goTo: (record: number) => void;
  readonly setView: (view: ViewerState['view']) => void;
  readonly toggleDetails: () => void;
}

/** The filter, the place to go to, and how records are shown. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #filter: HTMLInputElement;
  readonly #goTo: HTMLInputElement;
  readonly #views: ReadonlyMap<ViewerState['view'], HTMLElement>;
  readonly #details: HTMLElement;
  readonly #host: ToolbarHost;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sent = '';

  constructor({ t }: Words, host: ToolbarHost) {
    this.#host = host;
    this.#filter = el('input', 'filter');
    this.#filter.type = 'search';
    this.#filter.placeholder = t('hint.filter');
    this.#filter.title = t('hint.filter');
    this.#filter.setAttribute('aria-label', t('label.filter'));
    this.#filter.spellcheck = false;
    this.#filter.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#send();
      }, typingMs);
    });
    this.#filter.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#send();
      if (event.key === 'Escape') this.setFilter('');
    });
    this.#goTo = el('input', 'go-to');
    this.#goTo.inputMode = 'numeric';
    this.#goTo.placeholder = t('hint.goTo');
    this.#goTo.setAttribute('aria-label', t('label.goTo'));
    this.#goTo.title = t('label.goTo');
    this.#goTo.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      const record = Number(this.#goTo.value.replace(/\D/g, ''));
      if (record > 0) host.goTo(record - 1);
    });
    const viewButton = (view: ViewerState['view']): HTMLElement => {
      const button = el('button', 'toggle', t(`view.${view}`));
      button.addEventListener('click', () => {
        host.setView(view);
      });
      return button;
    };
    this.#views = new Map([
      ['table', viewButton('table')],
      ['json', viewButton('json')],
    ]);
    const views = el('div', 'toggles', ...this.#views.values());
    views.setAttribute('role', 'group');
    views.setAttribute('aria-label', t('label.view'));
    this.#details = el('button', 'toggle', t('button.details'));
    this.#details.addEventListener('click', () => {
      host.toggleDetails();
    });
    this.element = el(
      'div',
      'toolbar',
      this.#filter,
      this.#goTo,
      views,
      el('div', 'toggles', this.#details),
    );
    this.element.setAttribute('role', 'toolbar');
    this.element.setAttribute('aria-label', t('label.records'));
  }

  get filterText(): string {
    return this.#filter.value;
  }

  /** Sets the filter as if it was typed. */
  setFilter(text: string): void {
    this.#filter.value = text;
    this.#send();
  }

  /** Shows a filter that is in force. */
  showFilter(text: string): void {
    this.#filter.value = text;
    this.#sent = text;
  }

  focusFilter(): void {
    this.#filter.select();
  }

  focusGoTo(): void {
    this.#goTo.select();
  }

  show({ view, hasDetails }: Pick<ViewerState, 'view' | 'hasDetails'>): void {
    for (const [name, button] of this.#views)
      setAttribute(button, 'aria-pressed', String(name === view));
    setAttribute(this.#details, 'aria-pressed', String(hasDetails));
  }

  #send(): void {
    clearTimeout(this.#timer);
    if (this.#filter.value === this.#sent) return;
    this.#sent = this.#filter.value;
    this.#host.filter(this.#sent);
  }
}
