import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkpointChecksum } from '../../../src/core/checkpointData.ts';
import { collectionDigest } from '../../../src/core/digest.ts';
import type { HostHealth } from '../../../src/core/events.ts';
import { silentLogger, type LogFields } from '../../../src/core/ports.ts';
import { listCheckpoints, readWithMeta } from '../../../src/storage/checkpointFiles.ts';
import { sha256Hex } from '../../../src/storage/dataFile.ts';
import { nodeFileSystem, type FileSystem } from '../../../src/storage/fileSystem.ts';
import { FailingFileSystem, systemError } from '../../fixtures/failingFileSystem.ts';
import { ManualClock } from '../../fixtures/manualClock.ts';
import { hookAtomicWrites } from '../../fixtures/patchedNodeFs.ts';
import { RecordingFileSystem } from '../../fixtures/recordingFileSystem.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';
import { carryScriptOn, scriptCounts } from '../../fixtures/storageScript.ts';
import {
  claim,
  createTestSession,
  finishing,
  makeScratchFolder,
  newUnit,
  openTestSession,
  planUnits,
  prepared,
  readJournal,
  testCollection,
  testPorts,
} from '../../fixtures/storageSession.ts';

async function begin(t: TestContext, parts: Record<string, unknown> = {}) {
  const root = await makeScratchFolder(t);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  t.after(disk.recordAtomicWrites());
  const failing = new FailingFileSystem(disk);
  const store = await createTestSession(root, testPorts(failing), testCollection(parts));
  t.after(() => store.close(false));
  const newest = async () => (await listCheckpoints(nodeFileSystem, store.layout))[0];
  return { root, disk, failing, store, newest };
}

const health: HostHealth = {
  host: 'api.test',
  status: 'degraded',
  requests: 10,
  failures: 4,
  consecutiveErrors: 2,
  avgResponseMs: 120,
  circuit: 'open',
  notBefore: '2026-11-21T17:00:00.000Z',
  lastError: { code: 'HTTP_503', message: 'busy', at: '2026-11-21T16:00:00.000Z' },
};

test('a checkpoint has every field of the earlier format, and its checksums hold', async (t) => {
  const { store, newest } = await begin(t);
  await store.hand({
    newUnits: [
      newUnit('done', { group: 'iclr_2024' }),
      newUnit('open', { group: 'icml_2023' }),
      newUnit('untouched', { group: 'misc' }),
    ],
  });
  await claim(store, 1);
  await store.hand(finishing(1, { records: [prepared({ id: 'a' }), prepared({ id: 'b' })] }));
  await claim(store, 2);
  await store.hand({ unit: 2, records: [prepared({ id: 'c' })] });
  await store.checkpoint('batch_completed', [health]);
  const data = (await newest())?.data;
  assert.ok(data);
  assert.match(
    data.checkpoint_id,
    new RegExp(`^checkpoint_${store.layout.session}_\\d{8}_\\d{6}_[0-9a-f]{8}$`),
  );
  assert.match(data.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?$/);
  assert.deepEqual(data.venues_completed, [['iclr', 2024]]);
  assert.deepEqual(data.venues_in_progress, [['icml', 2023]]);
  assert.deepEqual(data.venues_not_started, [['misc', 0]]);
  assert.equal(data.papers_collected, 3);
  assert.deepEqual(data.papers_by_venue, {
    iclr: { 2024: 2 },
    icml: { 2023: 1 },
    misc: { 0: 0 },
  });
  assert.equal(data.checkpoint_type, 'batch_completed');
  assert.equal(data.validation_status, 'valid');
  assert.equal(data.error_context, null);
  assert.deepEqual(Object.keys(data.api_health_status), ['api.test']);
  assert.equal(data.checksum, checkpointChecksum(data));
  const bytes = await readFile(store.layout.checkpoint(data.checkpoint_id));
  const meta = JSON.parse(
    await readFile(`${store.layout.checkpoint(data.checkpoint_id)}.meta`, 'utf8'),
  ) as { checksum: string; size: number };
  assert.deepEqual([meta.checksum, meta.size], [sha256Hex(bytes), bytes.length]);
});

