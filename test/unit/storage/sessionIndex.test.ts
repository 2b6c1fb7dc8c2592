import assert from 'node:assert/strict';
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { JournalEvent } from '../../../src/core/events.ts';
import { silentLogger, type Logger } from '../../../src/core/ports.ts';
import { reduceView, emptyView } from '../../../src/core/view.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { IndexFeeder } from '../../../src/storage/indexFeeder.ts';
import { catchUpIndex, rebuildIndex } from '../../../src/storage/indexRebuild.ts';
import { SessionIndex } from '../../../src/storage/sessionIndex.ts';
import { DatabaseSync } from '../../../src/storage/sqlite.ts';
import type { SessionLayout } from '../../../src/storage/layout.ts';
import { ManualClock } from '../../fixtures/manualClock.ts';
import { carryScriptOn } from '../../fixtures/storageScript.ts';
import {
  claim,
  createTestSession,
  makeScratchFolder,
  newUnit,
  openTestSession,
  planUnits,
  prepared,
  readJournal,
  testPorts,
} from '../../fixtures/storageSession.ts';

/** Everything that an index says, for comparing. */
function contentOf(path: string): Record<string, unknown[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = (sql: string) => database.prepare(sql).all();
    return {
      meta: rows('SELECT seq, start, end, sum, view FROM meta'),
      groups: rows(
        'SELECT n.name, g.counts FROM groups g JOIN names n ON n.id = g.name ORDER BY 1',
      ),
      units: rows(
        `SELECT u.n, u.key, l.name AS lane, g.name AS grp, input, state, attempts, cursor, moved,
         open_duplicates, error FROM unit_states u JOIN names l ON l.id = u.lane JOIN names g ON g.id = u.grp ORDER BY n`,
      ),
      keys: ['0', '1'].map((kind) =>
        rows(`SELECT hex(keys) AS k FROM key_blocks WHERE kind = ${kind} ORDER BY id`)
          .map((row) => String(row['k']))
          .join(''),
      ),
      open: rows('SELECT unit, hex(keys) AS keys FROM open_keys ORDER BY 1, 2'),
      adopted: rows('SELECT hex(key) AS key FROM adopted_keys ORDER BY 1'),
      ranges: rows(
        'SELECT n.name, offset, bytes, first_line, lines, seq FROM ranges r JOIN names n ON n.id = r.file ORDER BY 1, 2',
      ),
      pending: rows(
        'SELECT l.name AS lane, n FROM pending p JOIN names l ON l.id = p.lane ORDER BY n',
      ),
      chains: rows(
        'SELECT n.name, chain FROM data_files d JOIN names n ON n.id = d.file ORDER BY 1',
      ),
      groupLines: rows(
        'SELECT g.name AS grp, f.name AS file, offset, skip, lines FROM group_lines l JOIN names g ON g.id = l.grp JOIN names f ON f.id = l.file ORDER BY 1, 2, 3, 4',
      ),
      intents: rows('SELECT * FROM intents ORDER BY 1'),
      checkpoints: rows('SELECT * FROM checkpoints ORDER BY 1'),
    };
  } finally {
    database.close();
  }
}

/** A finished session with a crash and everything else in its past, closed. */
async function makeSession(t: TestContext): Promise<{ root: string; layout: SessionLayout }> {
  const root = await makeScratchFolder(t);
  const first = await createTestSession(root);
  await carryScriptOn(first, undefined, 4);
  const lane = 'another';
  await first.hand({ newUnits: [newUnit('paid', { lane }), newUnit('hopeless', { lane })] });
  const unit = first.view.unitTotal;
  await first.record(
    { type: 'claimed', unit, attempt: 1 },
    { type: 'intent', intent: 'i1', unit, what: 'run', reservedMicroUsd: 9, inputHash: 'h' },
    { type: 'handle', intent: 'i1', kind: 'run', id: 'r1' },
    { type: 'answered', unit, intent: 'i1', cursor: null },
    { type: 'settled', intent: 'i1', reservedMicroUsd: 9, spentMicroUsd: 4, evidence: 'e' },
    {
      type: 'finished',
      unit,
      state: 'failed',
      error: { key: 'hopeless', code: 'X', message: 'no' },
    },
    { type: 'requeued', unit, reason: 'asked', attempts: 0, from: 'failed' },
  );
  await first.checkpoint('batch_completed', []);
  await first.close(false);
  const file = first.view.files[0]?.file ?? '';
  await appendFile(join(root, file), '{"id":"adopted"}\n');
  const { store } = await openTestSession(root, first.layout.session);
  await carryScriptOn(store);
  await store.close(true);
  return { root, layout: store.layout };
}

