import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import { endNotice, endsNotice, isTold } from '../../../../src/host/text/endText.ts';
import { makeSnapshot } from '../../../fixtures/views.ts';

const formats = formatsFor('en-US');
const whole = { pending: 0, in_progress: 0, done: 9, failed: 0, skipped: 0, blocked: 0 };
const views = {
  complete: makeSnapshot({ state: 'completed', units: whole }).view,
  'complete with failures': makeSnapshot({ state: 'completed' }).view,
  faulted: makeSnapshot({ state: 'faulted', reasonMessage: 'fsync failed.' }).view,
  'limit reached': makeSnapshot({ state: 'paused', reason: 'budget' }).view,
  'paused by a person': makeSnapshot({ state: 'paused', reason: 'user' }).view,
  stopped: makeSnapshot({ state: 'stopped', reason: 'user' }).view,
  running: makeSnapshot({ state: 'active' }).view,
};

test('the setting decides what is told; what a person did themselves never is', () => {
  const told = (['all', 'problems', 'none'] as const).map((setting) =>
    Object.entries(views)
      .filter(([, view]) => isTold(view, setting))
      .map(([name]) => name),
  );
  assert.deepEqual(told, [
    ['complete', 'complete with failures', 'faulted', 'limit reached'],
    ['complete with failures', 'faulted', 'limit reached'],
    [],
  ]);
});

test('one end says what came of it', () => {
  assert.equal(endNotice(views.complete, formats), 'books is complete: 1,234 records.');
  assert.match(endNotice(views['complete with failures'], formats), /1,234 records, 2 failed\.$/);
  assert.equal(endNotice(views.faulted, formats), 'books has stopped: fsync failed.');
});

test('many ends are one line: what is complete, and what needs a person', () => {
  const done = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...views.complete, name, records: 10 }));
  assert.equal(endsNotice(done, formats), 'Complete: a, b, c and 2 more (50 records).');
  assert.equal(
    endsNotice([...done.slice(0, 1), { ...views.faulted, name: 'z' }], formats),
    'Complete: a (10 records). · Need you: z.',
  );
});
