import assert from 'node:assert/strict';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FaultError, UsageError } from '../../../src/core/errors.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { encodeLine, noSum } from '../../../src/storage/journalLine.ts';
import { readSessionHeader } from '../../../src/storage/sessionHeader.ts';
import type { OpenedSession } from '../../../src/storage/openSession.ts';
import type { SessionStore } from '../../../src/storage/sessionStore.ts';
import { FailingFileSystem, systemError } from '../../fixtures/failingFileSystem.ts';
import { ManualClock } from '../../fixtures/manualClock.ts';
import {
  claim,
  copyAsKilled,
  createTestSession,
  dataLines,
  finishing,
  makeScratchFolder,
  masterIds,
  masterPath,
  newUnit,
  openTestSession,
  planUnits,
  prepared,
  preparedReject,
  readJournal,
  testCollection,
  testPorts,
} from '../../fixtures/storageSession.ts';

const record = (id: string) => prepared({ id });

async function begin(t: TestContext, parts: Record<string, unknown> = {}) {
  const folder = await makeScratchFolder(t);
  const root = join(folder, 'first');
  await nodeFileSystem.makeDirectory(root);
  const collection = testCollection(parts);
  const clock = new ManualClock();
  const ports = testPorts(nodeFileSystem, { clock });
  const store = await createTestSession(root, ports, collection);
  t.after(() => store.close(false));
  let copies = 0;
  /** The session as the next process finds it when this one is killed now; `meddle` with the files first. */
  const reopenAsKilled = async (
    from: SessionStore = store,
    meddle: (root: string, store: SessionStore) => Promise<void> = () => Promise.resolve(),
    ports = testPorts(),
  ): Promise<{ root: string; opened: OpenedSession; store: SessionStore }> => {
    copies += 1;
    const copy = await copyAsKilled(from.layout.root, join(folder, `copy${copies}`));
    await meddle(copy, from);
    const opened = await openTestSession(copy, from.layout.session, ports, collection);
    t.after(() => opened.store.close(false));
    return { root: copy, opened, store: opened.store };
  };
  return { root, store, clock, reopenAsKilled, collection };
}

const moved = (root: string, store: SessionStore, path: string) =>
  join(root, store.layout.relative(path));
const masterIn = (root: string, store: SessionStore) => moved(root, store, masterPath(store));
const journalIn = (root: string, store: SessionStore) => moved(root, store, store.layout.journal);

test('a session that was closed in order opens as it was, with nothing to mend', async (t) => {
  const { root, store } = await begin(t);
  await planUnits(store, 'u', 'v');
  await claim(store, 1);
  await store.hand(finishing(1, { records: [record('a')], newUnits: [newUnit('w')] }));
  await store.record({ type: 'stopped', reason: 'user', activeMs: 5 });
  const { view } = store;
  await store.close(true);
  const opened = await openTestSession(root, store.layout.session);
  t.after(() => opened.store.close(true));
  assert.equal(opened.recovered, undefined);
  assert.equal(opened.wasIndexRebuilt, false);
  const { records, units, unitTotal, activeMs, files } = opened.store.view;
  assert.deepEqual(
    { records, units, unitTotal, activeMs, files },
    {
      records: view.records,
      units: view.units,
      unitTotal: 3,
      activeMs: 5,
      files: view.files,
    },
  );
  assert.equal((await opened.store.hand({ newUnits: [newUnit('u')] })).newUnits.length, 0);
  assert.equal((await opened.store.hand({ records: [record('a')] })).duplicates, 1);
});

test('a torn tail of the journal is kept aside and cut, and its records are adopted', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await planUnits(store, 'u');
  await claim(store, 1);
  await store.hand({ unit: 1, records: [record('a')] });
  const { size } = (await nodeFileSystem.status(store.layout.journal)) ?? { size: 0 };
  await store.hand({ unit: 1, records: [record('b')] });
  const journal = await readFile(store.layout.journal);
  // Every length that the last line may be torn to, in steps, and with garbage in its place.
  for (const cut of [0, 1, 100, journal.length - size - 1, -1]) {
    const tail = cut === -1 ? Buffer.alloc(50) : journal.subarray(size, size + cut);
    const {
      root,
      opened,
      store: again,
    } = await reopenAsKilled(store, async (copy) => {
      await truncate(journalIn(copy, store), size);
      await appendFile(journalIn(copy, store), tail);
    });
    assert.equal(opened.recovered?.journalTornBytes ?? 0, tail.length);
    assert.equal(opened.recovered?.adopted, 1);
    assert.equal(again.view.records, 2);
    const { scan } = await readJournal(again.layout);
    assert.deepEqual([scan.gaps, scan.torn], [[], undefined]);
    const [torn] = opened.recovered.tornFiles;
    if (tail.length > 0) {
      assert.deepEqual(
        await readFile(join(dirname(again.layout.journal), torn?.keptAs ?? '')),
        tail,
      );
    }
    // The unit starts over: what it brings again is there, and counted, once.
    await claim(again, 1, 2);
    const done = finishing(1, { records: [record('a'), record('b'), record('c')] });
    const receipt = await again.hand(done);
    assert.deepEqual([receipt.records, receipt.duplicates], [1, 0]);
    assert.deepEqual(await masterIds(root, again.view), ['a', 'b', 'c']);
  }
});

