import assert from 'node:assert/strict';
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseJson, type JsonObject } from '../../../../src/core/json.ts';
import { packFingerprints, unpackFingerprints } from '../../../../src/core/keys.ts';
import { testCollection } from '../../../fixtures/storageSession.ts';
import {
  changeLine,
  forgeJournal,
  found,
  makeSession,
  reportOf,
  validateIn,
} from './sessionToBreak.ts';

test('a session that is right passes every check', async (t) => {
  const { root, layout, master } = await makeSession(t);
  const { targets, isValid, isCancelled } = await validateIn(root);
  assert.equal(isValid, true);
  assert.equal(isCancelled, false);
  const [target] = targets;
  assert.ok(target);
  assert.deepEqual(found(target), []);
  assert.equal(target.session, layout.session);
  assert.equal(target.records, 12);
  assert.ok(target.files.includes(master));
  const outcomes = target.checks.map(
    ({ name, outcome, checked }) => `${name} ${outcome} ${checked}`,
  );
  assert.deepEqual(outcomes, [
    'journal passed 14',
    'ranges passed 5',
    'lines passed 13',
    'schema skipped 0',
    'keys passed 12',
    'counts passed 10',
    'units passed 4',
    'checkpoints passed 2',
    'summary passed 2',
    'index passed 1',
  ]);
});

test('an edited line is named, with the units that lack it', async (t) => {
  const { root, master } = await makeSession(t);
  await changeLine(master, 5, (line) => line.replace('"r2.2"', '"r9.9"'));
  const report = await reportOf(root);
  assert.deepEqual(found(report), [
    'error RANGE_CHANGED things_master.jsonl:5:1',
    'error UNIT_WITHOUT_RECORDS journal.jsonl',
  ]);
  assert.match(report.findings[0]?.message ?? '', /^Line 5 was edited by hand or damaged/);
  assert.match(report.findings[1]?.message ?? '', /1 done unit lacks 1 records .*: page 2\./);
});

test('an edit that moves what follows is found where it is, and what follows is checked where it is now', async (t) => {
  const { root, master } = await makeSession(t);
  await changeLine(master, 4, (line) => line.replace('"r2.1"', '"a longer one"'));
  await changeLine(master, 11, (line) => line.replace('"r4.2"', '"short"'));
  const report = await reportOf(root);
  assert.deepEqual(found(report), [
    'error RANGE_CHANGED things_master.jsonl:4:1',
    'error RANGE_CHANGED things_master.jsonl:11:1',
    'error UNIT_WITHOUT_RECORDS journal.jsonl',
  ]);
  assert.match(report.findings[0]?.message ?? '', /What follows is 8 bytes further on than it was/);
});

test('an edit that keeps the key names the lines of its range', async (t) => {
  const { root, master } = await makeSession(t);
  await changeLine(master, 8, (line) => line.replace('text of', 'TEXT OF'));
  const report = await reportOf(root);
  assert.deepEqual(found(report), ['error RANGE_CHANGED things_master.jsonl:7:1']);
  assert.match(
    report.findings[0]?.message ?? '',
    /^Something in lines 7-9 was edited .* though its keys are what they were/,
  );
});

test('lines that were taken out, or put in, are told', async (t) => {
  const { root, master } = await makeSession(t);
  await changeLine(master, 5, () => undefined);
  await changeLine(master, 9, (line) => `{"id":"new"}\n${line}`);
  const report = await reportOf(root);
  assert.deepEqual(found(report), [
    'error RANGE_CHANGED things_master.jsonl:5:1',
    'error RANGE_CHANGED things_master.jsonl:9:1',
    'error UNIT_WITHOUT_RECORDS journal.jsonl',
  ]);
  assert.match(report.findings[0]?.message ?? '', /^1 line was taken out by hand before line 5/);
  assert.match(report.findings[1]?.message ?? '', /^Line 9 was put in by hand/);
  await changeLine(master, 9, () => undefined);
  const shorter = await reportOf(root);
  assert.deepEqual(found(shorter), [
    'error RANGE_CHANGED things_master.jsonl:5:1',
    'error COUNT_DIFFERS things_master.jsonl',
    'error COUNT_DIFFERS journal.jsonl',
    'error UNIT_WITHOUT_RECORDS journal.jsonl',
  ]);
});

