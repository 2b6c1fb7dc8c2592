import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf } from '../../../src/core/exitCodes.ts';

const ends = [
  { end: { state: 'completed', pausedBy: undefined, failed: 0 }, code: 0 },
  { end: { state: 'faulted', pausedBy: undefined, failed: 0 }, code: 1 },
  { end: { state: 'completed', pausedBy: undefined, failed: 2 }, code: 3 },
  { end: { state: 'stopped', pausedBy: 'budget', failed: 2 }, code: 4 },
  { end: { state: 'paused', pausedBy: 'setup', failed: 0 }, code: 4 },
  { end: { state: 'stopped', pausedBy: 'user', failed: 0 }, code: 130 },
  { end: { state: 'stopped', pausedBy: undefined, failed: 0 }, code: 130 },
  { end: { state: 'interrupted', pausedBy: undefined, failed: 0 }, code: 130 },
  // A fault weighs more than what it was paused by before.
  { end: { state: 'faulted', pausedBy: 'budget', failed: 1 }, code: 1 },
] as const;

for (const { end, code } of ends) {
  test(`${end.state}, paused by ${end.pausedBy ?? 'nobody'}, ${end.failed} failed: ${code}`, () => {
    assert.equal(exitCodeOf(end), code);
  });
}
