import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffCeilingMs, backoffDelayMs } from '../../../src/core/backoff.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';

const settings = { baseMs: 500, maxMs: 60_000 };

test('the ceiling doubles with each attempt, up to the longest wait', () => {
  const ceilings = [1, 2, 3, 7, 8, 50, 5000].map((attempt) => backoffCeilingMs(attempt, settings));
  assert.deepEqual(ceilings, [500, 1000, 2000, 32_000, 60_000, 60_000, 60_000]);
});

test('a base above the longest wait gives the longest wait', () => {
  assert.equal(backoffCeilingMs(1, { baseMs: 5000, maxMs: 1000 }), 1000);
});

test('the delay is anywhere between nothing and the ceiling', () => {
  const random = new SeededRandom(7);
  const delays = Array.from({ length: 1000 }, () => backoffDelayMs(3, settings, random));
  assert.ok(delays.every((ms) => Number.isInteger(ms) && ms >= 0 && ms <= 2000));
  assert.ok(Math.min(...delays) < 100);
  assert.ok(Math.max(...delays) > 1900);
});

test('the delay follows the random source that it is given', () => {
  const fixed = { next: () => 0.25, hex: () => '' };
  assert.equal(backoffDelayMs(2, settings, fixed), 250);
});