test('a bad line is told with its column, also after lines with U+2028 and CRLF', async (t) => {
  const record = (id: string) => ({ id, text: `two\u2028lines\r\nand more, ü` });
  const { root, master } = await makeSession(t, { record });
  await changeLine(master, 6, (line) => `${line.slice(0, 12)}}${line.slice(12)}`);
  const report = await reportOf(root);
  assert.deepEqual(found(report).slice(0, 2), [
    'error RANGE_CHANGED things_master.jsonl:6:1',
    'error LINE_NOT_JSON things_master.jsonl:6:14',
  ]);
});

test('a file that was cut is told from where on', async (t) => {
  const { root, master } = await makeSession(t);
  const bytes = await readFile(master);
  const lineEnds = [...bytes.keys()].filter((i) => bytes[i] === 0x0a);
  await truncate(master, (lineEnds[6] ?? 0) + 10);
  const report = await reportOf(root);
  assert.deepEqual(found(report), [
    'error RANGE_MISSING things_master.jsonl:8:1',
    'error LINE_NOT_JSON things_master.jsonl:8:10',
    'error COUNT_DIFFERS things_master.jsonl',
    'error COUNT_DIFFERS journal.jsonl',
    'error UNIT_WITHOUT_RECORDS journal.jsonl',
  ]);
  assert.match(report.findings[0]?.message ?? '', /5 lines from here on are missing/);
});

test('a file that is not there is told', async (t) => {
  const { root, master } = await makeSession(t);
  await rm(master);
  const codes = found(await reportOf(root));
  assert.equal(codes[0], 'error DATA_FILE_MISSING things_master.jsonl');
});

test('another file under the name of the master costs no memory and no time', async (t) => {
  const { root, master } = await makeSession(t);
  await writeFile(master, '{"id":"other"}\n'.repeat(50));
  const { findings } = await reportOf(root);
  assert.equal(findings[0]?.code, 'RANGE_CHANGED');
});

test('bytes that no range names are told: at the end, and in the middle', async (t) => {
  const { root, master } = await makeSession(t);
  await appendFile(master, '{"id":"x"}\n{"id":"y"}\n');
  const report = await reportOf(root);
  assert.deepEqual(found(report), ['error BYTES_UNNAMED things_master.jsonl:13:1']);
  assert.match(report.findings[0]?.message ?? '', /^Lines 13 to 14 \(22 bytes\)/);
});

test('what an interrupted session had not confirmed is no error', async (t) => {
  const { root, master } = await makeSession(t, { isCutShort: true });
  await appendFile(master, '{"id":"x"}\n{"id":"torn');
  const { targets, isValid } = await validateIn(root);
  assert.equal(isValid, true);
  assert.deepEqual(
    targets.flatMap((target) => found(target)),
    [
      'warning BYTES_UNNAMED things_master.jsonl:13:1',
      'warning LINE_NOT_JSON things_master.jsonl:14:12',
    ],
  );
});

test('a range that the journal leaves out shows as a hole', async (t) => {
  const session = await makeSession(t);
  let commits = 0;
  await forgeJournal(session, (event) =>
    event.type === 'committed' && ++commits === 2 ? [{ ...event, ranges: [], units: [] }] : [event],
  );
  await rm(session.layout.checkpoints, { recursive: true });
  await rm(session.layout.summary);
  await rm(`${session.layout.summary}.backup`);
  const report = await reportOf(session.root);
  assert.deepEqual(found(report), [
    'error BYTES_UNNAMED things_master.jsonl:4:1',
    'error BYTES_UNNAMED things_rejected.jsonl:1:1',
  ]);
});

