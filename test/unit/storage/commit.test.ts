import assert from 'node:assert/strict';
import { appendFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FaultError } from '../../../src/core/errors.ts';
import { unpackFingerprints } from '../../../src/core/keys.ts';
import { sha256Hex } from '../../../src/storage/dataFile.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import type { SessionStore } from '../../../src/storage/sessionStore.ts';
import { FailingFileSystem, systemError } from '../../fixtures/failingFileSystem.ts';
import { letRun } from '../../fixtures/manualClock.ts';
import { RecordingFileSystem } from '../../fixtures/recordingFileSystem.ts';
import {
  claim,
  createTestSession,
  dataLines,
  finishing,
  makeScratchFolder,
  masterIds,
  masterPath,
  newUnit,
  planUnits,
  prepared,
  preparedReject,
  readJournal,
  testCollection,
  testPorts,
} from '../../fixtures/storageSession.ts';

/** A new session with a unit, on a disk that records and can be made to fail. */
async function begin(t: TestContext, parts: Record<string, unknown> = {}) {
  const root = await makeScratchFolder(t);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  const failing = new FailingFileSystem(disk);
  const store = await createTestSession(root, testPorts(failing), testCollection(parts));
  const heard = listen(store);
  t.after(async () => {
    failing.rule = () => undefined;
    store.abandon();
    await store.close(false);
  });
  await planUnits(store, 'u');
  heard.seqs.length = 0;
  return { root, disk, failing, store, heard };
}

function listen(store: SessionStore) {
  const heard = { full: [] as string[], faults: [] as FaultError[], seqs: [] as number[] };
  store.listen({
    onCommitted: (_view, entries) => heard.seqs.push(...entries.map((entry) => entry.seq)),
    onDiskFull: (message) => heard.full.push(message),
    onFault: (fault) => heard.faults.push(fault),
    onGroupsEnded: () => undefined,
  });
  return heard;
}

/** Of the journal and every data file. */
async function fileSizes(store: SessionStore): Promise<number[]> {
  const files = store.view.files.map(({ file }) => store.layout.absolute(file));
  const statuses = await Promise.all([store.layout.journal, ...files].map((f) => stat(f)));
  return statuses.map(({ size }) => size);
}

/** A broken rule shows as a failure, not as a test that never ends. */
const soon = { timeout: 20_000 };
const record = (id: string) => prepared({ id });
const isJournal = (path: string) => path.endsWith('journal.jsonl');
const isMaster = (path: string) => path.includes('_master_');

test('data is synced before the journal is written, and acknowledged after the journal is synced', async (t) => {
  const { disk, store } = await begin(t);
  await store.hand({ unit: 1, rejected: [preparedReject(1, {})], raw: ['{"i":0}'] });
  const before = disk.log.length;
  await store.hand({
    unit: 1,
    records: [record('a')],
    rejected: [preparedReject(1, {})],
    raw: ['{"i":1}'],
  });
  // The log as it was when the receipt came: nothing of the commit is still on its way.
  const log = disk.log
    .slice(before)
    .map(({ op, path }) => `${op} ${/journal|master|raw_|rejected/.exec(path)?.[0]}`);
  assert.deepEqual(log.slice(0, 3), ['write rejected', 'write raw_', 'write master']);
  assert.deepEqual(log.slice(3, 6).sort(), ['sync master', 'sync raw_', 'sync rejected']);
  assert.deepEqual(log.slice(6), ['write journal', 'sync journal']);
});

test('the journal is not written while the data is still being synced', soon, async (t) => {
  const { disk, failing, store } = await begin(t);
  const { promise: isSyncing, resolve: syncing } = Promise.withResolvers<undefined>();
  const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<undefined>();
  failing.rule = ({ operation, path }) => {
    if (operation !== 'datasync' || !isMaster(path)) return undefined;
    syncing(undefined);
    return mayGoOn;
  };
  const before = disk.log.length;
  const done = store.hand({ unit: 1, records: [record('a')] });
  await isSyncing;
  for (let turn = 0; turn < 20; turn++) await letRun();
  assert.deepEqual(
    disk.log.slice(before).map(({ op, path }) => `${op} ${isMaster(path) ? 'master' : path}`),
    ['write master'],
  );
  goOn(undefined);
  await done;
});

