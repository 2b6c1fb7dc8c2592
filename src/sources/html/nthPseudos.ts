import { isTag, type Element, type ParentNode } from 'domhandler';
import nthCheck from 'nth-check';

/** Where an element stands among its siblings, counting from 0. */
interface Position {
  readonly fromStart: number;
  readonly fromEnd: number;
  readonly ofTypeFromStart: number;
  readonly ofTypeFromEnd: number;
}

/**
 * `:nth-child()` and its like for css-select, whose own count an element's siblings anew for each element: 20 seconds
 * for a table of 50,000 rows. These count the children of an element once. Trees must not change.
 */
export const nthPseudos = {
  'nth-child': nth('fromStart'),
  'nth-last-child': nth('fromEnd'),
  'nth-of-type': nth('ofTypeFromStart'),
  'nth-last-of-type': nth('ofTypeFromEnd'),
} as const;

function nth(which: keyof Position): (element: Element, formula?: string | null) => boolean {
  const checks = new Map<string, (index: number) => boolean>();
  // css-select tells from the number of parameters whether a formula is needed.
  return (element, formula) => {
    const text = formula ?? '';
    let check = checks.get(text);
    if (check === undefined) checks.set(text, (check = nthCheck(text)));
    const position = positionOf(element);
    return position !== undefined && check(position[which]);
  };
}

const known = new WeakMap<ParentNode, ReadonlyMap<Element, Position>>();

function positionOf(element: Element): Position | undefined {
  const { parent } = element;
  if (parent === null) return undefined;
  let positions = known.get(parent);
  if (positions === undefined) known.set(parent, (positions = count(parent)));
  return positions.get(element);
}

function count(parent: ParentNode): ReadonlyMap<Element, Position> {
  const elements = parent.children.filter(isTag);
  const totals = new Map<string, number>();
  const places = elements.map(({ name }) => {
    const place = totals.get(name) ?? 0;
    totals.set(name, place + 1);
    return place;
  });
  return new Map(
    elements.map((element, i) => {
      const ofType = places[i] ?? 0;
      const position: Position = {
        fromStart: i,
        fromEnd: elements.length - 1 - i,
        ofTypeFromStart: ofType,
        ofTypeFromEnd: (totals.get(element.name) ?? 0) - 1 - ofType,
      };
      return [element, position];
    }),
  );
}
