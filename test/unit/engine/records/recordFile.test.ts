import assert from 'node:assert/strict';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RecordFilter, RecordRow } from '../../../../src/core/records.ts';
import { RecordFile } from '../../../../src/engine/records/recordFile.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import { SeededRandom } from '../../../fixtures/seededRandom.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

/** A file and its viewer, with everything counted. */
async function look(t: TestContext, content: string | Buffer) {
  const path = join(await makeScratchFolder(t), 'any.jsonl');
  await writeFile(path, content);
  const file = new RecordFile(nodeFileSystem, path);
  t.after(() => {
    file.close();
  });
  await lookAgain(file);
  return { path, file };
}

async function lookAgain(file: RecordFile) {
  await file.look();
  await file.settled();
  return file.look();
}

async function search(file: RecordFile, filter: RecordFilter): Promise<number[]> {
  file.filter(filter);
  await file.settled();
  const { rows } = await file.read(0, 1000, true);
  assert.equal((await file.look()).search?.matches, rows.length);
  return rows.map(({ record }) => record);
}

const kinds = (rows: readonly RecordRow[]) => rows.map(({ kind }) => kind);
const textFilter = (text: string): RecordFilter => ({ kind: 'text', text });

test('any part of a large file of lines of all lengths is what a recount says', async (t) => {
  const random = new SeededRandom(7);
  const whole = (below: number) => Math.floor(random.next() * below);
  const lines = Array.from({ length: 20_000 }, (_, i) => {
    const body = ['é', '漢', '😀', '\u2028', '"'][i % 5]!.repeat(whole(i % 500 === 0 ? 4000 : 60));
    return JSON.stringify({ id: i, body });
  });
  const { file } = await look(t, `${lines.join('\n')}\n`);
  const status = await file.look();
  assert.deepEqual([status.records, status.isCounted], [lines.length, true]);
  for (let n = 0; n < 200; n += 1) {
    const first = whole(lines.length + 10);
    const count = 1 + whole(80);
    const { rows } = await file.read(first, count, false);
    assert.deepEqual(
      rows.map(({ record, bytes, cells }) => [record, bytes, cells[0]?.text]),
      lines
        .slice(first, first + count)
        .map((line, i) => [first + i, Buffer.byteLength(line), String(first + i)]),
    );
    const one = Math.min(first, lines.length - 1);
    assert.equal((await file.readRecord(one, 1e6))?.text, lines[one]);
  }
  assert.equal(await file.readRecord(lines.length, 1e6), undefined);
});

test('a foreign file: carriage returns, a mark at its beginning, blank and bad lines, no last newline', async (t) => {
  const { file } = await look(
    t,
    '\uFEFF{"a":1}\r\n\r\n[1,2]\r\n{"a":\r\n{"a":12345678901234567890}',
  );
  const { rows } = await file.read(0, 10, false);
  assert.deepEqual(kinds(rows), ['object', 'blank', 'value', 'bad', 'object']);
  assert.equal(rows[3]!.text, '{"a":');
  assert.deepEqual(rows[4]!.cells, [{ field: 'a', type: 'number', text: '12345678901234567890' }]);
  assert.equal((await file.look()).records, 5);
  assert.match((await file.readRecord(3, 100))?.problem ?? '', /JSON/);
  assert.equal((await file.readRecord(0, 100))?.text, '{"a":1}');
});

test('an empty file has no records; they come when it grows, the last one as soon as it has bytes', async (t) => {
  const { file, path } = await look(t, '');
  const empty = await file.look();
  assert.deepEqual([empty.condition, empty.records, empty.isCounted], ['ready', 0, true]);
  await appendFile(path, '{"a":1}\n{"a"');
  const grown = await lookAgain(file);
  assert.equal(grown.records, 2);
  assert.equal(grown.generation, empty.generation);
  assert.deepEqual(kinds((await file.read(0, 9, false)).rows), ['object', 'bad']);
  await appendFile(path, ':2}\n');
  assert.equal((await lookAgain(file)).records, 2);
  assert.deepEqual(kinds((await file.read(0, 9, false)).rows), ['object', 'object']);
});

