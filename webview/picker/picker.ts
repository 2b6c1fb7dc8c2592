import type {
  FieldProposal,
  FieldTrial,
  ItemsProposal,
  OpenedPage,
} from '../../src/core/picker.ts';
import type { HtmlFieldConfig } from '../../src/core/config/htmlSource.ts';
import { shownText } from '../../src/core/shownText.ts';
import type { TroubleAction } from '../../src/protocol/pageTrouble.ts';
import type { PickerModel } from '../../src/protocol/picker.ts';
import { el, setText } from '../shared/dom.ts';
import { createButton } from '../shared/toolkit.ts';
import { createFieldForm } from './fieldForm.ts';
import { collectionParts } from './fieldList.ts';
import { createHeader } from './header.ts';
import { createPageView, type Marks } from './pageView.ts';
import type { Words } from './pickerWords.ts';

/** What the picker asks of the host. */
export interface PickerAsks {
  load(url: string | null): Promise<unknown>;
  stop(): Promise<unknown>;
  act(action: TroubleAction): Promise<unknown>;
  proposeField(element: number): Promise<FieldProposal>;
  proposeItems(elements: readonly number[]): Promise<ItemsProposal>;
  tryField(field: HtmlFieldConfig): Promise<FieldTrial>;
  addField(name: string, field: HtmlFieldConfig): Promise<unknown>;
  removeField(name: string): Promise<unknown>;
  setItems(selector: string | null): Promise<unknown>;
  setKey(name: string): Promise<unknown>;
}

/** The whole page. */
export interface Picker {
  readonly element: HTMLElement;
  update(model: PickerModel, page: OpenedPage | null): void;
}

type Mode = 'field' | 'items';