test('nobody is told anything before the journal is synced', soon, async (t) => {
  const { failing, store, heard } = await begin(t);
  const { view } = store;
  const { promise: isSyncing, resolve: syncing } = Promise.withResolvers<undefined>();
  const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<undefined>();
  failing.rule = ({ operation, path }) => {
    if (operation !== 'datasync' || !isJournal(path)) return undefined;
    syncing(undefined);
    return mayGoOn;
  };
  let isAcknowledged = false;
  const done = store.hand({ unit: 1, records: [record('a')] }).then(() => {
    isAcknowledged = true;
  });
  await isSyncing;
  for (let turn = 0; turn < 20; turn++) await letRun();
  assert.equal(isAcknowledged, false);
  assert.equal(store.view, view);
  assert.equal(store.notYetSafe, 1);
  assert.deepEqual(heard.seqs, []);
  goOn(undefined);
  await done;
  assert.equal(store.view.records, 1);
  assert.equal(store.notYetSafe, 0);
  assert.equal(heard.seqs.length, 1);
});

test('a range in the journal names exactly the bytes that were written, and their keys', async (t) => {
  const { root, store } = await begin(t);
  await store.hand({ unit: 1, records: [record('a'), record('b')] });
  await store.hand({
    unit: 1,
    records: [record('c'), record('a')],
    rejected: [preparedReject(1, { x: 1 })],
  });
  const { entries } = await readJournal(store.layout);
  const ranges = entries.flatMap((e) =>
    e.events.flatMap((v) => (v.type === 'committed' ? v.ranges : [])),
  );
  assert.deepEqual(
    ranges.map((range) => range.role),
    ['master', 'rejected', 'master'],
  );
  const ends = new Map<string, number>();
  for (const range of ranges) {
    const bytes = await readFile(store.layout.absolute(range.file));
    const part = bytes.subarray(range.offset, range.offset + range.bytes);
    assert.equal(sha256Hex(part), range.sha256);
    assert.equal(range.offset, ends.get(range.file) ?? 0);
    ends.set(range.file, range.offset + range.bytes);
    assert.equal(unpackFingerprints(range.keys).length, part.toString().split('\n').length - 1);
  }
  assert.deepEqual(unpackFingerprints(ranges[2]?.keys ?? ''), [record('c').key]);
  assert.deepEqual(await dataLines(root, store.view, 'rejected'), [
    { reason: 'test', unit: 1, record: { x: 1 } },
  ]);
});

test('what waits while a commit is written goes into the next one, together', async (t) => {
  const { store, heard } = await begin(t);
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => store.hand({ unit: 1, records: [record(`r${i}`)] })),
  );
  assert.equal(store.view.records, 50);
  assert.equal(heard.seqs.length, 2);
});

test('the same key twice in one commit is one record and one duplicate', async (t) => {
  const { root, store } = await begin(t);
  const receipts = await Promise.all([
    store.hand({ unit: 1, records: [record('x')] }),
    store.hand({ unit: 1, records: [record('a'), record('a')] }),
    store.hand({ unit: 1, records: [record('a'), record('b')] }),
  ]);
  assert.deepEqual(
    receipts.map(({ records, duplicates }) => [records, duplicates]),
    [
      [1, 0],
      [1, 1],
      [1, 1],
    ],
  );
  assert.deepEqual(await masterIds(root, store.view), ['x', 'a', 'b']);
});

