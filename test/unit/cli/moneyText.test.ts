import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callLines, moneyWords } from '../../../src/cli/moneyText.ts';
import type { PaidCall } from '../../../src/core/paidCall.ts';
import { emptyView } from '../../../src/core/view.ts';

const call: PaidCall = {
  intent: 'i',
  unit: 1,
  what: 'apify run a/b',
  inputHash: 'h',
  intendedAt: '2026-11-22T00:00:00.000Z',
  reservedMicroUsd: 500_000,
  spentMicroUsd: undefined,
  handle: undefined,
  isAnswered: false,
};

test('what a session has paid, in a few words', () => {
  assert.equal(moneyWords({ spentMicroUsd: 0, reservedMicroUsd: 0 }), '');
  assert.equal(moneyWords({ spentMicroUsd: 1_200_000, reservedMicroUsd: 0 }), '$1.20');
  assert.equal(
    moneyWords({ spentMicroUsd: 500, reservedMicroUsd: 300_000 }),
    '$0.0005, $0.30 set aside',
  );
});

test('show names the newest calls, and what became of them', () => {
  const view = { ...emptyView, spentMicroUsd: 250_000, reservedMicroUsd: 1_000_000 };
  const handle = { kind: 'run', id: 'abc' };
  const calls = [
    ...Array.from({ length: 4 }, () => ({ ...call, spentMicroUsd: 0, isAnswered: true })),
    { ...call, handle },
    { ...call, handle, isAnswered: true, spentMicroUsd: 250_000 },
    call,
  ];
  assert.deepEqual(callLines(emptyView, []), []);
  assert.deepEqual(callLines(view, calls).slice(0, 4), [
    'spent        $0.25, $1.00 set aside for 7 calls, 2 not settled',
    'call         2026-11-22T00:00:00.000Z apify run a/b: in doubt, $0.50 set aside',
    'call         2026-11-22T00:00:00.000Z apify run a/b: answered, $0.25 (run abc)',
    'call         2026-11-22T00:00:00.000Z apify run a/b: not answered to its end, at most $0.50 (run abc)',
  ]);
  assert.equal(callLines(view, calls).length, 6);
});