test("a master's tail: whole good lines are adopted, and from the first bad one on all is kept aside", async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await planUnits(store, 'u');
  await claim(store, 1);
  await store.hand({ unit: 1, records: [record('a')], newUnits: [newUnit('v')] });
  const bad = '{"id":"torn';
  for (const [good, rest] of [
    ['', bad],
    ['{"id":"b"}\n', ''],
    ['{"id":"b"}\n{"id":"c"}\n', bad],
    ['{"id":"b"}\n', '\0\0\0\0\n{"id":"after"}\n'],
    ['{"id":"b"}\n', '{"no":"key"}\n{"id":"after"}\n'],
    ['', '[1]\n'],
  ] as const) {
    const {
      root,
      opened,
      store: again,
    } = await reopenAsKilled(store, (copy) => appendFile(masterIn(copy, store), good + rest));
    const ids = good.split('\n').length - 1;
    assert.equal(opened.recovered?.adopted, ids);
    assert.equal(again.view.records, 1 + ids);
    assert.equal(await readFile(masterIn(root, store), 'utf8'), `{"id":"a"}\n${good}`);
    const torn = opened.recovered.tornFiles;
    assert.equal(torn.length, rest === '' ? 0 : 1);
    if (torn[0] !== undefined) {
      assert.match(torn[0].keptAs, /\.torn-\d+$/);
      const kept = join(dirname(masterIn(root, store)), torn[0].keptAs);
      assert.equal(await readFile(kept, 'utf8'), rest);
      assert.deepEqual([torn[0].offset, torn[0].bytes], [11 + good.length, rest.length]);
    }
  }
});

test('unjournalled tails of the rejected and the raw file are kept aside and cut', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await store.hand({ unit: 1, rejected: [preparedReject(1, {})], raw: ['{}'] });
  for (const role of ['rejected', 'raw'] as const) {
    const file = store.view.files.find((f) => f.role === role)?.file ?? '';
    const { root, opened } = await reopenAsKilled(store, (copy) =>
      appendFile(join(copy, file), '{"whole":"line"}\n'),
    );
    assert.deepEqual(
      opened.recovered?.tornFiles.map((torn) => torn.file),
      [file],
    );
    assert.equal(
      (await readFile(join(root, file))).length,
      store.view.files.find((f) => f.role === role)?.bytes,
    );
  }
});

test('adopted records count against the target and the per-key limit', async (t) => {
  const { store, reopenAsKilled } = await begin(t, {
    limits: { target: 4, perKey: { field: 'by', max: 2 } },
  });
  const by = (id: string) => prepared({ id, by: 'x' }, 'x');
  await store.hand({ unit: 1, records: [by('a')] });
  const { root, store: again } = await reopenAsKilled(store, (copy) =>
    appendFile(masterIn(copy, store), '{"id":"b","by":"x"}\n'),
  );
  const receipt = await again.hand({ records: [by('c'), record('d'), record('e'), record('f')] });
  assert.deepEqual([receipt.records, receipt.rejected, receipt.isCut], [2, 1, true]);
  assert.deepEqual(await masterIds(root, again.view), ['a', 'b', 'd', 'e']);
});

