import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../../../../src/core/keys.ts';
import { FirstLines } from '../../../../src/engine/validate/firstLines.ts';

/** Repeats that are found among keys, one a line. */
function repeatsOf(keys: readonly string[], limit?: number): [number, number][] {
  const repeats: [number, number][] = [];
  const lines = new FirstLines(1, (line, first) => repeats.push([line, first]), limit);
  const half = Math.floor(keys.length / 2);
  lines.addPacked(Buffer.from(keys.slice(0, half).join(''), 'hex'), 1);
  keys.slice(half).forEach((key, i) => {
    lines.add(key, half + i + 1);
  });
  lines.end();
  return repeats.sort(([a], [b]) => a - b);
}

const many = Array.from({ length: 500 }, (_, i) => fingerprint(String(i)));

test('keys that are there once are no repeats', () => {
  assert.deepEqual(repeatsOf(many), []);
});

test('each repeat is told with the first line', () => {
  const keys = [
    ...many,
    many[7] ?? '',
    'f'.repeat(32),
    many[7] ?? '',
    '0'.repeat(32),
    '0'.repeat(32),
  ];
  const expected = [
    [501, 8],
    [503, 8],
    [505, 504],
  ];
  assert.deepEqual(repeatsOf(keys), expected);
  // Past the limit they are on disk.
  assert.deepEqual(repeatsOf(keys, 100), expected);
  assert.deepEqual(repeatsOf(keys, 504), expected);
});

test('keys of which a part is equal are different keys', () => {
  const key = many[0] ?? '';
  const others = [0, 8, 16, 24, 31].map((at) => {
    const digit = key[at] === '0' ? '1' : '0';
    return key.slice(0, at) + digit + key.slice(at + 1);
  });
  assert.deepEqual(repeatsOf([key, ...others]), []);
  assert.deepEqual(repeatsOf([key, ...others, key]), [[7, 1]]);
});