test('an index is the fold of its journal: rebuilt it is the same, whatever was applied together', async (t) => {
  const { layout } = await makeSession(t);
  const before = contentOf(layout.index);
  assert.ok((before['units']?.length ?? 0) >= 6 && (before['ranges']?.length ?? 0) > 3);
  const { index, view, wasRebuilt } = await rebuildIndex(nodeFileSystem, layout);
  index.close();
  assert.ok(wasRebuilt);
  assert.deepEqual(contentOf(layout.index), before);
  const { entries } = await readJournal(layout);
  assert.deepEqual(view, entries.reduce(reduceView, emptyView));
  // One line at a time gives the same again.
  const single = SessionIndex.open(`${layout.index}.single`);
  let folded = emptyView;
  for (const entry of entries) {
    folded = reduceView(folded, entry);
    single.apply([entry], folded);
  }
  single.close();
  assert.deepEqual(contentOf(`${layout.index}.single`), before);
});

test('an index whose making was cut short is none, and is made anew', async (t) => {
  const { layout } = await makeSession(t);
  const before = contentOf(layout.index);
  const { entries } = await readJournal(layout);
  await rm(layout.index);
  const begun = SessionIndex.begin(layout.index);
  for (const entry of entries.slice(0, -1)) begun.build(entry);
  begun.close();
  const { index, wasRebuilt } = await catchUpIndex(nodeFileSystem, layout, silentLogger, 0);
  index.close();
  assert.equal(wasRebuilt, true);
  assert.deepEqual(contentOf(layout.index), before);
});

test('what an index that was just built has in memory is what it has on disk', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  const [first = 0, second = 0] = await planUnits(store, 'a', 'b', 'c');
  await claim(store, first);
  await claim(store, second);
  await store.close(true);
  const { index, view } = await rebuildIndex(nodeFileSystem, store.layout);
  t.after(() => {
    index.close();
  });
  const waiting = () => index.pendingUnits('host', 0, 9).map((unit) => unit.key);
  assert.deepEqual(waiting(), ['c']);
  const { entries } = await readJournal(store.layout);
  const { position, at, seq } = entries.at(-1) ?? assert.fail();
  const next = (...events: JournalEvent[]) => ({
    at,
    seq: seq + 1,
    events,
    position: { ...position, seq: seq + 1 },
  });
  index.apply([next({ type: 'requeued', unit: first, reason: 'stopped', attempts: 0 })], view);
  assert.deepEqual(waiting(), ['a', 'c']);
  assert.deepEqual(index.unitCounts(), { ...view.units, pending: 2, in_progress: 1 });
});

test('the units in the index and the counts of the view agree', async (t) => {
  const { layout } = await makeSession(t);
  const { index, view } = await catchUpIndex(nodeFileSystem, layout, silentLogger, 0);
  t.after(() => {
    index.close();
  });
  const sums = { pending: 0, in_progress: 0, done: 0, failed: 0, skipped: 0, blocked: 0 };
  let records = 0;
  for (const [, group] of index.groups.entries()) {
    for (const state of Object.keys(sums) as (keyof typeof sums)[])
      sums[state] += group.units[state];
    records += group.records;
  }
  assert.deepEqual(sums, view.units);
  // What nobody has brought again belongs to no group yet.
  assert.equal(records, view.records - 1);
  assert.equal(contentOf(layout.index)['adopted']?.length, 1);
});