test('adopted records belong to the unit that brings them again, once, over any number of opens', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await planUnits(store, 'u', 'v');
  await claim(store, 1);
  await store.hand({ unit: 1, records: [record('a')] });
  const first = await reopenAsKilled(store, (copy) =>
    appendFile(masterIn(copy, store), '{"id":"b"}\n'),
  );
  const second = await reopenAsKilled(first.store);
  await claim(second.store, 1, 2);
  await second.store.hand({ unit: 1, records: [record('a'), record('b')] });
  const third = await reopenAsKilled(second.store);
  await claim(third.store, 1, 3);
  const done = finishing(1, { records: [record('a'), record('b')] });
  assert.equal((await third.store.hand(done)).duplicates, 0);
  const fourth = await reopenAsKilled(third.store);
  await claim(fourth.store, 2);
  const receipt = await fourth.store.hand(finishing(2, { records: [record('a'), record('b')] }));
  assert.equal(receipt.duplicates, 2);
  const { records, duplicates } = fourth.store.view;
  assert.deepEqual([records, duplicates], [2, 2]);
  // Groups and units know of it, too.
  await fourth.store.checkpoint('batch_completed', []);
  const summary = JSON.parse(await readFile(fourth.store.layout.summary, 'utf8')) as {
    papers_by_venue: Record<string, Record<string, number>>;
  };
  assert.deepEqual(summary.papers_by_venue, { all: { 0: 2 } });
});

test('units in progress go back to their cursors, done ones never', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await planUnits(store, 'done', 'moving', 'fresh', 'waiting');
  for (const unit of [1, 2, 3]) await claim(store, unit);
  await store.hand(finishing(1, { records: [record('a')] }));
  await store.hand({
    unit: 2,
    records: [record('b')],
    events: [{ type: 'advanced', unit: 2, cursor: { page: 2 } }],
  });
  const { opened, store: again } = await reopenAsKilled();
  assert.equal(opened.recovered?.requeued, 2);
  const pending = await again.pendingUnits('host', 0, 10);
  assert.deepEqual(
    pending.map(({ key, cursor, attempts }) => [key, cursor, attempts]),
    [
      ['moving', { page: 2 }, 0],
      ['fresh', undefined, 1],
      ['waiting', undefined, 0],
    ],
  );
  assert.equal(again.view.units.done, 1);
});

test('a unit that kills the process is failed after as many tries as retry.attempts, across crashes', async (t) => {
  const { store, reopenAsKilled } = await begin(t, { retry: { attempts: 3 } });
  await planUnits(store, 'deadly', 'fine');
  let current = store;
  for (let crash = 1; crash <= 3; crash++) {
    const [unit] = await current.pendingUnits('host', 0, 1);
    assert.equal(unit?.key, 'deadly');
    assert.equal(unit.attempts, crash - 1);
    await claim(current, unit.n, unit.attempts + 1);
    current = (await reopenAsKilled(current)).store;
  }
  assert.equal(current.view.units.failed, 1);
  assert.deepEqual(
    (await current.pendingUnits('host', 0, 10)).map((unit) => unit.key),
    ['fine'],
  );
  const [error] = current.view.errors;
  assert.deepEqual([error?.code, error?.key], ['UNIT_INTERRUPTED', 'deadly']);
  assert.match(error?.message ?? '', /3 times/);
});

test('what a unit had committed before it went back is known after a stop and an open, too', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await planUnits(store, 'u', 'v');
  await claim(store, 1);
  await store.hand({
    unit: 1,
    records: [record('a'), record('a')],
    rejected: [preparedReject(1, {})],
  });
  const back = { type: 'requeued', unit: 1, reason: 'stopped', attempts: 0, forget: 1 } as const;
  await store.record(back);
  await store.record({ type: 'stopped', reason: 'user', activeMs: 1 });
  const { root, store: again } = await reopenAsKilled();
  await claim(again, 1);
  const receipt = await again.hand(
    finishing(1, {
      records: [record('a'), record('a'), record('b')],
      rejected: [preparedReject(1, {})],
    }),
  );
  assert.deepEqual([receipt.records, receipt.duplicates, receipt.rejected], [1, 1, 0]);
  assert.deepEqual(await masterIds(root, again.view), ['a', 'b']);
  assert.equal((await dataLines(root, again.view, 'rejected')).length, 1);
  assert.deepEqual([again.view.records, again.view.duplicates, again.view.rejected], [2, 1, 1]);
});

test('a master that is missing stops the session with a word of what to do, and nothing is made', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await store.hand({ unit: 1, records: [record('a')] });
  let path = '';
  await assert.rejects(
    reopenAsKilled(store, async (copy) => {
      path = masterIn(copy, store);
      await nodeFileSystem.remove(path);
    }),
    (error: unknown) => {
      assert.ok(error instanceof FaultError);
      assert.equal(error.code, 'DATA_FILE_MISSING');
      assert.match(error.message, /Put it back and resume, or start a new session/);
      assert.ok(error.message.includes(path));
      return true;
    },
  );
  assert.equal(await nodeFileSystem.status(path), undefined);
});

