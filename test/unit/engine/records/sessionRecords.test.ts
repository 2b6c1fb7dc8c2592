import assert from 'node:assert/strict';
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { FileRole } from '../../../../src/core/events.ts';
import { RecordFile, type JournalledFile } from '../../../../src/engine/records/recordFile.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import { findLine } from '../../../../src/storage/journalSearch.ts';
import type { SessionStore } from '../../../../src/storage/sessionStore.ts';
import { SeededRandom } from '../../../fixtures/seededRandom.ts';
import {
  claim,
  copyAsKilled,
  createTestSession,
  dataLines,
  makeScratchFolder,
  newUnit,
  openTestSession,
  planUnits,
  prepared,
  preparedReject,
  readJournal,
  testPorts,
  unsyncedFileSystem,
} from '../../../fixtures/storageSession.ts';

/** A data file as the worker hands it over. */
function journalled(store: SessionStore, role: FileRole = 'master'): JournalledFile {
  const { layout } = store;
  const { file } = store.view.files.find((f) => f.role === role)!;
  return {
    session: layout.session,
    name: 'things',
    role,
    layout,
    file,
    committedBytes: () =>
      Promise.resolve(store.view.files.find((known) => known.file === file)?.bytes ?? 0),
  };
}

function view(t: TestContext, parts: JournalledFile): RecordFile {
  const file = new RecordFile(nodeFileSystem, parts.layout.absolute(parts.file), parts);
  t.after(() => {
    file.close();
  });
  return file;
}

async function lookAgain(file: RecordFile) {
  await file.look();
  await file.settled();
  return file.look();
}

/** A session of many commits, each of several units; the records and rejects say whose they are. */
async function collect(t: TestContext, commits: number) {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root, testPorts(unsyncedFileSystem));
  const keys = Array.from({ length: 40 }, (_, i) => `unit ${i}`);
  const units = await planUnits(store, ...keys);
  const random = new SeededRandom(3);
  const whole = (below: number) => Math.floor(random.next() * below);
  for (const unit of units) await claim(store, unit);
  let id = 0;
  for (let n = 0; n < commits; n += 1) {
    // Handed over at once, so that they are committed together.
    await Promise.all(
      Array.from({ length: 1 + whole(4) }, () => {
        const unit = units[whole(units.length)]!;
        const records = Array.from({ length: whole(5) }, () =>
          prepared({ id: (id += 1), unit, text: '漢😀é\u2028'.repeat(whole(20)) }),
        );
        const rejected = Array.from({ length: whole(2) }, () =>
          preparedReject(unit, { id: (id += 1) }),
        );
        return store.hand({ unit, records, rejected });
      }),
    );
  }
  t.after(() => store.close(true).catch(() => undefined));
  return { root, store, random, whole };
}

/** Every origin equals what the record says itself, and what the journal says of its line. */
async function checkOrigins(file: RecordFile, store: SessionStore, lines: readonly number[]) {
  const { entries } = await readJournal(store.layout);
  const times = new Map(entries.map(({ seq, at }) => [seq, at]));
  for (const n of lines) {
    const record = JSON.parse((await file.readRecord(n, 1e6))!.text) as { unit: number };
    const origin = await file.originOf(n);
    assert.equal(origin?.unit?.n, record.unit, `record ${n}`);
    assert.equal(origin.unit.key, `unit ${record.unit - 1}`);
    assert.equal(origin.unit.group, 'all');
    assert.equal(origin.by, 'commit');
    assert.equal(origin.at, times.get(origin.seq));
  }
}

for (const hasIndex of [true, false]) {
  const by = hasIndex ? 'by the index' : 'without an index';
  test(`${by}: pages and units of a master and a rejected file equal a recount`, async (t) => {
    const { root, store, whole } = await collect(t, 400);
    await store.levelIndex();
    if (!hasIndex) await rm(store.layout.index);
    for (const role of ['master', 'rejected'] as const) {
      const recount = await dataLines(root, store.view, role);
      const file = view(t, journalled(store, role));
      const status = await file.look();
      assert.equal(status.records, recount.length);
      assert.equal(status.session?.role, role);
      for (let n = 0; n < 50; n += 1) {
        const from = whole(recount.length);
        const { rows } = await file.read(from, 20, false);
        assert.deepEqual(
          rows.map(({ record, cells }) => [record, cells.length]),
          recount.slice(from, from + 20).map((record, i) => [from + i, Object.keys(record).length]),
        );
        assert.deepEqual(JSON.parse((await file.readRecord(from, 1e6))!.text), recount[from]);
      }
      const some = Array.from({ length: hasIndex ? 60 : 5 }, () => whole(recount.length));
      await checkOrigins(file, store, [0, recount.length - 1, ...some]);
    }
  });
}

