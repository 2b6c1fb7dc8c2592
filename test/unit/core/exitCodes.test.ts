import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf } from '../../../src/core/exitCodes.ts';

const ends = [
  { end: { state: 'completed', isPausedByGuard: false, failed: 0 }, code: 0 },
  { end: { state: 'faulted', isPausedByGuard: false, failed: 0 }, code: 1 },
  { end: { state: 'completed', isPausedByGuard: false, failed: 2 }, code: 3 },
  { end: { state: 'stopped', isPausedByGuard: true, failed: 2 }, code: 4 },
  { end: { state: 'paused', isPausedByGuard: true, failed: 0 }, code: 4 },
  { end: { state: 'stopped', isPausedByGuard: false, failed: 0 }, code: 130 },
  { end: { state: 'interrupted', isPausedByGuard: false, failed: 0 }, code: 1 },
  // A fault weighs more than what it was paused by before.
  { end: { state: 'faulted', isPausedByGuard: true, failed: 1 }, code: 1 },
] as const;

for (const { end, code } of ends) {
  test(`${end.state}, paused by a guard: ${String(end.isPausedByGuard)}, ${end.failed} failed: ${code}`, () => {
    assert.equal(exitCodeOf(end), code);
  });
}
