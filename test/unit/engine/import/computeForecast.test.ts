import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UsageError } from '../../../../src/core/errors.ts';
import { loadCollection } from '../../../../src/engine/loadCollection.ts';
import { choose, json } from '../../../fixtures/answers.ts';
import {
  filesIn,
  importInto,
  makeComputeForecastState,
  resumeToEnd,
  sessionsIn,
} from '../../../fixtures/earlierData.ts';
import { FaultyServer } from '../../../fixtures/faultyServer.ts';
import { readTree } from '../../../fixtures/fileTree.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';
import { readMasters, writeCollection } from '../../../fixtures/workspace.ts';

const isAlreadyImported = (error: unknown): boolean =>
  error instanceof UsageError && error.code === 'ALREADY_IMPORTED';

test('venues that were done are done, the others wait, and papers are records with their keys', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const state = await makeComputeForecastState(old);
  const before = await readTree(old);
  const report = await importInto(workspace, state);
  assert.deepEqual(
    report.sessions.map(({ name, records, unitsDone, unitsToDo }) => [
      name,
      records,
      unitsDone,
      unitsToDo,
    ]),
    [
      ['colm', 0, 2, 0],
      ['iclr_before_2024', 2, 0, 1],
      ['iclr', 3, 1, 0],
      ['neurips', 2, 1, 0],
      ['rlc', 0, 0, 1],
    ],
  );
  assert.deepEqual(await readTree(old), before, 'what was read is as it was');
  const records = await readMasters(join(workspace, 'data/raw'));
  assert.deepEqual(
    records.filter((r) => r['venue'] === 'iclr' && r['year'] === 2024).map((r) => r['paper_id']),
    ['iclr2024p0', 'iclr2024p1', 'iclr2024p2'],
  );
  assert.equal(records[0]?.['title'], 'U+2028 \u2028 in a title');
  const found = await sessionsIn(workspace);
  for (const { view } of found) {
    assert.equal(view.state, view.units.pending === 0 ? 'completed' : 'stopped', view.name);
    await loadCollection(join(workspace, view.collectionFile));
  }
});

test('of a session the newest checkpoint that can be trusted counts, and the others are named', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const report = await importInto(workspace, await makeComputeForecastState(old));
  // The one of 11:00 has colm 2025 done; the newer ones would have rlc done, or 1,000 papers.
  assert.match(
    report.carriedOver.join('\n'),
    /newest good checkpoint, checkpoint_.*_110000_00000002/,
  );
  const bad = report.warnings.filter((warning) => warning.includes('is not used'));
  assert.equal(bad.length, 3, bad.join('\n'));
  assert.match(bad[0] ?? '', /00000003.*checksum does not fit/);
  assert.match(bad[1] ?? '', /00000004.*not those of its \.meta/);
  assert.match(bad[2] ?? '', /00000005/);
});

test('what can not be carried over is listed with its reason', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const state = await makeComputeForecastState(old);
  await writeFile(join(state, 'collect/torn_2020_checkpoint.json'), '{"venue": "to');
  await mkdir(join(state, 'consolidate/consolidate_20250119_100000_0a1b2c3d'), { recursive: true });
  const { notCarriedOver } = await importInto(workspace, state);
  const list = notCarriedOver.map(({ what, why }) => `${what}: ${why}`).join('\n');
  assert.match(list, /300 of 300 papers of colm_2024: the checkpoints count them/);
  assert.match(list, /3 of 5 papers of neurips_2023/);
  assert.match(list, /authors, abstracts/);
  assert.match(list, /icml_2024: .*fill in "source" of .*icml_to_collect\.collect\.json/);
  assert.match(list, /torn_2020_checkpoint\.json: it can't be read/);
  assert.match(list, /consolidate_20250119/);
});

test('a second import notices the first, and makes nothing', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const file = join(await makeComputeForecastState(old), 'collect/iclr_2024_checkpoint.json');
  const report = await importInto(workspace, file);
  const before = await filesIn(workspace);
  await assert.rejects(
    importInto(workspace, file),
    (error: unknown) =>
      isAlreadyImported(error) && String(error).includes(report.sessions[0]?.session ?? '-'),
  );
  assert.deepEqual(await filesIn(workspace), before);
});

