import { isTag, isText, type Element, type ParentNode } from 'domhandler';
import type { HtmlFieldConfig } from '../../core/config/htmlSource.ts';
import type { AddressLook, FieldType, GuessedField } from '../../core/picker.ts';
import { compileFields } from '../../sources/html/fields.ts';
import { elementText } from '../../sources/html/text.ts';
import { classesOf } from './compounds.ts';
import { freeName } from './names.ts';
import { proposeField, shorten, tryField } from './proposeField.ts';
import { proposeItems } from './proposeItems.ts';
import { proposeSelectors } from './proposeSelectors.ts';
import type { StudiedPage } from './studiedPage.ts';
import { suggestKey } from './studyPage.ts';

/** Most fields that are guessed: more than a person wants to read through. */
const maxFields = 8;
/** A field that fewer of the items have is left out. */
const leastShare = 0.6;
/** Leaves of an item that are looked at. */
const maxLeaves = 40;
/** Fewer of a kind in a row are no list. */
const leastItems = 3;

/** What a page seems to be a list of, with the fields of its items; or, where it is none, what it says itself. */
export function guessPage(page: StudiedPage): AddressLook {
  const items = guessItems(page);
  const fields = guessFields(page, items);
  const config = Object.fromEntries(fields.map(({ name, field }) => [name, field]));
  const all = items === null ? [] : page.all(items);
  const read = compileFields(config);
  const records = all.map((place) => read({ place, facts: page.facts }));
  const key = items === null ? 'url' : suggestKey(records);
  return {
    url: page.facts.url,
    title: titleOf(page),
    items,
    count: all.length,
    fields,
    key: key === null ? null : [key],
    paginate: null,
    follow: guessNext(page),
  };
}

/** The page's own title. */
export function titleOf(page: StudiedPage): string {
  const title = page.document.byTag.get('title')?.[0];
  return title === undefined ? '' : shorten(elementText(title));
}

interface Group {
  readonly members: Element[];
  readonly score: number;
}

/** The selector of what repeats most, and says most each time; null where nothing does. */
function guessItems(page: StudiedPage): string | null {
  let best: Group | undefined;
  // Pages need not have a body.
  for (const parent of [page.document.root, ...page.document.elements]) {
    if (isTag(parent) && isFurniture(parent)) continue;
    for (const members of likesIn(parent)) {
      const score = scoreOf(members);
      if (score > (best?.score ?? 0)) best = { members, score };
    }
  }
  const [first, second] = best?.members ?? [];
  if (first === undefined || second === undefined) return null;
  return proposeItems(page, [contentOf(first), contentOf(second)]).choices[0]?.selector ?? null;
}

/** What is in an element that does nothing but hold it: the article of a list's entry. */
function contentOf(element: Element): Element {
  const [only, ...others] = element.children.filter(
    (child) => !isText(child) || child.data.trim() !== '',
  );
  return only !== undefined && isTag(only) && others.length === 0 ? contentOf(only) : element;
}

/** Children of one kind: the same tag, and the same class that says most. */
function likesIn(parent: ParentNode): Element[][] {
  const groups = new Map<string, Element[]>();
  for (const child of parent.children) {
    if (!isTag(child) || /^(?:script|style|option|br|col|link|meta)$/.test(child.name)) continue;
    const kind = `${child.name}.${classesOf(child)[0] ?? ''}`;
    const group = groups.get(kind);
    if (group === undefined) groups.set(kind, [child]);
    else group.push(child);
  }
  return [...groups.values()].filter(({ length }) => length >= leastItems);
}

/** More of them, and more pieces in each, look more like what somebody wants. */
function scoreOf(members: readonly Element[]): number {
  const sample = members.slice(0, 5);
  const pieces = sample.map((member) => leavesOf(member).length);
  const fewest = Math.min(...pieces);
  const text = sample.reduce((sum, member) => sum + Math.min(200, elementText(member).length), 0);
  if (fewest < 2 || text / sample.length < 8) return 0;
  return (
    Math.min(members.length, 40) ** 0.5 * Math.min(fewest, 8) * Math.log2(2 + text / sample.length)
  );
}

