import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FaultError } from '../../../src/core/errors.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { readSessionHeader } from '../../../src/storage/sessionHeader.ts';
import { listSessions } from '../../../src/storage/sessions.ts';
import { FailingFileSystem, systemError } from '../../fixtures/failingFileSystem.ts';
import { hookAtomicWrites } from '../../fixtures/patchedNodeFs.ts';
import { RecordingFileSystem } from '../../fixtures/recordingFileSystem.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';
import {
  createTestSession,
  makeScratchFolder,
  openTestSession,
  preparedReject,
  readJournal,
  testCollection,
  testPorts,
} from '../../fixtures/storageSession.ts';

/** Every file below a folder, relative; SQLite's own left out. */
async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (path: string): Promise<void> => {
    for (const name of await nodeFileSystem.list(path === '' ? folder : join(folder, path))) {
      const inner = path === '' ? name : `${path}/${name}`;
      if ((await nodeFileSystem.status(join(folder, inner)))?.isDirectory === true)
        await walk(inner);
      else found.push(inner);
    }
  };
  await walk('');
  return found.sort();
}

test('a new session is on disk when it is handed out: folders, journal with its first line, master', async (t) => {
  const root = await makeScratchFolder(t);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  const store = await createTestSession(root, testPorts(disk));
  t.after(() => store.close(true));
  const state = disk.diskAfter(disk.log.length, 'dropped', new SeededRandom());
  const journal = `.cf_state/sessions/${store.layout.session}/journal.jsonl`;
  const master = 'data/raw/things_master_20261121_161500.jsonl';
  assert.equal(state.get(master)?.length, 0);
  assert.match(state.get(journal)?.toString() ?? '', /"type":"session".*"type":"file".*\n$/);
  const { entries, scan } = await readJournal(store.layout);
  assert.deepEqual([scan.gaps, scan.torn], [[], undefined]);
  assert.deepEqual(
    entries.flatMap((entry) => entry.events.map((event) => event.type)),
    ['session', 'opened', 'file'],
  );
  const header = await readSessionHeader({ fileSystem: nodeFileSystem }, store.layout);
  assert.equal(header.session, store.layout.session);
  assert.equal(header.collection['name'], 'things');
});

test('the name of a data file is durable in the journal before its first byte', async (t) => {
  const root = await makeScratchFolder(t);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  const store = await createTestSession(root, testPorts(disk));
  t.after(() => store.close(true));
  const before = disk.log.length;
  await store.hand({ unit: 1, rejected: [preparedReject(1, {})] });
  const log = disk.log
    .slice(before)
    .map(
      ({ op, path }) =>
        `${op} ${/journal|rejected|data.raw/.exec(path.replace(/.*things_/, ''))?.[0]}`,
    );
  assert.deepEqual(log.slice(0, 6), [
    'create rejected',
    'sync rejected',
    'syncDirectory data/raw',
    'write journal',
    'sync journal',
    'write rejected',
  ]);
});

test('whatever call fails while a session is made: nothing of it is left, and the next one is made', async (t) => {
  const root = await makeScratchFolder(t);
  let n = 0;
  for (let isMade = false; !isMade;) {
    n += 1;
    const failing = new FailingFileSystem(nodeFileSystem, (call) =>
      call.n === n ? systemError('ENOSPC') : undefined,
    );
    // A random part of its own: two sessions with one name would wait for each other's lock.
    const ports = testPorts(failing, { random: new SeededRandom(n) });
    const made = await createTestSession(root, ports).catch((error: unknown) => {
      assert.match(String(error), /ENOSPC|did not confirm/);
    });
    isMade = made !== undefined;
    failing.rule = () => undefined;
    await made?.close(true);
    const { machine } = testPorts();
    if (!isMade) {
      assert.deepEqual(await listSessions(nodeFileSystem, machine, root), [], `call ${n}`);
      assert.deepEqual(await filesBelow(root), [], `call ${n}`);
    } else {
      assert.equal((await listSessions(nodeFileSystem, machine, root)).length, 1);
    }
  }
  assert.ok(n > 15, `only ${n} calls`);
});

test('a session whose making failed is not held: its lock is let go', async (t) => {
  const root = await makeScratchFolder(t);
  const failing = new FailingFileSystem(nodeFileSystem, ({ operation, path }) =>
    operation === 'write' && path.endsWith('journal.jsonl') ? systemError('EIO') : undefined,
  );
  await assert.rejects(createTestSession(root, testPorts(failing)), { code: 'EIO' });
  // The same random numbers: the same name, so the same lock.
  const store = await createTestSession(root, testPorts());
  await store.close(true);
});

test('an index that can not be made does not leave half a session', async (t) => {
  const root = await makeScratchFolder(t);
  const ports = testPorts();
  const { session } = await sessionName(root);
  await nodeFileSystem.makeDirectory(join(root, '.cf_state'));
  await nodeFileSystem.makeDirectory(join(root, '.cf_state', 'sessions'));
  await nodeFileSystem.makeDirectory(join(root, '.cf_state', 'sessions', session));
  await nodeFileSystem.makeDirectory(join(root, '.cf_state', 'sessions', session, 'index.db'));
  await assert.rejects(createTestSession(root, ports));
  assert.deepEqual(await filesBelow(root), []);
});

test('who holds a session can not be noted on a full disk: the session is not held for ever', async (t) => {
  const root = await makeScratchFolder(t);
  const first = await createTestSession(root);
  await first.close(true);
  const stop = hookAtomicWrites({
    before: (step, args) => {
      if (step === 'open' && String(args[0]).includes('holder.json')) throw systemError('ENOSPC');
    },
  });
  t.after(stop);
  await assert.rejects(openTestSession(root, first.layout.session), { code: 'ENOSPC' });
  stop();
  const { store } = await openTestSession(root, first.layout.session);
  await store.close(true);
});

test('a rejected file whose journal line may be on disk is not removed: the session opens again', async (t) => {
  const root = await makeScratchFolder(t);
  const failing = new FailingFileSystem(nodeFileSystem);
  const first = await createTestSession(root, testPorts(failing));
  failing.rule = ({ operation, path }) =>
    operation === 'datasync' && path.endsWith('journal.jsonl') ? systemError('EIO') : undefined;
  await assert.rejects(
    first.hand({ unit: 1, rejected: [preparedReject(1, {})] }),
    (error: unknown) => error instanceof FaultError,
  );
  await first.close(false);
  const { store } = await openTestSession(root, first.layout.session);
  t.after(() => store.close(true));
  await store.hand({ unit: 1, rejected: [preparedReject(1, {})] });
  assert.equal(store.view.rejected, 1);
});

/** The name that the next test session gets. */
async function sessionName(root: string): Promise<{ session: string }> {
  const other = join(root, 'other');
  await nodeFileSystem.makeDirectory(other);
  const store = await createTestSession(other, testPorts(), testCollection());
  await store.close(true);
  await rm(other, { recursive: true });
  return { session: store.layout.session };
}
