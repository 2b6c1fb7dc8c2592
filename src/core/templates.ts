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
];

/** The file name of a collection, and of a template. */
export function collectionFileName(name: string): string {
  return `${name}.collect.json`;
}

/** The template of that name. */
export function findTemplate(name: string): Template | undefined {
  return templates.find((template) => template.name === name);
}

/** A template's text with another name in it, its comments kept. */
export function withName(text: string, name: string): string {
  return applyEdits(text, modify(text, ['name'], name, {}));
}

/** The secrets that a collection's text asks for, comments aside; none for a text that is not JSON. */
export function secretsIn(text: string): string[] {
  const value: unknown = parse(text, [], { allowTrailingComma: true });
  const found = JSON.stringify(value ?? null).matchAll(/\$\{secret:([^}]+)\}/g);
  return [...new Set([...found].map(([, name]) => name ?? ''))];
}
