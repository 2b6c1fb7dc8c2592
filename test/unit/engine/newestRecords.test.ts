import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitTally } from '../../../src/core/events.ts';
import { maxNewest, maxNewestText } from '../../../src/core/live.ts';
import { NewestRecords } from '../../../src/engine/newestRecords.ts';

const keyOf = (unit: number): string => `unit${unit}`;

function tally(unit: number, records: number): UnitTally {
  return { unit, records, duplicates: 3, rejected: 0 };
}

test('the newest come first, each with its unit and a number that counts up', () => {
  const newest = new NewestRecords();
  const tallies = [tally(1, 2), tally(2, 0), tally(3, 1)];
  newest.add({ ms: 1, records: ['a', 'b', 'c'], tallies }, 500, keyOf);
  newest.add({ ms: 1, records: ['d'], tallies: [tally(1, 1)] }, 600, keyOf);
  assert.deepEqual(newest.list, [
    { id: 4, at: 600, unit: 'unit1', text: 'd', isCut: false },
    { id: 3, at: 500, unit: 'unit3', text: 'c', isCut: false },
    { id: 2, at: 500, unit: 'unit1', text: 'b', isCut: false },
    { id: 1, at: 500, unit: 'unit1', text: 'a', isCut: false },
  ]);
});

test('a commit without records changes nothing: the list is the same one', () => {
  const newest = new NewestRecords();
  newest.add({ ms: 1, records: ['a'], tallies: [tally(1, 1)] }, 1, keyOf);
  const { list } = newest;
  newest.add({ ms: 1, records: [], tallies: [tally(1, 0)] }, 2, keyOf);
  assert.equal(newest.list, list);
});

test('however many come, only so many are kept, and of each only its beginning', () => {
  const newest = new NewestRecords();
  const records = Array.from({ length: 70_000 }, (_, i) => `${i}`);
  newest.add({ ms: 1, records, tallies: [tally(1, 40_000), tally(2, 30_000)] }, 1, keyOf);
  assert.equal(newest.list.length, maxNewest);
  assert.equal(newest.list[0]?.text, '69999');
  assert.equal(newest.list.at(-1)?.id, 70_000 - maxNewest + 1);
  const long = `${'x'.repeat(maxNewestText - 1)}😀`;
  const whole = 'y'.repeat(maxNewestText);
  newest.add({ ms: 1, records: [long, whole], tallies: [tally(1, 2)] }, 2, keyOf);
  const [second, first, before] = newest.list;
  assert.deepEqual([second.text, second.isCut], [whole, false]);
  // Not the half of a character.
  assert.deepEqual([first?.text, first?.isCut], ['x'.repeat(maxNewestText - 1), true]);
  assert.equal(before?.text, '69999');
  assert.equal(newest.list.length, maxNewest);
});
