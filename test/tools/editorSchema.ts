// node test/tools/editorSchema.ts: writes media/schemas/collection.editor.*schema.json from src/core/config.ts.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import { collectionJsonSchema } from '../../src/core/config.ts';
import { languages, readWords, schemaWordsFile, type Language } from './languages.ts';

/**
 * The schema, in a language, that VS Code completes and explains collections by. It refuses nothing: what is wrong is marked by the
 * extension, in its own words and with its own fixes, and not a second time by the editor's.
 */
export function editorSchemaFile(language?: Language): string {
  const name = `collection.editor${language ? `.${language}` : ''}.schema.json`;
  return path.resolve(import.meta.dirname, '../../media/schemas', name);
}

interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly definitions?: Readonly<Record<string, SchemaNode>>;
}

/** What each type of source is for, and how it begins. */
const sources: Readonly<Record<string, { readonly about: string; readonly body: object }>> = {
  html: {
    about: 'Web pages that need no browser.',
    body: {
      type: 'html',
      start: ['${1:https://example.com/}'],
      items: '${2:article}',
      fields: { '${3:title}': '${4:h2}', url: { from: 'url' } },
    },
  },
  browser: {
    about: 'Web pages that need a browser: what scripts make of them.',
    body: {
      type: 'browser',
      start: ['${1:https://example.com/}'],
      interactions: [{ type: 'scroll', until: 'nothingNew' }],
      items: '${2:article}',
      fields: { '${3:title}': '${4:h2}' },
    },
  },
  rest: {
    about: 'An API that answers with JSON, page by page.',
    body: {
      type: 'rest',
      url: '${1:https://api.example.com/items}',
      paginate: { type: 'page', param: '${2:page}' },
      items: '${3:items}',
      fields: { '${4:id}': '${5:id}' },
    },
  },
  apify: {
    about: 'Runs of an Apify actor, each bought once.',
    body: {
      type: 'apify',
      actor: '${1:user/actor}',
      input: {},
      maxUsdPerRun: '^${2:1}',
    },
  },
  files: {
    about: 'Files that are there already.',
    body: { type: 'files', inputs: ['${1:data/raw/*.jsonl}'] },
  },
  module: {
    about: 'Code of your own, in a file of the workspace.',
    body: { type: 'module', module: '${1:source.mjs}' },
  },
  extension: {
    about: 'A source that another extension brings.',
    body: { type: 'extension', id: '${1:publisher.extension/name}' },
  },
};

/** The schema as it is kept. */
export function editorSchemaText(language?: Language): Promise<string> {
  const words = language === undefined ? {} : readWords(schemaWordsFile(language));
  const schema = editorSchema((english) => words[english] ?? english);
  return format(JSON.stringify(schema), { parser: 'json', printWidth: 100 });
}

/** What the schema says, in English. */
export function schemaWords(): readonly string[] {
  const words = new Set<string>();
  editorSchema((english) => {
    words.add(english);
    return english;
  });
  return [...words];
}

type Translate = (english: string) => string;

function editorSchema(translate: Translate): object {
  const { definitions, ...root } = translated(collectionJsonSchema(), translate) as SchemaNode;
  const { description, properties = {} } = root;
  const label = translate('Collection: {0}');
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: translate('Collection'),
    allowComments: true,
    allowTrailingCommas: true,
    ...described(description),
    type: 'object',
    defaultSnippets: Object.entries(sources).map(([type, { about, body }]) => ({
      label: label.replace('{0}', type),
      description: translate(about),
      body: { name: '${TM_FILENAME_BASE/[.].*$//}', source: body },
    })),
    properties: mapped(properties, (property, name) =>
      name === 'source' ? sourceNode(property, translate) : open(property),
    ),
    definitions: mapped(definitions ?? {}, open),
  };
}