for (const [code, where] of [
  ['ENOSPC', 'the master'],
  ['EDQUOT', 'the master'],
  ['ENOSPC', 'the journal'],
  ['ENOSPC', 'the rejected file'],
  ['ENOSPC', 'the raw file'],
] as const) {
  test(
    `${code} in a write to ${where}: cut back, kept, tried again, and nothing is a duplicate then`,
    soon,
    async (t) => {
      const { root, failing, store, heard } = await begin(t);
      await store.hand({
        unit: 1,
        records: [record('kept')],
        rejected: [preparedReject(1, {})],
        raw: ['{}'],
      });
      const pattern = {
        'the master': /_master_/,
        'the journal': /journal/,
        'the rejected file': /_rejected_/,
        'the raw file': /_raw_/,
      }[where];
      const sizes = await fileSizes(store);
      failing.rule = ({ operation, path }) =>
        operation === 'write' && pattern.test(path)
          ? { wrote: 2, error: systemError(code) }
          : undefined;
      const handed = store.hand({
        unit: 1,
        records: [record('a'), record('b')],
        rejected: [preparedReject(1, { second: true })],
        raw: ['{"second":true}'],
        newUnits: [newUnit('found')],
        events: [{ type: 'advanced', unit: 1, cursor: 1 }],
      });
      const later = store.hand({ unit: 1, records: [record('c')] });
      await store.settled();
      assert.equal(heard.full.length, 1);
      assert.match(heard.full[0] ?? '', new RegExp(code));
      assert.deepEqual(heard.faults, []);
      assert.equal(store.notYetSafe, 3);
      assert.equal(store.view.records, 1);
      // Pausing writes nothing, and what was half written is gone.
      assert.deepEqual(await fileSizes(store), sizes);
      const { entries } = await readJournal(store.layout);
      assert.equal(entries.at(-1)?.seq, store.view.seq);

      failing.rule = () => undefined;
      store.retry();
      const receipt = await handed;
      assert.deepEqual([receipt.records, receipt.duplicates, receipt.rejected], [2, 0, 1]);
      assert.deepEqual(
        receipt.newUnits.map((unit) => unit.n),
        [2],
      );
      assert.equal((await later).records, 1);
      assert.deepEqual(await masterIds(root, store.view), ['kept', 'a', 'b', 'c']);
      assert.equal((await dataLines(root, store.view, 'rejected')).length, 2);
      assert.equal((await dataLines(root, store.view, 'raw')).length, 2);
      const { records, duplicates, rejected } = store.view;
      assert.deepEqual(
        { records, duplicates, rejected },
        { records: 4, duplicates: 0, rejected: 2 },
      );
    },
  );
}

test(
  'a retry that is asked for while one still meets the full disk is not lost',
  soon,
  async (t) => {
    const { failing, store } = await begin(t);
    const isMasterWrite = ({ operation, path }: { operation: string; path: string }) =>
      operation === 'write' && isMaster(path);
    failing.rule = (call) => (isMasterWrite(call) ? systemError('ENOSPC') : undefined);
    const handed = store.hand({ unit: 1, records: [record('a')] });
    await store.settled();
    const { promise: held, resolve: letFail } = Promise.withResolvers<undefined>();
    const { promise: met, resolve: meet } = Promise.withResolvers<undefined>();
    failing.rule = async (call) => {
      if (!isMasterWrite(call)) return undefined;
      meet(undefined);
      await held;
      return systemError('ENOSPC');
    };
    store.retry();
    await met;
    failing.rule = () => undefined;
    store.retry();
    letFail(undefined);
    assert.equal((await handed).records, 1);
  },
);

test(
  'a disk that is still full at the retry keeps everything for the next one',
  soon,
  async (t) => {
    const { root, failing, store, heard } = await begin(t);
    failing.rule = ({ operation, path }) =>
      operation === 'write' && isMaster(path) ? systemError('ENOSPC') : undefined;
    const handed = store.hand({ unit: 1, records: [record('a')] });
    await store.settled();
    for (let round = 2; round <= 4; round++) {
      store.retry();
      await store.settled();
      while (heard.full.length < round) await letRun();
    }
    failing.rule = () => undefined;
    store.retry();
    assert.equal((await handed).records, 1);
    assert.deepEqual(await masterIds(root, store.view), ['a']);
  },
);

test(
  'a rejected file that can not be made on a full disk leaves nothing, and is made later',
  soon,
  async (t) => {
    const { root, failing, store, heard } = await begin(t);
    failing.rule = ({ operation, path }) =>
      operation === 'write' && isJournal(path)
        ? { wrote: 7, error: systemError('ENOSPC') }
        : undefined;
    const handed = store.hand({ unit: 1, rejected: [preparedReject(1, {})] });
    await store.settled();
    assert.equal(heard.full.length, 1);
    assert.deepEqual(await nodeFileSystem.list(dirname(masterPath(store))), [
      'things_master_20261121_161500.jsonl',
    ]);
    failing.rule = () => undefined;
    store.retry();
    assert.equal((await handed).rejected, 1);
    assert.deepEqual(
      store.view.files.map(({ file }) => file),
      [
        'data/raw/things_master_20261121_161500.jsonl',
        'data/raw/things_rejected_20261121_161500.jsonl',
      ],
    );
    assert.equal((await dataLines(root, store.view, 'rejected')).length, 1);
  },
);

