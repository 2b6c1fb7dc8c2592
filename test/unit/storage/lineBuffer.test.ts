import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineBuffer } from '../../../src/storage/lineBuffer.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';

test('bytes of lines are what each line is by itself, whatever they hold and however many there are', () => {
  const random = new SeededRandom(3);
  const letters = ['a', 'é', '漢', '😀', '\u2028', '\ud800'];
  const buffer = new LineBuffer();
  for (let round = 0; round < 60; round++) {
    const kinds = 1 + Math.floor(random.next() * letters.length);
    const count = Math.floor(random.next() * (round % 3 === 0 ? 3000 : 40));
    const lines = Array.from({ length: count }, () =>
      (letters[Math.floor(random.next() * kinds)] ?? '').repeat(
        Math.floor(random.next() * (round % 5 === 0 ? 2000 : 60)),
      ),
    );
    const expected = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
    assert.ok(buffer.fill(lines).equals(expected), `round ${round}`);
  }
});

test('no lines are no bytes; one line may be larger than what is kept', () => {
  const buffer = new LineBuffer();
  assert.equal(buffer.fill([]).length, 0);
  const line = '漢'.repeat(3_000_000);
  assert.ok(buffer.fill([line, 'b']).equals(Buffer.from(`${line}\nb\n`)));
  assert.equal(buffer.fill(['c']).toString(), 'c\n');
});
