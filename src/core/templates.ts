import { applyEdits, modify, parse, type JSONPath } from 'jsonc-parser';

/** What a template collects from; they are offered by it. */
export type TemplateKind = 'pages' | 'browser' | 'api' | 'apify' | 'files' | 'code';

/** The one thing that nearly everybody changes in a template: where to collect from, or what. */
export interface TemplateQuestion {
  /**
   * `page`: the address of a page to begin with; `api`: of an API; `site`: of a WordPress site. `repositories`: those of
   * one owner at GitHub. `text`: as it is typed; `one`: as a list of it; `list`: parts with commas between.
   */
  readonly kind: 'page' | 'api' | 'site' | 'repositories' | 'text' | 'one' | 'list';
  /** Where the answer goes. */
  readonly path: JSONPath;
  /** In English; the editor looks it up in its translations. */
  readonly prompt: string;
  /** An example of an answer. */
  readonly example: string;
}

/** One collection to begin with: `media/templates/NAME.collect.json`. */
export interface Template {
  readonly name: string;
  readonly kind: TemplateKind;
  /** In English; the editor looks it up in its translations. */
  readonly title: string;
  /** One sentence, in English; the editor looks it up in its translations. */
  readonly about: string;
  /** Left out where there is nothing to ask. */
  readonly asks?: TemplateQuestion;
  /** Its calls cost money: a budget is asked for. */
  readonly isPaid?: true;
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
    asks: {
      kind: 'page',
      path: ['source', 'start'],
      prompt: 'Address of the page to begin with',
      example: 'https://example.com/books',
    },
  },
  {
    name: 'quotes',
    kind: 'browser',
    title: 'Pages made by script',
    about: 'Scroll, click and fill in forms in a browser before fields are taken.',
    asks: {
      kind: 'page',
      path: ['source', 'start'],
      prompt: 'Address of the page to begin with',
      example: 'https://example.com/books',
    },
  },
  {
    name: 'openreview',
    kind: 'api',
    title: 'OpenReview',
    about: 'The papers of conferences, for every venue and year.',
    asks: {
      kind: 'list',
      path: ['source', 'for', 'venue'],
      prompt: 'Venues as OpenReview names them, with commas between',
      example: 'ICLR, NeurIPS',
    },
  },
  {
    name: 'openalex',
    kind: 'api',
    title: 'OpenAlex',
    about: 'Works by topic, author or institution; its calls have a price, and a ceiling holds.',
    asks: {
      kind: 'text',
      path: ['source', 'query', 'filter'],
      prompt: 'Filter of the works; {year} stands for the years in the file',
      example: 'authorships.institutions.ror:01an7q238,publication_year:{year}',
    },
    isPaid: true,
  },
  {
    name: 'semantic-scholar',
    kind: 'api',
    title: 'Semantic Scholar',
    about: 'Every paper that a search finds: its bulk search.',
    asks: {
      kind: 'one',
      path: ['source', 'for', 'search'],
      prompt: 'What to search for: + is and, | is or, - is not',
      example: '"data contamination" + benchmark',
    },
  },
  {
    name: 'mediawiki',
    kind: 'api',
    title: 'Wikipedia, MediaWiki',
    about: 'The articles of a category, with their text and categories.',
    asks: {
      kind: 'list',
      path: ['source', 'for', 'category'],
      prompt: 'Categories of Wikipedia, with commas between',
      example: 'Web scraping, Web archiving',
    },
  },
  {
    name: 'wordpress',
    kind: 'api',
    title: 'WordPress',
    about: 'Everything that a site has published: posts and pages.',
    asks: {
      kind: 'site',
      path: ['source', 'url'],
      prompt: 'Address of the site',
      example: 'https://wordpress.org/news',
    },
  },
  {
    name: 'github',
    kind: 'api',
    title: 'GitHub',
    about: 'The issues and pull requests of repositories.',
    asks: {
      kind: 'repositories',
      path: ['source', 'for', 'repository'],
      prompt: 'Repositories of one owner, with commas between',
      example: 'microsoft/vscode-hexeditor, microsoft/vscode-js-debug',
    },
  },
  {
    name: 'generic',
    kind: 'api',
    title: 'Any JSON API',
    about: 'Every part of a collection with its default and what it is for.',
    asks: {
      kind: 'api',
      path: ['source', 'url'],
      prompt: 'Address that answers with JSON',
      example: 'https://api.example.com/items',
    },
  },
  {
    name: 'apify-tweet-replies',
    kind: 'apify',
    title: 'Tweets and their replies',
    about: 'Runs of an Apify actor, each bought once: a search, then the replies to each tweet.',
    asks: {
      kind: 'one',
      path: ['source', 'for', 'query'],
      prompt: 'What to search tweets for',
      example: '"deep work" min_replies:5 -filter:replies',
    },
    isPaid: true,
  },
  {
    name: 'consolidate',
    kind: 'files',
    title: 'Put files together',
    about: 'JSONL, JSON and CSV files, also compressed, become one master without duplicates.',
    asks: {
      kind: 'list',
      path: ['source', 'inputs'],
      prompt: 'Files and patterns in the workspace folder, with commas between',
      example: 'exports/**/*.csv, papers.jsonl',
    },
  },
  {
    name: 'enrich',
    kind: 'files',
    title: 'Add to what you have',
    about: 'Ask an API for every line of a file: ids in, what it knows about them out.',
    asks: {
      kind: 'text',
      path: ['source', 'for', 'ids', 'from'],
      prompt: 'File in the workspace folder that has the ids',
      example: 'papers.jsonl',
    },
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