for (const where of ['master', 'rejected', 'raw', 'journal'] as const) {
  test(
    `a failed fdatasync of the ${where} is a fault: nothing is acknowledged then or afterwards`,
    soon,
    async (t) => {
      const { failing, store, heard } = await begin(t);
      const everything = {
        unit: 1,
        records: [record('a')],
        rejected: [preparedReject(1, {})],
        raw: ['{}'],
      };
      await store.hand(everything);
      const { view } = store;
      failing.rule = ({ operation, path }) =>
        operation === 'datasync' && path.includes(where) ? systemError('EIO') : undefined;
      const handed = store.hand({ ...everything, records: [record('b')] });
      const waiting = store.hand({ unit: 1, records: [record('c')] });
      await assert.rejects(handed, { name: 'FaultError', code: 'SYNC_FAILED' });
      await assert.rejects(waiting, { name: 'FaultError', code: 'SYNC_FAILED' });
      failing.rule = () => undefined;
      const calls = failing.calls.length;
      await assert.rejects(store.hand({ unit: 1, records: [record('d')] }), {
        code: 'SYNC_FAILED',
      });
      await assert.rejects(store.record({ type: 'resumed' }), { code: 'SYNC_FAILED' });
      store.retry();
      await store.settled();
      assert.equal(failing.calls.length, calls, 'something was done after the fault');
      assert.equal(store.view, view);
      assert.equal(store.notYetSafe, 0);
      assert.deepEqual(
        heard.faults.map((fault) => fault.code),
        ['SYNC_FAILED'],
      );
      assert.deepEqual(heard.full, []);
    },
  );
}

for (const code of ['EIO', 'EACCES', 'EMFILE'] as const) {
  test(`${code} in a write is a fault that says so`, soon, async (t) => {
    const { failing, store, heard } = await begin(t);
    failing.rule = ({ operation }) => (operation === 'write' ? systemError(code) : undefined);
    await assert.rejects(store.hand({ unit: 1, records: [record('a')] }), (error: unknown) => {
      assert.ok(error instanceof FaultError);
      assert.equal(error.code, 'WRITE_FAILED');
      assert.match(error.message, new RegExp(code));
      return true;
    });
    assert.equal(heard.faults.length, 1);
  });
}

for (const [what, meddle, code] of [
  ['deleted', (path: string) => rm(path), 'DATA_FILE_MISSING'],
  ['edited', (path: string) => appendFile(path, '{"id":"by hand"}\n'), 'DATA_FILE_CHANGED'],
  [
    'saved by an editor that replaces',
    async (path: string) => {
      await writeFile(`${path}~`, await readFile(path));
      await rename(`${path}~`, path);
    },
    'DATA_FILE_REPLACED',
  ],
] as const) {
  test(`the fence: a master that was ${what} while it ran is a fault, and nothing is written`, async (t) => {
    const { failing, store, heard } = await begin(t);
    await store.hand({ unit: 1, records: [record('a')] });
    const path = masterPath(store);
    await meddle(path);
    const before = failing.calls.length;
    await assert.rejects(store.hand({ unit: 1, records: [record('b')] }), (error: unknown) => {
      assert.ok(error instanceof FaultError);
      assert.equal(error.code, code);
      assert.ok(error.message.includes(path), error.message);
      return true;
    });
    const writes = failing.calls.slice(before).filter((call) => call.operation === 'write');
    assert.deepEqual(writes, []);
    assert.equal(heard.faults[0]?.code, code);
    assert.equal(store.view.records, 1);
  });
}

test('the fence stands before the journal, too', async (t) => {
  const { store } = await begin(t);
  await appendFile(store.layout.journal, 'x');
  await assert.rejects(store.record({ type: 'resumed' }), { code: 'DATA_FILE_CHANGED' });
});

