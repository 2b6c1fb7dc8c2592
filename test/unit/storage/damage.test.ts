import assert from 'node:assert/strict';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { JournalEvent } from '../../../src/core/events.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import type { OpenChoices, OpenedSession } from '../../../src/storage/openSession.ts';
import { SessionIndex } from '../../../src/storage/sessionIndex.ts';
import type { SessionStore } from '../../../src/storage/sessionStore.ts';
import {
  claim,
  copyAsKilled,
  createTestSession,
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
  testPorts,
} from '../../fixtures/storageSession.ts';

const record = (id: string) => prepared({ id, text: `text of ${id}` });

/** Two units with two records each, in two commits, stopped in order; `meddle` with the files before it is opened again. */
async function opensAfter(
  t: TestContext,
  meddle: (root: string, store: SessionStore) => Promise<void>,
  choices: OpenChoices = {},
): Promise<{ root: string; opened: OpenedSession; store: SessionStore }> {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  await planUnits(store, 'first', 'second', 'third');
  for (const [unit, ids] of [
    [1, ['a', 'b']],
    [2, ['c', 'd']],
  ] as const) {
    await claim(store, unit);
    const records = ids.map((id) => record(id));
    await store.hand(finishing(unit, { records, rejected: [preparedReject(unit, { unit })] }));
  }
  await store.record({ type: 'stopped', reason: 'user', activeMs: 1 });
  await store.close(true);
  await meddle(root, store);
  return { root, ...(await reopen(t, root, store, choices)) };
}

async function reopen(
  t: TestContext,
  root: string,
  store: SessionStore,
  choices: OpenChoices = {},
): Promise<{ opened: OpenedSession; store: SessionStore }> {
  const opened = await openTestSession(root, store.layout.session, testPorts(), undefined, choices);
  t.after(() => opened.store.close(true));
  return { opened, store: opened.store };
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

/** What each unit is in, from the index. */
function statesOf(store: SessionStore): Record<string, string> {
  const index = SessionIndex.open(store.layout.index, { isReadOnly: true });
  try {
    const states = ['pending', 'in_progress', 'done', 'failed'] as const;
    const units = states.flatMap((state) => index.unitsInState(state));
    return Object.fromEntries(units.map((unit) => [unit.key, unit.state]));
  } finally {
    index.close();
  }
}

test('lines that are gone from the end of a master are collected again', async (t) => {
  const { root, opened, store } = await opensAfter(t, async (_root, before) => {
    const { size } = (await nodeFileSystem.status(masterPath(before))) ?? { size: 0 };
    await truncate(masterPath(before), size - 5);
  });
  const [damaged] = opened.recovered?.damaged ?? [];
  assert.equal(damaged?.file, store.view.files[0]?.file);
  // The whole one of the two lines is found again, and belongs to whoever brings it.
  assert.deepEqual(await masterIds(root, store.view), ['a', 'b', 'c']);
  assert.equal(store.view.records, 3);
  assert.deepEqual(statesOf(store), { first: 'done', second: 'pending', third: 'pending' });
  assert.equal(store.view.units.pending, 2);
  await claim(store, 2);
  const receipt = await store.hand(finishing(2, { records: [record('c'), record('d')] }));
  assert.deepEqual([receipt.records, receipt.duplicates], [1, 0]);
  assert.deepEqual(await masterIds(root, store.view), ['a', 'b', 'c', 'd']);
  assert.deepEqual([store.view.records, store.view.files[0]?.lines], [4, 4]);
});

test('a line of the last commit that can not be read any more is collected again', async (t) => {
  let bytes = '';
  const { opened, store } = await opensAfter(t, async (_root, before) => {
    await edit(masterPath(before), (text) => text.replace('{"id":"c"', '{"id":c"X'));
    bytes = await readFile(masterPath(before), 'utf8');
  });
  assert.equal(opened.recovered?.damaged.length, 1);
  assert.deepEqual(statesOf(store), { first: 'done', second: 'pending', third: 'pending' });
  assert.equal(store.view.records, 3);
  assert.equal(await readFile(masterPath(store), 'utf8'), bytes, 'the bytes keep their place');
  await claim(store, 2);
  const receipt = await store.hand(finishing(2, { records: [record('c'), record('d')] }));
  assert.deepEqual([receipt.records, receipt.duplicates], [1, 1]);
  assert.equal(store.view.records, 4);
});

test('damage further up is found by a thorough open, once', async (t) => {
  const spoil = (_root: string, before: SessionStore): Promise<void> =>
    edit(masterPath(before), (text) => text.replace('"text of a"', '\u0000text of a"'));
  const quick = await opensAfter(t, spoil);
  assert.deepEqual(quick.opened.recovered, undefined);
  const { root, opened, store } = await opensAfter(t, spoil, { isThorough: true });
  assert.equal(opened.recovered?.damaged.length, 1);
  assert.deepEqual(statesOf(store), { first: 'pending', second: 'done', third: 'pending' });
  assert.equal(store.view.records, 3);
  await store.record({ type: 'stopped', reason: 'user', activeMs: 1 });
  await store.close(true);
  const again = await reopen(t, root, store, { isThorough: true });
  assert.equal(again.opened.recovered, undefined);
  assert.equal(again.store.view.records, 3);
});

test('what was lost stays unknown when the index is made anew', async (t) => {
  const { root, store } = await opensAfter(t, async (_root, before) => {
    await edit(masterPath(before), (text) => text.replace('{"id":"d"', '{"id":d"X'));
  });
  await store.close(true);
  await nodeFileSystem.remove(store.layout.index);
  const { store: again } = await reopen(t, root, store);
  const receipt = await again.hand({ records: [record('c'), record('d')] });
  assert.deepEqual([receipt.records, receipt.duplicates], [1, 1]);
});

for (const [what, change, lines] of [
  ['a word was put in', (text: string) => text.replace('text of a', 'a better text'), '1-2'],
  ['a line was taken out', (text: string) => text.split('\n').toSpliced(1, 1).join('\n'), '1-2'],
  ['a line was put in', (text: string) => text.replace('\n', '\n{"id":"mine"}\n'), '1-2'],
  ['a word of the last line was made longer', (s: string) => s.replace('of d', 'about d'), '3-4'],
] as const) {
  test(`a master that was edited by hand stops the session and says where: ${what}`, async (t) => {
    let edited = '';
    await assert.rejects(
      opensAfter(t, async (_root, before) => {
        await edit(masterPath(before), change);
        edited = masterPath(before);
        t.after(() => undefined);
      }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'DATA_FILE_EDITED');
        assert.match(error.message, new RegExp(`lines ${lines}`));
        return true;
      },
    );
    const text = await readFile(edited, 'utf8');
    assert.match(text, /about d|text of d/);
    assert.equal((await nodeFileSystem.list(join(edited, '..'))).length, 2, 'nothing is cut off');
  });
}

