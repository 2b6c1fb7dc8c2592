import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IntentEvent } from '../../../../src/core/events.ts';
import { CallsInDoubt } from '../../../../src/engine/paid/callsInDoubt.ts';

function intent(name: string, reservedMicroUsd: number): IntentEvent {
  return {
    type: 'intent',
    intent: name,
    unit: 1,
    what: 'a call',
    reservedMicroUsd,
    inputHash: '',
  };
}

test('the money of calls of which nothing came is in doubt, until something does', () => {
  const calls = new CallsInDoubt();
  for (const [name, microUsd] of [
    ['named', 1],
    ['answered', 10],
    ['settled', 100],
    ['half', 1000],
    ['lost', 10_000],
  ] as const) {
    calls.add(intent(name, microUsd));
  }
  assert.equal(calls.microUsd, 11_111);
  calls.add({ type: 'handle', intent: 'named', kind: 'run', id: 'r' });
  calls.add({ type: 'answered', intent: 'answered', unit: 1, cursor: null });
  calls.add({
    type: 'settled',
    intent: 'settled',
    reservedMicroUsd: 100,
    spentMicroUsd: 7,
    evidence: '',
  });
  calls.add({ type: 'answered', intent: 'half', unit: 1, cursor: null, hasMore: true });
  assert.equal(calls.microUsd, 11_000);
  calls.add({ type: 'answered', intent: 'half', unit: 1, cursor: 2 });
  assert.equal(calls.microUsd, 10_000);
});

test('a call that is under way is not in doubt; one that was given up is', () => {
  const calls = new CallsInDoubt();
  calls.begin('mine');
  calls.add(intent('mine', 5));
  calls.add(intent('earlier', 3));
  assert.equal(calls.microUsd, 3);
  calls.end(['mine']);
  assert.equal(calls.microUsd, 8);
});
