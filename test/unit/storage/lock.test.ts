import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { HeldError } from '../../../src/core/errors.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { FileLock, isHolderAlive, readHolder } from '../../../src/storage/lock.ts';
import { listSessions } from '../../../src/storage/sessions.ts';
import { DatabaseSync } from '../../../src/storage/sqlite.ts';
import { letRun, ManualClock } from '../../fixtures/manualClock.ts';
import { listOpens } from '../../fixtures/patchedNodeFs.ts';
import { testLockOptions } from '../../fixtures/storageLock.ts';
import { carryScriptOn } from '../../fixtures/storageScript.ts';
import {
  createTestSession,
  makeScratchFolder,
  openTestSession,
  testPorts,
} from '../../fixtures/storageSession.ts';

const holderScript = fileURLToPath(new URL('../../fixtures/storageLockHolder.ts', import.meta.url));

/** Another process that tries to take the lock. */
async function startProcess(t: TestContext, path: string, holderFile?: string) {
  const args = holderFile === undefined ? [] : [holderFile];
  const child = spawn(process.execPath, [holderScript, path, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const [word] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    word: word.toString().trim(),
    pid: child.pid,
    async end() {
      child.stdin.end();
      await exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** A second thread of this process that tries to take the lock. */
async function startThread(t: TestContext, path: string) {
  const worker = new Worker(holderScript, { workerData: { path } });
  const exited = once(worker, 'exit');
  t.after(() => worker.terminate());
  const [word] = (await once(worker, 'message')) as [string];
  return {
    word,
    async end() {
      worker.postMessage('end');
      await exited;
    },
    terminate: () => worker.terminate(),
  };
}

async function makeLockPath(t: TestContext) {
  const root = await makeScratchFolder(t);
  return { path: join(root, 'a', 'session.lock'), holderFile: join(root, 'a', 'holder.json') };
}

const isFree = async (path: string): Promise<boolean> => {
  try {
    (await FileLock.acquire(path, testLockOptions())).release();
    return true;
  } catch (error) {
    if (error instanceof HeldError) return false;
    throw error;
  }
};

test('of two that open one session one holds it, and the other is told who', async (t) => {
  const { path, holderFile } = await makeLockPath(t);
  const other = await startProcess(t, path, holderFile);
  assert.equal(other.word, 'held');
  await assert.rejects(FileLock.acquire(path, testLockOptions(holderFile)), (error: unknown) => {
    assert.ok(error instanceof HeldError);
    assert.equal(error.code, 'SESSION_HELD');
    assert.match(error.message, new RegExp(`process ${other.pid} on test-host .*terminal`));
    assert.equal((error.data['holder'] as { pid: number }).pid, other.pid);
    return true;
  });
  await other.end();
  const lock = await FileLock.acquire(path, testLockOptions(holderFile));
  assert.equal((await readHolder(holderFile))?.pid, process.pid);
  assert.equal((await startProcess(t, path)).word, 'refused');
  lock.release();
});

test('the operating system lets go of a lock when its process is killed', async (t) => {
  const { path, holderFile } = await makeLockPath(t);
  const other = await startProcess(t, path, holderFile);
  await other.kill();
  const lock = await FileLock.acquire(path, testLockOptions(holderFile));
  assert.equal((await readHolder(holderFile))?.pid, process.pid);
  lock.release();
});

test('another connection that is opened and closed in the same process does not let the lock go', async (t) => {
  const { path } = await makeLockPath(t);
  const lock = await FileLock.acquire(path, testLockOptions());
  assert.equal(await isFree(path), false);
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.prepare('SELECT * FROM sqlite_schema').all();
  reader.close();
  assert.equal((await startProcess(t, path)).word, 'refused');
  lock.release();
  assert.equal((await startProcess(t, path)).word, 'held');
});

test('a second thread of the process is another opener', async (t) => {
  const { path } = await makeLockPath(t);
  const lock = await FileLock.acquire(path, testLockOptions());
  assert.equal((await startThread(t, path)).word, 'refused');
  // That thread has opened and closed the file: the lock must have survived it.
  assert.equal((await startProcess(t, path)).word, 'refused');
  lock.release();
  const thread = await startThread(t, path);
  assert.equal(thread.word, 'held');
  assert.equal(await isFree(path), false);
  assert.equal((await startProcess(t, path)).word, 'refused');
  await thread.end();
  assert.ok(await isFree(path));
});

test('a thread that is ended from outside lets go', async (t) => {
  const { path } = await makeLockPath(t);
  const thread = await startThread(t, path);
  await thread.terminate();
  assert.ok(await isFree(path));
});

test('a lock is referenced for life: nothing that is collected lets it go', async (t) => {
  const { path } = await makeLockPath(t);
  await FileLock.acquire(path, testLockOptions());
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await letRun();
  }
  assert.equal(await isFree(path), false);
});

test('releasing twice is releasing once', async (t) => {
  const { path } = await makeLockPath(t);
  const lock = await FileLock.acquire(path, testLockOptions());
  lock.release();
  const next = await FileLock.acquire(path, testLockOptions());
  lock.release();
  assert.equal(await isFree(path), false);
  next.release();
  assert.ok(await isFree(path));
});

test('who waits gets the lock as soon as it is let go, and gives up when the time is over', async (t) => {
  const { path } = await makeLockPath(t);
  const lock = await FileLock.acquire(path, testLockOptions());
  const clock = new ManualClock();
  const patient = FileLock.acquire(path, { ...testLockOptions(undefined, 10_000), clock });
  await clock.untilSleeping();
  await clock.advance(9_000);
  lock.release();
  await clock.advance(200);
  const taken = await patient;
  const hasty = FileLock.acquire(path, { ...testLockOptions(undefined, 10_000), clock });
  const refused = assert.rejects(hasty, HeldError);
  await clock.untilSleeping();
  await clock.advance(10_100);
  await refused;
  taken.release();
});

test('the lock file holds no data', async (t) => {
  const { path } = await makeLockPath(t);
  const lock = await FileLock.acquire(path, testLockOptions());
  assert.equal((await stat(path)).size, 0);
  lock.release();
  assert.equal((await stat(path)).size, 0);
});

test('a note of the holder that can not be read names nobody, and is in nobody’s way', async (t) => {
  const { path, holderFile } = await makeLockPath(t);
  const lock = await FileLock.acquire(path, testLockOptions(holderFile));
  for (const text of ['', '{"pid":', '\0\0\0\0', 'null', '[]', '{}']) {
    await writeFile(holderFile, text);
    assert.equal(await readHolder(holderFile), undefined, text);
    await assert.rejects(
      FileLock.acquire(path, testLockOptions(holderFile)),
      /held by another process/,
    );
  }
  lock.release();
  (await FileLock.acquire(path, testLockOptions(holderFile))).release();
});

test('a holder lives when its process does; one of another start of the machine does not', async () => {
  const { machine } = testPorts();
  const holder = {
    pid: process.pid,
    host: machine.host,
    bootId: machine.bootId,
    via: 'cli',
    since: '',
  } as const;
  assert.ok(isHolderAlive(holder, machine));
  assert.equal(isHolderAlive({ ...holder, pid: 2 ** 22 + 1 }, machine), false);
  assert.equal(isHolderAlive({ ...holder, bootId: 'earlier' }, machine), false);
  assert.ok(isHolderAlive({ ...holder, host: 'another', pid: 1 }, machine));
});

test('two that open one session: the second is refused, and the first is not disturbed', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  const { session } = store.layout;
  await assert.rejects(openTestSession(root, session), HeldError);
  assert.equal((await readHolder(store.layout.holder))?.pid, process.pid);
  await carryScriptOn(store);
  await assert.rejects(openTestSession(root, session), HeldError);
  await store.close(true);
  assert.equal(await readHolder(store.layout.holder), undefined);
  const { store: again } = await openTestSession(root, session);
  assert.equal(again.view.units.done, 4);
  await again.close(true);
});

test('nothing but SQLite ever opens a lock file', async (t) => {
  const root = await makeScratchFolder(t);
  const opens = await listOpens(async () => {
    const store = await createTestSession(root);
    await assert.rejects(openTestSession(root, store.layout.session), HeldError);
    await carryScriptOn(store, undefined, 3);
    await store.checkpoint('batch_completed', []);
    await listSessions(nodeFileSystem, testPorts().machine, root);
    await store.close(true);
    await nodeFileSystem.remove(store.layout.index);
    const { store: again } = await openTestSession(root, store.layout.session);
    await carryScriptOn(again);
    await again.checkpoint('session_completed', []);
    await again.close(true);
    await listSessions(nodeFileSystem, testPorts().machine, root);
  });
  const targets = opens.map(({ target }) => String(target));
  assert.ok(
    targets.some((target) => target.endsWith('journal.jsonl')),
    'opens are seen',
  );
  assert.ok(targets.some((target) => target.includes('holder.json')));
  assert.deepEqual(
    targets.filter((target) => target.includes('.lock')),
    [],
  );
  // The patch does see a lock file that is opened.
  const seen = await listOpens(async () => {
    await readFile(join(root, '.cf_state', 'x.lock')).catch(() => undefined);
  });
  assert.equal(seen.length, 1);
});
