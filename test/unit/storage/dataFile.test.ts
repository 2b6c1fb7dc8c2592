import assert from 'node:assert/strict';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FaultError } from '../../../src/core/errors.ts';
import { DataFile } from '../../../src/storage/dataFile.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { createDataFile } from '../../../src/storage/sessionStore.ts';
import { FailingFileSystem, systemError } from '../../fixtures/failingFileSystem.ts';
import { RecordingFileSystem } from '../../fixtures/recordingFileSystem.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';
import { makeScratchFolder } from '../../fixtures/storageSession.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

async function make(t: TestContext) {
  const root = await makeScratchFolder(t);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  const failing = new FailingFileSystem(disk);
  const path = join(root, 'data', 'raw', 'm.jsonl');
  const file = await DataFile.create(failing, path);
  t.after(() => file.close().catch(() => undefined));
  return { root, disk, failing, path, file };
}

function onDisk(disk: RecordingFileSystem, count = disk.log.length) {
  return disk.diskAfter(count, 'dropped', new SeededRandom());
}

test('a new file and every directory made for it are on disk when it is handed out', async (t) => {
  const { disk } = await make(t);
  assert.deepEqual(
    disk.log.map(({ op, path }) => `${op} ${path}`),
    [
      'mkdir data',
      'syncDirectory ',
      'mkdir data/raw',
      'syncDirectory data',
      'create data/raw/m.jsonl',
      'sync data/raw/m.jsonl',
      'syncDirectory data/raw',
    ],
  );
  assert.deepEqual(onDisk(disk).get('data/raw/m.jsonl'), Buffer.alloc(0));
});

test('appended bytes are on disk after sync, and not before', async (t) => {
  const { disk, file } = await make(t);
  assert.equal(await file.append(bytes('one\n')), 0);
  assert.equal(onDisk(disk).get('data/raw/m.jsonl')?.toString(), '');
  await file.sync();
  assert.equal(onDisk(disk).get('data/raw/m.jsonl')?.toString(), 'one\n');
  file.commit();
  assert.equal(await file.append(bytes('two\n')), 4);
  assert.equal(file.committed, 4);
});

test('a short write is gone on with', async (t) => {
  const { failing, file, path } = await make(t);
  let shorts = 0;
  failing.rule = ({ operation }) =>
    operation === 'write' && ++shorts <= 3 ? { wrote: shorts } : undefined;
  await file.append(bytes('0123456789\n'));
  assert.equal(await readFile(path, 'utf8'), '0123456789\n');
  assert.equal(shorts, 4);
});

test('a write that writes nothing is an error and no endless loop', async (t) => {
  const { failing, file } = await make(t);
  failing.rule = ({ operation }) => (operation === 'write' ? { wrote: 0 } : undefined);
  await assert.rejects(file.append(bytes('x')), { code: 'EIO' });
});

test('what a failed append left is cut back to what was committed, durably', async (t) => {
  const { disk, failing, file, path } = await make(t);
  await file.append(bytes('kept\n'));
  await file.sync();
  file.commit();
  failing.rule = ({ operation }) =>
    operation === 'write' ? { wrote: 3, error: systemError('ENOSPC') } : undefined;
  await assert.rejects(file.append(bytes('lost\n')), { code: 'ENOSPC' });
  assert.equal(await readFile(path, 'utf8'), 'kept\nlos');
  failing.rule = () => undefined;
  await file.rollBack();
  assert.equal(await readFile(path, 'utf8'), 'kept\n');
  assert.equal(onDisk(disk).get('data/raw/m.jsonl')?.toString(), 'kept\n');
  assert.equal(disk.log.at(-1)?.op, 'sync');
  await file.append(bytes('next\n'));
  assert.equal(await readFile(path, 'utf8'), 'kept\nnext\n');
});

test('cutting back leaves a file alone that has taken the place of ours', async (t) => {
  const { failing, file, path } = await make(t);
  await file.append(bytes('kept\n'));
  file.commit();
  failing.rule = ({ operation }) => (operation === 'write' ? systemError('ENOSPC') : undefined);
  await assert.rejects(file.append(bytes('lost\n')), { code: 'ENOSPC' });
  await rename(path, `${path}.old`);
  await writeFile(path, 'a file of somebody else, longer\n');
  await assert.rejects(file.rollBack(), { code: 'DATA_FILE_REPLACED' });
  assert.equal(await readFile(path, 'utf8'), 'a file of somebody else, longer\n');
});

test('after a failed fdatasync the handle is finished: no second one is taken for a proof', async (t) => {
  const { failing, file, path } = await make(t);
  await file.append(bytes('one\n'));
  failing.rule = ({ operation }) => (operation === 'datasync' ? systemError('EIO') : undefined);
  await assert.rejects(file.sync(), { name: 'FaultError', code: 'SYNC_FAILED' });
  failing.rule = () => undefined;
  const syncs = failing.calls.filter((call) => call.operation === 'datasync').length;
  await assert.rejects(file.sync(), { name: 'FaultError', code: 'DATA_FILE_CLOSED' });
  await assert.rejects(file.append(bytes('two\n')), { name: 'FaultError' });
  assert.equal(failing.calls.filter((call) => call.operation === 'datasync').length, syncs);
  assert.equal(await readFile(path, 'utf8'), 'one\n');
});