test('a session that could not be opened can be opened when the reason is gone', async (t) => {
  const { store, reopenAsKilled, collection } = await begin(t);
  await store.hand({ unit: 1, records: [record('a')] });
  let copy = '';
  await assert.rejects(
    reopenAsKilled(store, async (root) => {
      copy = root;
      await nodeFileSystem.rename(masterIn(root, store), `${masterIn(root, store)}.moved`);
    }),
  );
  await nodeFileSystem.rename(`${masterIn(copy, store)}.moved`, masterIn(copy, store));
  const { store: again } = await openTestSession(
    copy,
    store.layout.session,
    testPorts(),
    collection,
  );
  assert.equal(again.view.records, 1);
  await again.close(true);
});

test('opening makes true what may be only in the page cache: the last commit is written again and synced', async (t) => {
  const { store, clock, reopenAsKilled } = await begin(t);
  await store.hand({ unit: 1, records: [record('old')], rejected: [preparedReject(1, {})] });
  await clock.advance(1);
  await store.hand({ unit: 1, records: [record('a')], rejected: [preparedReject(1, {})] });
  await appendFile(masterPath(store), '{"id":"adopted"}\n');
  const failing = new FailingFileSystem(nodeFileSystem);
  const { root } = await reopenAsKilled(store, undefined, testPorts(failing));
  const calls = failing.calls.map(({ operation, path, bytes }) => ({
    text: `${operation} ${basename(path)}`,
    bytes,
  }));
  const names = store.view.files.map(({ file }) => basename(file));
  const masterBytes = Buffer.byteLength('{"id":"a"}\n{"id":"adopted"}\n');
  for (const [name, bytes] of [
    [names[0] ?? '', masterBytes],
    [names[1] ?? '', Buffer.byteLength('{"reason":"test","unit":1,"record":{}}\n')],
    ['journal.jsonl', (await readJournal(store.layout)).entries.at(-1)],
  ] as const) {
    const length =
      typeof bytes === 'number' ? bytes : (bytes?.position.end ?? 0) - (bytes?.position.start ?? 0);
    const at = calls.findIndex(({ text, bytes: n }) => text === `write ${name}` && n === length);
    assert.ok(at >= 0, `${name} is written again: ${JSON.stringify(calls)}`);
    assert.equal(calls[at + 1]?.text, `datasync ${name}`);
  }
  const syncs = failing.calls.filter(({ operation }) => operation === 'syncDirectory');
  for (const folder of [dirname(store.layout.journal), dirname(masterPath(store))]) {
    const here = join(root, store.layout.relative(folder));
    assert.ok(
      syncs.some(({ path }) => path === here),
      `${folder} is synced`,
    );
  }
});

test('a commit of several journal lines is made true as a whole', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await planUnits(store, 'u');
  await claim(store, 1);
  const many = Array.from({ length: 3000 }, (_, i) => newUnit(`${'x'.repeat(2000)}${i}`));
  const before = store.view.seq;
  // One handover, so that it is one commit whatever else is being written.
  await store.hand({ ...finishing(1, { records: [record('a')] }), newUnits: many });
  assert.ok(store.view.seq > before + 1);
  // An index that has all of it leaves nothing of it to read.
  await store.levelIndex();
  const failing = new FailingFileSystem(nodeFileSystem);
  await reopenAsKilled(store, undefined, testPorts(failing));
  const { entries } = await readJournal(store.layout);
  const first = entries.find((entry) => entry.seq === before + 1)?.position.start ?? 0;
  const length = (await readFile(store.layout.journal)).length - first;
  const written = failing.calls
    .filter(({ operation, path }) => operation === 'write' && path.endsWith('journal.jsonl'))
    .map(({ bytes }) => bytes ?? 0);
  assert.ok(Math.max(...written) >= length, `${written.join()} of ${length} bytes`);
});

test('a disk that does not take what is made true shows it at the open', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await store.hand({ unit: 1, records: [record('a')] });
  for (const path of [/journal\.jsonl$/, /_master_/]) {
    const failing = new FailingFileSystem(nodeFileSystem, (call) =>
      call.operation === 'datasync' && path.test(call.path) ? systemError('EIO') : undefined,
    );
    await assert.rejects(reopenAsKilled(store, undefined, testPorts(failing)), { code: 'EIO' });
  }
});

