import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { JobContext } from '../../../../src/core/job.ts';
import { importEarlier } from '../../../../src/engine/import/importEarlier.ts';
import { StagedLayout } from '../../../../src/storage/stagedSession.ts';
import {
  filesIn,
  importEnvironment,
  importInto,
  makeReplyGuydData,
  noJob,
  pair,
  pythonLine,
  sessionsIn,
} from '../../../fixtures/earlierData.ts';
import { FailingFileSystem, systemError } from '../../../fixtures/failingFileSystem.ts';
import { makeScratchFolder, unsyncedFileSystem } from '../../../fixtures/storageSession.ts';
import { readMasters, writeCollection } from '../../../fixtures/workspace.ts';

/** A workspace folder with a master of reply-guyd in `old`. */
async function makeWorkspace(t: TestContext): Promise<{ workspace: string; master: string }> {
  const workspace = await makeScratchFolder(t);
  return { workspace, master: await makeReplyGuydData(join(workspace, 'old')) };
}

function importThrough(
  { workspace, master }: { workspace: string; master: string },
  fileSystem: FailingFileSystem,
  job: JobContext = noJob,
): Promise<unknown> {
  const request = { workspace, path: master, collection: undefined, name: undefined };
  return importEarlier(importEnvironment(fileSystem), request, job);
}

/** The data files that are there, empty ones aside: a name is on disk before the journal has it. */
async function dataFiles(workspace: string): Promise<string[]> {
  const files: string[] = [];
  for (const path of await filesIn(workspace)) {
    if (!/^data\/raw\/.*\.jsonl$/.test(path)) continue;
    if ((await readFile(join(workspace, path))).length > 0) files.push(path);
  }
  return files;
}

test('whichever call fails: no session or a whole one, and the next import has all of it', async (t) => {
  const count = await failAt(Infinity);
  assert.ok(count > 40);
  for (let n = 1; n <= count; n += 1) await failAt(n);

  async function failAt(n: number): Promise<number> {
    const place = await makeWorkspace(t);
    const before = await readFile(place.master);
    const failing = new FailingFileSystem(unsyncedFileSystem, (call) =>
      call.n === n ? systemError('EIO') : undefined,
    );
    await importThrough(place, failing).catch(() => undefined);
    assert.deepEqual(await readFile(place.master), before);
    const [session, ...others] = await sessionsIn(place.workspace);
    assert.deepEqual(others, []);
    if (session === undefined) await importInto(place.workspace, place.master);
    else
      await assert.rejects(importInto(place.workspace, place.master), { code: 'ALREADY_IMPORTED' });
    const [found, ...more] = await sessionsIn(place.workspace);
    assert.deepEqual([found?.view.records, more.length], [20, 0], `after call ${n}`);
    const own = found?.view.files.map(({ file }) => file).sort();
    assert.deepEqual(await dataFiles(place.workspace), own, `after call ${n}`);
    await rm(place.workspace, { recursive: true });
    return failing.calls.length;
  }
});

test('a full disk ends it with a clear word and nothing made', async (t) => {
  const place = await makeWorkspace(t);
  const before = await filesIn(place.workspace);
  const failing = new FailingFileSystem(unsyncedFileSystem, ({ operation, path }) =>
    operation === 'write' && path.includes('training_data_master_2026')
      ? systemError('ENOSPC')
      : undefined,
  );
  const environment = importEnvironment(failing);
  const clock = { ...environment.ports.clock, now: () => Date.UTC(2026, 0, 1) };
  const request = {
    workspace: place.workspace,
    path: place.master,
    collection: undefined,
    name: undefined,
  };
  await assert.rejects(
    importEarlier({ ...environment, ports: { ...environment.ports, clock } }, request, noJob),
    { code: 'DISK_FULL', message: /Free some space/ },
  );
  const left = (await filesIn(place.workspace)).filter((path) => !path.endsWith('.lock'));
  assert.deepEqual(left, before);
});

test('one that is cancelled in the middle leaves nothing', async (t) => {
  const place = await makeWorkspace(t);
  const before = await filesIn(place.workspace);
  const controller = new AbortController();
  const seen: number[] = [];
  const job: JobContext = {
    signal: controller.signal,
    onProgress: ({ done }) => {
      seen.push(done);
      if (done === 10) controller.abort(new Error('enough'));
    },
  };
  await assert.rejects(
    importThrough(place, new FailingFileSystem(unsyncedFileSystem), job),
    /enough/,
  );
  assert.equal(seen.at(-1), 10);
  const left = (await filesIn(place.workspace)).filter((path) => !path.endsWith('.lock'));
  assert.deepEqual(left, before);
});

