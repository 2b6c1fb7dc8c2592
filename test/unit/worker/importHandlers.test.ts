import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WorkerEvents } from '../../../src/protocol/worker.ts';
import { importHandlers } from '../../../src/worker/importHandlers.ts';
import { Jobs } from '../../../src/worker/jobs.ts';
import {
  importEnvironment,
  makeReplyGuydData,
  pair,
  pythonLine,
  sessionsIn,
} from '../../fixtures/earlierData.ts';
import { makeScratchFolder } from '../../fixtures/storageSession.ts';
import { writeCollection } from '../../fixtures/workspace.ts';

test('the worker imports and adopts as jobs: they tell how far they are', async (t) => {
  const workspace = await makeScratchFolder(t);
  const told: WorkerEvents['progress'][] = [];
  const jobs = new Jobs({
    emit: (name, payload) => {
      if (name === 'progress') told.push(payload as WorkerEvents['progress']);
    },
    secret: () => Promise.resolve(undefined),
  });
  const handlers = importHandlers(jobs, () => Promise.resolve(importEnvironment()));
  const path = await makeReplyGuydData(join(workspace, 'old'));
  const report = await handlers.importEarlier({ job: 'a', workspace, path, collection: null });
  assert.equal(report.sessions[0]?.records, 20);
  // The two lines that make no record were handled, too.
  assert.deepEqual(told.at(-1), {
    job: 'a',
    done: 22,
    total: 22,
    unit: 'records',
    what: 'old/training_data_master_20251002_161500.jsonl',
  });

  const master = join(workspace, 'lost_master_20200101_000000.jsonl');
  await writeFile(master, `${pythonLine(pair(1))}\n{"no":"key"}\n`);
  const collection = await writeCollection(workspace, {
    name: 'lost',
    source: { type: 'rest', url: 'http://127.0.0.1:1/' },
    record: { key: ['reply_id'] },
  });
  const { session, ...counts } = await handlers.adopt({ job: 'b', workspace, master, collection });
  assert.deepEqual(counts, { records: 1, rejected: 1 });
  assert.ok((await sessionsIn(workspace)).some(({ layout }) => layout.session === session));
});

test('a job that is cancelled leaves nothing', async (t) => {
  const workspace = await makeScratchFolder(t);
  const jobs = new Jobs({ emit: () => undefined, secret: () => Promise.resolve(undefined) });
  const handlers = importHandlers(jobs, () => Promise.resolve(importEnvironment()));
  const old = join(workspace, 'old');
  await mkdir(old);
  const path = await makeReplyGuydData(old);
  const running = handlers.importEarlier({ job: 'a', workspace, path, collection: null });
  jobs.cancel('a');
  await assert.rejects(running, { name: 'AbortError' });
  assert.deepEqual(await readdir(workspace), ['old']);
});
