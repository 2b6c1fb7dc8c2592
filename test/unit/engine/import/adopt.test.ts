import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { adoptMaster, type Adoption } from '../../../../src/engine/import/adopt.ts';
import { validate } from '../../../../src/engine/validate/validate.ts';
import type { FileSystem } from '../../../../src/storage/fileSystem.ts';
import { html, json } from '../../../fixtures/answers.ts';
import {
  filesIn,
  importEnvironment,
  noJob,
  resumeToEnd,
  runToEnd,
  sessionsIn,
} from '../../../fixtures/earlierData.ts';
import { FaultyServer } from '../../../fixtures/faultyServer.ts';
import { FailingFileSystem, systemError } from '../../../fixtures/failingFileSystem.ts';
import { readTree } from '../../../fixtures/fileTree.ts';
import {
  makeScratchFolder,
  readJournal,
  unsyncedFileSystem,
} from '../../../fixtures/storageSession.ts';
import { readMasters, writeCollection } from '../../../fixtures/workspace.ts';

const name = 'things_master_20250101_000000.jsonl';

function adopt(workspace: string, collection: string, fileSystem?: FileSystem): Promise<Adoption> {
  const master = join(workspace, 'data/raw', name);
  return adoptMaster(importEnvironment(fileSystem), { workspace, master, collection }, noJob);
}

/** A workspace folder with a collection of things by id, and a master of it. */
async function makeMaster(
  workspace: string,
  text: string,
  url = 'http://127.0.0.1:1/things',
): Promise<string> {
  await mkdir(join(workspace, 'data/raw'), { recursive: true });
  await writeFile(join(workspace, 'data/raw', name), text);
  return writeCollection(workspace, {
    name: 'things',
    source: { type: 'rest', url, fields: { id: 'id', text: 'text' } },
    record: { key: ['id'] },
  });
}

const lines = (...ids: readonly number[]): string =>
  ids.map((id) => `{"id": ${id}, "text": "ü ${id}"}\n`).join('');

test('bad lines that were in the master are no fault of the session: validating warns of them', async (t) => {
  const workspace = await makeScratchFolder(t);
  const collection = await makeMaster(workspace, `${lines(1)}{"id": \nno\n${lines(2)}`);
  await adopt(workspace, collection);
  const { ports } = importEnvironment();
  const request = { workspace, sessions: [], paths: [], schema: null, fixIndex: false };
  const report = await validate({ ...ports, via: 'cli' }, request, noJob);
  assert.equal(report.isValid, true);
  const [target] = report.targets;
  const unnamed = target?.findings.find(({ code }) => code === 'BYTES_UNNAMED');
  assert.deepEqual([unnamed?.severity, unnamed?.line], ['warning', 2]);
  assert.match(unnamed?.message ?? '', /when it was adopted/);
});

test('the file stays where and as it is, its keys are known, and what comes is appended', async (t) => {
  const workspace = await makeScratchFolder(t);
  const server = await FaultyServer.start({
    '/things': json([3, 4, 5].map((id) => ({ id, text: 'new' }))),
  });
  t.after(() => server.close());
  const text = lines(1, 2, 3);
  const collection = await makeMaster(workspace, text, server.url('/things'));
  const adoption = await adopt(workspace, collection);
  const { session, ...counts } = adoption;
  assert.deepEqual(counts, { records: 3, rejected: 0, badLines: [], duplicates: 0, tornBytes: 0 });
  assert.deepEqual(await readMaster(workspace), text);
  const [adopted] = await sessionsIn(workspace);
  assert.deepEqual([adopted?.view.records, adopted?.view.state], [3, 'stopped']);
  await resumeToEnd(workspace, session);
  assert.equal(
    await readMaster(workspace),
    `${text}{"id":4,"text":"new"}\n{"id":5,"text":"new"}\n`,
  );
  const [found] = await sessionsIn(workspace);
  assert.deepEqual(
    [found?.view.records, found?.view.duplicates, found?.view.state],
    [5, 0, 'completed'],
  );
});

test('bad lines stay between the ranges and are named; a torn end is set aside', async (t) => {
  const workspace = await makeScratchFolder(t);
  const bad = `not json\n{"no":1}\n[]\n\n`;
  const torn = '{"id": 9, "te';
  const collection = await makeMaster(workspace, `${lines(1, 2)}${bad}${lines(3, 1)}${torn}`);
  const adoption = await adopt(workspace, collection);
  assert.deepEqual(
    adoption.badLines.map(({ line }) => line),
    [3, 4, 5, 6],
  );
  const { records, rejected, duplicates, tornBytes } = adoption;
  assert.deepEqual(
    { records, rejected, duplicates, tornBytes },
    { records: 4, rejected: 4, duplicates: 1, tornBytes: torn.length },
  );
  assert.equal(await readMaster(workspace), `${lines(1, 2)}${bad}${lines(3, 1)}`);
  const tree = await readTree(join(workspace, 'data/raw'));
  const aside = [...tree.keys()].find((path) => path.includes('.torn-'));
  assert.equal(tree.get(aside ?? '')?.toString(), torn);
  const [found] = await sessionsIn(workspace);
  assert.equal(found?.view.records, 4);
  const { entries } = await readJournal(found.layout);
  const ranges = entries.flatMap(({ events }) =>
    events.flatMap((e) => (e.type === 'adopted' ? [e.range] : [])),
  );
  const bytes = Buffer.from(await readMaster(workspace));
  assert.deepEqual(
    ranges.map(({ offset, bytes: length }) => bytes.subarray(offset, offset + length).toString()),
    [lines(1, 2), lines(3, 1)],
  );
});

