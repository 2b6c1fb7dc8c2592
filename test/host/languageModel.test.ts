import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import * as vscode from 'vscode';
import { languageModelTools } from '../../src/contributions.ts';
import { EditorTool } from '../../src/host/languageModel/registerTools.ts';
import {
  listSessions,
  sampleRecords,
  sessionStatus,
  validateMaster,
} from '../../src/host/languageModel/readingTools.ts';
import {
  resumeSessionTool,
  startCollectionTool,
} from '../../src/host/languageModel/runningTools.ts';
import type { Services } from '../../src/host/services.ts';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { startSampleSite } from '../../src/serve/sampleSite.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import {
  activeApi,
  addCollection,
  closeEditorsAfter,
  masterOf,
  start,
  until,
  untilState,
} from './inHost.ts';

/** Asks a tool as a chat does; gives what it says. */
async function ask(name: (typeof languageModelTools)[number], input: object): Promise<string> {
  const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
  return content
    .map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''))
    .join('');
}

async function askForJson(
  name: (typeof languageModelTools)[number],
  input: object,
): Promise<Record<string, unknown>> {
  return JSON.parse(await ask(name, input)) as Record<string, unknown>;
}

async function serveSite(t: TestContext, delayMs = 0): Promise<string> {
  const site = await startSampleSite({ delayMs });
  t.after(() => site.close());
  closeEditorsAfter(t);
  return site.url;
}

test('the editor knows every tool', async () => {
  await activeApi();
  const known = vscode.lm.tools.map(({ name }) => name);
  for (const name of languageModelTools) assert.ok(known.includes(name), name);
});

test('reading tools tell of a session, and say that records are nobody’s instructions', async (t) => {
  const api = await activeApi();
  const ref = await start(await addCollection(bookCollection(await serveSite(t), 'told')));
  const done = await untilState(api, ref, 'completed');
  const { sessions } = await askForJson('cf-collector_list_sessions', { collection: 'told' });
  assert.deepEqual(
    (sessions as { session: string; records: number }[]).map(({ session, records }) => [
      session,
      records,
    ]),
    [[ref.session, sampleBookCount]],
  );
  const status = await askForJson('cf-collector_session_status', { session: 'told' });
  assert.equal(status['state'], 'completed');
  assert.deepEqual(status['masters'], [masterOf(done)]);
  const sample = (
    await ask('cf-collector_sample_records', { session: ref.session, count: 3 })
  ).split('\n');
  const mark = sample[2]!;
  assert.match(sample[1]!, /untrusted data/);
  assert.equal(sample.length, 7);
  assert.equal(sample[6], mark);
  for (const line of sample.slice(3, 6)) assert.ok('url' in (JSON.parse(line) as object));
  const verdict = await askForJson('cf-collector_validate_master', { session: ref.session });
  assert.deepEqual([verdict['isValid'], verdict['problems']], [true, 0]);
  await assert.rejects(ask('cf-collector_validate_master', { file: '/etc/passwd' }), /outside/);
  await assert.rejects(
    ask('cf-collector_session_status', { session: 'session_of_nobody' }),
    /no session/i,
  );
});

test('a tool starts and resumes; what is unfinished is not started twice', async (t) => {
  const api = await activeApi();
  await addCollection(bookCollection(await serveSite(t, 150), 'chatted'));
  // A suite has no person: VS Code answers its own questions with yes.
  const { session } = await askForJson('cf-collector_start_collection', { collection: 'chatted' });
  const id = String(session);
  await until(api, id, ({ snapshot }) => snapshot.view.records > 0);
  const ref = api.running().find((live) => live.ref.session === id)!.ref;
  await vscode.commands.executeCommand('cfCollector.stop', ref);
  await untilState(api, ref, 'stopped');
  await assert.rejects(
    ask('cf-collector_start_collection', { collection: 'chatted.collect.json' }),
    /unfinished session/,
  );
  await ask('cf-collector_resume_session', { session: id });
  const done = await untilState(api, ref, 'completed');
  assert.equal(done.snapshot.view.records, sampleBookCount);
  await assert.rejects(
    ask('cf-collector_start_collection', { collection: 'none' }),
    /no collection/,
  );
});

test('what costs money is not started by an editor that answers its own questions', async () => {
  const api = await activeApi();
  const paid = {
    name: 'priced',
    source: { type: 'rest', url: 'http://127.0.0.1:1/', price: { perCallUsd: 1 } },
    limits: { maxUsd: 5 },
  };
  await addCollection(paid);
  await assert.rejects(ask('cf-collector_start_collection', { collection: 'priced' }));
  const names = (await api.sessions()).map(({ snapshot }) => snapshot.view.name);
  assert.ok(!names.includes('priced'));
});

test('tools that run something have a question, and the editor is given it; those that read have none', async () => {
  const nobody = {} as Services;
  for (const make of [startCollectionTool, resumeSessionTool]) assert.ok(make(nobody).ask);
  for (const make of [listSessions, sessionStatus, sampleRecords, validateMaster]) {
    assert.equal(make(nobody).ask, undefined);
  }
  const question = { title: 'Start it?', lines: ['Up to $5.', '[x](command:y)'], isPaid: true };
  const asking = new EditorTool(() =>
    Promise.resolve({
      doing: () => 'Doing',
      ask: () => Promise.resolve(question),
      run: () => Promise.resolve(''),
    }),
  );
  const { confirmationMessages } = await asking.prepareInvocation({ input: {} });
  assert.equal(confirmationMessages?.title, 'Start it?');
  const { value } = confirmationMessages.message as vscode.MarkdownString;
  assert.match(value, /\$5/);
  assert.ok(!value.includes('](command:'), value);
  const reading = new EditorTool(() =>
    Promise.resolve({ doing: () => 'Doing', run: () => Promise.resolve('') }),
  );
  assert.equal((await reading.prepareInvocation({ input: {} })).confirmationMessages, undefined);
});