const damages: Record<string, (layout: SessionLayout) => Promise<void>> = {
  missing: (layout) => rm(layout.index),
  empty: (layout) => writeFile(layout.index, ''),
  garbage: (layout) => writeFile(layout.index, 'x'.repeat(9999)),
  'a header and nothing else': (layout) => truncate(layout.index, 100),
  'cut in half': async (layout) => {
    await truncate(layout.index, Math.floor((await readFile(layout.index)).length / 2));
  },
  'pages overwritten in the middle': async (layout) => {
    const bytes = await readFile(layout.index);
    bytes.fill(0xa5, 4096, bytes.length - 4096);
    await writeFile(layout.index, bytes);
    // As after an unclean end: only then the whole file is checked.
  },
  'damaged in a page that is not read at once': async (layout) => {
    const database = new DatabaseSync(layout.index);
    const [root] = database
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'checkpoints'")
      .all();
    const { page_size: pageBytes } = database.prepare('PRAGMA page_size').get() as {
      page_size: number;
    };
    database.close();
    const bytes = await readFile(layout.index);
    const at = (Number(root?.['rootpage']) - 1) * pageBytes;
    bytes.fill(0xa5, at, at + pageBytes);
    await writeFile(layout.index, bytes);
  },
  'of another version': (layout) => change(layout, 'PRAGMA user_version = 999'),
  'of another journal': (layout) => change(layout, `UPDATE meta SET sum = '${'0'.repeat(64)}'`),
  'ahead of the journal': (layout) =>
    change(layout, 'UPDATE meta SET seq = seq + 1, start = end, end = end + 100'),
  'without a table': (layout) => change(layout, 'DROP TABLE ranges'),
  'a database of something else': async (layout) => {
    await rm(layout.index);
    await change(layout, 'CREATE TABLE cats (name TEXT); PRAGMA user_version = 5');
  },
};

function change(layout: SessionLayout, sql: string): Promise<void> {
  const database = new DatabaseSync(layout.index);
  database.exec(sql);
  database.close();
  return Promise.resolve();
}

for (const [what, damage] of Object.entries(damages)) {
  test(`an index that is ${what} is rebuilt from the journal with the same content`, async (t) => {
    const { layout } = await makeSession(t);
    await change(layout, 'UPDATE meta SET is_clean = 0');
    const before = contentOf(layout.index);
    await damage(layout);
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
    const { index, wasRebuilt, view } = await catchUpIndex(nodeFileSystem, layout, logger, 0);
    const isNew = what === 'missing' || what === 'empty';
    assert.equal(wasRebuilt, !isNew);
    assert.equal(warnings.length, isNew ? 0 : 1);
    const { entries } = await readJournal(layout);
    assert.deepEqual(view, entries.reduce(reduceView, emptyView));
    index.close();
    assert.deepEqual(contentOf(layout.index), before);
  });
}

test('damage inside the index that only shows while it is used is rebuilt, too', async (t) => {
  const { root, layout } = await makeSession(t);
  // Marked as closed in order, so quick_check is not asked.
  const bytes = await readFile(layout.index);
  bytes.fill(0xa5, 8192);
  await writeFile(layout.index, bytes);
  const { store } = await openTestSession(root, layout.session);
  t.after(() => store.close(true));
  assert.equal(store.view.units.done, 4);
  await store.hand({ newUnits: [newUnit('more')] });
  assert.ok((await store.pendingUnits('host', 0, 100)).some((unit) => unit.key === 'more'));
});

test('an index that lags is caught up from its watermark on', async (t) => {
  const { layout } = await makeSession(t);
  const whole = contentOf(layout.index);
  const { entries } = await readJournal(layout);
  for (const count of [0, 1, Math.floor(entries.length / 2), entries.length - 1]) {
    for (const path of [layout.index, layout.indexSeal]) await nodeFileSystem.remove(path);
    const index = SessionIndex.open(layout.index);
    const part = entries.slice(0, count);
    if (count > 0) index.apply(part, part.reduce(reduceView, emptyView));
    index.close();
    const caughtUp = await catchUpIndex(nodeFileSystem, layout, silentLogger, 0);
    assert.equal(caughtUp.wasRebuilt, false);
    caughtUp.index.close();
    assert.deepEqual(contentOf(layout.index), whole, `from line ${count} on`);
  }
});

test('a unit keeps everything that it was found with', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  t.after(() => store.close(true));
  const input = JSON.parse('{"__proto__": {"a": 1}, "n": null, "list": [1, "two"]}') as object;
  const odd = newUnit('Zürich\u0000\u2028"', {
    lane: 'host:8080',
    group: 'iclr_2024',
    input: { ...input, url: 'http://x/?q=ü' },
  });
  await store.hand({ newUnits: [odd] });
  const [unit] = await store.pendingUnits('host:8080', 0, 10);
  assert.deepEqual(
    { key: unit?.key, lane: unit?.lane, group: unit?.group, input: unit?.input },
    odd,
  );
});

async function feederOf(t: TestContext) {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  await planUnits(store, 'u', 'v');
  await claim(store, 1);
  await store.hand({ unit: 1, records: [prepared({ id: 'a' })] });
  await store.close(true);
  const { entries } = await readJournal(store.layout);
  const view = entries.reduce(reduceView, emptyView);
  return { layout: store.layout, entries, view };
}

