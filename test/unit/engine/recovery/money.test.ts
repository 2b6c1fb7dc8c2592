import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEvent } from '../../../../src/core/events.ts';
import { PaidCalls } from '../../../../src/engine/recovery/money.ts';

const intent = (name: string, unit = 1): JournalEvent => ({
  type: 'intent',
  intent: name,
  unit,
  what: 'a run',
  reservedMicroUsd: 500,
  inputHash: 'h',
});
const settled = (name: string, spentMicroUsd: number): JournalEvent => ({
  type: 'settled',
  intent: name,
  reservedMicroUsd: 500,
  spentMicroUsd,
  evidence: 'price per call',
});
const answered: JournalEvent = { type: 'answered', unit: 1, intent: 'i', cursor: null };
const handle: JournalEvent = { type: 'handle', intent: 'i', kind: 'run', id: 'r' };
const done: JournalEvent = { type: 'finished', unit: 1, state: 'done', proof: { by: 'x' } };
const failed: JournalEvent = { type: 'finished', unit: 1, state: 'failed' };
const again: JournalEvent = {
  type: 'requeued',
  unit: 1,
  reason: 'asked',
  attempts: 0,
  from: 'failed',
};

const cases: readonly [name: string, events: readonly JournalEvent[], sums: number[]][] = [
  // safe, in doubt, to be fetched, lost
  ['nothing', [], [0, 0, 0, 0]],
  ['left or not: in doubt, at its worst', [intent('i')], [0, 500, 0, 0]],
  ['named by the other side: found by that name', [intent('i'), handle], [0, 0, 500, 0]],
  ['its price is known by then', [intent('i'), handle, settled('i', 80)], [0, 0, 80, 0]],
  ['answered: safe', [intent('i'), answered], [500, 0, 0, 0]],
  ['answered and settled', [intent('i'), handle, answered, settled('i', 80)], [80, 0, 0, 0]],
  ['its unit is done', [intent('i'), settled('i', 80), done], [80, 0, 0, 0]],
  ['paid, no answer, no name', [intent('i'), settled('i', 80)], [0, 0, 0, 80]],
  ['paid, and its unit failed', [intent('i'), settled('i', 80), failed], [0, 0, 0, 80]],
  ['paid, and its unit went back', [intent('i'), settled('i', 80), done, again], [0, 0, 0, 80]],
];

for (const [name, events, sums] of cases) {
  test(`money: ${name}`, () => {
    const calls = new PaidCalls();
    for (const event of events) calls.add(event, '2026-11-21T16:15:00.000Z');
    const state = calls.state((unit) => `key of ${unit}`, 'ask');
    assert.deepEqual(
      [
        state.safe_micro_usd,
        state.in_doubt_micro_usd,
        state.to_be_fetched_micro_usd,
        state.lost_micro_usd,
      ],
      sums,
    );
  });
}

test('money: calls in doubt are named with their units', () => {
  const calls = new PaidCalls();
  for (const event of [intent('i'), intent('j', 2), { ...handle, intent: 'j' }])
    calls.add(event, '2026-11-21T16:15:00.000Z');
  assert.deepEqual(calls.state((unit) => `key of ${unit}`, 'ask').in_doubt, [
    { intent: 'i', what: 'a run', unit: 'key of 1', reserved_micro_usd: 500 },
  ]);
});

test('money: calls in doubt that the source looks up are to be fetched; those that are repeated are lost', () => {
  const calls = new PaidCalls();
  calls.add(intent('i'), '2026-11-21T16:15:00.000Z');
  const keyOf = (): string => 'key';
  const lookedUp = calls.state(keyOf, 'look-up');
  assert.deepEqual([lookedUp.to_be_fetched_micro_usd, lookedUp.in_doubt], [500, []]);
  const repeated = calls.state(keyOf, 'repeat');
  assert.deepEqual([repeated.lost_micro_usd, repeated.in_doubt], [500, []]);
});