test('a file that is deleted, replaced, cut or edited: what was read before does not hold', async (t) => {
  const { file, path } = await look(t, '{"a":1}\n{"a":2}\n{"a":3}\n');
  const values = async () => (await file.read(0, 9, false)).rows.map(({ cells }) => cells[0]?.text);
  const before = (await file.look()).generation;

  await rm(path);
  assert.equal((await file.look()).condition, 'missing');
  assert.deepEqual(await values(), []);

  await writeFile(path, '{"a":"new"}\n');
  const replaced = await lookAgain(file);
  assert.deepEqual([replaced.condition, replaced.records], ['ready', 1]);
  assert.notEqual(replaced.generation, before);

  await writeFile(`${path}.other`, '{"a":"b"}\n{"a":"c"}\n');
  await rename(`${path}.other`, path);
  const another = await lookAgain(file);
  assert.notEqual(another.generation, replaced.generation);
  assert.deepEqual(await values(), ['b', 'c']);

  await writeFile(path, '{"a":"b"}\n');
  assert.equal((await lookAgain(file)).records, 1);

  // In place, as an editor saves: longer, with a line more in its middle.
  await writeFile(path, '{"a":"b0"}\n{"a":"b1"}\n{"a":"c"}\n');
  const edited = await lookAgain(file);
  assert.equal(edited.records, 3);
  assert.deepEqual(await values(), ['b0', 'b1', 'c']);
});

test('of one huge line only a part is kept, and the lines after it are found', async (t) => {
  const huge = `{"text":"${'é'.repeat(20_000_000)}"}`;
  const { file } = await look(t, `{"a":1}\n${huge}\n{"a":2}\n`);
  const { rows } = await file.read(0, 10, false);
  assert.deepEqual(kinds(rows), ['object', 'long', 'object']);
  assert.ok(rows[1]!.text.length < 1000);
  assert.equal(rows[1]!.bytes, Buffer.byteLength(huge));
  const part = await file.readRecord(1, 10_000);
  assert.deepEqual([part?.isCut, part?.problem], [true, null]);
  assert.ok(!part!.text.includes('\uFFFD'));
});

test('a filter finds what a recount finds, in text, in fields and behind escapes', async (t) => {
  const records = [
    { title: 'A Light in the Attic', price: 51.77, author: { name: 'Shel' } },
    { title: 'Said "Light"', price: 5e3, tags: ['poetry', 'Light'] },
    { title: 'Line\nbreak \u00e9t\u00e9', price: null, 'author.name': 'Flat' },
    { title: 'URL', url: 'http://127.0.0.1/light' },
  ];
  const lines = records.map((record) => JSON.stringify(record));
  lines[1] = lines[1]!.replace('5000', '5e3');
  lines.push('not json, with light', '');
  const { file } = await look(t, `${lines.join('\n')}\n`);
  const field = (kind: 'contains' | 'equals', name: string, text: string): RecordFilter => ({
    kind,
    field: name,
    text,
  });
  assert.deepEqual(await search(file, textFilter('LIGHT')), [0, 1, 3, 4]);
  assert.deepEqual(await search(file, textFilter('said "light"')), [1]);
  assert.deepEqual(await search(file, textFilter('line\nbreak')), [2]);
  assert.deepEqual(await search(file, textFilter('ÉTÉ')), [2]);
  assert.deepEqual(await search(file, field('contains', 'title', 'light')), [0, 1]);
  assert.deepEqual(await search(file, field('equals', 'price', '5000')), [1]);
  assert.deepEqual(await search(file, field('equals', 'price', 'null')), [2]);
  assert.deepEqual(await search(file, field('equals', 'author.name', 'shel')), [0]);
  assert.deepEqual(await search(file, field('equals', 'author.name', 'flat')), [2]);
  assert.deepEqual(await search(file, field('equals', 'tags', 'light')), [1]);
  assert.deepEqual(await search(file, field('contains', 'nowhere', '')), []);
  file.filter(undefined);
  assert.equal((await file.look()).search, null);
});

test('a filter goes on where the file grows, and a last line that grew is judged anew', async (t) => {
  const { file, path } = await look(t, '{"a":"x"}\n{"a":"y"}\n{"a":"x');
  assert.deepEqual(await search(file, textFilter('x')), [0, 2]);
  await appendFile(path, '"}\n{"a":"x"}\n');
  await lookAgain(file);
  assert.deepEqual(
    (await file.read(0, 9, true)).rows.map(({ record }) => record),
    [0, 2, 3],
  );
});

test('reading and searching go on beside counting, and stop when nobody looks any more', async (t) => {
  const line = `${JSON.stringify({ text: 'some words' })}\n`;
  const path = join(await makeScratchFolder(t), 'any.jsonl');
  await writeFile(path, line.repeat(400_000));
  const file = new RecordFile(nodeFileSystem, path);
  const first = await file.look();
  assert.equal(first.isCounted, false);
  assert.equal((await file.read(0, 50, false)).rows.length, 50);
  file.filter(textFilter('nothing like it'));
  await file.settled();
  const status = await file.look();
  assert.deepEqual([status.records, status.search?.matches], [400_000, 0]);
  file.filter(textFilter('words'));
  file.close();
  await file.settled();
  assert.equal((await file.read(0, 50, false)).rows.length, 0);
  assert.equal((await readFile(path)).length, line.length * 400_000);
});
