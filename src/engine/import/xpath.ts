/** A CSS selector that finds what an XPath finds, and the attribute that the path ends with. */
export interface CssOfXpath {
  readonly css: string;
  readonly attr: string | undefined;
}

const step = /^(?<axis>\/\/?|\.\/\/?|)(?<tag>\*|[A-Za-z_][\w-]*)(?<predicates>(?:\[[^\]]*\])*)/;
const attributeIs = /^@([\w-]+)\s*=\s*(["'])(.*?)\2$/;
const attributeHas = /^contains\(\s*@([\w-]+)\s*,\s*(["'])(.*?)\2\s*\)$/;
const attributeStarts = /^starts-with\(\s*@([\w-]+)\s*,\s*(["'])(.*?)\2\s*\)$/;
const attributeIsThere = /^@([\w-]+)$/;
const positionIs = /^\d+$/;

/** Translates the XPaths that CSS has words for: steps, attributes, positions. undefined for the others. */
export function cssOfXpath(xpath: string): CssOfXpath | undefined {
  let rest = xpath.trim();
  let css = '';
  while (rest !== '') {
    const end = /^\/{1,2}(?:@(?<attr>[\w-]+)|text\(\))$/.exec(rest);
    if (end !== null && css !== '') return { css, attr: end.groups?.['attr'] };
    const match = step.exec(rest);
    if (match === null) return undefined;
    const { axis = '', tag = '', predicates = '' } = match.groups ?? {};
    const conditions = predicatesOf(predicates, tag);
    if (conditions === undefined) return undefined;
    // A path from the root and one from anywhere below find the same when the page is one tree.
    const combinator = css === '' ? '' : axis === '//' ? ' ' : ' > ';
    const name = tag === '*' && conditions !== '' ? '' : tag;
    css += `${combinator}${name}${conditions}`;
    rest = rest.slice(match[0].length);
    if (rest !== '' && !rest.startsWith('/')) return undefined;
  }
  return css === '' ? undefined : { css, attr: undefined };
}

function predicatesOf(text: string, tag: string): string | undefined {
  let css = '';
  for (const [, predicate = ''] of text.matchAll(/\[([^\]]*)\]/g)) {
    const parts = predicate.split(/\s+and\s+/);
    for (const part of parts) {
      const condition = conditionOf(part.trim(), tag);
      if (condition === undefined) return undefined;
      css += condition;
    }
  }
  return css;
}

function conditionOf(text: string, tag: string): string | undefined {
  const forms: readonly (readonly [RegExp, string])[] = [
    [attributeIs, '='],
    [attributeHas, '*='],
    [attributeStarts, '^='],
  ];
  for (const [form, operator] of forms) {
    const match = form.exec(text);
    if (match !== null) return `[${match[1] ?? ''}${operator}${JSON.stringify(match[3] ?? '')}]`;
  }
  const there = attributeIsThere.exec(text);
  if (there !== null) return `[${there[1] ?? ''}]`;
  if (positionIs.test(text) && tag !== '*') return `:nth-of-type(${text})`;
  return undefined;
}
