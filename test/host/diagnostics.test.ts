import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import * as vscode from 'vscode';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { activeApi, addCollection, closeEditorsAfter, eventually } from './inHost.ts';

function problemsOf(file: vscode.Uri): readonly vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(file).filter(({ source }) => source === 'CF Collector');
}

test('a selector that does not compile is marked where it stands, until it is right', async (t) => {
  closeEditorsAfter(t);
  await activeApi();
  const text = JSON.stringify(bookCollection('http://127.0.0.1:1/', 'selectors'), null, 2);
  const file = await addCollection(text.replace('article.product_page', 'article[['), 'selectors');
  await vscode.window.showTextDocument(file);
  const problem = await eventually('a problem', () => problemsOf(file)[0]);
  const document = await vscode.workspace.openTextDocument(file);
  assert.match(document.lineAt(problem.range.start.line).text, /"items"/);
  assert.match(problem.message, /source\.items/);
  assert.equal(problem.severity, vscode.DiagnosticSeverity.Error);
  const edit = new vscode.WorkspaceEdit();
  const all = new vscode.Range(0, 0, document.lineCount, 0);
  edit.replace(file, all, text);
  assert.ok(await vscode.workspace.applyEdit(edit));
  await document.save();
  await eventually('no problem', () => (problemsOf(file).length === 0 ? true : undefined));
});

test('a collection with problems does not start, and shows them', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const before = (await api.sessions()).length;
  const file = await addCollection('{ "name": "unknown", "sorce": {} }\n', 'unknown');
  const ref = await vscode.commands.executeCommand('cfCollector.start', file);
  assert.equal(ref, undefined);
  assert.equal((await api.sessions()).length, before);
  const messages = problemsOf(file).map(({ message }) => message);
  assert.ok(
    messages.some((message) => message.includes('sorce') && message.includes('“source”')),
    messages.join('\n'),
  );
});

test('what a person sees in the editor is what starts: the file is saved first', async (t) => {
  closeEditorsAfter(t);
  await activeApi();
  const file = await addCollection('{ "name": "unsaved" }\n', 'unsaved');
  const document = await vscode.workspace.openTextDocument(file);
  await vscode.window.showTextDocument(document);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(file, new vscode.Range(0, 0, 1, 0), '{ "name": "unsaved", "now": 1 }\n');
  await vscode.workspace.applyEdit(edit);
  assert.equal(document.isDirty, true);
  await vscode.commands.executeCommand('cfCollector.start', file);
  assert.equal(document.isDirty, false);
  assert.ok(problemsOf(file).some(({ message }) => message.includes('now')));
});

test('problems go with their file', async (t) => {
  closeEditorsAfter(t);
  await activeApi();
  const file = await addCollection('{ "name": "gone" }\n', 'gone');
  await vscode.window.showTextDocument(file);
  await eventually('a problem', () => problemsOf(file)[0]);
  await writeFile(file.fsPath, '');
  const edit = new vscode.WorkspaceEdit();
  edit.deleteFile(file);
  await vscode.workspace.applyEdit(edit);
  await eventually('no problem', () => (problemsOf(file).length === 0 ? true : undefined));
});
