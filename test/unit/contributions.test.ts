import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  collectionSuffix,
  commandIds,
  containerId,
  contextKeys,
  dashboardViewType,
  overviewViewType,
  internalCommandIds,
  itemTags,
  languageModelTools,
  sessionsViewId,
  settingDefaults,
  taskType,
  walkthroughId,
  walkthroughSteps,
} from '../../src/contributions.ts';
import { findingLine } from '../../src/core/validation.ts';
import { operations, readTask } from '../../src/host/tasks/collectTask.ts';
import { languages, manifestFile, readWords } from '../tools/languages.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const manifestText = read('package.json');
const manifest = JSON.parse(manifestText) as Manifest;
const { contributes } = manifest;
const steps = contributes.walkthroughs[0]!.steps;
const menuItems = Object.values(contributes.menus).flat();

interface Manifest {
  readonly icon: string;
  readonly extensionKind: readonly string[];
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      readonly supported: string;
      readonly restrictedConfigurations: readonly string[];
    };
    readonly virtualWorkspaces: { readonly supported: boolean };
  };
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly category: string;
      readonly icon: string;
      readonly enablement?: string;
    }[];
    readonly menus: Readonly<
      Record<string, readonly { command: string; when?: string; group?: string }[]>
    >;
    readonly viewsContainers: { readonly activitybar: readonly { id: string; icon: string }[] };
    readonly views: Readonly<Record<string, readonly { id: string }[]>>;
    readonly viewsWelcome: readonly { view: string; when?: string }[];
    readonly walkthroughs: readonly {
      readonly id: string;
      readonly steps: readonly {
        readonly id: string;
        readonly media: { readonly svg: string };
        readonly completionEvents: readonly string[];
      }[];
    }[];
    readonly configuration: readonly {
      readonly title: string;
      readonly order: number;
      readonly properties: Readonly<Record<string, ManifestSetting>>;
    }[];
    readonly taskDefinitions: readonly {
      readonly type: string;
      readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
    }[];
    readonly problemMatchers: readonly {
      readonly name: string;
      readonly pattern: { readonly regexp: string; readonly kind?: string };
    }[];
    readonly languageModelTools: readonly {
      readonly name: string;
      readonly toolReferenceName: string;
      readonly modelDescription: string;
      readonly icon: string;
      readonly when: string;
      readonly inputSchema: { readonly type: string };
    }[];
    readonly languages: readonly object[];
    readonly jsonValidation: readonly { fileMatch: string; url: string }[];
  };
}

interface ManifestSetting {
  readonly type: string;
  readonly default: unknown;
  readonly scope: string;
  readonly order: number;
  readonly markdownDescription: string;
  readonly enum?: readonly string[];
  readonly enumDescriptions?: readonly string[];
}

/** Every setting, by its whole name. */
const settings = Object.assign(
  {},
  ...contributes.configuration.map(({ properties }) => properties),
) as Readonly<Record<string, ManifestSetting>>;

/** Every `when` and `enablement` of the manifest. */
function whenClauses(): string[] {
  return [
    ...menuItems.map((item) => item.when ?? ''),
    ...contributes.commands.map((command) => command.enablement ?? ''),
    ...contributes.viewsWelcome.map((welcome) => welcome.when ?? ''),
    ...steps.flatMap(({ completionEvents }) =>
      completionEvents.filter((event) => event.startsWith('onContext:')),
    ),
  ];
}

test('the commands are those of the manifest, in both directions', () => {
  const ids = contributes.commands.map(({ command }) => command);
  assert.deepEqual([...ids].sort(), [...commandIds].sort());
});

test('every command stands in the one category and has an icon', () => {
  for (const command of contributes.commands) {
    assert.equal(command.category, 'Collector', command.command);
    assert.match(command.icon, /^\$\([\w-]+\)$/, command.command);
  }
});

test('the command table handles every command, ours alone included', () => {
  const table = read('src/host/commands.ts');
  for (const id of [...commandIds, ...internalCommandIds]) {
    assert.ok(table.includes(`'${id}':`), id);
  }
});

test('menus and welcome texts run known commands', () => {
  const known = new Set<string>(commandIds);
  for (const { command } of menuItems) assert.ok(known.has(command), command);
  const linked = [...read('package.nls.json').matchAll(/\(command:(cfCollector\.\w+)\)/g)];
  assert.notEqual(linked.length, 0);
  for (const [, command] of linked) assert.ok(known.has(command!), command);
});

