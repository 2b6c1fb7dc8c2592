import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CollectionOutline } from '../../../../src/core/collectionOutline.ts';
import { formatsFor } from '../../../../src/core/format.ts';
import { resumeQuestion, startQuestion } from '../../../../src/host/text/toolText.ts';
import { makeRecovery } from '../../../fixtures/recoveries.ts';
import { makeSnapshot } from '../../../fixtures/views.ts';

const formats = formatsFor('en-US');
const outline: CollectionOutline = {
  name: 'books',
  source: 'html',
  places: ['http://a.test/', 'http://b.test/'],
  placeCount: 2,
  isPaid: false,
  limits: { target: undefined, maxUsd: undefined, maxRequests: undefined, maxMinutes: undefined },
};

test('a free collection without limits: where it goes, that it ends when all is there, no price', () => {
  assert.deepEqual(startQuestion(outline, formats), {
    title: 'Start collecting books?',
    lines: [
      'It collects from: http://a.test/, http://b.test/ (html).',
      'No limit of records, requests or time is set: it runs until everything is collected.',
      'Its calls have no price.',
    ],
  });
});

test('limits and the budget are named; of many places, how many', () => {
  const limits = { target: 2000, maxUsd: 40, maxRequests: 500, maxMinutes: 30 };
  const paid = { ...outline, isPaid: true, placeCount: 9, limits };
  const { lines } = startQuestion(paid, formats);
  assert.deepEqual(lines, [
    'It collects from: http://a.test/, http://b.test/ and 7 more (html).',
    'It stops at: 2,000 records · 500 requests · 30 minutes.',
    'It costs money: up to $40.00 in all.',
  ]);
});

test('what costs money and has no budget says that nothing holds it', () => {
  const { lines } = startQuestion({ ...outline, isPaid: true }, formats);
  assert.match(lines.at(-1)!, /costs money, and no budget is set/);
});

test('somebody’s own code is named as such', () => {
  for (const source of ['module', 'extension'] as const) {
    assert.match(startQuestion({ ...outline, source }, formats).lines.at(-1)!, /runs code/);
  }
});

test('a resume says what is there, what is left, and what it may cost', () => {
  const { view } = makeSnapshot({ state: 'stopped', reason: 'user' });
  const limits = { ...outline.limits, maxUsd: 10 };
  const { title, lines } = resumeQuestion(
    { view, outline: { ...outline, isPaid: true, limits }, recovery: makeRecovery() },
    formats,
  );
  assert.equal(title, 'Resume books?');
  assert.equal(lines[0], '1,234 records so far.');
  assert.ok(
    lines.some((line) => line.includes('will be worked on')),
    lines.join('\n'),
  );
  assert.ok(lines.includes('It costs money: up to $10.00 in all.'));
});
