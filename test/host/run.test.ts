import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import * as vscode from 'vscode';
import { cliCommand } from '../../src/host/collections/terminal.ts';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { startSampleSite } from '../../src/serve/sampleSite.ts';
import type { LoopbackServer } from '../../src/serve/loopback.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { readJsonLines } from '../fixtures/workspace.ts';
import {
  activeApi,
  addCollection,
  closeEditorsAfter,
  masterOf,
  start,
  until,
  untilState,
} from './inHost.ts';

/** A run takes seconds then: it is not over before it can be paused, on a busy machine either. */
const slowMs = 100;

async function serveSite(t: TestContext, delayMs = 0): Promise<LoopbackServer> {
  const site = await startSampleSite({ delayMs });
  t.after(() => site.close());
  return site;
}

async function urlsIn(master: string): Promise<string[]> {
  return (await readJsonLines(master)).map((record) => String(record['url']));
}

test('a collection runs to its end; the counts on screen equal the master', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const site = await serveSite(t);
  const ref = await start(await addCollection(bookCollection(site.url, 'whole')));
  const session = await untilState(api, ref, 'completed');
  const urls = await urlsIn(masterOf(session));
  assert.equal(urls.length, sampleBookCount);
  assert.equal(new Set(urls).size, sampleBookCount);
  assert.equal(session.snapshot.view.records, sampleBookCount);
  assert.equal(session.resumable, false);
  assert.deepEqual(api.running(), []);
});

test('pause, resume, stop and resume again: every record exactly once', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const site = await serveSite(t, slowMs);
  const ref = await start(await addCollection(bookCollection(site.url, 'stepwise')));
  await until(api, ref.session, ({ snapshot }) => snapshot.view.records > 0);
  await vscode.commands.executeCommand('cfCollector.pause', ref);
  const paused = await untilState(api, ref, 'paused');
  assert.equal(paused.isOurs, true);
  assert.equal(paused.resumable, true);
  // Paused means that everything counted is in the file.
  assert.equal((await urlsIn(masterOf(paused))).length, paused.snapshot.view.records);
  await vscode.commands.executeCommand('cfCollector.resume', ref);
  await untilState(api, ref, 'active');
  await vscode.commands.executeCommand('cfCollector.stop', ref);
  const stopped = await untilState(api, ref, 'stopped');
  assert.equal(stopped.isOurs, false);
  assert.equal(stopped.holder, null);
  assert.equal(stopped.snapshot.view.reason, 'user');
  await vscode.commands.executeCommand('cfCollector.resume', ref);
  const done = await untilState(api, ref, 'completed');
  const urls = await urlsIn(masterOf(done));
  assert.equal(urls.length, sampleBookCount);
  assert.equal(new Set(urls).size, sampleBookCount);
});

test('a paused session can be stopped', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const site = await serveSite(t, slowMs);
  const ref = await start(await addCollection(bookCollection(site.url, 'paused-stop')));
  await vscode.commands.executeCommand('cfCollector.pause', ref);
  await untilState(api, ref, 'paused');
  await vscode.commands.executeCommand('cfCollector.stop', ref);
  const stopped = await untilState(api, ref, 'stopped');
  assert.equal(stopped.isOurs, false);
  assert.deepEqual(api.running(), []);
});