test('what a killed import has left is taken away by the next one, and nothing else', async (t) => {
  const place = await makeWorkspace(t);
  const other = join(place.workspace, 'data/raw/others_master_20200101_000000.jsonl');
  const failing = new FailingFileSystem(unsyncedFileSystem, ({ operation, path }) => {
    // The last step never comes, nor does the tidying up after it: as after a kill.
    const isLast = operation === 'rename' && path.endsWith('.making');
    const isTidying = operation === 'remove' && path.includes('/data/raw/');
    return isLast || isTidying ? systemError('EIO') : undefined;
  });
  await assert.rejects(importThrough(place, failing));
  assert.equal((await sessionsIn(place.workspace)).length, 0);
  assert.equal((await dataFiles(place.workspace)).length, 2, 'a master and its rejects');
  await writeFile(other, '{}\n');
  await rm(join(place.workspace, 'training_data.collect.json'), { force: true });
  await importInto(place.workspace, place.master);
  const [found] = await sessionsIn(place.workspace);
  const own = found?.view.files.map(({ file }) => file) ?? [];
  assert.deepEqual(
    await dataFiles(place.workspace),
    [...own, 'data/raw/others_master_20200101_000000.jsonl'].sort(),
  );
});

test('an adoption that was killed does not cost the master', async (t) => {
  const workspace = await makeScratchFolder(t);
  const master = join(workspace, 'data/raw/a_master_20200101_000000.jsonl');
  await mkdir(join(workspace, 'data/raw'), { recursive: true });
  await writeFile(master, '{"id":1}\n');
  const { adoptMaster } = await import('../../../../src/engine/import/adopt.ts');
  const source = { type: 'rest', url: 'http://127.0.0.1:1/' };
  const collection = await writeCollection(workspace, {
    name: 'a',
    source,
    record: { key: ['id'] },
  });
  const failing = new FailingFileSystem(unsyncedFileSystem, ({ operation, path }) =>
    operation === 'rename' && path.endsWith('.making') ? systemError('EIO') : undefined,
  );
  const request = { workspace, master, collection };
  await assert.rejects(adoptMaster(importEnvironment(failing), request, noJob));
  assert.equal(await readFile(master, 'utf8'), '{"id":1}\n');
  // A staged session that is still there names the master, too.
  const staged = new StagedLayout(workspace, 'session_00000000');
  await mkdir(staged.folder, { recursive: true });
  await adoptMaster(importEnvironment(), request, noJob);
  const [found] = await sessionsIn(workspace);
  await writeFile(staged.journal, await readFile(found?.layout.journal ?? ''));
  await importInto(workspace, await makeReplyGuydData(join(workspace, 'old')));
  assert.equal(await readFile(master, 'utf8'), '{"id":1}\n');
});

test('limits of the collection do not cost records that are there', async (t) => {
  const { workspace, master } = await makeWorkspace(t);
  const collection = await writeCollection(workspace, {
    name: 'pairs',
    source: { type: 'rest', url: 'http://127.0.0.1:1/' },
    record: { key: ['tweet_id', 'reply_id'] },
    limits: { target: 3, perKey: { field: 'tweet_author', max: 1 } },
  });
  const report = await importInto(workspace, master, { collection });
  assert.equal(report.sessions[0]?.records, 20);
});

test('records that the schema refuses go to the rejected file with their reason', async (t) => {
  const { workspace, master } = await makeWorkspace(t);
  const collection = await writeCollection(workspace, {
    name: 'pairs',
    source: { type: 'rest', url: 'http://127.0.0.1:1/' },
    record: {
      key: ['tweet_id', 'reply_id'],
      schema: { type: 'object', properties: { reply_likes: { maximum: 9 } } },
    },
  });
  const report = await importInto(workspace, master, { collection });
  assert.equal(report.sessions[0]?.records, 10);
  assert.match(JSON.stringify(report.notCarriedOver), /11 records.*rejected/);
  const kept = await readMasters(join(workspace, 'data/raw'));
  assert.equal(kept.length, 10);
});

test('whole lines are kept as they were, whatever their numbers look like', async (t) => {
  const { workspace } = await makeWorkspace(t);
  const path = join(workspace, 'old/checkpoint_data.jsonl');
  const line = pythonLine(pair(0)).replace('}', ', "score": 1.0, "id": 12345678901234567890}');
  await writeFile(path, `${line}\n`);
  await importInto(workspace, path);
  const [file = ''] = await dataFiles(workspace);
  assert.equal(await readFile(join(workspace, file), 'utf8'), `${line}\n`);
});
