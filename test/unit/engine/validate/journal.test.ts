import assert from 'node:assert/strict';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { carryScriptOn } from '../../../fixtures/storageScript.ts';
import {
  createTestSession,
  makeScratchFolder,
  testPorts,
  unsyncedFileSystem,
} from '../../../fixtures/storageSession.ts';
import {
  changeLine,
  forgeJournal,
  found,
  makeSession,
  reportOf,
  validateIn,
  type SessionToBreak,
} from './sessionToBreak.ts';

/** What is wrong with the journal alone. */
async function journalFindings({ root }: SessionToBreak): Promise<string[]> {
  return found(await reportOf(root)).filter((text) => text.includes(' JOURNAL_'));
}

test('a damaged line is told with its number, and nothing is said of what it makes uncertain', async (t) => {
  const session = await makeSession(t);
  await changeLine(session.layout.journal, 4, (line) => line.replace('"seq"', '"sEq"'));
  const report = await reportOf(session.root);
  const codes = found(report);
  assert.equal(codes[0], 'error JOURNAL_GAP journal.jsonl:4');
  assert.ok(!codes.some((code) => / (CHECKPOINT|SUMMARY|INDEX|UNIT)_/.test(code)));
  const index = report.checks.find(({ name }) => name === 'index');
  assert.equal(index?.outcome, 'skipped');
  assert.match(index.reason ?? '', /the journal is damaged/);
});

test('missing lines, repeated lines and lines of another journal are told apart', async (t) => {
  const session = await makeSession(t);
  const { journal } = session.layout;
  const good = await readFile(journal, 'latin1');
  const lines = good.split('\n');
  await changeLine(journal, 6, () => undefined);
  assert.deepEqual(await journalFindings(session), ['error JOURNAL_LINES_MISSING journal.jsonl:6']);
  await writeFile(journal, good, 'latin1');
  await changeLine(journal, 6, (line) => `${line}\n${lines[4] ?? ''}`);
  assert.deepEqual(await journalFindings(session), ['error JOURNAL_LINE_TWICE journal.jsonl:7']);
  // The same line, written with another one before it.
  await writeFile(journal, good, 'latin1');
  const other = await makeSession(t);
  await forgeJournal(other, (event) =>
    event.type === 'session' ? [{ ...event, createdBy: 'another' }] : [event],
  );
  const foreign = (await readFile(other.layout.journal, 'latin1')).split('\n');
  await changeLine(journal, 9, () => foreign[8]);
  assert.deepEqual(await journalFindings(session), [
    'error JOURNAL_LINES_MISSING journal.jsonl:9',
    'error JOURNAL_LINES_MISSING journal.jsonl:10',
  ]);
});

test('a torn tail is a warning', async (t) => {
  const session = await makeSession(t, { isCutShort: true });
  await appendFile(session.layout.journal, '{"seq":99,"at":"20');
  const { isValid } = await validateIn(session.root);
  assert.equal(isValid, true);
  assert.deepEqual(await journalFindings(session), ['warning JOURNAL_TORN journal.jsonl:14']);
});

test('a first line that can not be read, and an empty journal, are told', async (t) => {
  const session = await makeSession(t);
  const { journal } = session.layout;
  await changeLine(journal, 1, (line) => line.replace('"seq"', '"sEq"'));
  assert.deepEqual(await journalFindings(session), [
    'error JOURNAL_GAP journal.jsonl:1',
    'error JOURNAL_HEADER_DAMAGED journal.jsonl:1',
  ]);
  await truncate(journal, 0);
  assert.deepEqual(await journalFindings(session), ['error JOURNAL_EMPTY journal.jsonl:1']);
});

test('a newer format, and the journal of another session, are told', async (t) => {
  const session = await makeSession(t);
  await forgeJournal(session, (event) =>
    event.type === 'session' ? [{ ...event, format: 99, session: 'session_other' }] : [event],
  );
  assert.deepEqual(await journalFindings(session), [
    'error JOURNAL_TOO_NEW journal.jsonl:1',
    'error JOURNAL_OF_ANOTHER journal.jsonl:1',
  ]);
});