test('the walkthrough and its steps are those of the manifest; what completes a step is known', () => {
  assert.deepEqual(
    contributes.walkthroughs.map(({ id }) => id),
    [walkthroughId],
  );
  assert.deepEqual(
    steps.map(({ id }) => id),
    [...walkthroughSteps],
  );
  const known = new Set<string>([
    ...commandIds.map((id) => `onCommand:${id}`),
    ...contextKeys.map((key) => `onContext:${key}`),
  ]);
  for (const { id, media, completionEvents } of steps) {
    assert.notEqual(completionEvents.length, 0, id);
    for (const event of completionEvents) assert.ok(known.has(event), event);
    const svg = read(media.svg);
    // Theme colours only: a drawing is seen in every theme.
    assert.doesNotMatch(svg, /#[\da-f]{3,8}\b|rgb|hsl/i, media.svg);
    assert.match(svg, /var\(--vscode-/, media.svg);
    // VS Code's policy for these drawings lets no inline style through.
    assert.doesNotMatch(svg, /style=/, media.svg);
  }
});

test('views, their container and the panel type are those of the manifest', () => {
  assert.deepEqual(
    contributes.viewsContainers.activitybar.map(({ id }) => id),
    [containerId],
  );
  assert.deepEqual(Object.keys(contributes.views), [containerId]);
  assert.deepEqual(
    contributes.views[containerId]?.map(({ id }) => id),
    [sessionsViewId],
  );
  for (const { view } of contributes.viewsWelcome) assert.equal(view, sessionsViewId);
  for (const viewType of [dashboardViewType, overviewViewType]) {
    assert.ok(manifest.activationEvents.includes(`onWebviewPanel:${viewType}`));
  }
});

test('settings have the names, types and defaults of the manifest, in both directions', () => {
  const declared = Object.fromEntries(
    Object.entries(settings).map(([name, { type, default: value }]) => {
      assert.equal(typeof value, type === 'integer' ? 'number' : type, name);
      return [name.replace(/^cfCollector\./, ''), value];
    }),
  );
  assert.deepEqual(declared, { ...settingDefaults });
  for (const name of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations) {
    assert.ok(Object.hasOwn(settings, name), name);
  }
});

test('settings stand in categories, in an order, each with its words and a scope that means something', () => {
  const { configuration } = contributes;
  const titles = configuration.map(({ title }) => title);
  assert.equal(new Set(titles).size, titles.length);
  assert.deepEqual(
    configuration.map(({ order }) => order),
    configuration.map((_, i) => i + 1),
  );
  for (const { title, properties } of configuration) {
    const orders = Object.values(properties).map(({ order }) => order);
    assert.deepEqual(
      orders,
      [...new Set(orders)].sort((a, b) => a - b),
      title,
    );
  }
  for (const [name, setting] of Object.entries(settings)) {
    assert.match(setting.markdownDescription, /^%[\w.]+%$/, name);
    // "application" can't be set in a workspace, the others say for whom it holds.
    assert.match(
      setting.scope,
      /^(application|machine|machine-overridable|window|resource)$/,
      name,
    );
    if (setting.enum === undefined) continue;
    assert.equal(setting.enumDescriptions?.length, setting.enum.length, name);
    assert.ok(setting.enum.includes(String(setting.default)), name);
  }
});

test('tools of language models are those of the manifest; none is there in Restricted Mode', () => {
  const tools = contributes.languageModelTools;
  assert.deepEqual(
    tools.map(({ name }) => name),
    languageModelTools,
  );
  for (const { name, when, toolReferenceName, modelDescription, icon, inputSchema } of tools) {
    assert.match(name, /^[\w-]+$/);
    assert.match(when, /^isWorkspaceTrusted && /, name);
    assert.match(toolReferenceName, /^[a-zA-Z]+$/, name);
    assert.match(icon, /^\$\([\w-]+\)$/, name);
    assert.equal(inputSchema.type, 'object', name);
    const asks = /_(start|resume)_/.test(name);
    assert.match(
      modelDescription,
      asks ? /always asked first/ : /Reads only|Changes nothing/,
      name,
    );
  }
});

test('tasks: their type and operations are those of the manifest', () => {
  const [definition, ...others] = contributes.taskDefinitions;
  assert.deepEqual([definition?.type, others.length], [taskType, 0]);
  assert.deepEqual(definition!.properties['operation']?.enum, operations);
  const read = readTask({ operation: 'validate' });
  assert.deepEqual(Object.keys(definition!.properties).sort(), Object.keys(read).sort());
});

test('the problem matchers read what cf-collect validate prints, each finding once', () => {
  const finding = {
    severity: 'error',
    code: 'LINE_NOT_JSON',
    message: 'Not JSON:\nunexpected end.',
    file: '/w/data/raw/a_master.jsonl',
  } as const;
  const inLine = findingLine({ ...finding, line: 7, column: 3 }, 'data/a: 1.jsonl');
  const ofFile = findingLine(finding, 'data/a.jsonl');
  const read = contributes.problemMatchers.map(({ name, pattern }) => ({
    name,
    line: new RegExp(pattern.regexp).exec(inLine)?.slice(1),
    file: new RegExp(pattern.regexp).exec(ofFile)?.slice(1),
  }));
  const message = 'Not JSON: unexpected end.';
  assert.deepEqual(read, [
    {
      name: 'collect',
      line: ['data/a: 1.jsonl', '7', '3', 'error', 'LINE_NOT_JSON', message],
      file: undefined,
    },
    {
      name: 'collect-file',
      line: undefined,
      file: ['data/a.jsonl', 'error', 'LINE_NOT_JSON', message],
    },
  ]);
});

test('what an item of the tree does is in its menu, too: the keyboard reaches nothing else', () => {
  const items = contributes.menus['view/item/context'] ?? [];
  const inline = items.filter(({ group }) => group?.startsWith('inline') === true);
  assert.notEqual(inline.length, 0);
  const tagsOf = (when = '') => {
    const tags = /viewItem =~ \/;\(?([\w|]+)\)?;\//.exec(when);
    return tags ? tags[1]!.split('|') : [];
  };
  for (const { command, when } of inline) {
    const inMenu = items.filter(
      (item) => item.command === command && item.group?.startsWith('inline') === false,
    );
    const reached = new Set(inMenu.flatMap((item) => tagsOf(item.when)));
    for (const tag of tagsOf(when)) assert.ok(reached.has(tag), `${command} of ${tag}`);
  }
});

test('when clauses use our context keys and tags, and each of those is used', () => {
  const clauses = whenClauses();
  const ours = new Set(clauses.flatMap((clause) => clause.match(/cfCollector[\w.]+/g) ?? []));
  ours.delete(sessionsViewId);
  assert.deepEqual([...ours].sort(), [...contextKeys].sort());
  const tags = new Set(
    clauses.flatMap((clause) => {
      const pattern = /viewItem =~ \/;(\(([\w|]+)\)|\w+);\//.exec(clause)?.[1];
      return pattern?.replace(/[()]/g, '').split('|') ?? [];
    }),
  );
  assert.deepEqual([...tags].sort(), [...itemTags].sort());
});

test('every text of the manifest has its words, and no words are left over', () => {
  const words = Object.keys(JSON.parse(read('package.nls.json')) as object);
  const used = [...manifestText.matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key!);
  assert.deepEqual([...new Set(used)].sort(), words.sort());
});

test('files that the manifest names are there', () => {
  const files = [manifest.icon, contributes.viewsContainers.activitybar[0]!.icon];
  // In each language another: it is what the keys of a collection are explained by.
  const [, key = ''] = /^%(.+)%$/.exec(contributes.jsonValidation[0]!.url) ?? [];
  for (const language of [undefined, ...languages]) {
    files.push(readWords(manifestFile(language))[key] ?? key);
  }
  for (const file of files) assert.ok(existsSync(path.join(root, file)), file);
});

test('collection files are known by one ending everywhere', () => {
  const pattern = `*${collectionSuffix}`;
  assert.equal(contributes.jsonValidation[0]!.fileMatch, pattern);
  assert.deepEqual(contributes.languages, [{ id: 'jsonc', filenamePatterns: [pattern] }]);
  assert.ok(manifest.activationEvents.includes(`workspaceContains:**/${pattern}`));
});

test('what runs is hidden from an untrusted workspace', () => {
  const byId = new Map(contributes.commands.map((command) => [command.command, command]));
  for (const id of ['cfCollector.start', 'cfCollector.resume', 'cfCollector.runInTerminal']) {
    assert.equal(byId.get(id)?.enablement, 'isWorkspaceTrusted', id);
  }
  assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
  assert.equal(manifest.capabilities.virtualWorkspaces.supported, false);
  assert.deepEqual(manifest.extensionKind, ['workspace']);
});