test('a line that was appended by hand is a record', async (t) => {
  const { root, opened, store } = await opensAfter(t, (_root, before) =>
    appendFile(masterPath(before), '{"id":"mine"}\n'),
  );
  assert.equal(opened.recovered?.adopted, 1);
  assert.deepEqual(await masterIds(root, store.view), ['a', 'b', 'c', 'd', 'mine']);
});

test('rejected lines that are gone are rejected again', async (t) => {
  const { root, store } = await opensAfter(t, async (folder, before) => {
    const rejected = before.view.files.find((f) => f.role === 'rejected');
    await truncate(join(folder, rejected?.file ?? ''), 3);
  });
  assert.equal(store.view.rejected, 0);
  assert.deepEqual(statesOf(store), { first: 'pending', second: 'pending', third: 'pending' });
  const rejected = store.view.files.find((f) => f.role === 'rejected');
  assert.equal((await readFile(join(root, rejected?.file ?? ''))).length, 0);
});

test('records that recovery had adopted and that are lost belong to the unit that took them', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  await planUnits(store, 'u');
  const killed = await copyAsKilled(root, join(await makeScratchFolder(t), 'copy'));
  await appendFile(join(killed, store.view.files[0]?.file ?? ''), `${record('a').line}\n`);
  const first = await openTestSession(killed, store.layout.session);
  await store.close(true);
  await claim(first.store, 1);
  await first.store.hand(finishing(1, { records: [record('a')] }));
  await first.store.record({ type: 'stopped', reason: 'user', activeMs: 1 });
  await first.store.close(true);
  await truncate(masterPath(first.store), 0);
  const { store: again } = await reopen(t, killed, first.store);
  assert.deepEqual(statesOf(again), { u: 'pending' });
  assert.equal(again.view.records, 0);
});

test('a unit that cost money goes back as well when its records are damaged: what was paid for is in the raw file', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  await planUnits(store, 'paid', 'free');
  const intent = { intent: 'i', unit: 1, what: 'w', reservedMicroUsd: 5, inputHash: '' } as const;
  await store.record({ type: 'intent', ...intent });
  for (const unit of [1, 2]) {
    await claim(store, unit);
    await store.hand(finishing(unit, { records: [record(`r${unit}`)] }));
  }
  await store.record({ type: 'stopped', reason: 'user', activeMs: 1 });
  await store.close(true);
  await truncate(masterPath(store), 0);
  const { store: again } = await reopen(t, root, store);
  assert.deepEqual(statesOf(again), { paid: 'pending', free: 'pending' });
});

