import type { Element } from 'domhandler';
import { nameKind, type NameKind } from './names.ts';

/** A part of a selector that names one element: `.price_color`, `h1`, `[itemprop="price"]`. */
export interface Compound {
  readonly text: string;
  /** How likely it is to miss the element on the next page, or after the site's next redesign: less is better. */
  readonly cost: number;
}

/** Attributes whose value says what an element is. */
const telling = [
  'itemprop',
  'data-testid',
  'data-test',
  'data-test-id',
  'data-qa',
  'data-cy',
  'data-field',
  'data-hook',
  'property',
  'name',
  'rel',
  'role',
] as const;

/** Tags that say what an element is. */
const tellingTags =
  /^(?:h[1-6]|title|time|address|article|main|nav|header|footer|aside|figure|figcaption|blockquote|img|table|caption|th|dt|dd|pre|code|video|audio|label|summary|cite|abbr|meter|data)$/;

const costOfName: Readonly<Record<NameKind, number>> = {
  meaningful: 2,
  presentational: 5,
  generated: 18,
};

/** Most classes of one element that are looked at. */
const maxClasses = 8;

/**
 * Every way to name an element by itself, best first.
 *
 * @param inItems within an item: an id is then the item's own, and matches in no other.
 */
export function compoundsOf(element: Element, inItems: boolean): Compound[] {
  const { name: tag, attribs } = element;
  const isSafeTag = /^[a-z][a-z0-9-]*$/.test(tag);
  const found: Compound[] = [];
  if (isSafeTag) found.push({ text: tag, cost: tellingTags.test(tag) ? 3 : 9 });
  const { id } = attribs;
  if (id !== undefined && id !== '') {
    const cost = nameKind(id) === 'meaningful' ? 1 : 20;
    found.push({ text: `#${escapeIdentifier(id)}`, cost: inItems ? cost + 8 : cost });
  }
  const classes = classesOf(element);
  for (const name of classes) {
    const cost = costOfName[nameKind(name)];
    const text = `.${escapeIdentifier(name)}`;
    found.push({ text, cost });
    if (isSafeTag) found.push({ text: `${tag}${text}`, cost: cost + 1.5 });
  }
  const [first, second] = classes;
  if (first !== undefined && second !== undefined) {
    found.push({
      text: `.${escapeIdentifier(first)}.${escapeIdentifier(second)}`,
      cost: costOfName[nameKind(first)] + costOfName[nameKind(second)] + 0.5,
    });
  }
  for (const name of telling) {
    const value = attribs[name];
    if (value === undefined || value === '' || value.length > 60) continue;
    const cost = nameKind(value.replaceAll(':', '-')) === 'generated' ? 12 : 2.2;
    found.push({ text: `${isSafeTag ? tag : ''}[${name}="${escapeString(value)}"]`, cost });
  }
  for (const name of Object.keys(attribs).slice(0, 20)) {
    if (!/^data-[a-z][a-z-]*$/.test(name) || (telling as readonly string[]).includes(name))
      continue;
    found.push({ text: `${isSafeTag ? tag : ''}[${name}]`, cost: 3.4 });
  }
  return found.sort((a, b) => a.cost - b.cost);
}

/** The classes that an element has, those first that say most. */
export function classesOf({ attribs }: Element): string[] {
  const names = new Set(
    (attribs['class'] ?? '').split(/[ \t\n\f\r]+/).filter((name) => name !== ''),
  );
  return [...names]
    .slice(0, maxClasses * 4)
    .sort((a, b) => costOfName[nameKind(a)] - costOfName[nameKind(b)])
    .slice(0, maxClasses);
}

/** A name as CSS writes it, as `CSS.escape` does. */
function escapeIdentifier(name: string): string {
  let text = '';
  for (const [i, char] of Array.from(name).entries()) {
    const code = char.codePointAt(0) ?? 0;
    const isDigit = code >= 0x30 && code <= 0x39;
    const isControl = code < 0x20 || code === 0x7f;
    if (isControl || (isDigit && (i === 0 || (i === 1 && name.startsWith('-'))))) {
      text += `\\${code.toString(16)} `;
    } else if (char === '-' && name.length === 1) {
      text += '\\-';
    } else {
      text += code >= 0x80 || /[\w-]/.test(char) ? char : `\\${char}`;
    }
  }
  return text;
}

/** A text as it stands in quotes in a selector. */
export function escapeString(value: string): string {
  return value
    .replace(/["\\]/g, '\\$&')
    .replace(/[\n\r\f]/g, (char) => `\\${char.charCodeAt(0).toString(16)} `);
}
