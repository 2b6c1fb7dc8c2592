import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitInTheWay, limitsOf, limitUses, reachedLimit } from '../../../src/core/limits.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { emptyView, type SessionView } from '../../../src/core/view.ts';

const minuteMs = 60_000;

function viewOf(limits: JsonObject, changes: Partial<SessionView> = {}): SessionView {
  return { ...emptyView, mutable: { limits }, ...changes };
}

test('what is used up of each limit, in the units of the file', () => {
  const view = viewOf(
    { maxUsd: 2.5, maxRequests: 100, maxMinutes: 3, target: 7, concurrency: 8 },
    { spentMicroUsd: 1_250_000, reservedMicroUsd: 500_000, requests: 40, records: 6 },
  );
  assert.deepEqual(limitUses(view, 1.5 * minuteMs), [
    { name: 'maxUsd', max: 2.5, used: 1.25, reserved: 0.5 },
    { name: 'maxRequests', max: 100, used: 40, reserved: 0 },
    { name: 'maxMinutes', max: 3, used: 1.5, reserved: 0 },
    { name: 'target', max: 7, used: 6, reserved: 0 },
  ]);
  assert.deepEqual(limitsOf(emptyView), {});
  assert.deepEqual(limitUses(emptyView, 0), []);
});

test('requests and minutes that are used up leave no room; money leaves room for what is free', () => {
  const uses = (limits: JsonObject, changes: Partial<SessionView>, activeMs = 0) =>
    reachedLimit(limitUses(viewOf(limits, changes), activeMs))?.name;
  assert.equal(uses({ maxRequests: 5 }, { requests: 4 }), undefined);
  assert.equal(uses({ maxRequests: 5 }, { requests: 5 }), 'maxRequests');
  assert.equal(uses({ maxMinutes: 1 }, {}, minuteMs - 1), undefined);
  assert.equal(uses({ maxMinutes: 1 }, {}, minuteMs), 'maxMinutes');
  assert.equal(uses({ maxUsd: 1 }, { spentMicroUsd: 1_000_000 }), undefined);
  assert.equal(uses({ target: 1 }, { records: 1 }), undefined);
});

test('the limit in the way is the one to raise', () => {
  const inTheWay = (limits: JsonObject, changes: Partial<SessionView>, activeMs = 0) =>
    limitInTheWay(viewOf(limits, changes), activeMs)?.name;
  const paused = { state: 'paused', reason: 'budget' } as const;
  assert.equal(inTheWay({ maxUsd: 1 }, { spentMicroUsd: 900_000, ...paused }), 'maxUsd');
  assert.equal(inTheWay({ maxUsd: 1 }, { spentMicroUsd: 900_000, state: 'stopped' }), undefined);
  assert.equal(inTheWay({ maxUsd: 1 }, { spentMicroUsd: 1_000_000, state: 'stopped' }), 'maxUsd');
  const both = { maxUsd: 1, maxRequests: 5 };
  assert.equal(inTheWay(both, { requests: 5, ...paused }), 'maxRequests');
  assert.equal(inTheWay(both, { requests: 5, state: 'stopped' }), 'maxRequests');
  assert.equal(inTheWay({ maxMinutes: 1 }, { ...paused }, minuteMs), 'maxMinutes');
  assert.equal(inTheWay(both, { state: 'paused', reason: 'user' }), undefined);
  assert.equal(
    inTheWay({ target: 5 }, { state: 'completed', reason: 'target', records: 5 }),
    'target',
  );
  assert.equal(inTheWay({ target: 5 }, { state: 'completed', reason: 'exhausted' }), undefined);
});
