import type { HtmlFieldConfig } from '../../src/core/config/htmlSource.ts';
import type { FieldTrial } from '../../src/core/picker.ts';
import { shownText } from '../../src/core/shownText.ts';
import type { PickerModel } from '../../src/protocol/picker.ts';
import { el } from '../shared/dom.ts';
import { createButton } from '../shared/toolkit.ts';
import type { Words } from './pickerWords.ts';

/** What the list of what the collection has asks for. */
export interface ListAsks {
  readonly removeField: (name: string) => void;
  readonly clearItems: () => void;
  readonly setKey: (name: string) => void;
}

/** The items, fields and key that the collection has, each with what it takes from the page. */
export function collectionParts(
  words: Words,
  { collection, study }: PickerModel,
  asks: ListAsks,
): Node[] {
  const { t, format } = words;
  if (collection === null) return [el('p', 'note', t('noCollection'))];
  const parts: Node[] = [el('h2', '', t('items'))];
  if (collection.items === null) parts.push(el('p', 'note', t('noItems')));
  else {
    const found = study?.items;
    const problem = found?.problem ?? null;
    const count =
      problem ??
      (found === null || found === undefined
        ? ''
        : found.matches === 0
          ? t('itemsNoneHere')
          : t('itemsFound', format.count(found.matches)));
    const line = el('p', found?.matches === 0 ? 'count wrong' : 'count', count);
    line.dataset['count'] = 'items';
    const clear = createButton(t('clearItems'));
    clear.appearance = 'secondary';
    clear.dataset['action'] = 'clearItems';
    clear.addEventListener('click', asks.clearItems);
    parts.push(
      el('p', 'code', shownText(collection.items, 200)),
      line,
      el('div', 'buttons', clear),
    );
  }
  if (study?.keySuggestion !== null && study?.keySuggestion !== undefined) {
    const name = study.keySuggestion;
    const use = createButton(t('useKey'));
    use.dataset['action'] = 'useKey';
    use.addEventListener('click', () => {
      asks.setKey(name);
    });
    const words = el('p', '', t('keySuggestion', shownText(name, 60)));
    parts.push(el('div', 'advice', words, el('div', 'buttons', use)));
  }
  parts.push(el('h2', '', t('fields')));
  const fields = Object.entries(collection.fields);
  if (fields.length === 0) parts.push(el('p', 'note', t('noFields')));
  else {
    const rows = fields.map(([name, field]) =>
      fieldRow(words, name, field, {
        isKey: collection.key?.includes(name) ?? false,
        trial: study?.fields[name],
        items: study?.items?.matches ?? null,
        remove: () => {
          asks.removeField(name);
        },
      }),
    );
    parts.push(el('ul', 'field-list', ...rows));
  }
  if ((study?.keyRepeats ?? 0) > 0) {
    const advice = el('div', 'advice', t('keyRepeats', format.count(study?.keyRepeats ?? 0)));
    advice.dataset['tone'] = 'warning';
    parts.push(advice);
  }
  return parts;
}

interface RowFacts {
  readonly isKey: boolean;
  readonly trial: FieldTrial | undefined;
  /** How many items the page has; null where it is one record. */
  readonly items: number | null;
  readonly remove: () => void;
}

function fieldRow(
  { t, format }: Words,
  name: string,
  field: HtmlFieldConfig,
  { isKey, trial, items, remove }: RowFacts,
): HTMLElement {
  const heading = el('div', 'field-name', el('strong', '', shownText(name, 80)));
  if (isKey) heading.append(el('span', 'badge', t('key')));
  const button = el('button', 'remove', t('remove'));
  button.type = 'button';
  button.setAttribute('aria-label', t('removeNamed', shownText(name, 80)));
  button.addEventListener('click', remove);
  heading.append(button);
  const row = el('li', '', heading, el('div', 'code', ruleOf(field)));
  row.dataset['field'] = name;
  if (trial === undefined) return row;
  const isPageFact = typeof field !== 'string' && field.from !== undefined;
  const isEmpty = trial.values.length === 0;
  const count =
    trial.problem ??
    (isPageFact
      ? t('pageFact')
      : isEmpty
        ? t('matchesNone')
        : trial.itemsWith !== null && items !== null
          ? t('inItems', format.count(trial.itemsWith), format.count(items))
          : format.count(trial.matches));
  const line = el('div', trial.problem !== null || isEmpty ? 'count wrong' : 'count', count);
  row.append(line);
  const [first] = trial.values;
  if (first !== undefined) row.append(el('div', 'code note', shownText(first, 120)));
  return row;
}

/** A field in one line: its selector, and what is not the text as it is. */
function ruleOf(field: HtmlFieldConfig): string {
  if (typeof field === 'string') return shownText(field, 200);
  const { select, attr, as, list, from } = field;
  const parts = [
    ...(from === undefined ? [] : [from]),
    ...(select === undefined ? [] : [[select].flat().join(' | ')]),
    ...(attr === undefined ? [] : [`[${attr}]`]),
    ...(as === undefined ? [] : [as]),
    ...(list === true ? ['[…]'] : []),
  ];
  return shownText(parts.join(' · '), 200);
}