test('going back to a checkpoint gives back what moved on after it, and nothing that cost money', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  await planUnits(store, 'before', 'after', 'half', 'paid', 'untouched');
  const done = async (unit: number, id: string): Promise<void> => {
    await claim(store, unit);
    await store.hand(finishing(unit, { records: [record(id)] }));
  };
  await done(1, 'a');
  const { seq } = store.view;
  await done(2, 'b');
  await claim(store, 3);
  await store.record({ type: 'advanced', unit: 3, cursor: 7 });
  const intent = { intent: 'i', unit: 4, what: 'w', reservedMicroUsd: 5, inputHash: '' } as const;
  await store.record({ type: 'intent', ...intent });
  await done(4, 'c');
  await store.close(true);
  const since = { seq, checkpoint: 'checkpoint_1' };
  const { store: again } = await reopen(t, root, store, { since });
  const expected = {
    before: 'done',
    after: 'pending',
    half: 'pending',
    paid: 'done',
    untouched: 'pending',
  };
  assert.deepEqual(statesOf(again), expected);
  const half = (await again.pendingUnits('host', 0, 9)).find((unit) => unit.key === 'half');
  assert.equal(half?.cursor, undefined, 'a cursor that moved since is not believed');
  assert.equal(again.view.units.pending, 3);
  assert.equal(again.view.units.done, 2);
  assert.equal(again.view.reservedMicroUsd, 5);
  // Masters are never rewound: what comes again is a duplicate.
  const receipt = await again.hand({ unit: 2, records: [record('b')] });
  assert.deepEqual([receipt.records, receipt.duplicates], [0, 1]);
  await again.close(true);
  await writeFile(again.layout.index, 'no database');
  const { store: rebuilt } = await reopen(t, root, again);
  assert.deepEqual(statesOf(rebuilt), expected);
  const waiting = (await rebuilt.pendingUnits('host', 0, 9)).map((unit) => unit.key);
  assert.deepEqual(waiting, ['after', 'half', 'untouched']);
});

test('a unit that was worked on where the journal is damaged starts over, and units are counted anew', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  await planUnits(store, 'across', 'after', 'inside');
  await claim(store, 1);
  await store.record({ type: 'advanced', unit: 1, cursor: 1 });
  const { seq } = store.view;
  // The lost line: a page with a new unit on it, the claim of another unit, and a rejected line.
  const events: JournalEvent[] = [
    { type: 'claimed', unit: 3, attempt: 1 },
    { type: 'advanced', unit: 1, cursor: 2 },
  ];
  const rejected = [preparedReject(1, { odd: true })];
  await store.hand({ unit: 1, newUnits: [newUnit('found')], rejected, events });
  await store.hand(finishing(1, { records: [record('a')] }));
  await store.hand(finishing(3, { records: [record('c')] }));
  await claim(store, 2);
  await store.hand(finishing(2, { records: [record('b')], rejected: [preparedReject(2, {})] }));
  await store.record({ type: 'stopped', reason: 'user', activeMs: 1 });
  await store.close(true);
  const { entries } = await readJournal(store.layout);
  const lost = entries.find(
    (entry) => entry.seq > seq && entry.events.some((e) => e.type === 'units'),
  );
  const bytes = await readFile(store.layout.journal);
  bytes[(lost?.position.start ?? 0) + 9] = 0x21;
  await writeFile(store.layout.journal, bytes);
  await nodeFileSystem.remove(store.layout.index);
  const { opened, store: again } = await reopen(t, root, store);
  assert.equal(opened.recovered?.journalGaps, 1);
  assert.deepEqual(statesOf(again), { across: 'pending', after: 'done', inside: 'pending' });
  const { units, rejected: rejects, files } = again.view;
  assert.deepEqual([units.pending, units.in_progress, units.done], [2, 0, 1]);
  assert.equal(rejects, 2, 'the rejected line is counted again');
  assert.equal(files.find((f) => f.role === 'rejected')?.lines, 2);
  const across = (await again.pendingUnits('host', 0, 9)).find((unit) => unit.key === 'across');
  assert.equal(across?.cursor, undefined);
  await again.close(true);
  await nodeFileSystem.remove(again.layout.index);
  const { store: rebuilt } = await reopen(t, root, again);
  assert.deepEqual(rebuilt.view.units, units, 'the fold comes to the same when it is made anew');
});