test('no editor can change a master: not by typing, not by an edit of code, not by saving', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const site = await serveSite(t);
  const ref = await start(await addCollection(bookCollection(site.url, 'guarded')));
  const master = masterOf(await untilState(api, ref, 'completed'));
  const before = await readFile(master);
  const inode = (await stat(master)).ino;
  await vscode.commands.executeCommand('cfCollector.openMaster', ref);
  const editor = vscode.window.activeTextEditor!;
  assert.equal(editor.document.uri.fsPath, master);
  await vscode.commands.executeCommand('type', { text: 'x' });
  await vscode.commands.executeCommand('default:type', { text: 'x' });
  assert.equal(editor.document.isDirty, false);
  // Another extension's edit, or a replacement over all files.
  const edit = new vscode.WorkspaceEdit();
  edit.insert(editor.document.uri, new vscode.Position(0, 0), 'x');
  await vscode.workspace.applyEdit(edit);
  assert.equal(editor.document.isDirty, false);
  await editor.document.save();
  await vscode.commands.executeCommand('workbench.action.files.saveAll');
  await vscode.commands.executeCommand('workbench.action.files.saveWithoutFormatting');
  await vscode.commands.executeCommand('workbench.action.files.save');
  assert.deepEqual(await readFile(master), before);
  assert.equal((await stat(master)).ino, inode);
});

test('a file of one’s own with a similar name can be edited', async (t) => {
  closeEditorsAfter(t);
  const file = vscode.Uri.file(
    path.join(path.dirname(import.meta.dirname), 'chess_master_games.jsonl'),
  );
  await writeFile(file.fsPath, '{}\n');
  await vscode.window.showTextDocument(file);
  await vscode.commands.executeCommand('default:type', { text: 'x' });
  assert.equal(vscode.window.activeTextEditor!.document.isDirty, true);
  await vscode.commands.executeCommand('workbench.action.files.revert');
});

test('a checkpoint opens as a page that a person can read', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const site = await serveSite(t);
  const ref = await start(await addCollection(bookCollection(site.url, 'checkpointed')));
  const session = await untilState(api, ref, 'completed');
  const id = session.snapshot.view.lastCheckpoint!.id;
  const query = new URLSearchParams({ ...ref, checkpoint: id }).toString();
  const scheme = 'cf-collector-checkpoint';
  const uri = vscode.Uri.from({ scheme, path: `/${id}.md`, query });
  const text = (await vscode.workspace.openTextDocument(uri)).getText();
  assert.match(text, /\| Because \| session completed \|/);
  assert.match(text, new RegExp(`\\| Records \\| ${sampleBookCount.toLocaleString('en')} \\|`));
  // An address that somebody made up reads nothing.
  const outside = new URLSearchParams({ workspace: '/', session: 'x', checkpoint: 'y' });
  const other = vscode.Uri.from({ scheme, path: '/y.md', query: outside.toString() });
  assert.match(
    (await vscode.workspace.openTextDocument(other)).getText(),
    /does not belong to an open folder/,
  );
});

test('a session moved to the terminal goes on there, and is shown as running elsewhere', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const site = await serveSite(t, slowMs);
  const ref = await start(await addCollection(bookCollection(site.url, 'moved')));
  await until(api, ref.session, ({ snapshot }) => snapshot.view.records > 0);
  await vscode.commands.executeCommand('cfCollector.stop', ref);
  await untilState(api, ref, 'stopped');
  const extension = vscode.extensions.getExtension('cf-collector.cf-collector')!;
  const line = cliCommand(extension.extensionPath, ['resume', ref.session]);
  const cli = spawn(line.command, line.args, {
    cwd: ref.workspace,
    env: { ...process.env, ...line.env },
  });
  t.after(() => cli.kill('SIGKILL'));
  const ended = once(cli, 'exit');
  const elsewhere = await until(api, ref.session, ({ holder }) => {
    void vscode.commands.executeCommand('cfCollector.refresh');
    return holder !== null;
  });
  assert.deepEqual([elsewhere.holder?.pid, elsewhere.holder?.via], [cli.pid, 'cli']);
  assert.equal(elsewhere.resumable, false);
  assert.equal(elsewhere.isOurs, false);
  // Nothing of it can be taken from there.
  await vscode.commands.executeCommand('cfCollector.stop', ref);
  assert.deepEqual((await ended) as [number], [0, null]);
  await vscode.commands.executeCommand('cfCollector.refresh');
  const done = await untilState(api, ref, 'completed');
  assert.equal(new Set(await urlsIn(masterOf(done))).size, sampleBookCount);
});
