import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import * as vscode from 'vscode';
import { must } from '../../src/core/assert.ts';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { startSampleSite } from '../../src/serve/sampleSite.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { readJsonLines } from '../fixtures/workspace.ts';
import {
  activeApi,
  addCollection,
  closeEditorsAfter,
  eventually,
  masterOf,
  until,
  workspaceFolder,
} from './inHost.ts';

interface Definition {
  readonly operation: string;
  readonly [name: string]: unknown;
}

/** A task that stands in tasks.json, as VS Code finds it there. */
async function taskOf(definition: Definition): Promise<vscode.Task> {
  const folder = path.join(workspaceFolder(), '.vscode');
  const label = JSON.stringify(definition);
  labels.set(label, definition);
  const presentation = { reveal: 'silent', panel: 'dedicated' };
  const tasks = [...labels].map(([name, task]) => ({
    type: 'collect',
    label: name,
    presentation,
    ...task,
  }));
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'tasks.json'), JSON.stringify({ version: '2.0.0', tasks }));
  return eventually('the task of tasks.json', async () =>
    (await vscode.tasks.fetchTasks()).find(({ name }) => name === label),
  );
}

/** Everything in tasks.json so far: a task that runs must not go from it. */
const labels = new Map<string, Definition>();

/** Runs a task to its end; gives its exit code. */
async function exitCodeOf(definition: Definition): Promise<number | undefined> {
  const task = await taskOf(definition);
  let ended: { readonly exitCode: number | undefined } | undefined;
  const listening = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
    if (execution.task.name === task.name) ended = { exitCode };
  });
  try {
    await vscode.tasks.executeTask(task);
    return (await eventually('the end of the task', () => ended)).exitCode;
  } finally {
    listening.dispose();
  }
}

async function serveSite(t: TestContext, delayMs = 0): Promise<string> {
  const site = await startSampleSite({ delayMs });
  t.after(() => site.close());
  closeEditorsAfter(t);
  return site.url;
}

test('every collection has tasks, without anybody having written them', async (t) => {
  await activeApi();
  await addCollection(bookCollection(await serveSite(t), 'offered'));
  const tasks = await vscode.tasks.fetchTasks({ type: 'collect' });
  const names = tasks.map(({ name }) => name);
  assert.ok(names.includes('run offered.collect.json'), names.join());
  assert.ok(names.includes('validate offered.collect.json'), names.join());
});

test('a task collects in this window, and its exit code says how that ended', async (t) => {
  const api = await activeApi();
  const file = await addCollection(bookCollection(await serveSite(t), 'tasked'));
  const collection = path.basename(file.fsPath);
  assert.equal(await exitCodeOf({ operation: 'run', collection }), 0);
  const session = must(
    (await api.sessions()).find(({ snapshot }) => snapshot.view.name === 'tasked'),
    'the session',
  );
  const master = masterOf(session);
  assert.equal((await readJsonLines(master)).length, sampleBookCount);
  // What is complete is told again and not collected again.
  assert.equal(await exitCodeOf({ operation: 'resume', collection }), 0);
  assert.equal(await exitCodeOf({ operation: 'validate', collection }), 0);
  await appendFile(master, 'no JSON\n');
  assert.equal(await exitCodeOf({ operation: 'validate', collection }), 1);
  const found = vscode.languages.getDiagnostics(vscode.Uri.file(master));
  assert.notEqual(found.length, 0);
  const output = 'tasked.jsonl';
  assert.equal(
    await exitCodeOf({ operation: 'merge', inputs: ['data/raw/tasked_master_*'], output }),
    0,
  );
  assert.ok(existsSync(path.join(workspaceFolder(), output)));
  // The file is there now: nothing is written over.
  assert.equal(
    await exitCodeOf({ operation: 'merge', inputs: ['data/raw/tasked_master_*'], output }),
    2,
  );
});

test('ending a task stops its session in order; the next one goes on', async (t) => {
  const api = await activeApi();
  const file = await addCollection(bookCollection(await serveSite(t, 150), 'ended'));
  const collection = path.basename(file.fsPath);
  const isOurs = () => api.running().find(({ snapshot }) => snapshot.view.name === 'ended');
  const task = await taskOf({ operation: 'run', collection });
  const execution = await vscode.tasks.executeTask(task);
  const id = (await eventually('the run', isOurs)).ref.session;
  await until(api, id, ({ snapshot }) => snapshot.view.records > 0);
  execution.terminate();
  const stopped = await until(api, id, ({ snapshot, isOurs: holds }) => {
    return snapshot.view.state === 'stopped' && !holds;
  });
  assert.equal(stopped.snapshot.view.reason, 'user');
  assert.notEqual(stopped.snapshot.view.lastCheckpoint, null);
  assert.ok(stopped.snapshot.view.records < sampleBookCount);
  assert.equal(await exitCodeOf({ operation: 'run', collection }), 0);
  const done = await until(api, id, ({ snapshot }) => snapshot.view.state === 'completed');
  const urls = (await readJsonLines(masterOf(done))).map(({ url }) => url);
  assert.deepEqual([urls.length, new Set(urls).size], [sampleBookCount, sampleBookCount]);
});

test('a task that can’t begin ends with the exit code of bad usage', async () => {
  await activeApi();
  assert.equal(await exitCodeOf({ operation: 'run', collection: 'missing.collect.json' }), 2);
  assert.equal(await exitCodeOf({ operation: 'resume', collection: 'missing.collect.json' }), 2);
  assert.equal(await exitCodeOf({ operation: 'fly' }), 2);
});
