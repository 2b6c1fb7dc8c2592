import assert from 'node:assert/strict';
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { chooseCheckpoint } from '../../../../src/engine/recovery/chooseCheckpoint.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import type { SessionLayout } from '../../../../src/storage/layout.ts';
import {
  createTestSession,
  makeScratchFolder,
  planUnits,
} from '../../../fixtures/storageSession.ts';

async function withCheckpoints(t: TestContext): Promise<{ layout: SessionLayout; ids: string[] }> {
  const store = await createTestSession(await makeScratchFolder(t));
  const ids: string[] = [];
  for (const key of ['a', 'b', 'c']) {
    await planUnits(store, key);
    await store.checkpoint('batch_completed', []);
    ids.push(store.view.lastCheckpoint?.id ?? '');
  }
  await store.close(true);
  return { layout: store.layout, ids };
}

function choose(layout: SessionLayout, wanted: string) {
  return chooseCheckpoint(nodeFileSystem, layout, wanted);
}

test('a checkpoint is found by its id, by its beginning where that is enough, and by its end', async (t) => {
  const { layout, ids } = await withCheckpoints(t);
  for (const id of ids) {
    assert.equal((await choose(layout, id)).id, id);
    assert.equal((await choose(layout, id.slice(-8))).id, id);
    assert.equal((await choose(layout, id.slice(0, -1))).id, id);
  }
  const seqs = await Promise.all(ids.map(async (id) => (await choose(layout, id)).seq));
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
  );
});

test('an id that is none, or several: the near ones are named', async (t) => {
  const { layout, ids } = await withCheckpoints(t);
  const [first = ''] = ids;
  const typo = first.replace(/.$/, (c) => (c === '0' ? '1' : '0'));
  for (const [wanted, words] of [
    [typo, /is no checkpoint of .*\. The nearest are:\n {2}checkpoint_/],
    [first.slice(0, 20), /stands for several checkpoints/],
    ['', /is no checkpoint/],
  ] as const) {
    await assert.rejects(choose(layout, wanted), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'UNKNOWN_CHECKPOINT');
      assert.match(error.message, words);
      assert.ok(error.message.includes(first));
      return true;
    });
  }
});

test('a checkpoint of another session is refused, by its id and by its content', async (t) => {
  const { layout, ids } = await withCheckpoints(t);
  const [first = ''] = ids;
  const foreign = { code: 'CHECKPOINT_OF_ANOTHER_SESSION' };
  await assert.rejects(choose(layout, first.replace(layout.session, 'session_00000000')), foreign);
  const path = layout.checkpoint(first);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(`"session_id": "${layout.session}"`, '"session_id": "other"'));
  await assert.rejects(choose(layout, first), /is a checkpoint of other, not of session_/);
});

test('a checkpoint of a newer format is refused', async (t) => {
  const { layout, ids } = await withCheckpoints(t);
  const [first = ''] = ids;
  const path = layout.checkpoint(first);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/"format": \d+/, '"format": 99'));
  await assert.rejects(choose(layout, first), { code: 'CHECKPOINT_TOO_NEW' });
});

test('a damaged checkpoint is refused, and the newest whole one named', async (t) => {
  const { layout, ids } = await withCheckpoints(t);
  const [, second = '', third = ''] = ids;
  await appendFile(layout.checkpoint(third), ' ');
  await assert.rejects(choose(layout, third), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'CHECKPOINT_DAMAGED');
    assert.ok(error.message.includes(`The newest whole one is ${second}`));
    return true;
  });
  await cp(layout.checkpoint(second), layout.checkpoint(third));
  await assert.rejects(choose(layout, third), { code: 'CHECKPOINT_DAMAGED' });
});
