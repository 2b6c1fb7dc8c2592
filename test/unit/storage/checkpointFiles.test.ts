import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { checkpointChecksum } from '../../../src/core/checkpointData.ts';
import type { HostHealth } from '../../../src/core/events.ts';
import { listCheckpoints, readWithMeta } from '../../../src/storage/checkpointFiles.ts';
import { sha256Hex } from '../../../src/storage/dataFile.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { FailingFileSystem, systemError } from '../../fixtures/failingFileSystem.ts';
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
  const kept = await listCheckpoints(nodeFileSystem, store.layout);
  assert.equal(kept.length, 3);
  assert.equal(kept[0]?.id, store.view.lastCheckpoint?.id);
  assert.ok(kept.every(({ data }) => data !== undefined));
  assert.equal((await readdir(store.layout.checkpoints)).length, 6);
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
