import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  filesIn,
  importInto,
  makeReplyGuydData,
  pair,
  pythonLine,
  resumeToEnd,
  sessionsIn,
} from '../../../fixtures/earlierData.ts';
import { json } from '../../../fixtures/answers.ts';
import { FaultyServer } from '../../../fixtures/faultyServer.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';
import { tweetReplySource } from '../../../fixtures/tweets.ts';
import { writeCollection } from '../../../fixtures/workspace.ts';

test("a master's pairs live on in a session: each once, byte for byte", async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const master = await makeReplyGuydData(old);
  const before = await readFile(master);
  const report = await importInto(workspace, master);
  assert.equal(report.kind, 'reply-guyd-master');
  const [session] = report.sessions;
  assert.deepEqual([session?.name, session?.records, session?.unitsDone], ['training_data', 20, 1]);
  assert.deepEqual(await readFile(master), before);
  const [found] = await sessionsIn(workspace);
  assert.deepEqual(
    [found?.view.state, found?.view.duplicates, found?.view.rejected],
    ['completed', 1, 1],
  );
  const file = found?.view.files.find(({ role }) => role === 'master')?.file ?? '';
  const lines = (await readFile(join(workspace, file), 'utf8')).trimEnd().split('\n');
  assert.deepEqual(
    lines,
    Array.from({ length: 20 }, (_, n) => pythonLine(pair(n))),
  );
  const list = report.notCarriedOver.map(({ what, why }) => `${what}: ${why}`).join('\n');
  assert.match(list, /20251002_161500\.jsonl:23: it is torn/);
  assert.match(list, /1 record: no key/);
  assert.match(list, /queries that were done: llm; ai agents/);
  assert.match(list, /5 pairs .* unflushed/);
  assert.match(report.warnings.join('\n'), /25 pairs were written; 2\d are there/);
});

test('the folder and its progress file are the same data: a second import notices that', async (t) => {
  const workspace = await makeScratchFolder(t);
  const folder = join(workspace, 'data/raw');
  await makeReplyGuydData(folder);
  await importInto(workspace, folder);
  const before = await filesIn(workspace);
  // The folder has the new session's master now, too.
  for (const path of [folder, join(folder, 'collection_checkpoint.json')]) {
    await assert.rejects(importInto(workspace, path), { code: 'ALREADY_IMPORTED' });
  }
  // Also where the collection file has been worked on since.
  await writeFile(join(workspace, 'training_data.collect.json'), '{ "name": "training_data" }');
  await assert.rejects(importInto(workspace, folder), { code: 'ALREADY_IMPORTED' });
  assert.deepEqual(await filesIn(workspace), before);
  const own = before.find((path) => /data\/raw\/training_data_master_(?!20251002)/.test(path));
  await assert.rejects(importInto(workspace, join(workspace, own ?? '')), {
    code: 'ALREADY_A_MASTER',
  });
});

test('the older overwriting file is imported with a word about what it lacks', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const file = join(old, 'checkpoint_data.jsonl');
  await copyFile(await makeReplyGuydData(join(old, 'other')), file);
  const report = await importInto(workspace, file, { name: 'old pairs' });
  assert.equal(report.kind, 'reply-guyd-checkpoint-data');
  assert.deepEqual([report.sessions[0]?.name, report.sessions[0]?.records], ['old_pairs', 20]);
  assert.match(report.warnings.join('\n'), /pairs of the last one only/);
});

test('into a collection of queries: those that were done are not asked for again', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const master = await makeReplyGuydData(old);
  const server = await FaultyServer.start({ '/pairs': json([pair(3), pair(77)]) });
  t.after(() => server.close());
  const collection = await writeCollection(workspace, {
    name: 'pairs',
    source: {
      type: 'rest',
      for: { query: ['llm', 'ai agents', 'new one'] },
      url: server.url('/pairs'),
      query: { q: '{query}' },
    },
    record: { key: ['tweet_id', 'reply_id'] },
  });
  const report = await importInto(workspace, master, { collection });
  const [session] = report.sessions;
  assert.deepEqual([session?.records, session?.unitsDone, session?.unitsToDo], [20, 3, 1]);
  await resumeToEnd(workspace, session?.session ?? '');
  assert.deepEqual(
    server.requests.map(({ query }) => query.get('q')),
    ['new one'],
  );
  const [found] = await sessionsIn(workspace);
  assert.deepEqual(
    [found?.view.records, found?.view.duplicates],
    [21, 2],
    'one twice before, one met again',
  );
});

test('into a collection of Apify runs: neither done queries nor tweets with their replies are bought again', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const master = await makeReplyGuydData(old);
  const collection = await writeCollection(workspace, {
    name: 'pairs',
    source: tweetReplySource('http://127.0.0.1:1', ['llm', 'ai agents', 'new one']),
    record: { key: ['tweet_id', 'reply_id'] },
  });
  const report = await importInto(workspace, master, { collection });
  const [found] = await sessionsIn(workspace);
  assert.ok(found !== undefined);
  const text = await readFile(found.layout.journal, 'utf8');
  const events = text
    .trimEnd()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { events: Record<string, unknown>[] }).events);
  const keys = events.flatMap(({ type, items }) =>
    type === 'units' ? (items as { key: string }[]).map(({ key }) => key) : [],
  );
  const tweets = keys.filter((key) => key.startsWith('followUp'));
  // Seven tweets have pairs; the pair that is there twice ends the file, so its tweet may not be whole.
  assert.equal(tweets.length, 6);
  assert.ok(tweets.includes('followUp {"tweet_id":"1900000000000000000"}'));
  assert.ok(!tweets.includes('followUp {"tweet_id":"1900000000000000001"}'));
  const [session] = report.sessions;
  assert.deepEqual([session?.records, session?.unitsDone, session?.unitsToDo], [20, 9, 1]);
  assert.match(report.carriedOver.join('; '), /not to be bought again: 6/);
});

test('a collection whose key no pair has is refused', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const master = await makeReplyGuydData(old);
  const collection = await writeCollection(workspace, {
    name: 'papers',
    source: { type: 'rest', url: 'http://127.0.0.1:1/' },
    record: { key: ['paper_id'] },
  });
  await assert.rejects(importInto(workspace, master, { collection }), /by paper_id, and a pair/);
  assert.deepEqual(await filesIn(workspace), ['papers.collect.json']);
});

test('a progress file without its master says which one is missing', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  await makeReplyGuydData(join(old, 'a'));
  const file = join(old, 'collection_checkpoint.json');
  await copyFile(join(old, 'a/collection_checkpoint.json'), file);
  await assert.rejects(importInto(workspace, file), {
    code: 'MASTER_MISSING',
    message: /training_data_master_20251002_161500\.jsonl/,
  });
});