test('the target is reached exactly; the unit that it cuts is not done', async (t) => {
  const { root, store } = await begin(t, { limits: { target: 3 } });
  await planUnits(store, 'u2', 'u3');
  for (const unit of [1, 2, 3]) await claim(store, unit);
  const [first, second, third] = await Promise.all([
    store.hand(finishing(1, { records: [record('a'), record('a')] })),
    store.hand(
      finishing(2, {
        records: [record('b'), record('a'), record('c'), record('d'), record('e')],
        newUnits: [newUnit('found')],
      }),
    ),
    store.hand(finishing(3, { records: [record('f')] })),
  ]);
  assert.deepEqual([first.isCut, first.records, first.duplicates], [false, 1, 1]);
  assert.deepEqual([second.isCut, second.records, second.duplicates], [true, 2, 1]);
  assert.deepEqual([third.isCut, third.records], [true, 0]);
  assert.deepEqual(second.newUnits, []);
  assert.ok(store.isTargetReached);
  assert.deepEqual(await masterIds(root, store.view), ['a', 'b', 'c']);
  const { done, in_progress: inProgress } = store.view.units;
  assert.deepEqual([done, inProgress], [1, 2]);
  // Duplicates and ends go on being taken.
  await store.hand(finishing(3, { records: [record('a')] }));
  assert.equal(store.view.units.done, 2);
});

test('of each value of the limited field only so many are kept, over commits and within one', async (t) => {
  const { root, store } = await begin(t, { limits: { perKey: { field: 'author', max: 2 } } });
  const by = (id: string, author?: string) =>
    prepared({ id, ...(author === undefined ? {} : { author }) }, author);
  await store.hand({ unit: 1, records: [by('1', 'x'), by('2', 'y')] });
  const receipt = await store.hand({
    unit: 1,
    records: [by('3', 'x'), by('1', 'x'), by('4', 'x'), by('5', 'x'), by('6'), by('7'), by('8')],
  });
  assert.deepEqual([receipt.records, receipt.duplicates, receipt.rejected], [4, 1, 2]);
  assert.deepEqual(await masterIds(root, store.view), ['1', '2', '3', '6', '7', '8']);
  assert.deepEqual(await dataLines(root, store.view, 'rejected'), [
    { reason: 'over limits.perKey', unit: 1, record: { id: '4', author: 'x' } },
    { reason: 'over limits.perKey', unit: 1, record: { id: '5', author: 'x' } },
  ]);
});

test('known units are dropped by their key, whoever finds them', async (t) => {
  const { store } = await begin(t);
  const receipts = await Promise.all([
    store.hand({ newUnits: [newUnit('u'), newUnit('v')] }),
    store.hand({ newUnits: [newUnit('v'), newUnit('w'), newUnit('w')] }),
  ]);
  assert.deepEqual(
    receipts.map((receipt) => receipt.newUnits.map((unit) => [unit.key, unit.n])),
    [[['v', 2]], [['w', 3]]],
  );
  assert.equal(store.view.unitTotal, 3);
});

test('a unit that goes back brings its lines again: they are neither new nor duplicates', async (t) => {
  const { root, store } = await begin(t, { limits: { perKey: { field: 'by', max: 1 } } });
  await planUnits(store, 'other');
  await store.hand({ unit: 2, records: [record('theirs')] });
  const page = {
    unit: 1,
    records: [
      record('a'),
      record('theirs'),
      record('a'),
      prepared({ id: 'b', by: 'x' }, 'x'),
      prepared({ id: 'c', by: 'x' }, 'x'),
    ],
    rejected: [preparedReject(1, {}), preparedReject(1, {}), preparedReject(2, { other: 1 })],
  };
  await claim(store, 1);
  const first = await store.hand(page);
  assert.deepEqual([first.records, first.duplicates, first.rejected], [2, 2, 4]);
  let { keys } = first;
  for (let attempt = 1; attempt <= 3; attempt++) {
    store.expectAgain(1, keys);
    await store.record({
      type: 'requeued',
      unit: 1,
      reason: 'retry',
      attempts: attempt,
      forget: 2,
    });
    await claim(store, 1, attempt + 1);
    const again = await store.hand(page);
    assert.deepEqual([again.records, again.duplicates, again.rejected], [0, 2, 0]);
    keys = again.keys;
  }
  const { records, duplicates, rejected } = store.view;
  assert.deepEqual([records, duplicates, rejected], [3, 2, 4]);
  assert.deepEqual(await masterIds(root, store.view), ['theirs', 'a', 'b']);
  assert.equal((await dataLines(root, store.view, 'rejected')).length, 4);
  // Brought yet again, by the same unit or another, they are duplicates.
  const more = await store.hand({ unit: 2, records: [record('a'), record('b')] });
  assert.equal(more.duplicates, 2);
});