test('a checkpoint is of one moment: its counts, groups and journal position fit, also while commits go on', async (t) => {
  const { store } = await begin(t);
  const checkpoints = Array.from({ length: 8 }, () => store.checkpoint('batch_completed', []));
  await carryScriptOn(store);
  await Promise.all(checkpoints);
  await store.checkpoint('batch_completed', []);
  const { entries } = await readJournal(store.layout);
  const all = await listCheckpoints(nodeFileSystem, store.layout);
  assert.equal(all.length, 9);
  for (const { data } of all) {
    assert.ok(data);
    const { seq, journal_sum: sum, journal_bytes: end } = data.collector;
    const line = entries.find((entry) => entry.seq === seq);
    assert.deepEqual([line?.position.sum, line?.position.end], [sum, end]);
    const records = entries
      .filter((entry) => entry.seq <= Number(seq))
      .flatMap((entry) => entry.events)
      .reduce(
        (total, event) =>
          event.type === 'committed'
            ? total + event.units.reduce((s, tally) => s + tally.records, 0)
            : total,
        0,
      );
    assert.equal(data.papers_collected, records);
    const byVenue = Object.values(data.papers_by_venue).flatMap((years) => Object.values(years));
    assert.equal(
      byVenue.reduce((a, b) => a + b, 0),
      records,
    );
  }
  assert.equal(all[0]?.data?.papers_collected, scriptCounts.records);
});

test('a checkpoint and its .meta are on disk before the journal names it', async (t) => {
  const { disk, store } = await begin(t);
  await carryScriptOn(store);
  const before = disk.log.length;
  await store.checkpoint('batch_completed', []);
  const journalAt = disk.log.findIndex(
    ({ op, path }, i) => i >= before && op === 'write' && path.endsWith('journal.jsonl'),
  );
  const state = disk.diskAfter(journalAt, 'dropped', new SeededRandom());
  const names = [...state.keys()].filter((path) => path.includes('/checkpoints/checkpoint_'));
  assert.equal(names.length, 2);
  for (const name of names) assert.ok((state.get(name)?.length ?? 0) > 50, name);
});

test('every flipped bit of a checkpoint or its .meta is seen', async (t) => {
  const { store, newest } = await begin(t);
  await carryScriptOn(store);
  await store.checkpoint('batch_completed', [health]);
  const found = await newest();
  assert.ok(found?.data);
  const { path } = found;
  for (const file of [path, `${path}.meta`]) {
    const bytes = await readFile(file);
    const wanted = JSON.parse(bytes.toString()) as { checksum: string };
    const hash = bytes.indexOf(wanted.checksum);
    for (let i = 0; i < bytes.length; i += file === path ? 13 : 1) {
      const flipped = Buffer.from(bytes);
      flipped[i] = (flipped[i] ?? 0) ^ 1;
      await writeFile(file, flipped);
      const data = (await newest())?.data;
      // What .meta says beside the checksum is for people.
      if (file === path || (i >= hash && i < hash + 64)) assert.equal(data, undefined, `byte ${i}`);
      else if (data !== undefined) assert.deepEqual(data, found.data);
    }
    for (const length of [0, 1, Math.floor(bytes.length / 2), bytes.length - 2]) {
      await writeFile(file, bytes.subarray(0, length));
      assert.equal((await newest())?.data, undefined, `${length} bytes`);
    }
    await rm(file);
    assert.equal((await newest())?.data, undefined);
    await writeFile(file, bytes);
  }
  assert.ok((await newest())?.data);
});

