import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { test } from 'node:test';
import { checkpointChecksum, type CheckpointData } from '../../../../src/core/checkpointData.ts';
import { DatabaseSync } from '../../../../src/storage/sqlite.ts';
import { openTestSession } from '../../../fixtures/storageSession.ts';
import {
  changeFile,
  checkpointPaths,
  forgeJournal,
  found,
  makeSession,
  reportOf,
  validateIn,
  type SessionToBreak,
} from './sessionToBreak.ts';

/** Writes a JSON file again with a `.meta` that fits: what a program with a fault would have left. */
async function forgeJson(
  path: string,
  change: (json: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  const text = `${JSON.stringify(change(json), null, 2)}\n`;
  await writeFile(path, text);
  const meta = JSON.parse(await readFile(`${path}.meta`, 'utf8')) as Record<string, unknown>;
  const size = Buffer.byteLength(text);
  await writeFile(
    `${path}.meta`,
    JSON.stringify({ ...meta, checksum: hash('sha256', text), size }),
  );
}

async function firstCheckpoint(session: SessionToBreak): Promise<string> {
  return (await checkpointPaths(session))[0] ?? '';
}

test('a flipped byte of a checkpoint, its .meta, or session.json is told', async (t) => {
  const session = await makeSession(t);
  const checkpoint = await firstCheckpoint(session);
  const { summary } = session.layout;
  for (const [path, expected] of [
    [checkpoint, 'error CHECKPOINT_DAMAGED checkpoint.json'],
    [`${checkpoint}.meta`, 'error CHECKPOINT_DAMAGED checkpoint.json'],
    [summary, 'error SUMMARY_DAMAGED session.json'],
    [`${summary}.meta`, 'error SUMMARY_DAMAGED session.json'],
  ] as const) {
    const good = await readFile(path);
    const bad = Buffer.from(good);
    const at = good.indexOf('"checksum": "') + 20;
    bad[at] = (bad[at] ?? 0) ^ 1;
    await writeFile(path, bad);
    assert.deepEqual(found(await reportOf(session.root)), [expected], path);
    await writeFile(path, good);
  }
});

test('a checkpoint without its .meta is damage; where the journal does not name it, it was cut short', async (t) => {
  const session = await makeSession(t);
  const checkpoint = await firstCheckpoint(session);
  await rm(`${checkpoint}.meta`);
  assert.deepEqual(found(await reportOf(session.root)), [
    'error CHECKPOINT_DAMAGED checkpoint.json',
  ]);

  const resumed = await makeSession(t);
  const whole = await firstCheckpoint(resumed);
  const half = whole.replace(/_[0-9a-f]+\.json$/, '_ffffffff.json');
  await copyFile(whole, half);
  const unfinished = ['warning CHECKPOINT_UNFINISHED checkpoint.json'];
  assert.deepEqual(found(await reportOf(resumed.root)), unfinished);
  await copyFile(`${whole}.meta`, `${half}.meta`);
  const damaged = ['error CHECKPOINT_DAMAGED checkpoint.json'];
  assert.deepEqual(found(await reportOf(resumed.root)), damaged);

  const cutShort = await makeSession(t, { isCutShort: true });
  const first = await firstCheckpoint(cutShort);
  await writeFile(first.replace(/_[0-9a-f]+\.json$/, '_ffffffff.json'), '{');
  assert.deepEqual(found(await reportOf(cutShort.root)), unfinished);
});

test('a checkpoint that says what the journal does not is told with both', async (t) => {
  const session = await makeSession(t);
  const checkpoint = await firstCheckpoint(session);
  await forgeJson(checkpoint, (json) => {
    const data = { ...json, papers_collected: 7 } as unknown as CheckpointData;
    return { ...data, checksum: checkpointChecksum(data) };
  });
  const report = await reportOf(session.root);
  assert.deepEqual(found(report), ['error CHECKPOINT_DIFFERS checkpoint.json']);
  assert.match(report.findings[0]?.message ?? '', /papers_collected is 7 and should be 6/);
});

test("the lengths, the units and the groups of a checkpoint are the journal's", async (t) => {
  const session = await makeSession(t);
  const checkpoint = await firstCheckpoint(session);
  const own = { seq: 0 };
  for (const [name, change] of [
    ['files', { files: [{ role: 'master', file: 'x', lines: 6, bytes: 1 }] }],
    ['units', { units: { pending: 9 } }],
    ['journal_sum', { journal_sum: '0'.repeat(64) }],
    ['journal_bytes', { journal_bytes: 1 }],
    ['config_digest', { config_digest: 'other' }],
    ['rejected', { rejected: 5 }],
  ] as const) {
    const good = [await readFile(checkpoint), await readFile(`${checkpoint}.meta`)] as const;
    await forgeJson(checkpoint, (json) => ({
      ...json,
      collector: { ...own, ...(json['collector'] as object), ...change },
    }));
    const { findings } = await reportOf(session.root);
    assert.equal(findings.length, 1, name);
    assert.equal(findings[0]?.code, 'CHECKPOINT_DIFFERS');
    assert.ok(findings[0].message.includes(`${name} is `), name);
    await writeFile(checkpoint, good[0]);
    await writeFile(`${checkpoint}.meta`, good[1]);
  }
  await forgeJson(checkpoint, (json) => {
    const data = { ...json, papers_by_venue: { all: { '0': 99 } } } as unknown as CheckpointData;
    return { ...data, checksum: checkpointChecksum(data) };
  });
  const { findings } = await reportOf(session.root);
  assert.match(findings[0]?.message ?? '', /papers_by_venue is /);
});

test("the earlier system's checksum, another session and a newer format are told", async (t) => {
  const session = await makeSession(t);
  const checkpoint = await firstCheckpoint(session);
  const said: string[] = [];
  for (const change of [
    { last_successful_operation: 'other' },
    { session_id: 'session_other' },
    { checkpoint_id: 'checkpoint_other' },
    { collector: { format: 99, seq: 1 } },
  ]) {
    const good = [await readFile(checkpoint), await readFile(`${checkpoint}.meta`)] as const;
    await forgeJson(checkpoint, (json) => ({ ...json, ...change }));
    const { findings } = await reportOf(session.root);
    said.push(...findings.map(({ message }) => message));
    await writeFile(checkpoint, good[0]);
    await writeFile(`${checkpoint}.meta`, good[1]);
  }
  assert.match(said[0] ?? '', /its own checksum does not fit its fields/);
  assert.match(said[1] ?? '', /it is of another session, "session_other"/);
  assert.match(said[2] ?? '', /it calls itself "checkpoint_other"/);
  assert.match(said[3] ?? '', /format 99, newer than this version reads/);
  assert.equal(said.length, 4);
});

test('a checkpoint that the journal names and that is gone is worth knowing, unless it was cleaned up', async (t) => {
  const session = await makeSession(t);
  const [oldest = '', newest = ''] = await checkpointPaths(session);
  await rm(oldest);
  assert.deepEqual(found(await reportOf(session.root)), []);
  const other = await makeSession(t);
  const [, gone = newest] = await checkpointPaths(other);
  await rm(gone);
  assert.deepEqual(found(await reportOf(other.root)), ['info CHECKPOINT_MISSING checkpoint.json']);
});

test('session.json and its backup are what the journal says at their line', async (t) => {
  const session = await makeSession(t);
  const { summary } = session.layout;
  await forgeJson(summary, (json) => ({ ...json, total_papers_collected: 99 }));
  await forgeJson(`${summary}.backup`, (json) => ({ ...json, total_papers_collected: 8 }));
  const report = await reportOf(session.root);
  assert.deepEqual(found(report), [
    'error SUMMARY_DIFFERS session.json.backup',
    'error SUMMARY_DIFFERS session.json',
  ]);
});

test('session.json or its backup as a process leaves it that ends while it replaces them is no damage', async (t) => {
  const session = await makeSession(t);
  const { summary } = session.layout;
  const backup = `${summary}.backup`;
  for (const [from, to] of [
    [backup, summary],
    [`${backup}.meta`, `${summary}.meta`],
    [summary, backup],
    [`${summary}.meta`, `${backup}.meta`],
  ] as const) {
    const good = await readFile(to, 'utf8');
    const other = await readFile(from, 'utf8');
    const named = (path: string): string => JSON.stringify(basename(path, '.meta'));
    await writeFile(to, other.replace(named(from), named(to)));
    const expected = [`warning SUMMARY_DAMAGED ${basename(to, '.meta')}`];
    assert.deepEqual(found(await reportOf(session.root)), expected, basename(to));
    await writeFile(to, good);
  }
  await rm(`${summary}.meta`);
  assert.deepEqual(found(await reportOf(session.root)), ['warning SUMMARY_DAMAGED session.json']);
});

test('what says more than the journal has is told: lines were lost at its end', async (t) => {
  const session = await makeSession(t);
  await changeFile(session.layout.journal, (text) => {
    const lines = text.split('\n');
    return `${lines.slice(0, 9).join('\n')}\n`;
  });
  const codes = found(await reportOf(session.root));
  assert.ok(codes.includes('error CHECKPOINT_AHEAD checkpoint.json'));
  assert.ok(codes.includes('error SUMMARY_AHEAD session.json'));
  assert.ok(codes.includes('error INDEX_AHEAD index.db'));
});

test('a row of the index that the journal does not make is told: any table, any column', async (t) => {
  const session = await makeSession(t);
  const { index } = session.layout;
  const good = await readFile(index);
  for (const [table, sql] of [
    ['units', "UPDATE units SET key = 'other' WHERE n = 3"],
    ['progress', 'UPDATE progress SET attempts = 9 WHERE n = 3'],
    ['pending', 'INSERT INTO pending (lane, n) VALUES (1, 3)'],
    ['units', 'DELETE FROM units WHERE n = 4'],
    ['units', "INSERT INTO units (n, key, lane, grp) VALUES (99, 'x', 1, 2)"],
    ['groups', "UPDATE groups SET counts = replace(counts, '12', '13')"],
    ['ranges', 'UPDATE ranges SET bytes = bytes + 1 WHERE offset = 0'],
    ['checkpoints', "UPDATE checkpoints SET at = 'never'"],
    ['open_keys', 'INSERT INTO open_keys (unit, keys) VALUES (1, zeroblob(16))'],
    ['key_blocks', 'DELETE FROM key_blocks WHERE id = (SELECT max(id) FROM key_blocks)'],
    ['meta', 'UPDATE meta SET view = replace(view, \'"records":12\', \'"records":13\')'],
  ] as const) {
    const database = new DatabaseSync(index);
    const { changes } = database.prepare(sql).run();
    database.close();
    assert.ok(Number(changes) > 0, sql);
    const report = await reportOf(session.root);
    assert.deepEqual(found(report), ['error INDEX_DIFFERS index.db'], sql);
    assert.ok(report.findings[0]?.message.includes(`table ${table}, `), sql);
    for (const suffix of ['-wal', '-shm']) await rm(`${index}${suffix}`, { force: true });
    await writeFile(index, good);
  }
});

test('an index of another journal, and one that can not be read, are told; one that is missing is no fault', async (t) => {
  const session = await makeSession(t);
  const { index, journal } = session.layout;
  const good = [await readFile(index), await readFile(journal)] as const;
  await forgeJournal(session, (event) =>
    event.type === 'session' ? [{ ...event, createdBy: 'another' }] : [event],
  );
  await writeFile(journal, good[1]);
  assert.deepEqual(found(await reportOf(session.root)), ['error INDEX_OF_ANOTHER index.db']);
  await writeFile(index, 'no database');
  assert.deepEqual(found(await reportOf(session.root)), ['error INDEX_DAMAGED index.db']);
  for (const suffix of ['', '-wal', '-shm']) await rm(`${index}${suffix}`, { force: true });
  const report = await reportOf(session.root);
  assert.deepEqual(found(report), []);
  assert.equal(report.checks.find(({ name }) => name === 'index')?.outcome, 'skipped');
});

test('a broken index is made anew when that is asked for, and nobody holds the session', async (t) => {
  const session = await makeSession(t);
  const { index, root, layout } = { ...session, index: session.layout.index };
  const damage = (): void => {
    const database = new DatabaseSync(index);
    database.exec('UPDATE progress SET attempts = 9 WHERE n = 3');
    database.close();
  };
  const { store } = await openTestSession(root, layout.session);
  damage();
  const held = await validateIn(root, { fixIndex: true });
  assert.deepEqual(found(held.targets[0] ?? { findings: [] }), [
    'error INDEX_DIFFERS index.db',
    'warning INDEX_KEPT index.db',
  ]);
  assert.equal(held.isValid, false);
  await store.close(true);
  damage();
  const fixed = await validateIn(root, { fixIndex: true });
  assert.equal(fixed.isValid, true);
  assert.deepEqual(found(fixed.targets[0] ?? { findings: [] }), [
    'info INDEX_DIFFERS index.db',
    'info INDEX_REBUILT index.db',
  ]);
  assert.deepEqual(found(await reportOf(root)), []);
  // The lock was let go of.
  await (await openTestSession(root, layout.session)).store.close(true);
});
