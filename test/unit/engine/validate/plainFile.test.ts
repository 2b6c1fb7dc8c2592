import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { maxFindings } from '../../../../src/core/validation.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';
import { found, reportOf, validateIn } from './sessionToBreak.ts';

const filesOf = async (
  t: Parameters<typeof makeScratchFolder>[0],
  content: string | Buffer,
): Promise<{ root: string; path: string }> => {
  const root = await makeScratchFolder(t);
  const path = join(root, 'plain.jsonl');
  await writeFile(path, content);
  return { root, path };
};

test('a file that is right passes, with CRLF, U+2028 and long integers in it', async (t) => {
  const text = '{"a":1}\r\n{"a":"x\u2028y"}\r\n{"a":12345678901234567890}\n{"a":"ü😀"}\n';
  const { root, path } = await filesOf(t, text);
  const report = await reportOf(root, { paths: [path] });
  assert.deepEqual(found(report), []);
  assert.equal(report.session, null);
  assert.equal(report.records, 4);
  assert.equal(report.bytes, Buffer.byteLength(text));
});

test('each kind of bad line is told with its place', async (t) => {
  const lines = [
    Buffer.from('{"a":x}'),
    Buffer.from('{"a":"ü", "b":}'),
    Buffer.from('[1,2]'),
    Buffer.from('null'),
    Buffer.from('12345678901234567890'),
    Buffer.from('   '),
    Buffer.from([0x7b, 0x22, 0xc3, 0xbc, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
    Buffer.from('{"a":"cut'),
    Buffer.from('{"a":"\u0001"}'),
    Buffer.from('{"a":1}}'),
    Buffer.from('{"good":true}'),
  ];
  const content = Buffer.concat(lines.map((line) => Buffer.concat([line, Buffer.from('\n')])));
  const { root, path } = await filesOf(t, content);
  const report = await reportOf(root, { paths: [path] });
  assert.deepEqual(found(report), [
    'error LINE_NOT_JSON plain.jsonl:1:6',
    'error LINE_NOT_JSON plain.jsonl:2:15',
    'error LINE_NO_OBJECT plain.jsonl:3:1',
    'error LINE_NO_OBJECT plain.jsonl:4:1',
    'error LINE_NO_OBJECT plain.jsonl:5:1',
    'warning LINE_BLANK plain.jsonl:6:1',
    'error LINE_NOT_UTF8 plain.jsonl:7:7',
    'error LINE_NOT_JSON plain.jsonl:8:10',
    'error LINE_NOT_JSON plain.jsonl:9:7',
    'error LINE_NOT_JSON plain.jsonl:10:8',
  ]);
  assert.equal(report.records, 1);
  const messages = report.findings.map(({ message }) => message);
  assert.ok(messages[0]?.startsWith("Not JSON: Unexpected token 'x'. Correct the line"));
  assert.ok(messages[2]?.includes('but this line is a list'));
});

test('lines that are there twice are warnings that name the first, however their lines end', async (t) => {
  const { root, path } = await filesOf(t, '{"a":1}\n{"a":2}\n{"a":1}\r\n{"a":1}');
  const report = await reportOf(root, { paths: [path] });
  assert.deepEqual(found(report), [
    'warning LINE_NO_NEWLINE plain.jsonl:4:8',
    'warning LINE_TWICE plain.jsonl:3:1',
    'warning LINE_TWICE plain.jsonl:4:1',
  ]);
  assert.ok(report.findings[2]?.message.includes('the same as line 1'));
  assert.equal(report.errorCount, 0);
});

test('a byte order mark is told and not taken for the line', async (t) => {
  const { root, path } = await filesOf(t, '\uFEFF{"a":1}\n');
  assert.deepEqual(found(await reportOf(root, { paths: [path] })), [
    'warning FILE_BOM plain.jsonl:1:1',
  ]);
});

test('a schema that is given is what records must fit', async (t) => {
  const { root, path } = await filesOf(t, '{"a":1}\n{"a":"x"}\n{"b":{"c":[1,"y"]}}\n');
  const schema = join(root, 'schema.json');
  const c = { type: 'array', items: { type: 'number' } };
  const properties = { a: { type: 'number' }, b: { properties: { c } } };
  await writeFile(schema, JSON.stringify({ properties }));
  const report = await reportOf(root, { paths: [path], schema });
  assert.deepEqual(found(report), [
    'error RECORD_UNFIT plain.jsonl:2:6',
    'error RECORD_UNFIT plain.jsonl:3:14',
  ]);
  assert.ok(report.findings[1]?.message.includes('b.c.1 must be number'));
});

test('a schema that is none is refused', async (t) => {
  const { root, path } = await filesOf(t, '{"a":1}\n');
  const schema = join(root, 'schema.json');
  for (const [text, why] of [
    ['[]', /it is no object/],
    ['{"type":"strange"}', /type/],
    ['{', /is not a JSON Schema/],
  ] as const) {
    await writeFile(schema, text);
    await assert.rejects(validateIn(root, { paths: [path], schema }), {
      code: 'SCHEMA_UNUSABLE',
      message: why,
    });
  }
  const missing = join(root, 'none.json');
  await assert.rejects(validateIn(root, { paths: [path], schema: missing }), {
    code: 'FILE_UNREADABLE',
  });
});

test('no more findings are listed than may be, all are counted, and few are not hidden by many', async (t) => {
  const bad = 'x\n'.repeat(maxFindings + 500);
  const { root, path } = await filesOf(t, `${bad}{"a":1}\n{"a":1}\n`);
  const report = await reportOf(root, { paths: [path] });
  assert.equal(report.findings.length, maxFindings);
  assert.equal(report.findingCount, maxFindings + 501);
  assert.equal(report.errorCount, maxFindings + 500);
  assert.equal(report.findings.at(-1)?.code, 'LINE_TWICE');
  await writeFile(path, bad + '{"a":1}\n'.repeat(maxFindings + 1));
  const shared = (await reportOf(root, { paths: [path] })).findings;
  assert.equal(shared.length, maxFindings);
  assert.equal(shared.filter(({ code }) => code === 'LINE_TWICE').length, maxFindings / 2);
});

test('lines of several megabytes, and a file without any line, are read', async (t) => {
  const long = `{"a":"${'x'.repeat(9_000_000)}"}\n`;
  const { root, path } = await filesOf(t, `{"b":1}\n${long}{"c":1}\n${long}x\n`);
  const report = await reportOf(root, { paths: [path] });
  assert.deepEqual(found(report), [
    'error LINE_NOT_JSON plain.jsonl:5:1',
    'warning LINE_TWICE plain.jsonl:4:1',
  ]);
  await writeFile(path, '');
  const empty = await reportOf(root, { paths: [path] });
  assert.deepEqual(found(empty), []);
  assert.equal(empty.records, 0);
});
