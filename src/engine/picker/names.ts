import type { Element } from 'domhandler';
import { labelOf } from './label.ts';

/** Classes that say how something looks or what state it is in, and change with either. */
const stateWords =
  /^(?:active|hover|focus|open|opened|closed|selected|current|disabled|enabled|first|last|odd|even|hidden|visible|show|hide|in|fade|collapse|collapsed|expanded|loaded|lazy|lazyload|left|right|center|clear|clearfix|row|col|column|container|wrapper|inner|outer|block|inline|flex|grid|btn|button|card|box|item|link|text|small|large|big|js|no-js)$/i;

/** Utility classes: `mt-4`, `md:flex`, `text-sm`, `col-md-6`. */
const utilityWords =
  /^(?:.*:|-?(?:[mp][trblxy]?|w|h|text|bg|flex|grid|gap|items|justify|font|border|rounded|shadow|leading|tracking|z|top|left|right|bottom|inset|space|col|row|float|d|align|order|overflow|max|min|opacity|pull|push|offset|fs|fw)-).*$/i;

/** How much a name tells of what an element is. */
export type NameKind = 'meaningful' | 'presentational' | 'generated';

/**
 * Whether a class or an id is one that a person gave for what an element is (`price_color`), one that says how it looks
 * (`mt-4`), or one that a tool made and will make anew (`css-1q2w3e`, `sc-bdVaJa`).
 */
export function nameKind(name: string): NameKind {
  if (name.length < 2 || name.length > 60) return 'generated';
  if (utilityWords.test(name) || stateWords.test(name)) return 'presentational';
  const words = wordsOf(name);
  if (words.length === 0 || words.some(isScrambled)) return 'generated';
  return 'meaningful';
}

/** A part of a name that no person would write: letters and digits mixed, capitals all over, hardly a vowel. */
function isScrambled(word: string): boolean {
  if (/^\d{1,2}$/.test(word)) return false;
  if (/^\d+$/.test(word)) return true;
  if (/\d[a-z]|[a-z]\d+[a-z]/i.test(word)) return true;
  if (/\d{3,}/.test(word)) return true;
  if (/[a-z][A-Z]/.test(word)) {
    const humps = word.split(/(?=[A-Z])/);
    if (humps.filter((hump) => hump.length <= 2).length >= 2) return true;
  }
  return word.length >= 5 && !/[aeiouy\P{ASCII}]/iu.test(word);
}

function wordsOf(name: string): string[] {
  return name.split(/[-_.:/\s]+/).filter((word) => word !== '');
}

/** Words of a class that say nothing of what a field is. */
const emptyWords =
  /^(?:color|colour|text|label|value|val|wrapper|container|box|item|content|inner|outer|link|block|section|area|main|el|elem|element|field|data|col|row|cell|list|card|pod|js|ui|is|has|the|txt|span|div|p|a|i|b|style|size|font)$/i;

const namesByTag: Readonly<Record<string, string>> = {
  h1: 'title',
  h2: 'heading',
  h3: 'title',
  h4: 'heading',
  title: 'title',
  time: 'date',
  img: 'image',
  picture: 'image',
  video: 'video',
  audio: 'audio',
  address: 'address',
  blockquote: 'quote',
  a: 'link',
  p: 'text',
  li: 'entry',
  table: 'table',
};

/**
 * A name for the field that takes an element: what the page itself calls it, else what it is.
 *
 * @param attr the attribute that is taken; null takes the text.
 */
export function fieldNameFor(element: Element, attr: string | null): string {
  if (attr === 'href' && !isMeta(element)) return 'url';
  const own = ['itemprop', 'data-field', 'data-testid', 'data-test', 'data-qa', 'property', 'name'];
  for (const name of own) {
    const value = element.attribs[name];
    if (value !== undefined && nameKind(value.replaceAll(':', '-')) !== 'generated')
      return toFieldName(value);
  }
  const label = labelOf(element);
  if (label !== undefined && toFieldName(label.text) !== 'field') return toFieldName(label.text);
  if (attr === 'src') return namesByTag[element.name] ?? 'image';
  if (attr?.startsWith('data-') === true) return toFieldName(attr.slice('data-'.length));
  const classes = (element.attribs['class'] ?? '').split(/\s+/);
  const fromClass = classes
    .filter((name) => nameKind(name) === 'meaningful')
    .map(toFieldName)
    .find((name) => name !== 'field');
  if (fromClass !== undefined) return fromClass;
  const byTag = namesByTag[element.name];
  const { parent } = element;
  // The link of a heading is what the heading says.
  if (element.name === 'a' && parent !== null && 'name' in parent && /^h\d$/.test(parent.name)) {
    return 'title';
  }
  if (byTag !== undefined) return byTag;
  const said = classes.find(
    (name) => nameKind(name) === 'presentational' && /^[a-z]{3,}$/.test(name),
  );
  return said ?? 'field';
}

function isMeta({ name }: Element): boolean {
  return name === 'link' || name === 'meta';
}

/** `price_color` as `price`, `productTitle` as `product_title`, `og:image` as `og_image`. */
export function toFieldName(text: string): string {
  const words = text
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .normalize('NFKD')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase())
    .filter((word) => word !== '');
  const telling = words.filter((word) => !emptyWords.test(word));
  const name = telling.slice(0, 3).join('_');
  return name === '' || /^\d/.test(name) ? 'field' : name.slice(0, 40);
}

/** The name, or the name with the first number behind it that makes it another one than those taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let n = 2;
  while (taken.has(`${name}_${n}`)) n += 1;
  return `${name}_${n}`;
}
