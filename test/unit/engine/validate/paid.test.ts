import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { JournalEvent } from '../../../../src/core/events.ts';
import { toJsonLine } from '../../../../src/core/json.ts';
import {
  createTestSession,
  makeScratchFolder,
  planUnits,
  testCollection,
  testPorts,
  unsyncedFileSystem,
} from '../../../fixtures/storageSession.ts';
import { found, reportOf } from './sessionToBreak.ts';

const at = { unit: 1, intent: 'i1', cursor: null };
const item = (i: number): string => toJsonLine({ ...at, i, item: { n: i } });
const mark = (items: number): string => toJsonLine({ ...at, end: true, items, next: null });
const page = [item(0), item(1), mark(2)];

const intent: JournalEvent = {
  type: 'intent',
  intent: 'i1',
  unit: 1,
  what: 'a call',
  reservedMicroUsd: 500_000,
  inputHash: 'h',
};
const handle: JournalEvent = { type: 'handle', intent: 'i1', kind: 'run', id: 'r1' };
const answered: JournalEvent = { type: 'answered', unit: 1, intent: 'i1', cursor: null };
const settled: JournalEvent = {
  type: 'settled',
  intent: 'i1',
  reservedMicroUsd: 500_000,
  spentMicroUsd: 300_000,
  evidence: 'price',
};

interface Paid {
  readonly before?: readonly JournalEvent[];
  readonly raw?: readonly string[];
  readonly after?: readonly JournalEvent[];
  readonly maxUsd?: number;
}

/** What validating says of a session with one unit and these events and raw lines. */
async function reportOfPaid(
  t: TestContext,
  { before = [intent, handle], raw = page, after = [answered, settled], maxUsd = 1 }: Paid,
): Promise<{ readonly findings: readonly string[]; readonly checks: readonly string[] }> {
  const root = await makeScratchFolder(t);
  const collection = testCollection({ limits: { maxUsd } });
  const store = await createTestSession(root, testPorts(unsyncedFileSystem), collection);
  await planUnits(store, 'page 1');
  for (const event of before) await store.record(event);
  await store.hand({ unit: 1, raw, events: after });
  await store.record({ type: 'stopped', reason: 'user', activeMs: 5 });
  await store.checkpoint('session_paused', []);
  await store.close(true);
  const report = await reportOf(root);
  const checks = report.checks
    .filter(({ name }) => name === 'raw' || name === 'money')
    .map(({ name, outcome }) => `${name} ${outcome}`);
  return { findings: found(report), checks };
}

test('a paid answer that is there whole, and settled, is all right', async (t) => {
  const { findings, checks } = await reportOfPaid(t, {});
  assert.deepEqual(findings, []);
  assert.deepEqual(checks.toSorted(), ['money passed', 'raw passed']);
});

const cases: readonly (readonly [what: string, paid: Paid, findings: readonly string[]])[] = [
  ['an answer that is not in the raw file', { raw: [] }, ['error ANSWER_MISSING']],
  [
    'an answer of which an item is missing',
    { raw: [item(0), mark(2)] },
    ['error ANSWER_MISSING', 'error RAW_PAGE_COUNT'],
  ],
  ['a page without its mark', { raw: [...page, item(0)] }, ['error RAW_PAGE_UNFINISHED']],
  ['a line that is none of a raw file', { raw: ['{"a":1}', ...page] }, ['error RAW_LINE_ODD']],
  [
    'a call of which it is not known whether it left',
    { before: [intent], raw: [], after: [] },
    ['warning CALLS_IN_DOUBT'],
  ],
  ['a call that goes on at the other side', { raw: [], after: [] }, ['warning CALLS_UNSETTLED']],
  [
    'a call that is settled twice',
    { after: [answered, settled, settled] },
    ['error CALL_ODD', 'error MONEY_DIFFERS', 'error MONEY_DIFFERS'],
  ],
  [
    'a call that was never begun',
    { before: [], after: [settled], raw: [] },
    ['error CALL_ODD', 'error MONEY_DIFFERS', 'error MONEY_DIFFERS'],
  ],
  ['more than the limit', { maxUsd: 0.2 }, ['warning OVER_BUDGET']],
];

for (const [what, paid, expected] of cases) {
  test(`${what} is told`, async (t) => {
    const { findings } = await reportOfPaid(t, paid);
    const codes = findings.map((finding) => finding.split(' ').slice(0, 2).join(' '));
    assert.deepEqual(codes.toSorted(), expected, findings.join('\n'));
  });
}
