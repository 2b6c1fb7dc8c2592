import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseJson, toJsonLine, type JsonObject } from '../../../../src/core/json.ts';
import { fingerprint } from '../../../../src/core/keys.ts';
import {
  compareSortValues,
  readSortValue,
  sortValue,
  writeSortValue,
} from '../../../../src/sources/files/sortOrder.ts';
import { Sorter } from '../../../../src/sources/files/sorter.ts';
import { SeededRandom } from '../../../fixtures/seededRandom.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

const inOrder = [
  '-5',
  '0.5',
  '2',
  '10',
  '9007199254740993',
  '9007199254740995',
  '""',
  '"10"',
  '"2"',
  '"B\\tx"',
  '"a\\ny"',
  '"ä"',
  '[1]',
  'true',
  '{"a":1,"b":2}',
  'null',
];

test('numbers, texts, everything else, and what is missing', () => {
  const values = inOrder.map((text) => sortValue(parseJson(`{"v":${text}}`) as JsonObject, 'v'));
  for (const [i, a] of values.entries()) {
    for (const [j, b] of values.entries()) {
      assert.equal(
        Math.sign(compareSortValues(a, b)),
        Math.sign(i - j),
        `${inOrder[i]} ${inOrder[j]}`,
      );
    }
    assert.deepEqual(readSortValue(writeSortValue(a)), a);
    assert.ok(!writeSortValue(a).includes('\t'));
  }
  assert.deepEqual(sortValue({}, 'v'), [3]);
  assert.deepEqual(sortValue({ a: { b: 7 } }, 'a.b'), [0, 7]);
});

for (const runLength of [1_000_000, 3_000, 1]) {
  test(`sorts stably with runs of ${runLength} characters`, async (t) => {
    const folder = join(await makeScratchFolder(t), 'sort');
    const random = new SeededRandom(3);
    const lines = Array.from({ length: 3000 }, (_, i) => {
      const value = JSON.parse(inOrder[Math.floor(random.next() * 16)] ?? '0') as JsonObject;
      const record = { v: value, i, text: 'ü\u2028' };
      const text = toJsonLine(record);
      return { value: sortValue(record, 'v'), key: fingerprint(text), input: i % 3, text };
    });
    const sorter = new Sorter(folder, runLength);
    for (let at = 0; at < lines.length; at += 50) await sorter.add(lines.slice(at, at + 50));
    const names = await readdir(folder).catch(() => []);
    assert.equal(names.length > 0, runLength < 1_000_000);
    const expected = lines.toSorted((a, b) => compareSortValues(a.value, b.value));
    // Twice: a pause reads it again.
    for (let turn = 0; turn < 2; turn++) {
      const found: typeof lines = [];
      for await (const piece of sorter.sorted()) found.push(...piece);
      assert.deepEqual(found, expected);
    }
    await sorter.clear();
    await assert.rejects(readdir(folder), { code: 'ENOENT' });
  });
}
