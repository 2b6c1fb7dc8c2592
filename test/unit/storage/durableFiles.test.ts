import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  cutTo,
  keepAside,
  makeDirectoryDurably,
  replaceFileDurably,
} from '../../../src/storage/durableFiles.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { systemError } from '../../fixtures/failingFileSystem.ts';
import { hookAtomicWrites } from '../../fixtures/patchedNodeFs.ts';
import { RecordingFileSystem } from '../../fixtures/recordingFileSystem.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';
import { makeScratchFolder } from '../../fixtures/storageSession.ts';

const calls = (disk: RecordingFileSystem) => disk.log.map(({ op, path }) => `${op} ${path}`);

test('each directory of a chain is durable before the next one is made', async (t) => {
  const root = await makeScratchFolder(t);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  await mkdir(join(root, 'a'));
  await makeDirectoryDurably(disk, join(root, 'a', 'b', 'c'));
  assert.deepEqual(calls(disk), [
    'mkdir a/b',
    'syncDirectory a',
    'mkdir a/b/c',
    'syncDirectory a/b',
  ]);
});

test('a replaced file is synced, renamed, and its directory synced', async (t) => {
  const root = await makeScratchFolder(t);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  const stop = disk.recordAtomicWrites();
  t.after(stop);
  await replaceFileDurably(disk, join(root, 'x.json'), 'one');
  await replaceFileDurably(disk, join(root, 'x.json'), Buffer.from('two'));
  stop();
  const ops = disk.log.map(({ op }) => op);
  assert.deepEqual(ops.slice(0, ops.length / 2), [
    'create',
    'write',
    'sync',
    'rename',
    'syncDirectory',
  ]);
  const half = disk.log.length / 2;
  for (let count = half; count <= disk.log.length; count++) {
    const state = disk.diskAfter(count, 'dropped', new SeededRandom());
    const expected = count === disk.log.length ? 'two' : 'one';
    assert.equal(state.get('x.json')?.toString(), expected, `after call ${count}`);
  }
});

for (const step of ['open', 'write', 'fsync', 'rename'] as const) {
  test(`a replacement that fails at ${step} leaves the old file and no other`, async (t) => {
    const root = await makeScratchFolder(t);
    await writeFile(join(root, 'x.json'), 'old');
    const stop = hookAtomicWrites({
      before: (s) => {
        if (s === step) throw systemError('ENOSPC');
      },
    });
    t.after(stop);
    await assert.rejects(replaceFileDurably(nodeFileSystem, join(root, 'x.json'), 'new'), {
      code: 'ENOSPC',
    });
    stop();
    assert.equal(await readFile(join(root, 'x.json'), 'utf8'), 'old');
    assert.deepEqual(await nodeFileSystem.list(root), ['x.json']);
  });
}

test('what is kept aside is on disk, name and bytes, and takes no name that is taken', async (t) => {
  const root = await makeScratchFolder(t);
  await writeFile(join(root, 'm.jsonl'), 'good\ntorn');
  await writeFile(join(root, 'm.jsonl.torn-7'), 'earlier evidence');
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  assert.equal(await keepAside(disk, join(root, 'm.jsonl'), 5, 4, '.torn-7'), 'm.jsonl.torn-7_2');
  const state = disk.diskAfter(disk.log.length, 'dropped', new SeededRandom());
  assert.equal(state.get('m.jsonl.torn-7_2')?.toString(), 'torn');
  assert.equal(await readFile(join(root, 'm.jsonl.torn-7'), 'utf8'), 'earlier evidence');
  assert.deepEqual(
    disk.log.map(({ op }) => op),
    ['create', 'write', 'sync', 'syncDirectory'],
  );
});

test('a large part is kept aside whole', async (t) => {
  const root = await makeScratchFolder(t);
  const content = Buffer.alloc(3 * 1024 * 1024 + 17, 'abcdefg');
  await writeFile(join(root, 'm.jsonl'), content);
  const name = await keepAside(
    nodeFileSystem,
    join(root, 'm.jsonl'),
    5,
    content.length - 5,
    '.torn',
  );
  assert.ok((await readFile(join(root, name))).equals(content.subarray(5)));
});

test('a cut is durable', async (t) => {
  const root = await makeScratchFolder(t);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  const file = await disk.open(join(root, 'm.jsonl'), 'create');
  await file.write(Buffer.from('good\ntorn'), null);
  await file.datasync();
  await disk.syncDirectory(root);
  await file.close();
  await cutTo(disk, join(root, 'm.jsonl'), 5);
  const state = disk.diskAfter(disk.log.length, 'dropped', new SeededRandom());
  assert.equal(state.get('m.jsonl')?.toString(), 'good\n');
});
