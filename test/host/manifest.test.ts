import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as vscode from 'vscode';
import { commandIds, internalCommandIds } from '../../src/contributions.ts';
import { activeApi, addCollection, closeEditorsAfter } from './inHost.ts';

test('every command of the manifest is registered, and no other', async () => {
  await activeApi();
  const registered = (await vscode.commands.getCommands(true)).filter(
    // VS Code makes some for every view: `cfCollector.sessions.focus`.
    (id) => id.startsWith('cfCollector.') && !id.startsWith('cfCollector.sessions.'),
  );
  assert.deepEqual(registered.sort(), [...commandIds, ...internalCommandIds].sort());
});

test('the state folder is neither watched nor searched, and VS Code’s own exclusions stay', () => {
  const files = vscode.workspace.getConfiguration('files');
  const watcher = files.get<Record<string, boolean>>('watcherExclude', {});
  assert.equal(watcher['**/.cf_state/**'], true);
  assert.ok(
    Object.keys(watcher).some((glob) => glob.includes('.git')),
    'git objects',
  );
  const search = vscode.workspace.getConfiguration('search');
  const searched = search.get<Record<string, boolean>>('exclude', {});
  assert.equal(searched['**/.cf_state'], true);
  assert.equal(searched['**/node_modules'], true);
});

test('a person’s own exclusions are added to ours, not put in their place', async (t) => {
  const search = vscode.workspace.getConfiguration('search');
  const target = vscode.ConfigurationTarget.Workspace;
  t.after(() => search.update('exclude', undefined, target));
  await search.update('exclude', { '**/mine': true }, target);
  const exclude = vscode.workspace.getConfiguration('search').get<object>('exclude');
  assert.deepEqual({ ...exclude, '**/mine': true, '**/.cf_state': true }, exclude);
});

test('collection files are JSON with comments, and complete from the schema', async (t) => {
  closeEditorsAfter(t);
  const file = await addCollection('{\n  // what to collect\n  \n}\n', 'completion');
  const document = await vscode.workspace.openTextDocument(file);
  assert.equal(document.languageId, 'jsonc');
  await vscode.window.showTextDocument(document);
  const list = await completionsAt(file, new vscode.Position(2, 2));
  for (const key of ['name', 'source', 'limits']) assert.ok(list.includes(key), key);
});

/** The JSON language server loads its schemas in its own time: asks until it has. */
async function completionsAt(file: vscode.Uri, at: vscode.Position): Promise<readonly string[]> {
  let labels: readonly string[] = [];
  for (let attempt = 0; attempt < 100 && !labels.includes('source'); attempt++) {
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      file,
      at,
    );
    labels = list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return labels;
}
