import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { HistoryFold } from '../../../../src/engine/history/historyFold.ts';
import { HistoryReader } from '../../../../src/engine/history/historyReader.ts';
import { nodeFileSystem, type FileSystem } from '../../../../src/storage/fileSystem.ts';
import { SessionLayout } from '../../../../src/storage/layout.ts';
import type { SessionStore } from '../../../../src/storage/sessionStore.ts';
import {
  claim,
  createTestSession,
  finishing,
  makeScratchFolder,
  planUnits,
  prepared,
  readJournal,
} from '../../../fixtures/storageSession.ts';

async function work(store: SessionStore, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) {
    await planUnits(store, `u${n}`);
    await claim(store, n);
    await store.hand(finishing(n, { records: [prepared({ id: `${n}` })] }));
  }
}

async function foldOf(store: SessionStore, lastSeq = Infinity) {
  const fold = new HistoryFold();
  const { entries } = await readJournal(store.layout);
  for (const entry of entries) if (entry.seq <= lastSeq) fold.add(entry);
  return fold.result();
}

test('lines after the last one that is durable are left out, until they are', async (t) => {
  const store = await createTestSession(await makeScratchFolder(t));
  t.after(() => store.close(true));
  await work(store, 1, 4);
  const { seq } = store.view;
  await work(store, 5, 9);
  const reader = new HistoryReader(nodeFileSystem);
  const before = await reader.read(store.layout, seq);
  assert.equal(before.points.at(-1)?.records, 4);
  assert.deepEqual(before, await foldOf(store, seq));
  const after = await reader.read(store.layout);
  assert.equal(after.points.at(-1)?.records, 9);
  assert.deepEqual(after, await foldOf(store));
});

test('what was read is not read again', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  t.after(() => store.close(true));
  await work(store, 1, 500);
  let readBytes = 0;
  const counting: FileSystem = {
    ...nodeFileSystem,
    open: async (path, mode) => {
      const file = await nodeFileSystem.open(path, mode);
      return {
        write: (bytes, position) => file.write(bytes, position),
        read: async (buffer, position) => {
          const count = await file.read(buffer, position);
          readBytes += count;
          return count;
        },
        datasync: () => file.datasync(),
        truncate: (size) => file.truncate(size),
        status: () => file.status(),
        close: () => file.close(),
      };
    },
  };
  const reader = new HistoryReader(counting);
  await reader.read(store.layout);
  const wholeBytes = readBytes;
  await work(store, 501, 502);
  readBytes = 0;
  assert.deepEqual(await reader.read(store.layout), await foldOf(store));
  assert.ok(readBytes < wholeBytes / 10, `${readBytes} of ${wholeBytes}`);
  // Two at once do not fold the same lines twice.
  await work(store, 503, 504);
  const [one, two] = await Promise.all([reader.read(store.layout), reader.read(store.layout)]);
  assert.deepEqual(one, two);
  assert.deepEqual(two, await foldOf(store));
});

test('a journal that is another one now is read from its beginning', async (t) => {
  const stores: SessionStore[] = [];
  for (const count of [3, 5]) {
    const store = await createTestSession(await makeScratchFolder(t));
    t.after(() => store.close(true));
    await work(store, 1, count);
    stores.push(store);
  }
  const layout = new SessionLayout(await makeScratchFolder(t), 'session_00000000');
  await mkdir(layout.folder, { recursive: true });
  const reader = new HistoryReader(nodeFileSystem);
  for (const store of stores) {
    await copyFile(store.layout.journal, layout.journal);
    assert.deepEqual(await reader.read(layout), await foldOf(store));
  }
});