test('without fsync nothing is synced but the making of the file', async (t) => {
  const root = await makeScratchFolder(t);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  const file = await DataFile.create(disk, join(root, 'm.jsonl'), false);
  const before = disk.log.length;
  await file.append(bytes('one\n'));
  await file.sync();
  assert.deepEqual(
    disk.log.slice(before).map(({ op }) => op),
    ['write'],
  );
  await file.close();
});

for (const [what, code, meddle] of [
  ['deleted', 'DATA_FILE_MISSING', (path: string) => rm(path)],
  ['moved', 'DATA_FILE_MISSING', (path: string) => rename(path, `${path}.moved`)],
  [
    'replaced by a copy',
    'DATA_FILE_REPLACED',
    async (path: string) => {
      const content = await readFile(path);
      await writeFile(`${path}.new`, content);
      await rename(`${path}.new`, path);
    },
  ],
  ['edited to be longer', 'DATA_FILE_CHANGED', (path: string) => appendFile(path, 'x')],
  ['edited to be shorter', 'DATA_FILE_CHANGED', (path: string) => writeFile(path, '')],
] as const) {
  test(`the fence: nothing is appended to a file that was ${what}`, async (t) => {
    const { failing, file, path } = await make(t);
    await file.append(bytes('one\n'));
    await file.sync();
    file.commit();
    await meddle(path);
    const writes = failing.calls.filter((call) => call.operation === 'write').length;
    await assert.rejects(file.append(bytes('two\n')), (error: unknown) => {
      assert.ok(error instanceof FaultError);
      assert.equal(error.code, code);
      assert.ok(error.message.includes(path), error.message);
      return true;
    });
    assert.equal(failing.calls.filter((call) => call.operation === 'write').length, writes);
  });

  test(`a file that was ${what} is noticed by a look alone`, async (t) => {
    const { file, path } = await make(t);
    await file.append(bytes('one\n'));
    await file.check();
    await meddle(path);
    await assert.rejects(file.check(), { name: 'FaultError', code });
  });
}

test('a look finds no fault with an append of our own: under way, failed, or cut back', async (t) => {
  const { failing, file } = await make(t);
  let writes = 0;
  const looks: Promise<void>[] = [];
  failing.rule = ({ operation }) => {
    if (operation !== 'write') return undefined;
    looks.push(file.check());
    writes += 1;
    return writes === 1 ? { wrote: 2 } : systemError('ENOSPC');
  };
  await assert.rejects(file.append(bytes('one\n')), { code: 'ENOSPC' });
  assert.equal(looks.length, 2);
  await Promise.all(looks);
  await file.check();
  await file.rollBack();
  await file.check();
});

test('opening never creates', async (t) => {
  const root = await makeScratchFolder(t);
  const path = join(root, 'm.jsonl');
  await assert.rejects(DataFile.open(nodeFileSystem, path, 0), {
    name: 'FaultError',
    code: 'DATA_FILE_MISSING',
  });
  assert.deepEqual(await nodeFileSystem.list(root), []);
});

test('opening insists on the committed size', async (t) => {
  const root = await makeScratchFolder(t);
  const path = join(root, 'm.jsonl');
  await writeFile(path, 'one\n');
  await assert.rejects(DataFile.open(nodeFileSystem, path, 3), { code: 'DATA_FILE_CHANGED' });
  await assert.rejects(DataFile.open(nodeFileSystem, path, 5), { code: 'DATA_FILE_CHANGED' });
  const file = await DataFile.open(nodeFileSystem, path, 4);
  await file.append(bytes('two\n'));
  await file.close();
  assert.equal(await readFile(path, 'utf8'), 'one\ntwo\n');
});

test('a name that is taken gets a suffix, and the file that has it is left as it is', async (t) => {
  const root = await makeScratchFolder(t);
  const startedAt = Date.UTC(2026, 10, 21, 16, 15, 0);
  const place = { dir: root, prefix: 'books', role: 'master', startedAt, isSynced: true } as const;
  await writeFile(join(root, 'books_master_20261121_161500.jsonl'), 'old\n');
  for (const suffix of ['_2', '_3']) {
    const file = await createDataFile(nodeFileSystem, place);
    await file.close();
    assert.equal(file.path, join(root, `books_master_20261121_161500${suffix}.jsonl`));
  }
  assert.equal(await readFile(join(root, 'books_master_20261121_161500.jsonl'), 'utf8'), 'old\n');
  await assert.rejects(
    DataFile.create(nodeFileSystem, join(root, 'books_master_20261121_161500.jsonl')),
    { code: 'EEXIST' },
  );
});

for (const operation of ['datasync', 'syncDirectory', 'fileStatus'] as const) {
  test(`making a file that fails at ${operation} leaves no file behind`, async (t) => {
    const root = await makeScratchFolder(t);
    const failing = new FailingFileSystem(nodeFileSystem, (call) =>
      call.operation === operation ? systemError('ENOSPC') : undefined,
    );
    await assert.rejects(DataFile.create(failing, join(root, 'm.jsonl')), { code: 'ENOSPC' });
    assert.deepEqual(await nodeFileSystem.list(root), []);
  });
}