test('what no commit has named is not shown; what is committed comes', async (t) => {
  const { store } = await collect(t, 3);
  const master = journalled(store);
  const path = store.layout.absolute(master.file);
  const file = view(t, master);
  const before = await lookAgain(file);
  const [unit = 0] = await planUnits(store, 'late');
  await store.hand({ unit, records: [prepared({ id: 'late', unit })] });
  const after = await lookAgain(file);
  assert.equal(after.records, before.records + 1);
  assert.equal(after.generation, before.generation);
  assert.equal(after.uncommittedBytes, 0);
  // The index has not got so far yet.
  assert.equal((await file.originOf(after.records - 1))?.unit?.key, 'late');

  await appendFile(path, '{"id":"torn"}\n{"id":');
  const torn = await lookAgain(file);
  assert.deepEqual([torn.records, torn.uncommittedBytes], [after.records, 20]);
  file.filter({ kind: 'text', text: 'torn' });
  assert.equal((await lookAgain(file)).search?.matches, 0);
  const recount = await readFile(path, 'utf8');
  await truncate(path, Buffer.byteLength(recount) - 40);
  const cut = await lookAgain(file);
  assert.equal(cut.lackingBytes, 20);
  assert.notEqual(cut.generation, after.generation);
});

test('a master that is not what its index says is counted as it is', async (t) => {
  const { store } = await collect(t, 300);
  await store.levelIndex();
  const master = journalled(store);
  const path = store.layout.absolute(master.file);
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  const file = view(t, master);
  await lookAgain(file);
  // As many bytes, and nothing stands where it stood.
  await writeFile(path, ` ${lines.join('\n')}`);
  assert.deepEqual((await file.read(200, 1, false)).rows, []);
  const status = await lookAgain(file);
  assert.deepEqual([status.records, status.isCounted], [lines.length, true]);
  assert.equal((await file.readRecord(200, 1e6))?.text, lines[200]);
});

test('a record that was adopted after a crash: nobody’s, until its unit brings it again', async (t) => {
  const { root, store } = await collect(t, 2);
  const master = journalled(store);
  await appendFile(store.layout.absolute(master.file), '{"id":"a"}\n{"id":"b"}\n');
  const copy = await copyAsKilled(root, join(await makeScratchFolder(t), 'copy'));
  const { store: again } = await openTestSession(
    copy,
    store.layout.session,
    testPorts(unsyncedFileSystem),
  );
  t.after(() => again.close(true));
  const file = view(t, journalled(again));
  const { records } = await lookAgain(file);
  const first = await file.originOf(records - 1);
  assert.deepEqual([first?.by, first?.unit], ['adopted', null]);
  const { newUnits } = await again.hand({ newUnits: [newUnit('taker', { group: 'takers' })] });
  const { n } = newUnits[0]!;
  await again.hand({ unit: n, records: [prepared({ id: 'b' })] });
  assert.deepEqual((await file.originOf(records - 1))?.unit, { n, key: 'taker', group: 'takers' });
  assert.equal((await file.originOf(records - 2))?.unit, null);
});

test('a journal line is found by its number, wherever it is; none that is damaged or not there', async (t) => {
  const { store } = await collect(t, 1500);
  const { journal } = store.layout;
  const { entries } = await readJournal(store.layout);
  assert.ok((await nodeFileSystem.status(journal))!.size > 512 * 1024);
  for (let n = 0; n < entries.length; n += 61) {
    const found = await findLine(nodeFileSystem, journal, n);
    assert.deepEqual([found?.line.seq, found?.offset], [n, entries[n]!.position.start]);
  }
  const last = entries.at(-1)!;
  assert.equal((await findLine(nodeFileSystem, journal, last.seq))?.line.seq, last.seq);
  assert.equal(await findLine(nodeFileSystem, journal, last.seq + 1), undefined);
  const broken = entries[700]!;
  const bytes = await readFile(journal);
  bytes[broken.position.start + 20]! ^= 1;
  bytes[entries[701]!.position.start + 2]! ^= 1;
  const copy = `${journal}.copy`;
  await writeFile(copy, bytes);
  assert.equal(await findLine(nodeFileSystem, copy, 700), undefined);
  for (const n of [0, 699, 702, last.seq])
    assert.equal((await findLine(nodeFileSystem, copy, n))?.line.seq, n);
});
