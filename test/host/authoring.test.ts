import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import * as vscode from 'vscode';
import { must } from '../../src/core/assert.ts';
import { startSampleSite } from '../../src/serve/sampleSite.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import {
  activeApi,
  addCollection,
  closeEditorsAfter,
  eventually,
  start,
  untilState,
} from './inHost.ts';

/** Every mark in a file, whoever made it. */
function marksOf(file: vscode.Uri): readonly vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(file);
}

const codesOf = (file: vscode.Uri): readonly unknown[] => marksOf(file).map(({ code }) => code);

/** Puts a text into an open file, unsaved. */
async function type(file: vscode.Uri, text: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(file);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(file, new vscode.Range(0, 0, document.lineCount, 0), text);
  assert.ok(await vscode.workspace.applyEdit(edit));
  return document;
}

function fixesAt(
  file: vscode.Uri,
  { range }: vscode.Diagnostic,
): Thenable<readonly vscode.CodeAction[]> {
  const kind = vscode.CodeActionKind.QuickFix.value;
  return vscode.commands.executeCommand('vscode.executeCodeActionProvider', file, range, kind);
}

async function completionsAt(document: vscode.TextDocument, mark: string): Promise<string[]> {
  const offset = document.getText().indexOf(mark) + mark.length;
  const list = await vscode.commands.executeCommand<vscode.CompletionList>(
    'vscode.executeCompletionItemProvider',
    document.uri,
    document.positionAt(offset),
  );
  return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
}

async function lensesOf(file: vscode.Uri): Promise<readonly string[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    'vscode.executeCodeLensProvider',
    file,
    100,
  );
  return lenses.map(({ command }) => command?.title ?? '');
}

const page = (changes: object = {}, source: object = {}): string =>
  JSON.stringify(
    {
      name: 'authoring',
      source: { type: 'html', start: ['http://127.0.0.1:1/'], fields: { title: 'h1' }, ...source },
      ...changes,
    },
    null,
    2,
  );