test('bytes that two ranges name are told', async (t) => {
  const session = await makeSession(t);
  let commits = 0;
  await forgeJournal(session, (event) =>
    event.type === 'committed' && ++commits === 4 ? [event, event] : [event],
  );
  const codes = (await reportOf(session.root)).findings.map(({ code }) => code);
  assert.ok(codes.includes('RANGE_TWICE'));
  assert.ok(codes.includes('KEY_TWICE'));
});

test('a record that does not fit the schema is told with its column', async (t) => {
  const collection = testCollection({
    record: { key: ['id'], schema: { properties: { text: { type: 'string', maxLength: 12 } } } },
  });
  const record = (id: string) => ({ id, text: id === 'r3.2' ? 'far longer than that' : 'short' });
  const { root } = await makeSession(t, { collection, record });
  const report = await reportOf(root);
  assert.deepEqual(found(report), ['error RECORD_UNFIT things_master.jsonl:8:21']);
  assert.match(report.findings[0]?.message ?? '', /text must NOT have more than 12 characters/);
});

test('fields that provenance added are not held against the schema', async (t) => {
  const collection = testCollection({
    record: { key: ['id'], schema: { properties: { id: {} }, additionalProperties: false } },
    output: { dir: 'data/raw', provenance: true },
  });
  const record = (id: string) => ({ id, _unit: 1, _url: 'http://x/', _fetchedAt: 'now' });
  const { root } = await makeSession(t, { collection, record });
  assert.deepEqual(found(await reportOf(root)), []);
});

test('keys of the journal that are not those of the lines are told', async (t) => {
  const session = await makeSession(t);
  let commits = 0;
  await forgeJournal(session, (event) => {
    if (event.type !== 'committed' || ++commits !== 3) return [event];
    const ranges = event.ranges.map((range) => {
      const [a = '', b = '', c = ''] = unpackFingerprints(range.keys);
      return { ...range, keys: packFingerprints([a, c, b]) };
    });
    return [{ ...event, ranges }];
  });
  await rm(session.layout.checkpoints, { recursive: true });
  await rm(session.layout.summary);
  await rm(`${session.layout.summary}.backup`);
  assert.deepEqual(found(await reportOf(session.root)), [
    'error KEY_DIFFERS things_master.jsonl:8:1',
    'error KEY_DIFFERS things_master.jsonl:9:1',
  ]);
});

test('a key that is there twice is told with the line that has it first', async (t) => {
  const { root, master } = await makeSession(t);
  await changeLine(master, 10, (line) => line.replaceAll('r4.1', 'r1.2'));
  const report = await reportOf(root);
  assert.deepEqual(found(report), [
    'error RANGE_CHANGED things_master.jsonl:10:1',
    'error KEY_TWICE things_master.jsonl:10:1',
    'error UNIT_WITHOUT_RECORDS journal.jsonl',
  ]);
  assert.match(report.findings[1]?.message ?? '', /same key as line 2\./);
});

test('keys with long integers are those of every digit', async (t) => {
  const collection = testCollection({ record: { key: ['id'] } });
  const ids = new Map<string, string>();
  const record = (id: string) => {
    ids.set(id, `1234567890123456${ids.size + 1000}`);
    return parseJson(`{"id":${ids.get(id) ?? ''}}`) as JsonObject;
  };
  const { root } = await makeSession(t, { collection, record });
  assert.deepEqual(found(await reportOf(root)), []);
});

test('where a page is a record its key is not in the line: the journal is believed', async (t) => {
  const collection = testCollection({
    source: { type: 'html', start: ['http://127.0.0.1:1/'], fields: { text: 'h1' } },
    record: {},
  });
  const { root, master } = await makeSession(t, { collection });
  assert.deepEqual(found(await reportOf(root)), []);
  await changeLine(master, 5, (line) => line.replace('text of', 'TEXT OF'));
  const report = await reportOf(root);
  assert.deepEqual(found(report), ['error RANGE_CHANGED things_master.jsonl:4:1']);
  assert.match(report.findings[0]?.message ?? '', /^Something in lines 4-6 was edited/);
});
