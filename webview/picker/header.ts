import type { OpenedPage } from '../../src/core/picker.ts';
import { shownText } from '../../src/core/shownText.ts';
import type { TroubleAction } from '../../src/protocol/pageTrouble.ts';
import type { PickerModel } from '../../src/protocol/picker.ts';
import { el, setText } from '../shared/dom.ts';
import { createButton } from '../shared/toolkit.ts';
import type { Words } from './pickerWords.ts';

/** What the header asks for. */
export interface HeaderAsks {
  readonly load: (url: string | null) => void;
  readonly stop: () => void;
  readonly act: (action: TroubleAction) => void;
}

/** The part of the page that stays: which page is shown, and what is in its way. */
export interface Header {
  readonly element: HTMLElement;
  update(model: PickerModel, page: OpenedPage | null): void;
}

/** Makes the heading, the page's address with its buttons, and the line that says how it went. */
export function createHeader({ t, format }: Words, asks: HeaderAsks): Header {
  const title = el('h1');
  const input = el('input');
  input.type = 'text';
  input.id = 'address';
  input.spellcheck = false;
  input.placeholder = t('addressHint');
  const label = el('label', '', t('address'));
  label.htmlFor = input.id;
  const load = createButton(t('load'));
  load.dataset['action'] = 'load';
  const stop = createButton(t('stop'));
  stop.appearance = 'secondary';
  stop.dataset['action'] = 'stop';
  const form = el('form', 'address-row', label, input, load, stop);
  const ask = (): void => {
    asks.load(input.value.trim() === '' ? null : input.value.trim());
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    ask();
  });
  load.addEventListener('click', ask);
  stop.addEventListener('click', asks.stop);
  const status = el('p', 'status');
  status.setAttribute('role', 'status');
  const trouble = el('div', 'advice');
  trouble.dataset['tone'] = 'error';
  trouble.setAttribute('role', 'alert');
  trouble.hidden = true;
  let shownUrl: string | undefined;
  let shownTrouble: PickerModel['trouble'] = null;

  return {
    element: el('header', '', title, form, status, trouble),
    update(model, page) {
      setText(title, t('heading', shownText(model.file, 200)));
      // What a person is typing is not taken from them.
      const url = page?.url ?? model.url ?? '';
      if (url !== shownUrl) input.value = url;
      shownUrl = url;
      setText(load, page === null ? t('load') : t('reload'));
      load.disabled = model.isLoading;
      stop.hidden = !model.isLoading;
      setText(status, statusOf(model, page));
      if (JSON.stringify(model.trouble) !== JSON.stringify(shownTrouble))
        showTrouble(model.trouble);
    },
  };

  function statusOf({ isLoading }: PickerModel, page: OpenedPage | null): string {
    if (isLoading) return t('loading');
    if (page === null) return '';
    const { status: code, snapshot, bytes } = page;
    const facts = t('status', String(code), format.count(snapshot.elements), format.bytes(bytes));
    return [facts, snapshot.isCut ? t('cut') : t('plain')].join('\n');
  }

  function showTrouble(now: PickerModel['trouble']): void {
    shownTrouble = now;
    trouble.hidden = now === null;
    if (now === null) return;
    const buttons = now.actions.map((action, i) => {
      const button = createButton(t(`action.${action}`));
      if (i > 0) button.appearance = 'secondary';
      button.dataset['action'] = action;
      button.addEventListener('click', () => {
        asks.act(action);
      });
      return button;
    });
    trouble.replaceChildren(el('p', '', now.message), el('div', 'buttons', ...buttons));
  }
}