/** The schema with its descriptions in another language. */
function translated(node: unknown, translate: Translate): unknown {
  if (Array.isArray(node)) return node.map((one) => translated(one, translate));
  if (typeof node !== 'object' || node === null) return node;
  return mapped(node as Readonly<Record<string, unknown>>, (value, name) =>
    name === 'description' && typeof value === 'string'
      ? translate(value)
      : translated(value, translate),
  );
}

/** A node that everything fits, and that still says what is meant to be there. */
function open(node: SchemaNode): object {
  const { description, default: value } = node;
  const meant = node.anyOf ?? node.oneOf;
  return {
    ...described(description),
    ...(value === undefined ? {} : { default: value }),
    ...(meant === undefined ? {} : typesOf(meant)),
    anyOf: [...(meant ?? [node]).map(inside), {}],
  };
}

/** What is meant itself: children that everything fits, so that only its kind decides whether it is this. */
function inside(node: SchemaNode): object {
  const { type, properties, additionalProperties: others, items, $ref } = node;
  return {
    ...($ref === undefined ? {} : { $ref }),
    ...(type === undefined ? {} : { type }),
    ...(node.const === undefined ? {} : { const: node.const }),
    ...(node.enum === undefined ? {} : { enum: node.enum }),
    ...(properties === undefined ? {} : { properties: propertiesOf(properties) }),
    ...(typeof others === 'object' ? { additionalProperties: open(others) } : {}),
    ...(items === undefined ? {} : { items: open(items) }),
    ...(node.anyOf === undefined ? {} : { anyOf: node.anyOf.map(inside) }),
  };
}

/** By its `type` a branch of a union is known, so that alone is held to. */
function propertiesOf(properties: Readonly<Record<string, SchemaNode>>): object {
  return mapped(properties, (property, name) =>
    name === 'type' && property.const !== undefined
      ? { ...described(property.description), const: property.const }
      : open(property),
  );
}

/** The types that a union has, also proposed where none is right yet. */
function typesOf(branches: readonly SchemaNode[]): object {
  const types = branches.flatMap((branch) => branch.properties?.['type']?.const ?? []);
  if (types.length === 0) return {};
  const about = branches.flatMap(({ description, properties }) =>
    properties?.['type']?.const === undefined ? [] : [description ?? ''],
  );
  const isTold = about.some((text) => text !== '');
  return {
    properties: {
      type: { anyOf: [{ enum: types, ...(isTold ? { enumDescriptions: about } : {}) }, {}] },
    },
  };
}

function sourceNode(node: SchemaNode, translate: Translate): object {
  const branches = (node.oneOf ?? node.anyOf ?? []).map((branch) => {
    const type = String(branch.properties?.['type']?.const);
    const about = sources[type]?.about;
    if (about === undefined) throw new Error(`Nothing is said of the source type ${type}`);
    return { ...branch, description: translate(about) };
  });
  return {
    ...open({ ...node, oneOf: branches }),
    defaultSnippets: Object.entries(sources).map(([type, { about, body }]) => ({
      label: type,
      description: translate(about),
      body,
    })),
  };
}

/** The words of a hover: what stands in quotes is code, and nothing else is markup. */
function described(description: string | undefined): object {
  if (description === undefined) return {};
  const markdownDescription = description
    .split(/("[^"]+"|\$?\{[^}\s]+\})/)
    .map((part, i) =>
      i % 2 === 0
        ? part.replace(/[\\`*_{}[\]<>#|]/g, '\\$&')
        : `\`${part.replace(/^"|"$/g, '').replaceAll('`', '')}\``,
    )
    .join('');
  return { description, markdownDescription };
}

function mapped<T>(
  nodes: Readonly<Record<string, T>>,
  change: (node: T, name: string) => unknown,
): object {
  return Object.fromEntries(
    Object.entries(nodes).map(([name, node]) => [name, change(node, name)]),
  );
}

if (process.argv[1] === import.meta.filename) {
  for (const language of [undefined, ...languages]) {
    writeFileSync(editorSchemaFile(language), await editorSchemaText(language));
  }
}