test('a tally that is not what the ranges have is told, and every count that it makes wrong', async (t) => {
  const session = await makeSession(t);
  let commits = 0;
  await forgeJournal(session, (event) => {
    if (event.type !== 'committed' || ++commits !== 1) return [event];
    return [{ ...event, units: event.units.map((tally) => ({ ...tally, records: 4 })) }];
  });
  const codes = found(await reportOf(session.root)).filter((code) => !code.includes('CHECKPOINT'));
  assert.deepEqual(codes, [
    'error TALLY_DIFFERS journal.jsonl:4',
    'error COUNT_DIFFERS journal.jsonl',
    'error SUMMARY_DIFFERS session.json.backup',
    'error SUMMARY_DIFFERS session.json',
  ]);
});

test('a range whose keys are not as many as its lines is told', async (t) => {
  const session = await makeSession(t);
  let commits = 0;
  await forgeJournal(session, (event) => {
    if (event.type !== 'committed' || ++commits !== 1) return [event];
    const ranges = event.ranges.map((range) => ({ ...range, keys: range.keys.slice(0, 43) }));
    return [{ ...event, ranges }];
  });
  const codes = found(await reportOf(session.root));
  assert.ok(codes.includes('error RANGE_LINES_DIFFER things_master.jsonl:1:1'));
  assert.ok(codes.includes('error COUNT_DIFFERS things_master.jsonl'));
});

test('units that are done without proof, or twice, are told, and counts of units are recounted', async (t) => {
  const unproven = await makeSession(t);
  await forgeJournal(unproven, (event) => {
    if (event.type !== 'finished' || event.unit !== 2) return [event];
    const { type, unit, state } = event;
    return [{ type, unit, state }];
  });
  const codesOf = async ({ root }: SessionToBreak): Promise<string[]> =>
    found(await reportOf(root)).filter((code) => !/CHECKPOINT|SUMMARY/.test(code));
  assert.deepEqual(await codesOf(unproven), ['error UNIT_UNPROVEN journal.jsonl:7']);

  const twice = await makeSession(t);
  await forgeJournal(twice, (event) =>
    event.type === 'finished' && event.unit === 4 ? [event, event] : [event],
  );
  assert.deepEqual(await codesOf(twice), [
    'error COUNT_DIFFERS journal.jsonl',
    'error COUNT_DIFFERS journal.jsonl',
    'error UNIT_ODD journal.jsonl:12',
  ]);
});

test('a session that is being carried out is looked at as far as it was when that began', async (t) => {
  const root = await makeScratchFolder(t);
  const ports = testPorts(unsyncedFileSystem, {
    machine: { machineId: 'm', host: 'test-host', bootId: 'b' },
  });
  const store = await createTestSession(root, ports);
  const running = { isOver: false };
  const problems: string[] = [];
  let rounds = 0;
  const watching = (async () => {
    while (!running.isOver || rounds === 0) {
      const { targets } = await validateIn(root);
      problems.push(...targets.flatMap((target) => found(target)));
      rounds += 1;
    }
  })();
  for (let pages = 1; pages <= 12; pages++) {
    await carryScriptOn(store, () => undefined, 1);
    await store.checkpoint('batch_completed', []);
  }
  running.isOver = true;
  await watching;
  await store.close(true);
  assert.deepEqual(problems, []);
  assert.ok(rounds > 0);
});

test('a line that is being written is nothing to wonder at', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root, testPorts(unsyncedFileSystem));
  await carryScriptOn(store);
  // As a write that is under way looks from beside it.
  await appendFile(store.layout.journal, '{"seq":99');
  const master = store.view.files.find((f) => f.role === 'master');
  await appendFile(store.layout.absolute(master?.file ?? ''), '{"id":"ha');
  const report = await reportOf(root);
  store.abandon();
  await store.close(false);
  assert.deepEqual(found(report), []);
});