test('a checkpoint whose write was short is not taken for one', async (t) => {
  const { store, newest } = await begin(t);
  await store.checkpoint('session_started', []);
  const good = await newest();
  const { default: fs } = await import('node:fs');
  const original = fs.write;
  // write-file-atomic does not look at how much was written.
  const short = (fd: number, data: Buffer, from: number, _length: number, ...rest: never[]) =>
    (original as (...args: unknown[]) => void)(fd, data, from, Math.min(100, data.length), ...rest);
  Object.assign(fs, { write: short });
  t.after(() => Object.assign(fs, { write: original }));
  await assert.rejects(store.checkpoint('batch_completed', []), { code: 'EIO' });
  Object.assign(fs, { write: original });
  const all = await listCheckpoints(nodeFileSystem, store.layout);
  assert.equal(all.length, 2);
  assert.equal(all[0]?.id, good?.id);
  assert.ok(all[0]?.data);
  assert.equal(all[1]?.data, undefined);
});

for (const step of ['write', 'fsync', 'rename'] as const) {
  test(`a checkpoint that can not be written (${step}) leaves what was there, and the session goes on`, async (t) => {
    const { store, newest } = await begin(t);
    await store.checkpoint('session_started', []);
    const before = await newest();
    const stop = hookAtomicWrites({
      before: (s) => {
        if (s === step) throw systemError('ENOSPC');
      },
    });
    t.after(stop);
    await assert.rejects(store.checkpoint('batch_completed', []), { code: 'ENOSPC' });
    stop();
    assert.deepEqual(await newest(), before);
    assert.equal(store.view.checkpointCount, 1);
    assert.equal((await readdir(store.layout.checkpoints)).length, 2);
    await carryScriptOn(store);
    await store.checkpoint('batch_completed', []);
    assert.equal(store.view.checkpointCount, 2);
  });
}

test('clean-up keeps the newest, and never removes the one just written', async (t) => {
  const { store } = await begin(t, { checkpoints: { keep: 3, cleanupEvery: 4 } });
  for (let n = 0; n < 8; n++) {
    await store.record({ type: 'resumed' });
    await store.checkpoint('batch_completed', []);
  }
  await store.settled();
  const kept = await listCheckpoints(nodeFileSystem, store.layout);
  assert.equal(kept.length, 3);
  assert.equal(kept[0]?.id, store.view.lastCheckpoint?.id);
  assert.ok(kept.every(({ data }) => data !== undefined));
  assert.equal((await readdir(store.layout.checkpoints)).length, 6);
});

test('clean-up takes what was cut short, and nothing while the new one can not be read back', async (t) => {
  const parts = { checkpoints: { keep: 2, cleanupEvery: 2 } };
  const root = await makeScratchFolder(t);
  let isBad = false;
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    readWhole: async (path) => {
      const bytes = await nodeFileSystem.readWhole(path);
      return isBad && /checkpoint_.*json$/.test(path) ? Buffer.from(`${String(bytes)} `) : bytes;
    },
  };
  const store = await createTestSession(root, testPorts(fileSystem), testCollection(parts));
  t.after(() => store.close(false));
  const folder = store.layout.checkpoints;
  await store.checkpoint('session_started', []);
  const cut = `checkpoint_${store.layout.session}_20260101_000000_`;
  const leftovers = [`${cut}aaaaaaaa.json`, `${cut}bbbbbbbb.json.meta`, `${cut}cccccccc.json.123`];
  for (const name of leftovers) await writeFile(join(folder, name), '{}');
  isBad = true;
  await store.checkpoint('batch_completed', []);
  assert.equal((await readdir(folder)).length, 4 + leftovers.length);
  isBad = false;
  await store.checkpoint('batch_completed', []);
  assert.equal((await readdir(folder)).length, 6 + leftovers.length, 'not due');
  await store.checkpoint('batch_completed', []);
  await store.settled();
  const kept = await listCheckpoints(nodeFileSystem, store.layout);
  assert.equal(kept.length, 2);
  assert.equal(kept[0]?.id, store.view.lastCheckpoint?.id);
  assert.equal((await readdir(folder)).length, 4);
});

