import { el } from '../shared/dom.ts';

/** A labelled part of a form. */
export function labelled(label: string, control: HTMLElement, id: string): HTMLElement {
  control.id = id;
  const name = el('label', '', label);
  name.htmlFor = id;
  return el('div', 'form-part', name, control);
}

/** A list to choose one of. */
export function choiceOf(
  options: readonly (readonly [value: string, words: string])[],
  chosen: string,
): HTMLSelectElement {
  const select = el('select');
  for (const [value, words] of options) {
    const option = el('option', '', words);
    option.value = value;
    select.append(option);
  }
  select.value = chosen;
  return select;
}

/** A line to type into. */
export function lineOf(value: string): HTMLInputElement {
  const input = el('input');
  input.type = 'text';
  input.spellcheck = false;
  input.autocomplete = 'off';
  input.value = value;
  return input;
}