test('a line that comes again is taken once, also by a commit that writes nothing', async (t) => {
  const { store } = await begin(t);
  const { keys } = await store.hand({ unit: 1, records: [record('a')] });
  store.expectAgain(1, keys);
  assert.equal((await store.hand({ unit: 1, records: [record('a')] })).duplicates, 0);
  assert.equal((await store.hand({ unit: 1, records: [record('a')] })).duplicates, 1);
});

test('more than 16 MB waiting blocks whoever hands over', soon, async (t) => {
  const { failing, store } = await begin(t);
  const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<undefined>();
  failing.rule = ({ operation }) => (operation === 'write' ? mayGoOn : undefined);
  const big = (id: string) => prepared({ id, text: 'x'.repeat(6_000_000) });
  const handed = ['a', 'b', 'c', 'd'].map((id) => store.hand({ unit: 1, records: [big(id)] }));
  await letRun();
  assert.equal(store.notYetSafe, 2, '12 MB wait; two more records stay with their sources');
  goOn(undefined);
  await Promise.all(handed);
  assert.equal(store.view.records, 4);
  assert.equal(store.notYetSafe, 0);
});

test('one handover that is larger than all that may wait still goes through', async (t) => {
  const { store } = await begin(t);
  const big = prepared({ id: 'big', text: 'x'.repeat(17_000_000) });
  await Promise.all([
    store.hand({ unit: 1, records: [record('a')] }),
    store.hand({ unit: 1, records: [big] }),
    store.hand({ unit: 1, records: [record('b')] }),
  ]);
  assert.equal(store.view.records, 3);
});

test('a fault lets go of whoever is blocked', async (t) => {
  const { failing, store } = await begin(t);
  const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<undefined>();
  failing.rule = async ({ operation }) => {
    if (operation !== 'write') return undefined;
    await mayGoOn;
    return systemError('EIO');
  };
  const big = (id: string) => prepared({ id, text: 'x'.repeat(9_000_000) });
  const handed = ['a', 'b', 'c'].map((id) => store.hand({ unit: 1, records: [big(id)] }));
  const settled = Promise.allSettled(handed);
  await letRun();
  goOn(undefined);
  for (const { status } of await settled) assert.equal(status, 'rejected');
});

test('a lazy handover waits for the next commit, but not for ever', async (t) => {
  const { store, heard } = await begin(t);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const lazy = store.hand({ events: [{ type: 'claimed', unit: 1, attempt: 1 }], isLazy: true });
  for (let turn = 0; turn < 10; turn++) await letRun();
  assert.deepEqual(heard.seqs, []);
  t.mock.timers.tick(50);
  await lazy;
  assert.equal(heard.seqs.length, 1);
  const together = [
    store.hand({ events: [{ type: 'resumed' }], isLazy: true }),
    store.hand({ unit: 1, records: [record('a')] }),
  ];
  await Promise.all(together);
  assert.equal(heard.seqs.length, 2);
});

test('what is abandoned was never acknowledged, and nothing is written of it', soon, async (t) => {
  const { failing, store } = await begin(t);
  failing.rule = ({ operation }) => (operation === 'write' ? systemError('ENOSPC') : undefined);
  const handed = store.hand({ unit: 1, records: [record('a')] });
  await store.settled();
  failing.rule = () => undefined;
  const calls = failing.calls.length;
  store.abandon();
  await assert.rejects(handed, { name: 'FaultError', code: 'ABANDONED' });
  store.retry();
  await store.settled();
  assert.equal(failing.calls.length, calls);
  assert.equal(store.notYetSafe, 0);
});

test('records that a source left out itself count as duplicates, and are forgotten with a unit that goes back', async (t) => {
  const { store } = await begin(t);
  const [unit = 0] = await planUnits(store, 'a');
  await claim(store, unit);
  const advanced = { type: 'advanced', unit, cursor: 1 } as const;
  const receipt = await store.hand({
    unit,
    records: [prepared({ id: 1 }), prepared({ id: 1 })],
    duplicates: 3,
    events: [advanced],
  });
  assert.equal(receipt.duplicates, 4);
  assert.equal(store.view.duplicates, 4);
  await store.hand({ unit, duplicates: 2 });
  assert.equal(store.view.duplicates, 6);
  await store.record({ type: 'requeued', unit, reason: 'stopped', attempts: 0, forget: 2 });
  assert.equal(store.view.duplicates, 4);
});
