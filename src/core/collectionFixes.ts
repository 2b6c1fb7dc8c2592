import { modify, parseTree, type Edit, type JSONPath, type Node } from 'jsonc-parser';
import { nodeAt, type FoundNode } from './collectionPlaces.ts';
import type { Problem } from './errors.ts';
import type { JsonValue } from './json.ts';

/** What mends a problem of a collection's text. `about`: the word that it is about. */
export interface CollectionFix {
  /** `replace`: by `about`; `remove` and `add`: the key or field `about`. */
  readonly kind: 'replace' | 'remove' | 'add-key' | 'add-field';
  readonly about: string;
  readonly edits: readonly Edit[];
  /** It is what was most probably meant. */
  readonly isPreferred: boolean;
}

/** Indentation of what is put in. */
export interface Indentation {
  readonly insertSpaces: boolean;
  readonly tabSize: number;
}

/**
 * What can be done about a problem by changing the text, the best first. Comments and everything else stay.
 *
 * @param baseName what the file is called without its ending: a good name for the collection.
 */
export function fixesOf(
  text: string,
  problem: Pick<Problem, 'code' | 'path' | 'message' | 'suggestion'>,
  baseName: string,
  indentation: Indentation = { insertSpaces: true, tabSize: 2 },
): CollectionFix[] {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  if (tree === undefined) return [];
  const found = nodeAt(tree, problem.path);
  const change = (path: JSONPath, value: JsonValue | undefined): Edit[] =>
    modify(text, path, value, { formattingOptions: { ...indentation, eol: '\n' } });
  const { code, suggestion } = problem;
  switch (code) {
    case 'CONFIG_UNKNOWN_KEY':
      return [...renamed(found, suggestion), ...removed(found, change)];
    case 'RAW_NEEDED':
      return removed(found, change);
    case 'CONFIG_MISSING':
      return added(found, baseName, change);
    case 'CONFIG_UNKNOWN_FIELD':
      return [...replaced(found, suggestion), ...fieldAdded(tree, found, change)];
    case 'TEMPLATE_UNKNOWN':
      return inTemplate(found, problem);
    case 'SELECTOR_INVALID':
      return withoutScrapy(found, change);
    case 'URL_INVALID': {
      const meant = /Did you mean "(https:\/\/[^"]+)"\?/.exec(problem.message)?.[1];
      return replaced(found, meant);
    }
    default:
      return replaced(found, suggestion);
  }
}

/** Puts something else in place of a value. */
function replaced({ node, rest }: FoundNode, value: string | undefined): CollectionFix[] {
  if (value === undefined || rest !== '' || node.type !== 'string') return [];
  const edits = [replacing(node, JSON.stringify(value))];
  return [{ kind: 'replace', about: value, edits, isPreferred: true }];
}

/** Calls a key otherwise. */
function renamed({ node, rest }: FoundNode, name: string | undefined): CollectionFix[] {
  const key = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
  if (name === undefined || rest !== '' || key === undefined) return [];
  const siblings = node.parent?.parent?.children ?? [];
  // Two keys of one name are no better.
  if (siblings.some((property) => property.children?.[0]?.value === name)) return [];
  const edits = [replacing(key, JSON.stringify(name))];
  return [{ kind: 'replace', about: name, edits, isPreferred: true }];
}

function removed(
  { path, rest }: FoundNode,
  change: (path: JSONPath, value: undefined) => Edit[],
): CollectionFix[] {
  if (rest !== '' || path.length === 0) return [];
  const about = String(path.at(-1));
  return [{ kind: 'remove', about, edits: change(path, undefined), isPreferred: false }];
}

/** What to begin with, where something is left out that is needed. */
const beginnings: Readonly<Record<string, JsonValue>> = {
  source: { type: 'html', start: ['https://example.com/'], fields: { title: 'h1' } },
  fields: { title: 'h1' },
  type: 'html',
  url: 'https://example.com/',
  inputs: ['data/raw/*.jsonl'],
  module: 'source.mjs',
  max: 1,
  maxUsdPerRun: 1,
};

function added(
  { node, path, rest }: FoundNode,
  baseName: string,
  change: (path: JSONPath, value: JsonValue) => Edit[],
): CollectionFix[] {
  if (node.type !== 'object' || rest === '' || rest.includes('.')) return [];
  const value = rest === 'name' ? baseName : (beginnings[rest] ?? '');
  const edits = change([...path, rest], value);
  return [{ kind: 'add-key', about: rest, edits, isPreferred: true }];
}

/** Makes the field that something speaks of. */
function fieldAdded(
  tree: Node,
  { node }: FoundNode,
  change: (path: JSONPath, value: JsonValue) => Edit[],
): CollectionFix[] {
  const name: unknown = node.value;
  const fields = nodeAt(tree, 'source.fields');
  if (typeof name !== 'string' || name === '' || fields.rest !== '') return [];
  const type: unknown = nodeAt(tree, 'source.type').node.value;
  // As good a guess as any; what it comes to, a preview shows.
  const rule = type === 'html' || type === 'browser' ? `.${name}` : name;
  const edits = change([...fields.path, name], rule);
  return [{ kind: 'add-field', about: name, edits, isPreferred: false }];
}

/** Puts another name into the braces of a text. */
function inTemplate(
  { node, rest }: FoundNode,
  { message, suggestion }: Pick<Problem, 'message' | 'suggestion'>,
): CollectionFix[] {
  const given = /^\{(\w+)\}/.exec(message)?.[1];
  if (given === undefined || suggestion === undefined || rest !== '' || node.type !== 'string') {
    return [];
  }
  const value = String(node.value).replaceAll(`{${given}}`, `{${suggestion}}`);
  const edits = [replacing(node, JSON.stringify(value))];
  return [{ kind: 'replace', about: `{${suggestion}}`, edits, isPreferred: true }];
}

/** Scrapy writes "h1::text" and "a::attr(href)". */
function withoutScrapy(
  { node, path, rest }: FoundNode,
  change: (path: JSONPath, value: JsonValue) => Edit[],
): CollectionFix[] {
  if (rest !== '' || node.type !== 'string') return [];
  const [, select = '', kind, attr = ''] =
    /^(.+?)::(text|attr)(?:\(\s*([\w-]+)\s*\))?$/.exec(String(node.value)) ?? [];
  const isField = path.length === 3 && path[1] === 'fields';
  if (kind === 'text') return replaced({ node, path, rest }, select);
  if (kind !== 'attr' || attr === '' || !isField) return [];
  const edits = change(path, { select, attr });
  return [{ kind: 'replace', about: `${select} @${attr}`, edits, isPreferred: true }];
}

function replacing({ offset, length }: Node, content: string): Edit {
  return { offset, length, content };
}
