import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import { validationMarkdown, verdictText } from '../../../../src/host/text/validationText.ts';
import { makeReport, makeTarget } from '../../../fixtures/views.ts';

const formats = formatsFor('en-US');
const broken = {
  severity: 'error',
  code: 'LINE_NOT_JSON',
  message: 'This line is no JSON.',
  file: '/space/data/books.jsonl',
} as const;

test('one line says what it came to', () => {
  const good = makeTarget('s', []);
  const bad = makeTarget('t', [], [{ ...broken, line: 3 }]);
  const said = (...args: Parameters<typeof makeReport>) =>
    verdictText(makeReport(...args), formats);
  assert.equal(said([]), 'There was nothing to validate.');
  assert.equal(said([good]), 'books is valid: 1,234 records, no problems.');
  assert.equal(said([good, good]), 'All 2 are valid: 2,468 records, no problems.');
  assert.equal(said([good, bad]), 'books has 1 problem.');
  assert.equal(said([bad, bad, good]), '2 of 3 have problems, 2 together.');
  assert.equal(said([good], { isCancelled: true }), 'Cancelled; no problems up to then.');
  assert.equal(said([bad], { isCancelled: true }), 'Cancelled; 1 problem up to then.');
});

test('a finding stands under its file, with its place and its code', () => {
  const page = validationMarkdown(
    makeReport([makeTarget('s', [], [{ ...broken, line: 1204, column: 17 }])]),
    formats,
  );
  assert.match(page, /\*\*books\\\.jsonl\*\*\n\n\| Line \| What \| Code \|/);
  assert.match(page, /\| 1,204:17 \| This line is no JSON\\\. \| LINE\\_NOT\\_JSON \|/);
  assert.match(page, /\| Every line is a record \| 1,234 \| ✗ problems \|/);
});

test('a report also says what was not wrong, and what was not looked at', () => {
  const target = {
    ...makeTarget('s', ['/space/data/books.jsonl']),
    checks: [
      { name: 'keys', outcome: 'passed', checked: 1234 },
      { name: 'schema', outcome: 'skipped', checked: 0, reason: 'the collection has none' },
    ] as const,
  };
  const page = validationMarkdown(makeReport([target]), formats);
  assert.match(page, /\| No key twice \| 1,234 \| ✓ good \|/);
  assert.match(page, /not checked: the collection has none/);
  assert.match(page, /### Files that were read\n\n- \/space\/data\/books\\\.jsonl/);
  assert.doesNotMatch(page, /Findings/);
});

test('a short validation did not take no time', () => {
  const took = (durationMs: number) => validationMarkdown(makeReport([], { durationMs }), formats);
  assert.match(took(340), /\| Took \| 0\\\.3 s \|/);
  assert.match(took(64_000), /\| Took \| 0:01:04 \|/);
});

test('what is not listed is counted', () => {
  const target = makeTarget('s', [], [{ ...broken, line: 1 }]);
  const page = validationMarkdown(makeReport([{ ...target, findingCount: 5001 }]), formats);
  assert.match(page, /5,000 more are not listed\\\./);
});

test('text from a file is no markup', () => {
  const message = 'unexpected `<img src=x>` | [a](command:b)';
  const page = validationMarkdown(
    makeReport([makeTarget(null, [], [{ ...broken, message }])]),
    formats,
  );
  assert.doesNotMatch(page, /(?<!\\)<img|\]\(command/);
  const row = page.split('\n').find((line) => line.includes('unexpected'))!;
  assert.equal(row.match(/(?<!\\)\|/g)?.length, 4);
});
