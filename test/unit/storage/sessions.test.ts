import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { UsageError } from '../../../src/core/errors.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import {
  dataFileName,
  foldersAbove,
  isInside,
  SessionLayout,
} from '../../../src/storage/layout.ts';
import { findStateRoot, inspectSession, listSessions } from '../../../src/storage/sessions.ts';
import { readUserFile, resolveOutputDir } from '../../../src/storage/workspaceFiles.ts';
import { ManualClock } from '../../fixtures/manualClock.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';
import { carryScriptOn, scriptCounts } from '../../fixtures/storageScript.ts';
import {
  copyAsKilled,
  createTestSession,
  makeScratchFolder,
  testPorts,
} from '../../fixtures/storageSession.ts';

const { machine } = testPorts();
const list = (root: string) => listSessions(nodeFileSystem, machine, root);

test('sessions are listed newest first, as their journals say, without taking their locks', async (t) => {
  const root = await makeScratchFolder(t);
  const clock = new ManualClock();
  const random = new SeededRandom(5);
  const names: string[] = [];
  for (let n = 0; n < 3; n++) {
    const store = await createTestSession(root, testPorts(nodeFileSystem, { clock, random }));
    names.unshift(store.layout.session);
    if (n === 1) await carryScriptOn(store);
    await store.record({ type: 'stopped', reason: 'user', activeMs: 1 });
    await store.close(true);
    await clock.advance(60_000);
  }
  const found = await list(root);
  assert.deepEqual(
    found.map(({ view }) => view.session),
    names,
  );
  assert.deepEqual(
    found.map(({ view }) => view.records),
    [0, scriptCounts.records, 0],
  );
  assert.ok(found.every((f) => f.isResumable && f.damage === undefined && f.holder === undefined));
});

test('a session that somebody works on is active, one whose process died is interrupted', async (t) => {
  const folder = await makeScratchFolder(t);
  const root = join(folder, 'a');
  await mkdir(root);
  const store = await createTestSession(root);
  t.after(() => store.close(false));
  await carryScriptOn(store, undefined, 2);
  const [active] = await list(root);
  assert.deepEqual([active?.view.state, active?.isResumable], ['active', false]);
  assert.equal(active?.holder?.pid, process.pid);
  assert.equal(active.view.records, store.view.records);
  const copy = await copyAsKilled(root, join(folder, 'b'));
  const holder = join(copy, store.layout.relative(store.layout.holder));
  const note = JSON.parse(await readFile(holder, 'utf8')) as object;
  for (const change of [{ pid: 2 ** 22 + 1 }, { bootId: 'another' }]) {
    await writeFile(holder, JSON.stringify({ ...note, ...change }));
    const [dead] = await list(copy);
    assert.deepEqual([dead?.view.state, dead?.isResumable], ['interrupted', true]);
    assert.equal(dead?.holder, undefined);
  }
});

test('listing shows what it can of a damaged session, and says what is wrong', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  await carryScriptOn(store);
  await store.close(true);
  const journal = await readFile(store.layout.journal);
  const withFlip = (at: number): Buffer => {
    const bytes = Buffer.from(journal);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  const middle = journal.indexOf('\n', journal.length / 2) + 9;
  for (const hasIndex of [true, false]) {
    if (!hasIndex) await nodeFileSystem.remove(store.layout.index);
    await writeFile(store.layout.journal, withFlip(middle));
    const [found] = await list(root);
    if (!hasIndex) assert.match(found?.damage ?? '', /1 damaged place/);
    assert.equal(found?.view.name, 'things');
  }
  await writeFile(store.layout.journal, withFlip(9));
  const [headless] = await list(root);
  assert.match(headless?.damage ?? '', /damaged/);
  assert.equal(headless?.view.session, store.layout.session);
  // All gone, but there was a session: it is not kept from the person.
  await writeFile(store.layout.journal, Buffer.alloc(journal.length));
  await writeFile(store.layout.index, 'x');
  const [zeros] = await list(root);
  assert.match(zeros?.damage ?? '', /first line/);
});

test('what is no session is not listed', async (t) => {
  const root = await makeScratchFolder(t);
  assert.deepEqual(await list(root), []);
  await mkdir(join(root, '.cf_state', 'sessions', 'session_empty'), { recursive: true });
  await mkdir(join(root, '.cf_state', 'sessions', 'session_half'), { recursive: true });
  await writeFile(
    join(root, '.cf_state', 'sessions', 'session_half', 'journal.jsonl'),
    '{"seq":0,',
  );
  await writeFile(join(root, '.cf_state', 'sessions', 'a file'), '');
  assert.deepEqual(await list(root), []);
  const layout = new SessionLayout(root, 'session_none');
  const found = await inspectSession(nodeFileSystem, machine, layout);
  assert.match(found.damage ?? '', /ENOENT/);
});