test('an index that can not be written goes stale, and is rebuilt when it is asked', async (t) => {
  const { layout, entries, view } = await feederOf(t);
  const index = SessionIndex.open(`${layout.index}.other`);
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
  let rebuilds = 0;
  const feeder = new IndexFeeder(index, emptyView, logger, async () => {
    rebuilds += 1;
    if (rebuilds === 1) throw new Error('no room for it yet');
    return (await rebuildIndex(nodeFileSystem, layout)).index;
  });
  // Behind the feeder's back: every statement fails from here on.
  index.close();
  feeder.add(entries, view);
  await assert.rejects(feeder.current(), /no room/);
  assert.equal(warnings.length, 1);
  feeder.add(entries.slice(-1), view);
  const rebuilt = await feeder.current();
  assert.equal(rebuilt.position.seq, entries.at(-1)?.seq);
  assert.equal(rebuilt.unitsInState('in_progress').length, 1);
  assert.equal(rebuilds, 2);
  assert.equal((await feeder.current()).position.seq, rebuilt.position.seq);
  feeder.close(true);
});

test('a stale index can be closed', async (t) => {
  const { layout, entries, view } = await feederOf(t);
  const index = SessionIndex.open(`${layout.index}.other`);
  const feeder = new IndexFeeder(index, emptyView, silentLogger, () =>
    Promise.reject(new Error('never')),
  );
  index.close();
  feeder.add(entries, view);
  await assert.rejects(feeder.current(), /never/);
  feeder.close(true);
});

test('lines are taken in together, after a while or when somebody asks', async (t) => {
  const { layout, entries, view } = await feederOf(t);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const index = SessionIndex.open(`${layout.index}.other`);
  const never = () => Promise.reject(new Error('never'));
  const feeder = new IndexFeeder(index, emptyView, silentLogger, never);
  feeder.add(entries.slice(0, 2), view);
  assert.equal(index.position.seq, -1);
  t.mock.timers.tick(250);
  assert.equal(index.position.seq, 1);
  feeder.add(entries.slice(2), view);
  assert.equal((await feeder.current()).position.seq, entries.at(-1)?.seq);
  feeder.close(true);
});

test('a failing index never fails a commit, and the session goes on', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  t.after(() => store.close(true));
  await planUnits(store, 'u');
  await store.pendingByLane();
  const blocker = new DatabaseSync(store.layout.index);
  t.after(() => {
    if (blocker.isOpen) blocker.close();
  });
  blocker.exec('DROP VIEW unit_states; DROP TABLE units');
  await claim(store, 1);
  const receipt = await store.hand({
    unit: 1,
    records: [prepared({ id: 'a' })],
    newUnits: [newUnit('v')],
  });
  assert.equal(receipt.records, 1);
  blocker.close();
  assert.deepEqual(
    (await store.pendingUnits('host', 0, 9)).map((unit) => unit.key),
    ['v'],
  );
  await store.hand({ unit: 1, records: [prepared({ id: 'b' })] });
  assert.equal(store.view.records, 2);
});

test('a session deleted of its index while it runs goes on', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root, testPorts());
  await planUnits(store, 'u');
  await store.pendingByLane();
  for (const suffix of ['', '-wal', '-shm']) await rm(store.layout.index + suffix, { force: true });
  await claim(store, 1);
  await store.hand({ unit: 1, records: [prepared({ id: 'a' })] });
  await store.close(true);
  const { store: again } = await openTestSession(root, store.layout.session);
  t.after(() => again.close(true));
  assert.deepEqual([again.view.records, again.view.units.pending], [1, 1]);
});

test('an index that is level knows where a commit of several lines begins', async (t) => {
  const root = await makeScratchFolder(t);
  const clock = new ManualClock();
  const store = await createTestSession(root, testPorts(nodeFileSystem, { clock }));
  const before = store.view.seq;
  // The lines of a commit are told from others by their time.
  await clock.advance(1);
  await planUnits(store, ...Array.from({ length: 3000 }, (_, i) => `${'x'.repeat(2000)}${i}`));
  assert.ok(store.view.seq > before + 1);
  await store.close(true);
  const { entries } = await readJournal(store.layout);
  const { index, scan } = await catchUpIndex(nodeFileSystem, store.layout, silentLogger, 0);
  index.close();
  const first = entries.find(({ seq }) => seq === before + 1);
  assert.equal(scan.lastCommitStart, first?.position.start);
});