/** Makes the page: the page that is picked from, what is in hand, and what the collection has. */
export function createPicker(words: Words, asks: PickerAsks): Picker {
  const { t, format } = words;
  const notice = el('p', 'request-failed');
  notice.setAttribute('role', 'alert');
  const said = el('p', 'said');
  said.setAttribute('role', 'status');
  const asked = async <T>(request: Promise<T>): Promise<T | undefined> => {
    try {
      const result = await request;
      setText(notice, '');
      return result;
    } catch (error) {
      setText(notice, t('requestFailed', error instanceof Error ? error.message : ''));
      return undefined;
    }
  };
  const header = createHeader(words, {
    load: (url) => void asked(asks.load(url)),
    stop: () => void asked(asks.stop()),
    act: (action) => void asked(asks.act(action)),
  });
  const hint = el('p', 'note', t('hintField'));
  const inHand = el('section', 'in-hand');
  inHand.setAttribute('aria-label', t('newField'));
  const has = el('section', 'has');
  has.setAttribute('aria-label', t('fields'));
  const view = createPageView(words, pick, letGo);
  const modes = modeChoice();

  let model: PickerModel | undefined;
  let page: OpenedPage | null = null;
  /** The collection and what it takes, as they are shown: each message is an object of its own. */
  let shownState = '';
  let mode: Mode = 'field';
  let picked: readonly number[] = [];
  let matches: readonly number[] = [];
  /** What was asked last: only its answer is shown. */
  let turn = 0;
  const panel = el('div', 'panel', modes, hint, inHand, said, has);
  letGo();

  return {
    element: el('main', 'picker', header.element, notice, el('div', 'sides', view.element, panel)),
    update(now, nowPage) {
      header.update(now, nowPage);
      if (page !== nowPage) {
        page = nowPage;
        view.show(nowPage);
        letGo();
      }
      model = now;
      const state = JSON.stringify([now.collection, now.study]);
      if (state !== shownState) showCollection(now);
      shownState = state;
      drawMarks();
    },
  };

  function modeChoice(): HTMLElement {
    const group = el('fieldset', 'modes', el('legend', '', t('pick')));
    for (const value of ['field', 'items'] as const) {
      const input = el('input');
      input.type = 'radio';
      input.name = 'mode';
      input.id = `mode-${value}`;
      input.checked = value === 'field';
      input.addEventListener('change', () => {
        mode = value;
        letGo();
      });
      const label = el('label', '', value === 'field' ? t('pickField') : t('pickItems'));
      label.htmlFor = input.id;
      group.append(input, label);
    }
    return group;
  }

  function drawMarks(): void {
    const marks: Marks = { picked, matches, items: model?.study?.items?.elements ?? [] };
    view.mark(marks);
  }

  function letGo(): void {
    turn += 1;
    picked = [];
    matches = [];
    setText(hint, mode === 'field' ? t('hintField') : t('hintItems'));
    inHand.replaceChildren(el('p', 'note', t('nothingPicked')));
    drawMarks();
  }

  function pick(element: number, byKeyboard: boolean): void {
    setText(said, '');
    panel.scrollTop = 0;
    if (mode === 'field') void pickField(element, byKeyboard);
    else void pickItems(element, byKeyboard);
  }

  async function pickField(element: number, byKeyboard: boolean): Promise<void> {
    const mine = (turn += 1);
    picked = [element];
    matches = [];
    drawMarks();
    const proposal = await asked(asks.proposeField(element));
    if (mine !== turn || proposal === undefined) return;
    if (proposal.choices.length === 0) {
      inHand.replaceChildren(heading(t('newField')), path(proposal), el('p', '', t('outside')));
      return;
    }
    const taken = new Set(Object.keys(model?.collection?.fields ?? {}));
    const total = model?.study?.items?.matches ?? null;
    const form = createFieldForm(words, proposal, taken, total, {
      tryField: (field) => asks.tryField(field),
      onTrial: (trial) => {
        matches = trial.elements;
        drawMarks();
      },
      addField: async (name, field) => (await asked(asks.addField(name, field))) !== undefined,
      onDone: (added) => {
        if (added !== null) setText(said, t('added', shownText(added, 80)));
        // The file is written in its own time: who has picked something else meanwhile keeps it.
        if (mine !== turn) return;
        letGo();
        panel.scrollTop = 0;
        view.focus();
      },
    });
    inHand.replaceChildren(heading(t('newField')), path(proposal), form.element);
    if (byKeyboard) form.focus();
  }

  async function pickItems(element: number, byKeyboard: boolean): Promise<void> {
    const mine = (turn += 1);
    // The third click begins anew.
    picked = picked.length === 1 && picked[0] !== element ? [...picked, element] : [element];
    drawMarks();
    const proposal = await asked(asks.proposeItems(picked));
    if (mine !== turn || proposal === undefined) return;
    const [best] = proposal.choices;
    if (best === undefined) {
      inHand.replaceChildren(heading(t('newItems')), el('p', '', t('itemsNone')));
      return;
    }
    setText(hint, picked.length === 1 ? t('hintSecond') : t('hintItems'));
    let chosen = best.selector;
    const chips = proposal.choices.map(({ selector, matches: count }) => {
      const chip = el('button', 'chip');
      chip.type = 'button';
      chip.append(
        el('span', 'code', shownText(selector, 120)),
        el('span', 'note', format.count(count)),
      );
      chip.addEventListener('click', () => {
        choose(selector);
      });
      return { chip, selector };
    });
    const group = el('div', 'chips', ...chips.map(({ chip }) => chip));
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', t('choices'));
    const use = createButton(t('useItems'));
    use.dataset['action'] = 'useItems';
    use.addEventListener('click', () => {
      void asked(asks.setItems(chosen)).then((answer) => {
        if (answer === undefined || mine !== turn) return;
        modes.querySelector<HTMLInputElement>('#mode-field')?.click();
        view.focus();
      });
    });
    const cancel = createButton(t('cancel'));
    cancel.appearance = 'secondary';
    cancel.addEventListener('click', letGo);
    inHand.replaceChildren(heading(t('newItems')), group, el('div', 'buttons', use, cancel));
    if (byKeyboard) use.focus();
    choose(chosen);

    function choose(selector: string): void {
      chosen = selector;
      for (const one of chips) {
        one.chip.setAttribute('aria-pressed', String(one.selector === selector));
      }
      // As a list over the whole page, whatever items there are now.
      void asked(asks.tryField({ select: selector, list: true })).then((trial) => {
        if (mine !== turn || trial === undefined || (model?.study?.items ?? null) !== null) return;
        matches = trial.elements;
        drawMarks();
      });
    }
  }

  function heading(text: string): HTMLElement {
    return el('h2', '', text);
  }

  function path({ path: steps }: FieldProposal): HTMLElement {
    return el('p', 'path code', shownText(steps.join(' › '), 200));
  }

  function showCollection(now: PickerModel): void {
    const hadFocus = has.contains(document.activeElement);
    has.replaceChildren(
      ...collectionParts(words, now, {
        removeField: (name) => void asked(asks.removeField(name)),
        clearItems: () => void asked(asks.setItems(null)),
        setKey: (name) => void asked(asks.setKey(name)),
      }),
    );
    if (hadFocus) view.focus();
  }
}
