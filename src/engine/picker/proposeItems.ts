import type { Element } from 'domhandler';
import type { ItemsChoice, ItemsProposal } from '../../core/picker.ts';
import { compoundsOf } from './compounds.ts';
import { parentOf, type StudiedPage } from './studiedPage.ts';

const maxChoices = 5;

/** One step of the ways down from where two elements part to the elements themselves: the same place in both. */
interface Level {
  readonly first: Element;
  readonly second: Element;
}

/**
 * Selectors for `items` that what was picked stands in, best first: what repeats, and has each picked element in a
 * match of its own. For one element its like is looked for.
 */
export function proposeItems(page: StudiedPage, picked: readonly Element[]): ItemsProposal {
  const [first] = picked;
  if (first === undefined) return { choices: [] };
  const second = picked[1] ?? likeOf(page, first);
  if (second === undefined || second === first) return { choices: [] };
  const found = new Map<string, ItemsChoice & { readonly cost: number }>();
  for (const [depth, level] of levelsOf(first, second).entries()) {
    for (const { text, cost } of commonSelectors(level)) {
      if (found.has(text)) continue;
      const all = page.all(text);
      if (!all.includes(level.first) || !all.includes(level.second)) continue;
      // Something in something of its own kind would be two records of one thing.
      const set = new Set(all);
      if (all.some((one) => hasAncestorIn(one, set))) continue;
      found.set(text, { selector: text, matches: all.length, cost: cost + depth * 1.5 });
    }
  }
  const choices = [...found.values()]
    .sort((a, b) => a.cost - b.cost || a.selector.length - b.selector.length)
    .slice(0, maxChoices)
    .map(({ selector, matches }) => ({ selector, matches }));
  return { choices };
}

/** The next element on the page that is named as this one is: by names that say something, else by its plain tag. */
function likeOf(page: StudiedPage, element: Element): Element | undefined {
  return likeBy(page, element, 4) ?? likeBy(page, element, 9);
}

function likeBy(page: StudiedPage, element: Element, maxCost: number): Element | undefined {
  for (let at: Element | undefined = element; at !== undefined; at = parentOf(at)) {
    for (const { text, cost } of compoundsOf(at, true)) {
      if (cost > maxCost) continue;
      const all = page.all(text);
      if (all.length < 2) continue;
      const like = all[all.indexOf(at) + 1] ?? all.find((one) => one !== at);
      if (like !== undefined && !isWithin(like, at) && !isWithin(at, like)) return like;
    }
  }
  return undefined;
}

/** The pairs of elements from just below where the two part, downwards as long as they are of the same kind. */
function levelsOf(first: Element, second: Element): Level[] {
  const down = (element: Element): Element[] => {
    const way: Element[] = [];
    for (let at: Element | undefined = element; at !== undefined; at = parentOf(at))
      way.unshift(at);
    return way;
  };
  const [one, other] = [down(first), down(second)];
  let parting = 0;
  while (one[parting] !== undefined && one[parting] === other[parting]) parting += 1;
  const levels: Level[] = [];
  for (let i = parting; ; i++) {
    const [a, b] = [one[i], other[i]];
    if (a?.name !== b?.name || a === undefined || b === undefined) return levels;
    levels.push({ first: a, second: b });
  }
}

/** Ways to name both elements of a level, alone and by what they stand in. */
function commonSelectors({ first, second }: Level): { text: string; cost: number }[] {
  const others = new Set(compoundsOf(second, true).map(({ text }) => text));
  const common = compoundsOf(first, true).filter(({ text }) => others.has(text));
  const parent = parentOf(first);
  if (parent === undefined) return common;
  const around = compoundsOf(parent, false).slice(0, 3);
  const within = common.slice(0, 3).flatMap((inner) =>
    around.map((outer) => ({
      text: `${outer.text} > ${inner.text}`,
      cost: outer.cost + inner.cost + 1,
    })),
  );
  return [...common, ...within];
}

function hasAncestorIn(element: Element, set: ReadonlySet<Element>): boolean {
  for (let at = parentOf(element); at !== undefined; at = parentOf(at))
    if (set.has(at)) return true;
  return false;
}

function isWithin(element: Element, other: Element): boolean {
  return hasAncestorIn(element, new Set([other]));
}
