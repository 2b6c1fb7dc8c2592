import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CollectorError } from '../../../../src/core/errors.ts';
import { toJsonLine, type JsonObject } from '../../../../src/core/json.ts';
import type { InputCursor, InputLine } from '../../../../src/sources/files/inputLine.ts';
import { ListScanner } from '../../../../src/sources/files/listScanner.ts';
import { readInput } from '../../../../src/sources/files/readInput.ts';
import { never } from '../../../conformance/drive.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

interface Read {
  readonly lines: InputLine<JsonObject>[];
  readonly cursors: InputCursor[];
  /** Code of the error that ended it. */
  readonly error: string | undefined;
  readonly message: string;
}

async function read(path: string, items?: string[], from?: InputCursor): Promise<Read> {
  const lines: InputLine<JsonObject>[] = [];
  const cursors: InputCursor[] = [];
  try {
    const pages = readInput(path, from, (record) => record, never(), { items });
    for await (const page of pages) {
      lines.push(...page.lines);
      cursors.push(page.cursor);
    }
  } catch (error) {
    assert.ok(error instanceof CollectorError);
    return { lines, cursors, error: error.code, message: error.message };
  }
  return { lines, cursors, error: undefined, message: '' };
}

async function readText(t: TestContext, text: string | Buffer, items?: string[]): Promise<Read> {
  const path = join(await makeScratchFolder(t), 'a.json');
  await writeFile(path, text);
  return read(path, items);
}

/** What the lines say, one after the other. */
function told(lines: readonly InputLine<JsonObject>[]): unknown[] {
  return lines.map(({ number, value, reason }) => [number, value ?? reason?.split(':')[0]]);
}

const tricky = '[ {"a":"]},{[\\"\\\\"} ,\n{"b":[{"c":1},[2]],"ü":"\\u005d"},\r\n\t{}\n]\n';

test('a list, however it is laid out', async (t) => {
  const { lines, error } = await readText(t, `\uFEFF\n${tricky}`);
  assert.equal(error, undefined);
  assert.deepEqual(told(lines), [
    [2, { a: ']},{["\\' }],
    [3, { b: [{ c: 1 }, [2]], ü: ']' }],
    [4, {}],
  ]);
  assert.equal(lines[1]?.text, '{"b":[{"c":1},[2]],"ü":"\\u005d"}', 'a line is kept as it was');
});

test('a record that takes several lines becomes one', async (t) => {
  const { lines } = await readText(
    t,
    JSON.stringify([{ a: { b: [1, 'x\ny'] } }, { c: 2 }], null, 2),
  );
  assert.deepEqual(
    lines.map(({ text, number }) => [number, text]),
    [
      [2, '{"a":{"b":[1,"x\\ny"]}}'],
      [10, '{"c":2}'],
    ],
  );
});

test('a list in an object', async (t) => {
  const text = `{"meta":{"data":[{"no":1}],"s":"\\"data\\":["},"n":1,"data":{"x":[[1],{"items":[2]}],"it\\u0065ms":${tricky}},"after":[1,{"z":2}]}\n`;
  const { lines, error } = await readText(t, text, ['data', 'items']);
  assert.equal(error, undefined);
  assert.equal(lines.length, 3);
  for (const items of [['data'], ['data', 'items', 'x'], ['nope'], ['n'], ['meta', 'nope']]) {
    const { error: code, message } = await readText(t, text, items);
    assert.equal(code, 'INPUT_NO_LIST', items.join('.'));
    assert.match(message, new RegExp(`a\\.json has no list at "${items.join('.')}"`));
  }
});

test('values one after the other, and lines, called .json', async (t) => {
  const record = { a: [1, { b: 'x' }] };
  const laidOut = `${JSON.stringify(record, null, 2)}\n`;
  assert.deepEqual(told((await readText(t, laidOut)).lines), [[1, record]]);
  assert.deepEqual(told((await readText(t, laidOut + laidOut)).lines), [
    [1, record],
    [9, record],
  ]);
  const lines = `\n{"a":1}\n{"a":\n[2]\n{"a":3}`;
  assert.deepEqual(told((await readText(t, lines)).lines), [
    [2, { a: 1 }],
    [3, 'not JSON'],
    [4, 'not an object'],
    [5, { a: 3 }],
  ]);
  for (const empty of ['', ' \n', '[]', ' [\n]\n']) {
    const { lines: none, error } = await readText(t, empty);
    assert.deepEqual([none, error], [[], undefined], JSON.stringify(empty));
  }
});

test('an item that is no record takes no other with it', async (t) => {
  const text = Buffer.concat([
    Buffer.from('[{"a":1},{"a":},2,"x",null,[3],{"b":"'),
    Buffer.from([0xff]),
    Buffer.from('"},{"a":12345678901234567890}]'),
  ]);
  const { lines, error } = await readText(t, text);
  assert.equal(error, undefined);
  assert.deepEqual(
    lines.map(({ reason }) => reason?.split(':')[0]),
    [
      undefined,
      'not JSON',
      'not an object',
      'not an object',
      'not an object',
      'not an object',
      'not UTF-8',
      undefined,
    ],
  );
  assert.equal(toJsonLine(lines[7]?.value ?? null), '{"a":12345678901234567890}');
});