test('state belongs to the nearest .cf_state at or above the file, else to the workspace folder', async (t) => {
  const root = await makeScratchFolder(t);
  const deep = join(root, 'a', 'b');
  await mkdir(deep, { recursive: true });
  const file = join(deep, 'x.collect.json');
  assert.equal(await findStateRoot(nodeFileSystem, file, root), root);
  assert.equal(await findStateRoot(nodeFileSystem, file, join(root, 'other')), deep);
  await mkdir(join(root, 'a', '.cf_state'));
  assert.equal(await findStateRoot(nodeFileSystem, file, root), join(root, 'a'));
  assert.equal(await findStateRoot(nodeFileSystem, file, deep), join(root, 'a'));
  await writeFile(join(deep, '.cf_state'), 'a file of that name is none');
  assert.equal(await findStateRoot(nodeFileSystem, file, deep), join(root, 'a'));
});

async function makeOutputRoot(t: TestContext): Promise<string> {
  const root = join(await makeScratchFolder(t), 'workspace');
  await mkdir(join(root, 'inside'), { recursive: true });
  return root;
}

test('an output folder inside the workspace is taken, whether it is there or not', async (t) => {
  const root = await makeOutputRoot(t);
  for (const dir of ['inside', 'data/raw', '.', './inside/../new', '..data'])
    assert.equal(await resolveOutputDir(root, dir), join(root, dir));
});

test('an output folder that leaves the workspace is refused, whatever way it takes', async (t) => {
  const root = await makeOutputRoot(t);
  await symlink('/tmp', join(root, 'link'));
  await symlink(join(root, '..'), join(root, 'inside', 'up'));
  await symlink('/nowhere/at/all', join(root, 'dangling'));
  await symlink(join(root, '..', 'workspace2'), join(root, 'beside'));
  for (const dir of [
    '..',
    '../x',
    'a/../../x',
    '/tmp',
    'link',
    'link/x',
    'inside/up/x',
    'link/new/er',
  ]) {
    await assert.rejects(resolveOutputDir(root, dir), (error: unknown) => {
      assert.ok(error instanceof UsageError, `${dir}: ${String(error)}`);
      assert.equal(error.code, 'OUTPUT_OUTSIDE_WORKSPACE', dir);
      assert.ok(error.message.includes(`"${dir}"`));
      return true;
    });
  }
  // Such a link may lead somewhere tomorrow.
  for (const dir of ['dangling', 'dangling/x', 'beside/x'])
    await assert.rejects(resolveOutputDir(root, dir), { code: 'OUTPUT_NOT_WRITABLE' });
});

test('an output folder that is a file, or can not be written, is refused in words', async (t) => {
  const root = await makeOutputRoot(t);
  await writeFile(join(root, 'file'), '');
  for (const dir of ['file', 'file/x', 'file/x/y']) {
    await assert.rejects(resolveOutputDir(root, dir), (error: unknown) => {
      assert.ok(error instanceof UsageError, `${dir}: ${String(error)}`);
      assert.equal(error.code, 'OUTPUT_NOT_WRITABLE');
      assert.match(error.message, /output\.dir .*not a folder/);
      return true;
    });
  }
  if (process.getuid?.() === 0) return;
  await chmod(join(root, 'inside'), 0o500);
  await assert.rejects(resolveOutputDir(root, 'inside/x'), { code: 'OUTPUT_NOT_WRITABLE' });
});

test('a file that a person named and that can not be read is told by its name', async (t) => {
  const root = await makeScratchFolder(t);
  await assert.rejects(readUserFile(join(root, 'none.json')), (error: unknown) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /none\.json can't be read: There is no such file/);
    return true;
  });
  await assert.rejects(readUserFile(root), { code: 'FILE_UNREADABLE' });
  await writeFile(join(root, 'bom.json'), '\uFEFF{}');
  assert.equal(await readUserFile(join(root, 'bom.json')), '{}');
  await rename(join(root, 'bom.json'), join(root, 'x.json'));
});

test('paths: inside is inside, also with names that begin with dots', () => {
  assert.ok(isInside('/a/b', '/a/b'));
  assert.ok(isInside('/a/b', '/a/b/..c'));
  assert.ok(isInside('/a/b', '/a/b/c/../d'));
  for (const path of ['/a', '/a/bc', '/a/b/..', '/a/b/../c', '/'])
    assert.equal(isInside('/a/b', path), false, path);
  assert.deepEqual(foldersAbove('/a/b/c.json'), ['/a/b', '/a', '/']);
  const at = Date.UTC(2026, 0, 2, 3, 4, 5);
  assert.equal(dataFileName('p', 'rejected', at), 'p_rejected_20260102_030405.jsonl');
  assert.equal(dataFileName('p', 'raw', at, 3), 'p_raw_20260102_030405_3.jsonl');
  const layout = new SessionLayout('/w', 'session_1');
  assert.equal(layout.absolute('data/raw/x.jsonl'), join('/w', 'data', 'raw', 'x.jsonl'));
  assert.equal(layout.relative(join('/w', 'data', 'x.jsonl')), 'data/x.jsonl');
});
