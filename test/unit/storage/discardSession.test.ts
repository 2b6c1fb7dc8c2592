import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { discardSession } from '../../../src/storage/discardSession.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { listSessions } from '../../../src/storage/sessions.ts';
import type { SessionLayout } from '../../../src/storage/layout.ts';
import { FailingFileSystem, systemError } from '../../fixtures/failingFileSystem.ts';
import { carryScriptOn, scriptIds } from '../../fixtures/storageScript.ts';
import {
  createTestSession,
  makeScratchFolder,
  masterIds,
  masterPath,
  openTestSession,
  testPorts,
} from '../../fixtures/storageSession.ts';

const ports = testPorts();
const options = { ...ports, via: 'cli', waitMs: 0 } as const;

async function finishedSession(t: TestContext) {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  await carryScriptOn(store);
  await store.checkpoint('batch_completed', []);
  await store.record({ type: 'stopped', reason: 'user', activeMs: 1 });
  await store.close(true);
  const { layout } = store;
  await mkdir(dirname(layout.log), { recursive: true });
  await writeFile(layout.log, '{}\n');
  return { root, layout, master: masterPath(store) };
}

async function listed(root: string): Promise<string[]> {
  const found = await listSessions(nodeFileSystem, ports.machine, root);
  return found.map((session) => session.layout.session);
}

test('a discarded session is gone with all that is derived of it, and its data files stay', async (t) => {
  const { root, layout, master } = await finishedSession(t);
  const before = await readFile(master);
  await discardSession(options, layout);
  assert.deepEqual(await readdir(dirname(layout.folder)), []);
  assert.deepEqual(await listed(root), []);
  assert.deepEqual(await readFile(master), before);
});

test('a session that somebody holds is not touched', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  t.after(() => store.close(true));
  const before = await readdir(store.layout.folder, { recursive: true });
  await assert.rejects(discardSession(options, store.layout), { code: 'SESSION_HELD' });
  assert.deepEqual(await readdir(store.layout.folder, { recursive: true }), before);
  assert.deepEqual(await listed(root), [store.layout.session]);
});

test('whatever fails in the middle, what is left is a whole session or none, and it can be discarded again', async (t) => {
  let calls = 0;
  for (let n = 1; ; n++) {
    const { root, layout } = await finishedSession(t);
    calls = 0;
    const failing = new FailingFileSystem(nodeFileSystem, () => {
      calls += 1;
      return calls >= n ? systemError('EIO') : undefined;
    });
    try {
      await discardSession({ ...options, fileSystem: failing }, layout);
    } catch {
      await checkWholeOrNone(root, layout);
      continue;
    }
    assert.deepEqual(await listed(root), []);
    assert.ok(n > 20, `${n} calls were made to fail`);
    return;
  }
});

async function checkWholeOrNone(root: string, layout: SessionLayout): Promise<void> {
  const left = await listed(root);
  if (left.length === 0) {
    const shell = (await readdir(layout.folder).catch(() => [])).filter(
      (n) => !/lock|holder/.test(n),
    );
    assert.deepEqual(shell, []);
    return;
  }
  assert.deepEqual(left, [layout.session]);
  const { store } = await openTestSession(root, layout.session);
  assert.deepEqual((await masterIds(root, store.view)).sort(), scriptIds);
  assert.equal(store.view.units.done, store.view.unitTotal);
  await store.close(true);
  await discardSession(options, layout);
  assert.deepEqual(await listed(root), []);
  assert.deepEqual(await readdir(join(root, '.cf_state', 'sessions')), []);
}