test('what an earlier process was writing when it ended goes with the first checkpoint after it', async (t) => {
  const isThereAfter = async (end: 'stopped' | 'cut short' | 'gap'): Promise<boolean> => {
    const root = await makeScratchFolder(t);
    const ports = testPorts(nodeFileSystem);
    const first = await createTestSession(root, ports, testCollection());
    const { session, checkpoints, journal } = first.layout;
    await first.checkpoint('session_started', []);
    if (end === 'stopped') await first.record({ type: 'stopped', reason: 'user', activeMs: 1 });
    await first.close(false);
    if (end === 'gap') {
      const lines = (await readFile(journal, 'utf8')).split('\n');
      await writeFile(journal, lines.toSpliced(-2, 0, 'damaged').join('\n'));
    }
    const cut = join(checkpoints, `checkpoint_${session}_20260101_000000_aaaaaaaa.json`);
    await writeFile(cut, '{}');
    const { store } = await openTestSession(root, session, ports);
    await store.checkpoint('batch_completed', []);
    await store.close(false);
    return existsSync(cut);
  };
  assert.equal(await isThereAfter('cut short'), false);
  assert.equal(await isThereAfter('stopped'), true, 'not due');
  assert.equal(await isThereAfter('gap'), true, 'the journal may have named it');
});

test('closing waits for the clean-up, whatever that has left to do', async (t) => {
  const root = await makeScratchFolder(t);
  const removals: string[] = [];
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    remove: async (path) => {
      const isOld = path.includes('checkpoint_');
      // Longer than all that closing does by itself.
      for (let n = 0; isOld && n < 300; n++) await nodeFileSystem.list(root);
      await nodeFileSystem.remove(path);
      if (isOld) removals.push(path);
    },
  };
  const collection = testCollection({ checkpoints: { keep: 1, cleanupEvery: 3 } });
  const store = await createTestSession(root, testPorts(fileSystem), collection);
  for (let n = 0; n < 3; n++) await store.checkpoint('batch_completed', []);
  await store.close(false);
  assert.equal(removals.length, 4);
});

test('our own block says where the session was: files with their running hashes, cursors, money, counts', async (t) => {
  const { root, store, newest } = await begin(t);
  const [first = 0, second = 0] = await planUnits(store, 'one', 'two', 'three');
  for (const unit of [first, second]) await claim(store, unit);
  await store.hand({ unit: first, records: [prepared({ id: 'a' })], raw: ['{"a":1}'] });
  await store.hand({
    unit: first,
    records: [prepared({ id: 'b' }), prepared({ id: 'a' })],
    events: [{ type: 'advanced', unit: first, cursor: { after: 'b' } }],
  });
  const money = { intent: 'i', unit: second, what: 'run', inputHash: 'h' };
  await store.record({ type: 'intent', reservedMicroUsd: 70, ...money });
  const bought = { type: 'settled', intent: 'i', reservedMicroUsd: 50, evidence: 'e' } as const;
  await store.record({ ...bought, spentMicroUsd: 40 });
  await store.checkpoint('api_call_completed', []);
  const { entries } = await readJournal(store.layout);
  const block = (await newest())?.data?.collector ?? assert.fail();
  const at = entries.find((entry) => entry.seq === block['seq']);
  assert.deepEqual(
    [block['journal_sum'], block['journal_bytes'], block['config_digest']],
    [at?.position.sum, at?.position.end, collectionDigest(store.collection)],
  );
  const files = await Promise.all(
    store.view.files.map(async ({ role, file, lines }) => {
      const bytes = await readFile(join(root, file));
      let chain = '0'.repeat(64);
      for (const { events } of entries) {
        for (const event of events) {
          const ranges = event.type === 'committed' ? event.ranges : [];
          for (const range of ranges.filter((r) => r.file === file)) {
            const own = bytes.subarray(range.offset, range.offset + range.bytes);
            chain = sha256Hex(`${chain} ${range.offset} ${range.bytes} ${sha256Hex(own)}`);
          }
        }
      }
      return { role, file, lines, bytes: bytes.length, chain };
    }),
  );
  assert.deepEqual(block['files'], files);
  assert.equal(files.length, 2);
  assert.deepEqual(block['cursors'], [
    { unit: first, key: 'one', attempts: 0, cursor: { after: 'b' } },
    { unit: second, key: 'two', attempts: 1, cursor: null },
  ]);
  assert.deepEqual(
    ['records', 'duplicates', 'spent_micro_usd', 'reserved_micro_usd', 'cursors_left_out'].map(
      (name) => block[name],
    ),
    [2, 1, 40, 20, 0],
  );
  assert.deepEqual(block['units'], store.view.units);
});

