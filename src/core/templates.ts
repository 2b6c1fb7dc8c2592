import { applyEdits, modify, parse } from 'jsonc-parser';

/** What a template collects from; they are offered by it. */
export type TemplateKind = 'pages' | 'browser' | 'api' | 'apify' | 'files' | 'code';

/** One collection to begin with: `media/templates/NAME.collect.json`. */
export interface Template {
  readonly name: string;
  readonly kind: TemplateKind;
  /** In English; the editor looks it up in its translations. */
  readonly title: string;
  /** One sentence, in English; the editor looks it up in its translations. */
  readonly about: string;
  /** Its code, in `media/templates`; in a new collection it is called NAME.mjs. */
  readonly module?: string;
}

/** Every template, in the order in which they are offered. */
export const templates: readonly Template[] = [
  {
    name: 'books',
    kind: 'pages',
    title: 'Web site',
    about: 'Follow links from a start page and take fields by CSS selector.',
  },
  {
    name: 'quotes',
    kind: 'browser',
    title: 'Pages made by script',
    about: 'Scroll, click and fill in forms in a browser before fields are taken.',
  },
  {
    name: 'openreview',
    kind: 'api',
    title: 'OpenReview',
    about: 'The papers of conferences, for every venue and year.',
  },
  {
    name: 'openalex',
    kind: 'api',
    title: 'OpenAlex',
    about: 'Works by topic, author or institution; its calls have a price, and a ceiling holds.',
  },
  {
    name: 'semantic-scholar',
    kind: 'api',
    title: 'Semantic Scholar',
    about: 'Every paper that a search finds: its bulk search.',
  },
  {
    name: 'mediawiki',
    kind: 'api',
    title: 'Wikipedia, MediaWiki',
    about: 'The articles of a category, with their text and categories.',
  },
  {
    name: 'wordpress',
    kind: 'api',
    title: 'WordPress',
    about: 'Everything that a site has published: posts and pages.',
  },
  {
    name: 'github',
    kind: 'api',
    title: 'GitHub',
    about: 'The issues and pull requests of repositories.',
  },
  {
    name: 'generic',
    kind: 'api',
    title: 'Any JSON API',
    about: 'Every part of a collection with its default and what it is for.',
  },
  {
    name: 'apify-tweet-replies',
    kind: 'apify',
    title: 'Tweets and their replies',
    about: 'Runs of an Apify actor, each bought once: a search, then the replies to each tweet.',
  },
  {
    name: 'consolidate',
    kind: 'files',
    title: 'Put files together',
    about: 'JSONL, JSON and CSV files, also compressed, become one master without duplicates.',
  },
  {
    name: 'enrich',
    kind: 'files',
    title: 'Add to what you have',
    about: 'Ask an API for every line of a file: ids in, what it knows about them out.',
  },
  {
    name: 'module',
    kind: 'code',
    title: 'Your own code',
    about: 'A module of yours gives the units and their items; everything else stays as it is.',
    module: 'module.mjs',
  },
];

/** The file name of a collection, and of a template. */
export function collectionFileName(name: string): string {
  return `${name}.collect.json`;
}

/** The template of that name. */
export function findTemplate(name: string): Template | undefined {
  return templates.find((template) => template.name === name);
}

/** A file of `media/types` that goes beside a collection's own code, so that an editor knows its types. */
export const moduleTypesFile = 'cf-collector-source.d.ts';

/** The file name of a collection's own code. */
export function moduleFileName(name: string): string {
  return `${name}.mjs`;
}

/** A template's text with another name in it, its comments kept; its code is called after it, too. */
export function withName(text: string, name: string): string {
  const named = applyEdits(text, modify(text, ['name'], name, {}));
  const { source } = parse(text) as { source?: { module?: unknown } };
  if (source?.module === undefined) return named;
  return applyEdits(named, modify(named, ['source', 'module'], moduleFileName(name), {}));
}

/** The secrets that a collection's text asks for, comments aside; none for a text that is not JSON. */
export function secretsIn(text: string): string[] {
  const value: unknown = parse(text, [], { allowTrailingComma: true });
  const found = JSON.stringify(value ?? null).matchAll(/\$\{secret:([^}]+)\}/g);
  return [...new Set([...found].map(([, name]) => name ?? ''))];
}