test('what is typed is marked once, unsaved, and mended by the preferred fix', async (t) => {
  closeEditorsAfter(t);
  await activeApi();
  // In a browser's window VS Code saves by itself.
  const files = vscode.workspace.getConfiguration('files');
  t.after(() => files.update('autoSave', undefined, vscode.ConfigurationTarget.Workspace));
  await files.update('autoSave', 'off', vscode.ConfigurationTarget.Workspace);
  const file = await addCollection(page(), 'authoring');
  t.after(() => rm(file.fsPath, { force: true }));
  await vscode.window.showTextDocument(file);
  const document = await type(file, page({ limitz: { target: 5 } }));
  const mark = await eventually('a mark', () => marksOf(file)[0]);
  assert.equal(document.isDirty, true);
  assert.equal(document.getText(mark.range), '"limitz"');
  // The editor's own JSON checks have had their time, too.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.deepEqual(codesOf(file), ['CONFIG_UNKNOWN_KEY']);
  const fixes = await fixesAt(file, mark);
  assert.deepEqual(
    fixes.map(({ title, isPreferred }) => [title, isPreferred === true]),
    [
      ['Change to “limits”', true],
      ['Remove “limitz”', false],
    ],
  );
  assert.ok(await vscode.workspace.applyEdit(must(fixes[0]?.edit, 'an edit')));
  await eventually('no mark', () => (marksOf(file).length === 0 ? true : undefined));
  assert.match(document.getText(), /"limits": \{/);

  await type(file, '{ "name": ');
  await eventually('the editor’s own mark', () => marksOf(file)[0]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(
    marksOf(file).every(({ source }) => source !== 'CF Collector'),
    JSON.stringify(marksOf(file)),
  );
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  await eventually('no mark', () => (marksOf(file).length === 0 ? true : undefined));
});

test('what will be in the way is told: secrets, extensions, names', async (t) => {
  closeEditorsAfter(t);
  await activeApi();
  const secret = 'CF_HOST_TEST_SECRET';
  t.after(() => {
    Reflect.deleteProperty(process.env, secret);
  });
  const request = { headers: { authorization: `Bearer \${secret:${secret}}` } };
  const text = page({}, { request });
  const file = await addCollection(text, 'advice');
  const other = await addCollection(page(), 'authoring');
  t.after(() => Promise.all([file, other].map((one) => rm(one.fsPath, { force: true }))));
  const document = await vscode.workspace.openTextDocument(file);
  await vscode.window.showTextDocument(document);
  await eventually('both', () => (marksOf(file).length === 2 ? true : undefined));
  const byCode = (code: string) =>
    must(
      marksOf(file).find((mark) => mark.code === code),
      code,
    );
  const unset = byCode('SECRET_NOT_SET');
  const taken = byCode('NAME_TAKEN');
  assert.equal(unset.severity, vscode.DiagnosticSeverity.Warning);
  assert.equal(document.getText(unset.range), `\${secret:${secret}}`);
  assert.match(taken.message, /authoring\.collect\.json/);
  const [fix] = await fixesAt(file, unset);
  assert.equal(fix?.command?.command, 'cfCollector.setSecret');
  assert.deepEqual(fix.command.arguments, [secret]);

  process.env[secret] = 'set';
  await type(file, page({ name: 'advice' }, { request }));
  await eventually('neither', () => (marksOf(file).length === 0 ? true : undefined));

  const gone = { type: 'extension', id: 'nobody.nothing/here' };
  await type(file, JSON.stringify({ name: 'advice', source: gone }));
  const mark = await eventually('the extension', () => marksOf(file)[0]);
  assert.equal(mark.code, 'EXTENSION_NOT_INSTALLED');
});

test('a module that is missing is made of the template', async (t) => {
  closeEditorsAfter(t);
  await activeApi();
  const source = { type: 'module', module: 'code/authoring.mjs' };
  const file = await addCollection(JSON.stringify({ name: 'own', source }), 'own');
  await vscode.window.showTextDocument(file);
  const mark = await eventually('a mark', () => marksOf(file)[0]);
  assert.equal(mark.code, 'CONFIG_NO_MODULE');
  const [fix] = await fixesAt(file, mark);
  assert.equal(fix?.title, 'Create code/authoring.mjs');
  const { command, arguments: parameters = [] } = must(fix.command, 'a command');
  await vscode.commands.executeCommand(command, ...(parameters as unknown[]));
  const module = vscode.Uri.joinPath(file, '..', 'code', 'authoring.mjs');
  t.after(() => vscode.workspace.fs.delete(vscode.Uri.joinPath(module, '..'), { recursive: true }));
  t.after(() => rm(file.fsPath, { force: true }));
  assert.ok((await vscode.workspace.fs.readFile(module)).length > 100);
  await eventually('no mark', () => (marksOf(file).length === 0 ? true : undefined));
});

test('completions that no schema knows', async (t) => {
  closeEditorsAfter(t);
  await activeApi();
  const text = `{
  "name": "completing",
  "source": {
    "type": "rest",
    "for": { "venue": ["a"], "year": [1] },
    "url": "http://127.0.0.1:1/{ye}",
    "fields": { "id": "id", "title": "title", "when": { "from": "" } }
  },
  "record": { "key": [""] },
  "limits": { "perKey": { "field": "", "max": 1 } }
}
`;
  const file = await addCollection(text, 'completing');
  t.after(() => rm(file.fsPath, { force: true }));
  const document = await vscode.workspace.openTextDocument(file);
  await vscode.window.showTextDocument(document);
  const at = async (mark: string, ...labels: readonly string[]): Promise<void> => {
    const found = await completionsAt(document, mark);
    for (const label of labels) assert.ok(found.includes(label), `${label} in ${found.join()}`);
  };
  await at('"key": ["', 'id', 'title', 'when');
  await at('"field": "', 'id', 'title');
  await at('"from": "', 'for.venue', 'for.year');
  await at('1:1/{ye', '{venue}', '{year}');
});

test('a preview shows in the file what its fields matched, and writes nothing', async (t) => {
  closeEditorsAfter(t);
  const site = await startSampleSite();
  t.after(() => site.close());
  const api = await activeApi();
  const sessions = (await api.sessions()).length;
  const file = await addCollection(bookCollection(site.url, 'previewing'));
  t.after(() => rm(file.fsPath, { force: true }));
  const document = await vscode.workspace.openTextDocument(file);
  await vscode.window.showTextDocument(document);
  const text = document.getText().replace('"title": "h1"', '"title": "h1", "gone": ".gone"');
  await type(file, text);
  await vscode.commands.executeCommand('cfCollector.preview', file);
  const mark = await eventually('a mark', () => marksOf(file)[0]);
  assert.equal(mark.code, 'NOTHING_MATCHED');
  assert.equal(document.getText(mark.range), '"gone"');
  assert.deepEqual(
    (await fixesAt(file, mark)).map(({ title }) => title),
    ['Preview Again', 'Pick Fields'],
  );
  const [hover] = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    file,
    document.positionAt(text.indexOf('"title"') + 2),
  );
  const words = (hover?.contents ?? []).map((part) =>
    part instanceof vscode.MarkdownString ? part.value : '',
  );
  assert.match(words.join('\n'), /Preview: a value in 1 of 1 items[\s\S]*```json/);
  await type(file, text.replace(', "gone": ".gone"', ''));
  await eventually('no mark', () => (marksOf(file).length === 0 ? true : undefined));
  assert.equal((await api.sessions()).length, sessions);
});

test('lenses: what can be done, and how the last run went', async (t) => {
  closeEditorsAfter(t);
  const site = await startSampleSite();
  t.after(() => site.close());
  const api = await activeApi();
  const file = await addCollection(bookCollection(site.url, 'lenses', { limits: { target: 3 } }));
  await vscode.window.showTextDocument(file);
  const before = await lensesOf(file);
  assert.deepEqual(before.slice(0, 2), ['Start', 'Preview']);
  assert.equal(
    before.some((title) => title.includes('Last run')),
    false,
  );
  await untilState(api, await start(file), 'completed');
  await vscode.window.showTextDocument(file);
  const after = await lensesOf(file);
  assert.ok(after.includes('Dashboard'), after.join());
  assert.ok(
    after.some((title) => /^Last run: completed .*3 records$/.test(title)),
    after.join(),
  );
  const settings = vscode.workspace.getConfiguration('cfCollector');
  t.after(() => settings.update('codeLens', undefined, vscode.ConfigurationTarget.Workspace));
  await settings.update('codeLens', false, vscode.ConfigurationTarget.Workspace);
  assert.deepEqual(await lensesOf(file), []);
});