test('what a lost .cf_state is for: a run, its state deleted, adopted, gone on with', async (t) => {
  const workspace = await makeScratchFolder(t);
  const page = (n: number) => html(`<h1>Page ${n}</h1><a class="next" href="/${n + 1}">next</a>`);
  const server = await FaultyServer.start({
    '/1': page(1),
    '/2': page(2),
    '/3': html('<h1>Page 3</h1>'),
  });
  t.after(() => server.close());
  // One record per page: its key is the page's URL, which a field of the record holds.
  const collection = await writeCollection(workspace, {
    name: 'pages',
    source: {
      type: 'html',
      start: [server.url('/1')],
      follow: ['a.next'],
      fields: { title: 'h1', url: { from: 'page' } },
      robots: 'ignore',
    },
  });
  await runToEnd(workspace, collection);
  await rm(join(workspace, '.cf_state'), { recursive: true });
  const files = await filesIn(join(workspace, 'data/raw'));
  const path = files.find((file) => file.includes('_master_')) ?? '';
  const master = join(workspace, 'data/raw', path);
  const request = { workspace, master, collection };
  const { session, records } = await adoptMaster(importEnvironment(), request, noJob);
  assert.equal(records, 3);
  await resumeToEnd(workspace, session);
  const titles = (await readMasters(join(workspace, 'data/raw'))).map((r) => r['title']);
  assert.deepEqual(titles, ['Page 1', 'Page 2', 'Page 3'], 'each page again, none twice');
  const [found] = await sessionsIn(workspace);
  assert.deepEqual([found?.view.records, found?.view.duplicates], [3, 0]);
});

test('records of pages that do not say their page can not be told apart: refused with what to do', async (t) => {
  const workspace = await makeScratchFolder(t);
  await makeMaster(workspace, lines(1));
  const collection = await writeCollection(workspace, {
    name: 'pages',
    source: { type: 'html', start: ['http://a.example/'], fields: { id: 'h1' } },
  });
  await assert.rejects(adopt(workspace, collection), {
    code: 'MASTER_WITHOUT_KEYS',
    message: /record\.key/,
  });
});

test('refused, with nothing made: of a session, empty, of another collection, outside, a folder', async (t) => {
  const workspace = await makeScratchFolder(t);
  const collection = await makeMaster(workspace, lines(1));
  const environment = importEnvironment();
  const elsewhere = await makeScratchFolder(t);
  await writeFile(join(elsewhere, 'm.jsonl'), lines(1));
  const raw = join(workspace, 'data/raw');
  await writeFile(join(raw, 'empty.jsonl'), '');
  await writeFile(join(raw, 'other.jsonl'), '{"x":1}\n{"x":2}\n');
  const before = (await filesIn(workspace)).filter((path) => !path.startsWith('.cf_state'));
  const cases: Readonly<Record<string, string>> = {
    [join(elsewhere, 'm.jsonl')]: 'MASTER_OUTSIDE_WORKSPACE',
    [join(raw, 'empty.jsonl')]: 'MASTER_EMPTY',
    [join(raw, 'other.jsonl')]: 'COLLECTION_MISMATCH',
    [join(raw, 'no.jsonl')]: 'FILE_UNREADABLE',
    [raw]: 'FILE_UNREADABLE',
  };
  for (const [master, code] of Object.entries(cases)) {
    await assert.rejects(
      adoptMaster(environment, { workspace, master, collection }, noJob),
      { code },
      master,
    );
    assert.deepEqual(await sessionsIn(workspace), []);
  }
  assert.deepEqual(
    (await filesIn(workspace)).filter((path) => !path.startsWith('.cf_state')),
    before,
  );
  await adopt(workspace, collection);
  await assert.rejects(adopt(workspace, collection), {
    code: 'ALREADY_A_MASTER',
    message: /session_/,
  });
  assert.equal((await sessionsIn(workspace)).length, 1);
});

test('whichever call fails: the master keeps its bytes, and there is a whole session or none', async (t) => {
  const text = lines(1, 2, 3);
  const count = await failAt(Infinity);
  assert.ok(count > 20);
  // Every fifth: the crash tests fail each call of the storage that this is made of.
  for (let n = 1; n <= count; n += 5) await failAt(n);

  async function failAt(n: number): Promise<number> {
    const workspace = await makeScratchFolder(t);
    const collection = await makeMaster(workspace, text);
    const failing = new FailingFileSystem(unsyncedFileSystem, (call) =>
      call.n === n ? systemError('EIO') : undefined,
    );
    const failed = await adopt(workspace, collection, failing).then(
      () => false,
      () => true,
    );
    assert.equal(await readMaster(workspace), text);
    const found = await sessionsIn(workspace);
    for (const { view } of found) assert.equal(view.records, 3, `after call ${n}`);
    if (!failed) assert.equal(found.length, 1);
    // Then it can be adopted, or is.
    if (found.length === 0) await adopt(workspace, collection);
    assert.equal((await sessionsIn(workspace)).length, 1);
    await rm(workspace, { recursive: true });
    return failing.calls.length;
  }
});

test('the bytes of the master are on disk before the journal names them', async (t) => {
  const workspace = await makeScratchFolder(t);
  const collection = await makeMaster(workspace, lines(1));
  const recording = new FailingFileSystem(unsyncedFileSystem);
  await adopt(workspace, collection, recording);
  const at = (operation: string, path: RegExp): number =>
    recording.calls.findIndex((call) => call.operation === operation && path.test(call.path));
  const synced = at('datasync', /things_master/);
  assert.ok(synced >= 0 && synced < at('write', /journal/));
  assert.ok(at('datasync', /journal/) < at('rename', /journal/));
});

function readMaster(workspace: string): Promise<string> {
  return readFile(join(workspace, 'data/raw', name), 'utf8');
}
