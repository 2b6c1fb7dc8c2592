import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import { toJsonLine, type JsonObject } from '../../../../src/core/json.ts';
import { sha256Hex } from '../../../../src/storage/dataFile.ts';
import type { InputCursor, InputLine } from '../../../../src/sources/files/inputLine.ts';
import { readInput } from '../../../../src/sources/files/readInput.ts';
import { never } from '../../../conformance/drive.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

interface Read {
  readonly lines: InputLine<JsonObject>[];
  readonly cursors: InputCursor[];
  readonly sha256: string;
}

async function read(
  path: string,
  from?: InputCursor,
  into?: InputLine<JsonObject>[],
): Promise<Read> {
  const lines = into ?? [];
  const cursors: InputCursor[] = [];
  const pages = readInput(path, from, (record) => record, never());
  for (;;) {
    const { value, done } = await pages.next();
    if (done === true) return { lines, cursors, sha256: value.read.sha256 };
    lines.push(...value.lines);
    cursors.push(value.cursor);
  }
}

/** What the lines say, one after the other. */
function told(lines: readonly InputLine<JsonObject>[]): unknown[] {
  return lines.map(({ number, value, reason }) => [number, value ?? reason?.split(':')[0]]);
}

test('lines of JSON, with the reasons of those that are none', async (t) => {
  const path = join(await makeScratchFolder(t), 'a.jsonl');
  const bytes = Buffer.concat([
    Buffer.from('\uFEFF{"a":1}\r\n\n  \n{"a":"ü"}\n[1]\nnull\n{"a":\n'),
    Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
    Buffer.from(' {"a":12345678901234567890} \n{"a":2}'),
  ]);
  await writeFile(path, bytes);
  const { lines, sha256 } = await read(path);
  assert.deepEqual(
    lines.map(({ number, reason }) => [number, reason?.split(':')[0]]),
    [
      [1, undefined],
      [4, undefined],
      [5, 'not an object'],
      [6, 'not an object'],
      [7, 'not JSON'],
      [8, 'not UTF-8'],
      [9, undefined],
      [10, undefined],
    ],
  );
  assert.equal(lines[0]?.text, '{"a":1}');
  assert.deepEqual(lines[1]?.value, { a: 'ü' });
  assert.equal(toJsonLine(lines[6]?.value ?? null), '{"a":12345678901234567890}');
  assert.equal(sha256, sha256Hex(bytes));
});

test('a large integer keeps its digits wherever in a page it stands', async (t) => {
  const path = join(await makeScratchFolder(t), 'a.jsonl');
  for (let shift = 0; shift < 17; shift++) {
    await writeFile(path, `{"${'k'.repeat(shift)}":1234567890123456789}\n`);
    const { lines } = await read(path);
    const digits = toJsonLine(lines[0]?.value ?? null);
    assert.equal(digits, `{"${'k'.repeat(shift)}":1234567890123456789}`);
  }
});

function manyLines(count: number): string {
  const fill = 'ä'.repeat(120);
  return Array.from({ length: count }, (_, i) => `{"i":${i},"fill":"${fill}"}\n`).join('');
}

for (const isGzip of [false, true]) {
  test(`reading goes on from any cursor${isGzip ? ' in a .gz' : ''}`, async (t) => {
    const path = join(await makeScratchFolder(t), isGzip ? 'a.jsonl.gz' : 'a.jsonl');
    const text = Buffer.from(`\n${manyLines(20_000)}`);
    // Several members one after the other are one file.
    const half = text.indexOf('\n', text.length / 2);
    const members = [text.subarray(0, half), text.subarray(half)].map((part) => gzipSync(part));
    await writeFile(path, isGzip ? Buffer.concat(members) : text);
    const whole = await read(path);
    assert.equal(whole.lines.length, 20_000);
    assert.ok(whole.cursors.length > 2, 'more than two pages');
    assert.equal(whole.sha256, sha256Hex(await readFile(path)));
    for (const cursor of whole.cursors) {
      const rest = await read(path, cursor);
      assert.deepEqual(told(rest.lines), told(whole.lines.slice(cursor.lines)));
      assert.equal(rest.sha256, whole.sha256);
      assert.deepEqual(rest.cursors.at(-1)?.lines ?? cursor.lines, 20_000);
    }
  });
}

test('a file that was changed before the cursor is not gone on with', async (t) => {
  const path = join(await makeScratchFolder(t), 'a.jsonl');
  const text = manyLines(20_000);
  await writeFile(path, text);
  const { cursors } = await read(path);
  const cursor = cursors[0];
  assert.ok(cursor);
  await writeFile(path, text.replace('"i":7,', '"i":8,'));
  await assert.rejects(read(path, cursor), { code: 'INPUT_CHANGED' });
  await writeFile(path, text.slice(0, 1000));
  await assert.rejects(read(path, cursor), { code: 'INPUT_CHANGED' });
});