test('what is damaged gives what came before, and says where', async (t) => {
  for (const [text, count, words] of [
    ['[{"a":1},\n{"a":', 1, /ends in the middle of item 2 \(line 2\)/],
    ['[{"a":1},{"b":2}', 2, /ends before its list does \(line 1\)/],
    ['[{"a":1},{"b":2},', 2, /ends before its list does/],
    ['[{"a":1}\n{"b":2}]', 1, /no comma after item 1 \(line 2\)/],
    ['[{"a":1},,{"b":2}]', 1, /has a "," where a value has to be/],
    ['[{"a":1}] [2]', 1, /goes on after its list/],
  ] as const) {
    const { lines, error, message } = await readText(t, text);
    assert.equal(error, 'INPUT_DAMAGED', text);
    assert.equal(lines.length, count, text);
    assert.match(message, words);
  }
  assert.equal((await readText(t, '{"a":1}', ['b'])).error, 'INPUT_NO_LIST');
  assert.equal((await readText(t, '[1]', ['b'])).error, 'INPUT_NO_LIST');
  assert.equal((await readText(t, Buffer.from('\uFEFF[1]', 'utf16le'))).error, 'INPUT_NOT_UTF8');
});

test('however the bytes are cut into pieces, the same items are found', () => {
  const bytes = Buffer.from(`{"x":{"y":[1,"]"]},"it\\"ems": ${tricky} ,"z":[1]}`);
  const found = (pieces: readonly number[]): string[] => {
    const scanner = new ListScanner('a.json', ['it"ems'], undefined);
    const items: string[] = [];
    const take = (start: number, end: number, line: number): void => {
      items.push(`${line} ${bytes.toString('utf8', start, end)}`);
    };
    let at = 0;
    for (const piece of pieces) {
      scanner.scan(bytes, at, Math.min(bytes.length, at + piece), take);
      at += piece;
    }
    scanner.scan(bytes, Math.min(at, bytes.length), bytes.length, take);
    scanner.end(bytes.length, take);
    return items;
  };
  const whole = found([]);
  assert.equal(whole.length, 3);
  for (let cut = 0; cut < bytes.length; cut++) assert.deepEqual(found([cut]), whole, `at ${cut}`);
  assert.deepEqual(found(Array<number>(bytes.length).fill(1)), whole, 'byte by byte');
});

function manyItems(count: number, isLaidOut: boolean): JsonObject[] {
  const fill = 'ä]'.repeat(isLaidOut ? 60 : 120);
  return Array.from({ length: count }, (_, i) => ({ i, fill }));
}

for (const form of ['list', 'laid out', 'in an object', 'one after the other', '.gz'] as const) {
  test(`reading goes on from any cursor: ${form}`, async (t) => {
    const isGzip = form === '.gz';
    const path = join(await makeScratchFolder(t), isGzip ? 'a.json.gz' : 'a.json');
    const records = manyItems(20_000, form !== 'list');
    const list = JSON.stringify(records, null, form === 'list' ? 0 : 1);
    const text = {
      list,
      'laid out': list,
      'in an object': `{"n":[1],"items":${list},"more":2}`,
      'one after the other': records.map((r) => JSON.stringify(r, null, 1)).join('\n'),
      '.gz': list,
    }[form];
    await writeFile(path, isGzip ? gzipSync(text) : text);
    const items = form === 'in an object' ? ['items'] : undefined;
    const whole = await read(path, items);
    assert.equal(whole.error, undefined);
    assert.deepEqual(
      whole.lines.map(({ value }) => value),
      records,
    );
    assert.ok(whole.cursors.length > 2, 'more than two pages');
    for (const cursor of whole.cursors) {
      const rest = await read(path, items, cursor);
      assert.equal(rest.error, undefined);
      assert.deepEqual(told(rest.lines), told(whole.lines.slice(cursor.lines)));
    }
    await writeFile(path, isGzip ? gzipSync(text.replace('"i":', '"j":')) : text.replace('i', 'j'));
    assert.equal((await read(path, items, whole.cursors[0])).error, 'INPUT_CHANGED');
  });
}

test('an item that is too long for a page, and one that is too long for memory', async (t) => {
  const long = { long: 'x'.repeat(5_000_000) };
  const text = `[{"a":1},${JSON.stringify(long)},{"a":2},\n{"longer":"${'y'.repeat(70 * 1024 * 1024)}"},{"a":3}]`;
  const { lines, cursors, error } = await readText(t, text);
  assert.equal(error, undefined);
  assert.deepEqual(
    lines.map(({ number, text: own, reason }) => [number, own.length, reason?.split(';')[0]]),
    [
      [1, 7, undefined],
      [1, 5_000_011, undefined],
      [1, 7, undefined],
      [2, 1000, 'longer than 64 MB'],
      [2, 7, undefined],
    ],
  );
  assert.equal(cursors.at(-1)?.lines, 5);
});