test('a run of the collection goes on: done venues are not asked for, papers that are there are known', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const state = await makeComputeForecastState(old);
  const server = await FaultyServer.start({
    '/notes': choose(({ query }) => {
      const group = query.get('group') ?? '';
      return json({ notes: [0, 1, 2].map((n) => ({ id: `${group}p${n}`, title: `new ${n}` })) });
    }),
  });
  t.after(() => server.close());
  const collection = await writeCollection(workspace, {
    name: 'papers',
    source: {
      type: 'rest',
      for: { venue: ['ICLR', 'icml'], year: [2023, 2024] },
      url: server.url('/notes'),
      query: { group: '{venue}{year}' },
      items: 'notes',
      fields: { paper_id: 'id', title: 'title' },
    },
    record: { key: ['paper_id'] },
  });
  const report = await importInto(workspace, state, { collection });
  const [session] = report.sessions;
  assert.deepEqual([session?.records, session?.unitsDone, session?.unitsToDo], [6, 1, 3]);
  assert.match(
    JSON.stringify(report.notCarriedOver),
    /neurips_2023.*papers\.collect\.json does not collect it/,
  );
  await resumeToEnd(workspace, session?.session ?? '');
  const asked = server.requests.map(({ query }) => query.get('group'));
  assert.deepEqual(asked.sort(), ['ICLR2023', 'icml2023', 'icml2024'], 'ICLR 2024 was done');
  const [found] = await sessionsIn(workspace);
  // icml2024p0 was there.
  assert.deepEqual(
    [found?.view.records, found?.view.duplicates, found?.view.units.done, found?.view.state],
    [6 + 3 + 3 + 2, 0, 4, 'completed'],
  );
  const ids = (await readMasters(join(workspace, 'data/raw'))).map((r) => r['paper_id']);
  assert.equal(new Set(ids).size, ids.length);
});

test('a collection that knows none of the venues is refused, and nothing is made', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const state = await makeComputeForecastState(old);
  const collection = await writeCollection(workspace, {
    name: 'others',
    source: { type: 'rest', for: { venue: ['acl'], year: [2024] }, url: 'http://127.0.0.1:1/' },
  });
  await assert.rejects(
    importInto(workspace, state, { collection }),
    /collects acl_2024, and nothing of/,
  );
  assert.deepEqual(await filesIn(workspace), ['others.collect.json']);
});

const golden = {
  checkpoint_id: 'checkpoint_session_0a1b2c3d_20250119_100000_00000001',
  session_id: 'session_0a1b2c3d',
  checkpoint_type: 'batch_completed',
  timestamp: '2025-01-19T10:00:00.123456',
  venues_completed: [
    ['iclr', 2024],
    ['neurips', 2023],
  ],
  venues_in_progress: [['icml', 2024]],
  venues_not_started: [],
  papers_collected: 2260,
  papers_by_venue: { Zürich: { '2023': 0 }, iclr: { '2024': 2260 } },
  last_successful_operation: 'batch_completed: iclr 2024',
  checksum: '27b407be8d85f6dae46633d079814c047650aa3ebc1e940823fdf1407a19b28c',
};

test('the golden checkpoint is trusted, compressed or with dates in the other form; one digit off is not', async (t) => {
  const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
  const compressed = join(old, 'session_0a1b2c3d_checkpoint_1737284400.json.gz');
  const otherForm = { ...golden, timestamp: golden.timestamp.replace('T', ' ') };
  await writeFile(compressed, gzipSync(JSON.stringify(otherForm)));
  const report = await importInto(workspace, compressed);
  assert.deepEqual(
    report.sessions.map(({ name }) => name),
    ['iclr', 'neurips'],
  );
  // Python has numbers that JSON has not.
  const odd = {
    ...golden,
    api_health_status: { a: { avg_response_time_ms: 'NaN', why: 'NaN, "-Infinity"' } },
  };
  const python = JSON.stringify(odd, null, 2).replace('"NaN"', 'NaN');
  const other = await makeScratchFolder(t);
  await writeFile(join(old, 'checkpoint_nan.json'), python);
  assert.equal((await importInto(other, join(old, 'checkpoint_nan.json'))).sessions.length, 2);
  const off = join(old, `${golden.checkpoint_id}.json`);
  await writeFile(off, JSON.stringify({ ...golden, papers_collected: 2261 }));
  await assert.rejects(importInto(workspace, off), /none of its checkpoints can be trusted/);
});

test('files of this program in a .cf_state are not taken for earlier data', async (t) => {
  const workspace = await makeScratchFolder(t);
  const state = await makeComputeForecastState(workspace);
  const earlier = join(state, 'collect/iclr_2024_checkpoint.json');
  const before = await readFile(earlier);
  const first = await importInto(workspace, earlier);
  assert.deepEqual(
    await readFile(earlier),
    before,
    'our own file of that name does not replace it',
  );
  const own = {
    venue: 'x',
    year: 2024,
    papers_collected: 1,
    completed: true,
    papers: [],
    session_id: 'session_00000000',
  };
  await writeFile(join(state, 'collect/x_2024_checkpoint.json'), JSON.stringify(own));
  const report = await importInto(workspace, state);
  assert.ok((await readdir(join(state, 'sessions'))).includes(first.sessions[0]?.session ?? ''));
  const names = report.sessions.map(({ name }) => name);
  assert.deepEqual(names, ['colm', 'iclr_before_2024', 'neurips', 'rlc']);
  assert.match(report.warnings.join('\n'), /already imported/);
});
