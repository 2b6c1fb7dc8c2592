import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingCheckpoints } from '../../../../src/engine/recovery/missingCheckpoints.ts';

const journalled = [1, 2, 3, 4, 5].map((seq) => ({ id: `c${seq}`, seq, at: '' }));

function missing(present: readonly string[], keep = 1000): string[] {
  return missingCheckpoints(journalled, new Set(present), keep);
}

test('checkpoints that are there are not missing', () => {
  assert.deepEqual(missing(['c1', 'c2', 'c3', 'c4', 'c5']), []);
});

test('the oldest may have been cleaned up, whatever is kept now', () => {
  assert.deepEqual(missing(['c3', 'c4', 'c5']), []);
});

test('one that is newer than one that is there was not cleaned up', () => {
  assert.deepEqual(missing(['c2', 'c4']), ['c3', 'c5']);
});

test('where none is left, those that are kept are missing', () => {
  assert.deepEqual(missing([], 2), ['c4', 'c5']);
  assert.deepEqual(missing([]), ['c1', 'c2', 'c3', 'c4', 'c5']);
});