test('the running hash is the same in an index that was rebuilt, and after a reopen', async (t) => {
  const { root, store, newest } = await begin(t);
  await carryScriptOn(store);
  await store.checkpoint('batch_completed', []);
  const before = (await newest())?.data?.collector['files'];
  await store.close(true);
  const { store: again } = await openTestSession(root, store.layout.session);
  await again.checkpoint('batch_completed', []);
  assert.deepEqual((await newest())?.data?.collector['files'], before);
  await again.close(true);
  await rm(store.layout.index);
  const { store: third } = await openTestSession(root, store.layout.session);
  await third.checkpoint('batch_completed', []);
  assert.deepEqual((await newest())?.data?.collector['files'], before);
  await third.close(true);
});

test('of more than ten thousand groups their number is said', async (t) => {
  const { store, newest } = await begin(t);
  const groups = Array.from({ length: 10_001 }, (_, n) => newUnit(`u${n}`, { group: `g${n}` }));
  await store.hand({ newUnits: groups.slice(0, 10_000) });
  await store.checkpoint('batch_completed', []);
  const listed = (await newest())?.data;
  assert.equal(listed?.venues_not_started.length, 10_000);
  assert.equal(listed.collector['venues_are_listed'], true);
  await store.hand({ newUnits: groups.slice(10_000) });
  await store.checkpoint('batch_completed', []);
  const { data } = (await newest()) ?? {};
  assert.deepEqual([data?.venues_not_started, data?.papers_by_venue], [[], {}]);
  assert.deepEqual(
    [data?.collector['venues'], data?.collector['venues_are_listed']],
    [10_001, false],
  );
  const summary = await readWithMeta(nodeFileSystem, store.layout.summary);
  assert.deepEqual([summary?.['venues_in_progress'], summary?.['venues']], [[], 10_001]);
});

