import { isBigIntegerText, isJsonObject, type JsonValue } from '../../src/core/json.ts';
import { shownText } from '../../src/core/shownText.ts';
import { el } from '../shared/dom.ts';
import { shownLines } from './shownLines.ts';
import type { Words } from './viewerWords.ts';

/** Entries of one object or list that are made at once. */
const shownEntries = 200;
/** Characters of a text that are shown before somebody asks for all of it. */
const shownCharacters = 2000;
/** So deep things are unfolded from the start. */
const openDepth = 3;

/** A value as a tree that can be folded; what is folded is not made before it is opened. */
export function jsonTree(words: Words, value: JsonValue): HTMLElement {
  const list = el('ul', 'tree', ...entryItems(words, entriesOf(value), 1));
  // A value that has no parts is its own only line.
  return list.children.length > 0 ? list : el('div', 'tree', valueText(words, value));
}

function entriesOf(value: JsonValue): readonly (readonly [string, JsonValue])[] {
  if (isJsonObject(value)) return Object.entries(value);
  if (!Array.isArray(value)) return [];
  const list: readonly JsonValue[] = value;
  return list.map((item, i) => [String(i), item] as const);
}

function entryItems(
  words: Words,
  entries: readonly (readonly [string, JsonValue])[],
  depth: number,
): HTMLElement[] {
  const items = entries
    .slice(0, shownEntries)
    .map(([name, value]) => el('li', '', entry(words, name, value, depth)));
  const rest = entries.slice(shownEntries);
  if (rest.length > 0) {
    const more = el('button', 'link', words.t('detail.items', words.format.count(rest.length)));
    const item = el('li', '', more);
    more.addEventListener('click', () => {
      item.replaceWith(...entryItems(words, rest, depth));
    });
    items.push(item);
  }
  return items;
}

function entry(words: Words, name: string, value: JsonValue, depth: number): HTMLElement {
  const key = el('span', 'key', shownText(name));
  const entries = entriesOf(value);
  if (entries.length === 0) return el('div', 'leaf', key, ': ', valueText(words, value));
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const count = el('span', 'count', `${open}${words.format.count(entries.length)}${close}`);
  const folded = el('details', '', el('summary', '', key, ' ', count));
  const fill = (): void => {
    if (folded.open && folded.children.length === 1)
      folded.append(el('ul', '', ...entryItems(words, entries, depth + 1)));
  };
  folded.open = depth < openDepth;
  fill();
  folded.addEventListener('toggle', fill);
  return folded;
}

function valueText(words: Words, value: JsonValue): HTMLElement {
  if (typeof value !== 'string') {
    const text = isBigIntegerText(value) ? value.rawJSON : JSON.stringify(value);
    return el(
      'span',
      value === null ? 'null' : typeof value === 'object' ? 'number' : typeof value,
      text,
    );
  }
  const element = el('span', 'string', shownLines(value, shownCharacters));
  if (value.length <= shownCharacters) return element;
  const more = el('button', 'link', words.t('button.showAll'));
  more.addEventListener('click', () => {
    more.remove();
    element.textContent = shownLines(value, value.length);
  });
  return el('span', '', element, ' ', more);
}
