import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import { joinParts, statusBarText } from '../../../../src/host/text/phrases.ts';
import { makeSnapshot } from '../../../fixtures/views.ts';

const formats = formatsFor('en-US');

test('without a session the status bar says nothing', () => {
  assert.equal(statusBarText([], formats), undefined);
});

test('one running session: name, records, rate', () => {
  const shown = statusBarText(
    [makeSnapshot({ state: 'active' }, { recordsPerSecond: 56 })],
    formats,
  );
  assert.equal(shown?.text, '$(sync~spin) books · 1,234 records · 56.0/s');
  assert.equal(shown.label, 'books: running, 1,234 records, 56.0 per second');
});

test('several: how many, and their sum; a paused one brings no rate', () => {
  const shown = statusBarText(
    [
      makeSnapshot({ state: 'active', records: 10 }, { recordsPerSecond: 5 }),
      makeSnapshot({ state: 'paused', records: 20 }, { recordsPerSecond: 7 }),
    ],
    formats,
  );
  assert.equal(shown?.text, '$(sync~spin) 2 collections · 30 records · 5.0/s');
});

test('paused: no spinning and no rate', () => {
  const shown = statusBarText([makeSnapshot({ state: 'paused' })], formats);
  assert.equal(shown?.text, '$(debug-pause) books · 1,234 records');
});

test('paused by a limit: that is said', () => {
  const shown = statusBarText([makeSnapshot({ state: 'paused', reason: 'budget' })], formats);
  assert.equal(shown?.text, '$(debug-pause) books · 1,234 records · limit reached');
  assert.equal(shown.label, 'books: paused, limit reached, 1,234 records');
});

test('a name can not bring an icon of its own', () => {
  const shown = statusBarText([makeSnapshot({ state: 'paused', name: 'x $(flame)' })], formats);
  assert.ok(!shown?.text.includes('$(flame)'));
});

test('empty parts leave no gap', () => {
  assert.equal(joinParts(['a', '', 'b', '']), 'a · b');
});