test('a damaged line in the middle of the journal costs no record and no number of a unit', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await planUnits(store, 'u', 'v');
  for (const unit of [1, 2]) await claim(store, unit);
  await store.hand({ unit: 1, records: [record('a')] });
  const { seq } = store.view;
  await store.hand({
    unit: 2,
    records: [record('lost'), record('line')],
    newUnits: [newUnit('w')],
  });
  await store.hand({ unit: 1, records: [record('b')], newUnits: [newUnit('x')] });
  await store.hand(finishing(1, { records: [record('c')] }));
  const { entries } = await readJournal(store.layout);
  const at = entries.find((entry) => entry.seq === seq + 1)?.position.start ?? 0;
  const {
    root,
    opened,
    store: again,
  } = await reopenAsKilled(store, async (copy) => {
    const bytes = await readFile(journalIn(copy, store));
    bytes[at + 5] = (bytes[at + 5] ?? 0) ^ 1;
    await writeFile(journalIn(copy, store), bytes);
    // The index knows the line, so it would not be missed.
    for (const suffix of ['', '-wal', '-shm'])
      await nodeFileSystem.remove(moved(copy, store, store.layout.index + suffix));
  });
  assert.equal(opened.recovered?.journalGaps, 1);
  assert.deepEqual(await masterIds(root, again.view), ['a', 'lost', 'line', 'b', 'c']);
  assert.equal(again.view.records, 5);
  assert.equal(again.view.files[0]?.lines, 5);
  const receipt = await again.hand({
    records: [record('lost'), record('b')],
    newUnits: [newUnit('y')],
  });
  assert.equal(receipt.records, 0);
  assert.deepEqual(
    receipt.newUnits.map((unit) => unit.n),
    [5],
  );
  assert.deepEqual(await masterIds(root, again.view), ['a', 'lost', 'line', 'b', 'c']);
});

test('a session that moved with its workspace goes on', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await store.hand({ unit: 1, records: [record('a')] });
  const { root, store: again } = await reopenAsKilled();
  await again.hand({ unit: 1, records: [record('b')] });
  assert.deepEqual(await masterIds(root, again.view), ['a', 'b']);
});

test('limits that were changed are journalled at the open', async (t) => {
  const { store, root } = await begin(t);
  await store.close(true);
  const raised = testCollection({ limits: { target: 7 } });
  const { store: again } = await openTestSession(root, store.layout.session, testPorts(), raised);
  t.after(() => again.close(true));
  assert.deepEqual((again.view.mutable['limits'] as { target?: number }).target, 7);
});

test('a journal of a newer format is not touched', async (t) => {
  const { store } = await begin(t);
  const { entries } = await readJournal(store.layout);
  const [first] = entries;
  assert.ok(first?.events[0]?.type === 'session');
  const events = [{ ...first.events[0], format: 2 }, ...first.events.slice(1)];
  await writeFile(store.layout.journal, encodeLine({ ...first, events }, noSum).bytes);
  await assert.rejects(
    readSessionHeader({ fileSystem: nodeFileSystem }, store.layout),
    (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.equal(error.code, 'JOURNAL_TOO_NEW');
      assert.match(error.message, /format 2.*reads up to 1/);
      return true;
    },
  );
});

test('a journal whose first line is damaged is refused with a word of what that means', async (t) => {
  const { store } = await begin(t);
  const bytes = await readFile(store.layout.journal);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await writeFile(store.layout.journal, bytes);
  await assert.rejects(readSessionHeader({ fileSystem: nodeFileSystem }, store.layout), {
    name: 'FaultError',
    code: 'JOURNAL_HEADER_DAMAGED',
  });
});

test('recovering twice, and being killed in the middle of it, comes to the same', async (t) => {
  const { store, reopenAsKilled } = await begin(t);
  await planUnits(store, 'u');
  await claim(store, 1);
  await store.hand({ unit: 1, records: [record('a')] });
  await appendFile(masterPath(store), '{"id":"b"}\n{"id":"tor');
  await appendFile(store.layout.journal, '{"seq":99,');
  for (let n = 1; ; n++) {
    let copy = '';
    let calls = 0;
    const failing = new FailingFileSystem(nodeFileSystem, (call) => {
      calls += 1;
      return call.n >= n ? systemError('EIO') : undefined;
    });
    const died = await reopenAsKilled(
      store,
      (root) => {
        copy = root;
        return Promise.resolve();
      },
      testPorts(failing),
    ).then(
      () => false,
      () => true,
    );
    failing.rule = () => undefined;
    if (!died) break;
    const { store: again } = await openTestSession(copy, store.layout.session);
    assert.deepEqual(await masterIds(copy, again.view), ['a', 'b'], `killed at call ${n}`);
    assert.equal(again.view.records, 2);
    assert.equal(again.view.units.pending, 1);
    await again.close(true);
    assert.ok(calls < 1000);
  }
});
