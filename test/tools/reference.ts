// node test/tools/reference.ts: writes media/reference.md from package.json, package.nls.json and cf-collect --help.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import { cell } from './collectionReference.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Where people read what can be set, asked for and written into tasks.json. */
export const editorReferenceFile = path.join(root, 'media/reference.md');

interface Value {
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly enumDescriptions?: readonly string[];
  readonly markdownEnumDescriptions?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly scope?: string;
  readonly description?: string;
  readonly markdownDescription?: string;
}

interface Category {
  readonly title: string;
  readonly properties: Readonly<Record<string, Value>>;
}

interface MenuItem {
  readonly command: string;
  readonly when?: string;
}

interface Contributes {
  readonly commands: readonly { readonly command: string; readonly title: string }[];
  readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
  readonly configuration: readonly Category[];
  readonly taskDefinitions: readonly {
    readonly type: string;
    readonly required: readonly string[];
    readonly properties: Readonly<Record<string, Value>>;
  }[];
  readonly languageModelTools?: readonly {
    readonly name: string;
    readonly displayName: string;
    readonly userDescription?: string;
    readonly modelDescription: string;
  }[];
}

/** Who may set a setting, in the words of VS Code's own documentation. */
const scopes: Readonly<Record<string, string>> = {
  application: 'user',
  machine: 'user, remote',
  'machine-overridable': 'user, remote, workspace, folder',
  window: 'user, remote, workspace',
  resource: 'user, remote, workspace, folder',
};

/** Where a command can be chosen, beside the palette, in the order in which they are told. */
const places: Readonly<Record<string, string>> = {
  'view/title': 'title of the Collector view',
  'view/item/context': 'Collector view',
  'explorer/context': 'Explorer',
  'editor/title/run': 'run menu of a collection file',
  'editor/title': 'editor title',
  'editor/context': 'editor',
};

/** The reference as it is kept. */
export async function editorReferenceText(): Promise<string> {
  const { contributes } = JSON.parse(words(read('package.json'))) as { contributes: Contributes };
  const help = execFileSync(process.execPath, ['src/cli/main.ts', '--help'], { cwd: root });
  const text = [
    `# Settings, commands and tasks

This page is made from the extension's manifest. What a collection file may hold stands in
[The collection file](collection-reference.md).
`,
    '## Settings\n',
    ...contributes.configuration.map(settingsOf),
    '## Commands\n',
    'All of them are in the category “Collector” of the Command Palette (F1).\n',
    commandsOf(contributes),
    ...contributes.taskDefinitions.map(({ type, required, properties }) => {
      const head = `## Tasks of type \`${type}\`\n\nKeys of a task in \`tasks.json\`:\n`;
      return `${head}\n${valueTable(properties, ({ key }) => required.includes(key))}`;
    }),
    ...toolsOf(contributes),
    `## The command line\n\n\`\`\`text\n${help.toString().trimEnd()}\n\`\`\`\n`,
  ].join('\n');
  return format(text, { parser: 'markdown', printWidth: 100 });
}

function settingsOf({ title, properties }: Category): string {
  if (Object.keys(properties).length === 0) return '';
  const rows = Object.entries(properties).map(([key, value]) => {
    const who = scopes[value.scope ?? 'window'] ?? value.scope;
    return `| \`${key}\` | ${cell(typeText(value))} | ${presetText(value)} | ${who} | ${cell(aboutText(value))} |`;
  });
  return `### ${title}

| setting | value | default | set by | what it does |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

function commandsOf({ commands, menus }: Contributes): string {
  const hidden = new Set(
    menus['commandPalette']?.filter(({ when }) => when === 'false').map(({ command }) => command),
  );
  const rows = commands.map(({ command, title }) => {
    const where = Object.entries(places)
      .filter(([menu]) => menus[menu]?.some((item) => item.command === command))
      .map(([, place]) => place);
    if (hidden.has(command)) where.push('not in the palette');
    return `| ${cell(title)} | \`${command}\` | ${where.join(', ')} |`;
  });
  return `| command | id | also in |\n|---|---|---|\n${rows.join('\n')}\n`;
}

function toolsOf({ languageModelTools = [] }: Contributes): readonly string[] {
  if (languageModelTools.length === 0) return [];
  const rows = languageModelTools.map(
    ({ name, displayName, userDescription, modelDescription }) =>
      `| ${cell(displayName)} | \`${name}\` | ${cell(userDescription ?? modelDescription)} |`,
  );
  return [
    `## Tools for language models\n\n| tool | name | what it does |\n|---|---|---|\n${rows.join('\n')}\n`,
  ];
}

function valueTable(
  properties: Readonly<Record<string, Value>>,
  isRequired: (entry: { readonly key: string }) => boolean,
): string {
  const rows = Object.entries(properties).map(([key, value]) => {
    const preset = isRequired({ key }) ? '**required**' : presetText(value);
    return `| \`${key}\` | ${cell(typeText(value))} | ${preset} | ${cell(aboutText(value))} |`;
  });
  return `| key | value | default | what it does |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function typeText({ type = 'anything', enum: choices, minimum, maximum }: Value): string {
  if (choices) return choices.map((choice) => JSON.stringify(choice)).join(' or ');
  const range = [
    minimum === undefined ? '' : `from ${minimum}`,
    maximum === undefined ? '' : `to ${maximum}`,
  ];
  const word = typeof type === 'string' ? type : type.join(' or ');
  return [word === 'array' ? 'list' : word, ...range].filter((part) => part !== '').join(' ');
}

function presetText({ default: preset }: Value): string {
  return preset === undefined ? '' : `\`${JSON.stringify(preset)}\``;
}

/** What a value does, and each of its choices where they have words of their own. */
function aboutText(value: Value): string {
  const choices = value.markdownEnumDescriptions ?? value.enumDescriptions ?? [];
  const about = value.markdownDescription ?? value.description ?? '';
  const texts = [about, ...choices.map((text, i) => `\`${String(value.enum?.[i])}\`: ${text}`)];
  // The settings editor makes links of `#name#`.
  return texts.join(' ').replace(/`#([\w.]+)#`/g, '`$1`');
}

/** The manifest with the English words for its keys. */
function words(manifest: string): string {
  const english = JSON.parse(read('package.nls.json')) as Readonly<Record<string, string>>;
  return manifest.replace(/"%([\w.-]+)%"/g, (_, key: string) =>
    JSON.stringify(english[key] ?? key),
  );
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(editorReferenceFile, await editorReferenceText());
}
