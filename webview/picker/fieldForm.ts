import type { HtmlFieldConfig } from '../../src/core/config/htmlSource.ts';
import type {
  FieldProposal,
  FieldTrial,
  FieldType,
  SelectorChoice,
} from '../../src/core/picker.ts';
import { shownText } from '../../src/core/shownText.ts';
import { el, setText } from '../shared/dom.ts';
import { createButton } from '../shared/toolkit.ts';
import { choiceOf, labelled, lineOf } from './inputs.ts';
import type { Words } from './pickerWords.ts';

/** What the form of a new field asks for. */
export interface FieldAsks {
  tryField(field: HtmlFieldConfig): Promise<FieldTrial>;
  /** Something about the field has changed: what it takes now. */
  onTrial(trial: FieldTrial): void;
  /** Resolves when it stands in the file; false when it could not be written. */
  addField(name: string, field: HtmlFieldConfig): Promise<boolean>;
  onDone(added: string | null): void;
}

/** The form of a field that is about to be added. */
export interface FieldForm {
  readonly element: HTMLElement;
  focus(): void;
}

/** After the last key, before what is typed is tried. */
const tryAfterMs = 150;

/**
 * Makes the form.
 *
 * @param total how many items the page has; null where it is one record.
 */
export function createFieldForm(
  { t, format }: Words,
  proposal: FieldProposal,
  taken: ReadonlySet<string>,
  total: number | null,
  asks: FieldAsks,
): FieldForm {
  const [best] = proposal.choices;
  const name = lineOf(proposal.name);
  const selector = lineOf(best?.selector ?? '');
  selector.className = 'code';
  const take = choiceOf(
    [
      ['', t('text')],
      ...proposal.attributes.map(
        ({ name: attr, value }) =>
          [attr, t('attribute', shownText(attr, 40), shownText(value, 40))] as const,
      ),
    ],
    proposal.attr ?? '',
  );
  const as = choiceOf(
    [
      ['', t('asText')],
      ['number', t('asNumber')],
      ['integer', t('asInteger')],
      ['boolean', t('asBoolean')],
      ['url', t('asUrl')],
      ['html', t('asHtml')],
    ],
    proposal.as ?? '',
  );
  const list = el('input');
  list.type = 'checkbox';
  list.id = 'field-list';
  list.checked = best?.takes === 'list';
  const listLabel = el('label', '', t('list'));
  listLabel.htmlFor = list.id;
  const chips = proposal.choices.map((choice) => chipOf(choice));
  const count = el('p', 'count');
  count.setAttribute('role', 'status');
  const values = el('ol', 'values');
  values.setAttribute('aria-label', t('values'));
  const nameNote = el('p', 'note');
  const add = createButton(t('addField'));
  add.dataset['action'] = 'addField';
  const cancel = createButton(t('cancel'));
  cancel.appearance = 'secondary';
  cancel.dataset['action'] = 'cancel';
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const form = el(
    'form',
    'field-form',
    labelled(t('name'), name, 'field-name'),
    nameNote,
    labelled(t('selector'), selector, 'field-selector'),
    chipList(),
    count,
    el(
      'div',
      'form-row',
      labelled(t('take'), take, 'field-take'),
      labelled(t('as'), as, 'field-as'),
    ),
    el('div', 'check', list, listLabel),
    el('h3', '', t('values')),
    values,
    el('div', 'buttons', add, cancel),
  );
  const submit = (): void => {
    const field = fieldNow();
    const wanted = name.value.trim();
    if (wanted === '') {
      name.focus();
      return;
    }
    if (field === null) return;
    void asks.addField(wanted, field).then((isAdded) => {
      if (isAdded) asks.onDone(wanted);
    });
  };
  form.addEventListener('input', onInput);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
  });
  form.addEventListener('keydown', ({ key, target }) => {
    if (key === 'Escape') asks.onDone(null);
    // Without a button of the browser's own, Enter submits nothing by itself.
    else if (key === 'Enter' && (target === name || target === selector)) submit();
  });
  add.addEventListener('click', submit);
  cancel.addEventListener('click', () => {
    asks.onDone(null);
  });
  checkName();
  void tryNow();

  return {
    element: form,
    focus: () => {
      name.focus();
      name.select();
    },
  };

  function onInput({ target }: Event): void {
    if (target === name) {
      checkName();
      return;
    }
    markChip();
    clearTimeout(timer);
    timer = setTimeout(() => void tryNow(), tryAfterMs);
  }

  function checkName(): void {
    const wanted = name.value.trim();
    const isTaken = taken.has(wanted);
    setText(nameNote, wanted === '' ? t('nameMissing') : isTaken ? t('nameTaken') : '');
    setText(add, isTaken ? t('replaceField') : t('addField'));
    add.disabled = wanted === '';
  }

  function fieldNow(): HtmlFieldConfig | null {
    const select = selector.value.trim();
    if (select === '') return null;
    if (take.value === '' && as.value === '' && !list.checked) return select;
    return {
      select,
      ...(take.value === '' ? {} : { attr: take.value }),
      ...(list.checked ? { list: true } : {}),
      ...(as.value === '' ? {} : { as: as.value as FieldType }),
    };
  }

  async function tryNow(): Promise<void> {
    const field = fieldNow();
    if (field === null) return;
    const mine = (asked += 1);
    const trial = await asks.tryField(field);
    if (mine !== asked || !form.isConnected) return;
    const isWrong = trial.problem !== null || trial.matches === 0;
    count.classList.toggle('wrong', isWrong);
    setText(count, countWords(trial));
    values.replaceChildren(...trial.values.map((value) => el('li', 'code', shownText(value, 200))));
    asks.onTrial(trial);
  }

  function countWords({ problem, matches, itemsWith }: FieldTrial): string {
    if (problem !== null) return problem;
    if (matches === 0) return t('matchesNone');
    if (itemsWith !== null && total !== null) {
      return t('inItems', format.count(itemsWith), format.count(total));
    }
    if (matches === 1) return t('matchesOne');
    return t(list.checked ? 'matchesAll' : 'matchesFirst', format.count(matches));
  }

  function chipOf(choice: SelectorChoice): HTMLButtonElement {
    const chip = el('button', 'chip');
    chip.type = 'button';
    chip.dataset['selector'] = choice.selector;
    chip.append(
      el('span', 'code', shownText(choice.selector, 120)),
      el('span', 'note', chipNote(choice)),
    );
    chip.addEventListener('click', () => {
      selector.value = choice.selector;
      list.checked = choice.takes === 'list';
      markChip();
      void tryNow();
    });
    return chip;
  }

  function chipNote({ matches, itemsWith, takes }: SelectorChoice): string {
    if (takes === 'list') return t('listOf', format.count(matches));
    if (itemsWith !== null && total !== null) {
      return t('inOneItem', format.count(itemsWith), format.count(total));
    }
    return format.count(matches);
  }

  function markChip(): void {
    for (const chip of chips) {
      chip.setAttribute('aria-pressed', String(chip.dataset['selector'] === selector.value));
    }
  }

  function chipList(): HTMLElement {
    const group = el('div', 'chips', ...chips);
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', t('choices'));
    group.hidden = chips.length < 2;
    markChip();
    return group;
  }
}
