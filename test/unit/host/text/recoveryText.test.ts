import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import {
  inDoubtPhrase,
  recoveryMarkdown,
  resumeSummary,
} from '../../../../src/host/text/recoveryText.ts';
import { makeRecovery, type RecoveryChanges } from '../../../fixtures/recoveries.ts';

const formats = formatsFor('en-US');
const inDoubt = [{ intent: 'i1', what: 'run actor', unit: 'query 7', reserved_micro_usd: 400_000 }];

function render(changes: RecoveryChanges = {}, checkpoint: string | null = null): string {
  return recoveryMarkdown(makeRecovery(changes), { name: 'papers', checkpoint }, formats);
}

test('the page says what happened, why one thinks so, and what it means', () => {
  const page = render();
  assert.match(page, /\| Cause \| its process was killed, 90% certain \|/);
  assert.match(page, /- journal line 812: no word of an end after it/);
  assert.match(page, /- What was being received is fetched again\\\./);
  assert.match(page, /\| Torn end of the journal \| 117 bytes \|/);
  assert.doesNotMatch(page, /Damaged places in the journal/);
});

test('the page says what is safe, by units, groups and files', () => {
  const page = render();
  assert.match(page, /\| Records on disk \| 1,234 \|/);
  assert.match(page, /\| Records lost \| none \|/);
  assert.match(page, /\| Units cut short \| 2: iclr 2024 page 13, iclr 2024 page 14 \|/);
  assert.match(page, /\| Groups complete \| iclr 2023 \|/);
  assert.match(page, /2 records after the journal’s end are kept · 100 bytes are torn \|/);
  assert.doesNotMatch(page, /Units failed|Groups of which nothing is known/);
});

test('the page says what resuming does and costs; what is not known is not made up', () => {
  assert.match(render(), /\| Calls \| about 140 \|\n\| Time \| about 0:01:54 \|/);
  const nothingDone = { estimated_calls: null, estimated_minutes: null, estimated_micro_usd: null };
  const page = render({ cost: { ...nothingDone, estimated_by: null } });
  assert.match(page, /\| Calls \| unknown \|\n\| Time \| unknown \|\n\| Money \| unknown \|/);
  assert.doesNotMatch(page, /Estimated by/);
});

test('a list that was cut says how many there are', () => {
  const analysis = { venues_definitely_completed: [['v', 1] as const] };
  const groups = { completed: 5000, incomplete: 0, unknown: 0, not_started: 0 };
  assert.match(render({ analysis, found: { groups } }), /\| Groups complete \| v 1 and 4,999 more/);
});

test('money is told where there is any', () => {
  assert.doesNotMatch(render(), /## Money/);
  const money = { safe_micro_usd: 2_500_000, in_doubt_micro_usd: 400_000, in_doubt: inDoubt };
  const page = render({ money });
  assert.match(page, /## Money/);
  assert.match(page, /\| Paid, answers on disk \| \$2\\\.50 \|/);
  assert.match(page, /\| run actor \| query 7 \| \$0\\\.40 \| i1 \|/);
});

test('what waits for a person comes first', () => {
  const money = { in_doubt_micro_usd: 400_000, in_doubt: inDoubt };
  const page = render({ money, analysis: { blocking_issues: ['The master was replaced.'] } });
  const head = page.slice(0, page.indexOf('## What happened'));
  assert.match(head, /- The master was replaced\\\./);
  assert.match(head, /- 1 paid call \(\$0\\\.40\)|- 1 paid call \\\(\$0\\\.40\\\)/);
  assert.doesNotMatch(render(), /What waits for you/);
});

test('the question before resuming: units again, paid ones kept, cost', () => {
  const cost = { units_to_do: 82, units_again: 12 };
  const money = { safe_micro_usd: 2_500_000 };
  assert.deepEqual(resumeSummary(makeRecovery({ cost, money }), formats), [
    '82 units will be worked on.',
    'Of those, 12 units were done after this checkpoint and are collected again. Records that the master already has are not written twice.',
    'Estimated: 140 calls, 0:01:54, nothing to pay.',
    '$2.50 are spent; what was paid for is on disk and is not paid for again.',
  ]);
  assert.deepEqual(resumeSummary(makeRecovery(), formats).slice(0, 2), [
    '70 units will be worked on.',
    'Nothing that is done is collected again.',
  ]);
  assert.equal(
    resumeSummary(makeRecovery({ cost: { may_grow: true } }), formats)[0],
    '70 units will be worked on, and what is found on the way.',
  );
});

test('where nothing is left, nothing is promised', () => {
  const cost = { units_to_do: 0, may_grow: true, estimated_calls: 0 };
  assert.deepEqual(resumeSummary(makeRecovery({ cost }), formats), ['Nothing is left to do.']);
});

test('calls in doubt are counted with their money', () => {
  const two = [...inDoubt, { ...inDoubt[0]!, intent: 'i2' }];
  const { collector } = makeRecovery({
    money: { in_doubt_micro_usd: 800_000, in_doubt: two },
  }).plan;
  assert.equal(
    inDoubtPhrase(collector.money, formats),
    '2 paid calls ($0.80 together) may or may not have left.',
  );
});

test('text from outside stays text', () => {
  const evil = '[x](command:evil) <img> | `a` \n# heading';
  const page = render({ analysis: { last_successful_operation: evil, blocking_issues: [evil] } });
  assert.ok(
    !page.includes('](command') && !page.includes('<img>') && !page.includes('\n# heading'),
  );
});