test('session.json has every field of the earlier CollectionSession', async (t) => {
  const { store } = await begin(t);
  await store.hand({
    newUnits: [
      newUnit('a', { group: 'iclr_2024' }),
      newUnit('b', { group: 'iclr_2023' }),
      newUnit('c', { group: 'tmlr' }),
    ],
  });
  await claim(store, 1);
  await store.hand(finishing(1, { records: [prepared({ id: 'a' })] }));
  await claim(store, 2);
  const error = { key: 'b', code: 'X', message: 'no' };
  await store.record({ type: 'finished', unit: 2, state: 'failed', error });
  await store.record({ type: 'stopped', reason: 'user', activeMs: 61_400 });
  await store.checkpoint('session_paused', [health]);
  const summary = (await readWithMeta(nodeFileSystem, store.layout.summary)) ?? {};
  const { creation_time, last_activity_time, collection_config, api_status, rate_limits, ...rest } =
    summary;
  assert.match(JSON.stringify(creation_time), /^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?"$/);
  assert.match(JSON.stringify(last_activity_time), /^"\d{4}-\d\d-\d\dT/);
  assert.equal((collection_config as Record<string, unknown>)['name'], 'things');
  assert.deepEqual(Object.keys(api_status ?? {}), ['api.test']);
  assert.deepEqual(Object.keys(rate_limits ?? {}), ['api.test']);
  const venue = { max_papers_per_year: null, priority: 1 };
  assert.deepEqual(rest, {
    session_id: store.layout.session,
    status: 'paused',
    target_venues: [
      { venue_name: 'iclr', target_years: [2024, 2023], ...venue },
      { venue_name: 'tmlr', target_years: [0], ...venue },
    ],
    target_years: [0, 2023, 2024],
    venues_completed: [['iclr', 2024]],
    venues_in_progress: [['tmlr', 0]],
    venues_failed: [['iclr', 2023]],
    total_papers_collected: 1,
    papers_by_venue: { iclr: { 2024: 1, 2023: 0 }, tmlr: { 0: 0 } },
    collection_duration_seconds: 61,
    last_checkpoint_id: store.view.lastCheckpoint?.id,
    checkpoint_count: 1,
    error_count: 1,
    collection_file: 'things.collect.json',
    journal_seq: store.view.seq,
    venues: 3,
    venues_are_listed: true,
  });
});

test('saving that takes longer than two seconds is told with both times', async (t) => {
  const root = await makeScratchFolder(t);
  const clock = new ManualClock();
  const warnings: [LogFields, string][] = [];
  const logger = { ...silentLogger, warn: (...line: [LogFields, string]) => warnings.push(line) };
  let delayMs = 0;
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    makeDirectory: async (path) => {
      await clock.advance(delayMs);
      return nodeFileSystem.makeDirectory(path);
    },
  };
  const ports = testPorts(fileSystem, { clock, logger });
  delayMs = 300;
  const store = await createTestSession(root, ports);
  t.after(() => store.close(false));
  assert.match(warnings[0]?.[1] ?? '', /^Making the session took [\d.]+ s, more than the 1 s/);
  delayMs = 1_999;
  await store.checkpoint('session_started', []);
  assert.equal(warnings.length, 1);
  await rm(store.layout.checkpoints, { recursive: true });
  delayMs = 2_600;
  await store.checkpoint('batch_completed', []);
  assert.deepEqual(warnings[1], [
    { code: 'SLOW_DISK', tookMs: 2_600, budgetMs: 2_000 },
    'Saving a checkpoint took 2.6 s, more than the 2 s that it should: the disk is slow.',
  ]);
});

test('a checkpoint of another session, or under another name, is none', async (t) => {
  const { store, newest } = await begin(t);
  await store.checkpoint('session_started', []);
  const path = (await newest())?.path ?? '';
  const id = `checkpoint_${store.layout.session}_20990101_000000_ffffffff`;
  for (const suffix of ['', '.meta'])
    await writeFile(`${store.layout.checkpoint(id)}${suffix}`, await readFile(path + suffix));
  const all = await listCheckpoints(nodeFileSystem, store.layout);
  assert.deepEqual(
    all.map((c) => [c.id === id, c.data !== undefined]),
    [
      [false, true],
      [true, false],
    ],
  );
});

test('session.json says what the journal says, and its backup is the whole copy before it', async (t) => {
  const { store } = await begin(t);
  await carryScriptOn(store, undefined, 3);
  await store.checkpoint('batch_completed', []);
  const first = await readWithMeta(nodeFileSystem, store.layout.summary);
  assert.equal(first?.['total_papers_collected'], store.view.records);
  await carryScriptOn(store);
  await store.checkpoint('session_completed', [health]);
  const second = await readWithMeta(nodeFileSystem, store.layout.summary);
  assert.equal(second?.['total_papers_collected'], scriptCounts.records);
  assert.equal(second['last_checkpoint_id'], store.view.lastCheckpoint?.id);
  assert.equal(second['checkpoint_count'], 2);
  const backup = JSON.parse(await readFile(`${store.layout.summary}.backup`, 'utf8')) as unknown;
  assert.deepEqual(backup, first);
  // A damaged copy does not become the backup.
  await writeFile(store.layout.summary, 'damaged');
  await store.checkpoint('batch_completed', []);
  assert.deepEqual(JSON.parse(await readFile(`${store.layout.summary}.backup`, 'utf8')), first);
});

test('how hosts were doing comes back when the session is opened', async (t) => {
  const { root, store } = await begin(t);
  await store.checkpoint('batch_completed', [health]);
  await store.close(true);
  const { store: again } = await openTestSession(root, store.layout.session);
  assert.deepEqual(again.health, [health]);
  await again.close(true);
});