test('a line that is too long for a page, and one that is too long for memory', async (t) => {
  const path = join(await makeScratchFolder(t), 'a.jsonl');
  const long = `{"long":"${'x'.repeat(5_000_000)}"}`;
  const longer = `{"longer":"${'y'.repeat(70 * 1024 * 1024)}"}`;
  await writeFile(path, `{"a":1}\n${long}\n{"a":2}\n${longer}\n{"a":3}\n`);
  const { lines, cursors } = await read(path);
  assert.deepEqual(
    lines.map(({ number, text, reason }) => [number, text.length, reason?.split(';')[0]]),
    [
      [1, 7, undefined],
      [2, long.length, undefined],
      [3, 7, undefined],
      [4, 1000, 'longer than 64 MB'],
      [5, 7, undefined],
    ],
  );
  const before = cursors.find((cursor) => cursor.lines === 4);
  assert.ok(before);
  assert.deepEqual(told((await read(path, before)).lines), [[5, { a: 3 }]]);
});

test('a .gz that is cut off gives what came before, and says so', async (t) => {
  const path = join(await makeScratchFolder(t), 'a.jsonl.gz');
  const packed = gzipSync(manyLines(50_000));
  const cut = packed.subarray(0, packed.length * 0.7);
  await writeFile(path, cut);
  const left = gunzipSync(cut, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
  const lines: InputLine<JsonObject>[] = [];
  await assert.rejects(read(path, undefined, lines), (error: unknown) => {
    assert.ok(error instanceof UnitFailedError);
    assert.equal(error.code, 'INPUT_DAMAGED');
    assert.match(error.message, /ends in the middle/);
    return true;
  });
  assert.equal(lines.length, left.split('\n').length - 1, 'every whole line');
  await writeFile(path, 'this is no gzip');
  await assert.rejects(read(path), { code: 'INPUT_DAMAGED' });
});

test('CSV: quotes, line ends in quotes, missing values, bad rows in their order', async (t) => {
  const folder = await makeScratchFolder(t);
  const path = join(folder, 'a.csv');
  const rows = ['a,b,a', '1,"x\ny ""z""",3', '', '4,5', '6,un"quoted,7', '7,8,9', '10,"open,11'];
  await writeFile(path, `\uFEFF${rows.join('\r\n')}`);
  const { lines } = await read(path);
  assert.deepEqual(
    lines.map(({ value, reason }) => value ?? reason?.split(':')[0]),
    [
      { a: '1', b: 'x\ny "z"', a_2: '3' },
      'has 2 values for 3 columns',
      'not CSV',
      { a: '7', b: '8', a_2: '9' },
      'not CSV',
    ],
  );
  assert.equal(lines[0]?.text, '{"a":"1","b":"x\\ny \\"z\\"","a_2":"3"}');
});

test('CSV: semicolons and tabs are found out; other encodings are refused', async (t) => {
  const folder = await makeScratchFolder(t);
  const values = async (name: string, content: string | Buffer): Promise<unknown[]> => {
    await writeFile(join(folder, name), content);
    return (await read(join(folder, name))).lines.map(({ value }) => value);
  };
  assert.deepEqual(await values('a.csv', '"x;y";b\n1,5;2\n'), [{ 'x;y': '1,5', b: '2' }]);
  assert.deepEqual(await values('a.tsv', 'a\tb\n1, 2\t3\n'), [{ a: '1, 2', b: '3' }]);
  await assert.rejects(values('latin.csv', Buffer.from('a\n\xfc\n', 'latin1')), {
    code: 'INPUT_NOT_UTF8',
  });
  await assert.rejects(values('a.jsonl', Buffer.from('\uFEFF{"a":1}', 'utf16le')), {
    code: 'INPUT_NOT_UTF8',
  });
});

test('CSV goes on from any cursor', async (t) => {
  const path = join(await makeScratchFolder(t), 'a.csv');
  const rows = Array.from({ length: 60_000 }, (_, i) =>
    i % 7 === 3 ? `${i},"x"y` : `${i},"x\ny"`,
  );
  await writeFile(path, `a,b\n${rows.join('\n')}\n`);
  const whole = await read(path);
  assert.equal(whole.lines.length, 60_000);
  assert.ok(whole.cursors.length > 2);
  for (const cursor of whole.cursors.filter((_, i) => i % 9 === 1)) {
    const { lines } = await read(path, cursor);
    assert.deepEqual(told(lines), told(whole.lines.slice(cursor.lines)));
  }
});

test('a file that is not there', async (t) => {
  const path = join(await makeScratchFolder(t), 'none.jsonl');
  await assert.rejects(read(path), { code: 'INPUT_UNREADABLE' });
  await assert.rejects(read(`${path}.gz`), { code: 'INPUT_UNREADABLE' });
});
