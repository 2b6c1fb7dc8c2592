import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import type { LimitUse } from '../../../../src/core/limits.ts';
import {
  limitToRaise,
  limitWords,
  raisedValue,
  valueProblem,
} from '../../../../src/host/text/limitText.ts';
import { makeTracked } from '../../../fixtures/views.ts';

const formats = formatsFor('en-US');

function use(name: LimitUse['name'], max: number, used: number): LimitUse {
  return { name, max, used, reserved: 0 };
}

test('what is used up is said in the limit’s own terms', () => {
  const said = (limit: LimitUse) => limitWords(limit, 'books', formats).prompt;
  assert.match(said(use('maxUsd', 40, 38.75)), /^\$38\.75 of \$40\.00 is spent\. .*limits\.maxUsd/);
  assert.match(said(use('maxRequests', 5000, 5000)), /^5,000 of 5,000 requests are used up/);
  assert.match(said(use('maxMinutes', 90, 90)), /^1:30:00 of 1:30:00 of work/);
  assert.match(said(use('target', 200, 200)), /^200 of 200 records are there/);
});

test('what is proposed leaves room, and is a value that the file may hold', () => {
  assert.equal(raisedValue(use('maxUsd', 0.29, 0.28)), 0.58);
  assert.equal(raisedValue(use('maxUsd', 0.000001, 0)), 0.000002);
  assert.equal(raisedValue(use('maxRequests', 5, 5)), 10);
  assert.equal(raisedValue(use('maxMinutes', 0.5, 0.7)), 2);
  // The limit was lowered below what is there.
  assert.equal(raisedValue(use('target', 10, 50)), 100);
});

test('only a higher value is taken', () => {
  const problem = (limit: LimitUse, text: string) => valueProblem(limit, text, formats);
  const money = use('maxUsd', 40, 38.75);
  assert.equal(problem(money, '60'), undefined);
  assert.equal(problem(money, '40.01'), undefined);
  assert.match(problem(money, '40') ?? '', /more than \$40/);
  assert.match(problem(money, '') ?? '', /Give a number/);
  assert.match(problem(money, 'much') ?? '', /Give a number/);
  assert.match(problem(money, 'Infinity') ?? '', /Give a number/);
  assert.match(problem(use('maxRequests', 5, 5), '6.5') ?? '', /whole number/);
  assert.match(problem(use('maxRequests', 5, 9), '8') ?? '', /more than 9/);
  assert.equal(problem(use('maxMinutes', 5, 5), '6.5'), undefined);
});

test('a limit can be raised where this window can go on with it', () => {
  const view = {
    state: 'paused',
    reason: 'budget',
    requests: 5,
    mutable: { limits: { maxRequests: 5 } },
  } as const;
  assert.equal(limitToRaise(makeTracked(view))?.name, 'maxRequests');
  const holder = { pid: 1, host: 'x', via: 'cli', since: '' } as const;
  assert.equal(limitToRaise(makeTracked(view, { holder })), undefined);
  assert.equal(limitToRaise(makeTracked({ ...view, collectionFile: '' })), undefined);
  assert.equal(limitToRaise(makeTracked({ state: 'paused', reason: 'user' })), undefined);
});