/** Menus and the like are lists, but not what a page is about. */
function isFurniture(element: Element): boolean {
  for (let at: Element | null = element; at !== null; at = isParent(at.parent) ? at.parent : null) {
    if (/^(?:nav|header|footer|aside|form|head|select)$/.test(at.name)) return true;
    if (/^(?:navigation|menu|menubar|banner|contentinfo|search)$/.test(at.attribs['role'] ?? '')) {
      return true;
    }
  }
  return false;
}

function isParent(node: Element['parent']): node is Element {
  return node !== null && isTag(node);
}

/** Elements that hold a text of their own, or a picture, a date, a link. */
function leavesOf(element: Element): Element[] {
  const leaves: Element[] = [];
  const walk = (at: Element): void => {
    for (const child of at.children) {
      if (!isTag(child) || leaves.length >= maxLeaves) continue;
      if (/^(?:script|style|template|noscript|svg|iframe)$/.test(child.name)) continue;
      const says = child.children.some((inner) => isText(inner) && inner.data.trim() !== '');
      if (says || child.name === 'img' || child.name === 'time') leaves.push(child);
      walk(child);
    }
  };
  walk(element);
  return leaves;
}

function guessFields(page: StudiedPage, items: string | null): GuessedField[] {
  const fields = new Map<string, GuessedField>();
  const known = new Set<string>();
  const places = items === null ? page.document.elements.filter(isHeadline) : page.all(items);
  const add = (wanted: string, field: HtmlFieldConfig): void => {
    const trial = tryField(page, field, items);
    const share = (trial.itemsWith ?? trial.matches) / (items === null ? 1 : places.length);
    const [sample] = trial.values;
    const id = JSON.stringify(field);
    if (share < leastShare || sample === undefined || known.has(id)) return;
    known.add(id);
    const name = freeName(wanted, new Set(fields.keys()));
    fields.set(name, { name, field, sample });
  };
  const [first] = places;
  for (const leaf of items === null || first === undefined ? places : leavesOf(first)) {
    if (fields.size >= maxFields) break;
    const { choices, name, attr, as } = proposeField(page, leaf, items, []);
    const selector = choices.find(({ takes }) => takes !== 'list')?.selector;
    // A place among its likes is another thing on the next page.
    if (selector === undefined || selector.includes(':nth')) continue;
    add(name, fieldConfig(selector, attr, as));
    if (leaf.name === 'a' && attr === null && leaf.attribs['href'] !== undefined) {
      add('url', fieldConfig(selector, 'href', 'url'));
    }
  }
  if (![...fields.values()].some(({ name }) => name === 'url')) {
    const name = items === null ? 'url' : 'page';
    fields.set(name, { name, field: { from: 'url' }, sample: `"${shorten(page.facts.url)}"` });
  }
  return [...fields.values()];
}

/** What the page of one thing is told by. */
function isHeadline({ name, attribs }: Element): boolean {
  return (
    name === 'h1' ||
    (name === 'meta' && attribs['name'] === 'description') ||
    attribs['itemprop'] !== undefined
  );
}

/** A field in the shortest form that says it. */
function fieldConfig(select: string, attr: string | null, as: FieldType | null): HtmlFieldConfig {
  if (attr === null && as === null) return select;
  return {
    select,
    ...(attr === null ? {} : { attr }),
    ...(as === null ? {} : { as }),
  };
}

/** Selectors of the link to the next page. */
function guessNext(page: StudiedPage): string[] {
  const links = page.document.byTag.get('a') ?? [];
  const next =
    links.find(({ attribs }) => /(?:^|\s)next(?:\s|$)/i.test(attribs['rel'] ?? '')) ??
    links.find((link) => nextWords.test(elementText(link)) && link.attribs['href'] !== undefined);
  if (next === undefined) return [];
  const choice = proposeSelectors(page, next, null).find(
    ({ takes, selector }) => takes === 'one' && !selector.includes(':nth'),
  );
  if (choice === undefined) return [];
  // An id of the list's place, or a class of its look, would lead nowhere on the next page.
  return [choice.selector];
}

const nextWords =
  /^(?:next(?: page)?|older(?: posts)?|more|weiter|nächste(?: seite)?|suivante?|siguiente|下一页|次へ)?\s*[›»→>]?$/iu;
