import assert from 'node:assert/strict';
import { appendFile, readFile, truncate } from 'node:fs/promises';
import { test } from 'node:test';
import type { OpenChoices } from '../../../../src/storage/openSession.ts';
import type { SessionStore } from '../../../../src/storage/sessionStore.ts';
import {
  claim,
  finishing,
  openTestSession,
  prepared,
  testCollection,
  testPorts,
  unsyncedFileSystem,
} from '../../../fixtures/storageSession.ts';
import {
  changeLine,
  checkpointPaths,
  found,
  makeSession,
  recordsPerUnit,
  reportOf,
  type SessionToBreak,
} from './sessionToBreak.ts';

async function open(
  { root, layout }: SessionToBreak,
  choices: OpenChoices = {},
): Promise<SessionStore> {
  const ports = testPorts(unsyncedFileSystem);
  return (await openTestSession(root, layout.session, ports, testCollection(), choices)).store;
}

/** Collects every pending unit again, as it was collected first, and ends the session. */
async function collectAgain(store: SessionStore): Promise<number> {
  const units = await store.pendingUnits('host', 0, 100);
  for (const { n } of units) {
    await claim(store, n);
    const ids = Array.from({ length: recordsPerUnit }, (_, i) => `r${n}.${i + 1}`);
    const records = ids.map((id) => prepared({ id, text: `text of ${id}` }));
    await store.hand(finishing(n, { records }));
  }
  await store.checkpoint('session_completed', []);
  await store.record({ type: 'completed', by: 'exhausted', activeMs: 5 });
  await store.close(true);
  return units.length;
}

test('records that were lost and collected again are no fault any more, and the damage is still told', async (t) => {
  const session = await makeSession(t);
  await changeLine(session.master, 5, (line) => line.replace('{', '['));
  const before = await reportOf(session.root);
  assert.ok(before.errorCount > 0);
  assert.equal(await collectAgain(await open(session, { isThorough: true })), 1);
  const after = await reportOf(session.root);
  assert.deepEqual(found(after), [
    'warning RANGE_DAMAGED_BEFORE things_master.jsonl:4:1',
    'warning LINE_NOT_JSON things_master.jsonl:5:6',
  ]);
  // What was kept of it is still looked at.
  await changeLine(session.master, 6, (line) => line.replace('{', '['));
  const again = await reportOf(session.root);
  assert.equal(again.errorCount, 1);
  assert.ok(found(again).includes('error RANGE_CHANGED things_master.jsonl:4:1'));
});

test('after a cut at the end, what was there is not missed and what is there now is checked', async (t) => {
  const session = await makeSession(t);
  const lines = (await readFile(session.master, 'utf8')).split('\n').slice(0, 7);
  await truncate(session.master, Buffer.byteLength(lines.join('\n')) + 5);
  const count = await collectAgain(await open(session, { isThorough: true }));
  assert.ok(count > 0);
  assert.deepEqual(found(await reportOf(session.root)), []);
});

test('what recovery adopted is checked like everything else', async (t) => {
  const session = await makeSession(t, { isCutShort: true });
  await appendFile(session.master, '{"id":"left","text":"behind"}\n{"id":"torn');
  await collectAgain(await open(session));
  const report = await reportOf(session.root);
  assert.deepEqual(found(report), []);
  assert.equal(report.records, 13);
  await changeLine(session.master, 13, (line) => line.replace('behind', 'BEHIND'));
  assert.deepEqual(found(await reportOf(session.root)), [
    'error RANGE_CHANGED things_master.jsonl:13:1',
  ]);
});

test('units that went back to an older checkpoint are counted as the session counts them', async (t) => {
  const session = await makeSession(t);
  const [path = ''] = await checkpointPaths(session);
  const checkpoint = JSON.parse(await readFile(path, 'utf8')) as {
    checkpoint_id: string;
    collector: { seq: number };
  };
  const since = { seq: checkpoint.collector.seq, checkpoint: checkpoint.checkpoint_id };
  const store = await open(session, { since });
  assert.equal(store.view.units.pending, 2);
  await store.close(true);
  assert.deepEqual(found(await reportOf(session.root)), []);
  assert.equal(await collectAgain(await open(session)), 2);
  assert.deepEqual(found(await reportOf(session.root)), []);
});
