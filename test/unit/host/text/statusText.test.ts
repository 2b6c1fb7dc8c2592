import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import type { HostHealth } from '../../../../src/core/events.ts';
import { badgeText, statusBarText } from '../../../../src/host/text/statusText.ts';
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
      makeSnapshot({ state: 'paused', reason: 'user', records: 20 }, { recordsPerSecond: 7 }),
    ],
    formats,
  );
  assert.equal(shown?.text, '$(sync~spin) 2 collections · 30 records · 5.0/s');
});

test('paused: no spinning and no rate', () => {
  const shown = statusBarText([makeSnapshot({ state: 'paused', reason: 'user' })], formats);
  assert.equal(shown?.text, '$(debug-pause) books · 1,234 records');
});

test('paused by a limit: that is said', () => {
  const shown = statusBarText([makeSnapshot({ state: 'paused', reason: 'budget' })], formats);
  assert.equal(shown?.text, '$(warning) books · 1,234 records · limit reached');
  assert.equal(shown.label, 'books: paused, limit reached, 1,234 records');
});

test('a name can not bring an icon of its own', () => {
  const shown = statusBarText(
    [makeSnapshot({ state: 'paused', reason: 'user', name: 'x $(flame)' })],
    formats,
  );
  assert.ok(!shown?.text.includes('$(flame)'));
});

test('what a session needs a person for is trouble; a person’s own pause is not', () => {
  const words = (['user', 'budget', 'disk-full', 'in-doubt', 'setup'] as const).map((reason) => {
    const shown = statusBarText([makeSnapshot({ state: 'paused', reason })], formats);
    return [shown?.text.split(' · ')[2], shown?.isTrouble];
  });
  assert.deepEqual(words, [
    [undefined, false],
    ['limit reached', true],
    ['disk full', true],
    ['needs you', true],
    ['needs you', true],
  ]);
});

test('how long it takes is told where it can be known', () => {
  const snapshot = makeSnapshot({ state: 'active' }, { recordsPerSecond: 56, etaMs: 300_000 });
  const shown = statusBarText([snapshot], formats);
  assert.equal(shown?.text, '$(sync~spin) books · 1,234 records · 56.0/s · about 0:05:00 left');
});

test('where nothing comes because a host is left alone, that is told instead of a rate of nothing', () => {
  const host: HostHealth = {
    host: 'books.test',
    status: 'offline',
    requests: 5,
    failures: 5,
    consecutiveErrors: 5,
    avgResponseMs: 0,
    circuit: 'open',
  };
  const shown = statusBarText([makeSnapshot({ state: 'active' }, { hosts: [host] })], formats);
  assert.equal(shown?.text, '$(sync~spin) books · 1,234 records · waiting for books.test');
  const flowing = makeSnapshot({ state: 'active' }, { hosts: [host], recordsPerSecond: 2 });
  assert.match(statusBarText([flowing], formats)!.text, /2\.0\/s/);
});

test('of several, those that need a person are counted, and each has its line in the tooltip', () => {
  const shown = statusBarText(
    [
      makeSnapshot({ state: 'active', name: 'a' }, { recordsPerSecond: 5 }),
      makeSnapshot({ state: 'paused', reason: 'disk-full', name: 'b' }),
    ],
    formats,
  );
  assert.equal(shown?.text, '$(sync~spin) 2 collections · 2,468 records · 5.0/s · 1 needs you');
  assert.equal(shown.isTrouble, true);
  assert.deepEqual(
    shown.tooltip.split('\n').map((line) => line.split(':')[0]),
    ['a', 'b'],
  );
});

test('the badge counts what runs and what needs a person', () => {
  assert.equal(badgeText({ running: 0, troubled: 0 }, formats), undefined);
  assert.deepEqual(badgeText({ running: 2, troubled: 1 }, formats), {
    value: 3,
    tooltip: '2 collections are running · 1 needs you',
  });
  assert.deepEqual(badgeText({ running: 0, troubled: 2 }, formats), {
    value: 2,
    tooltip: '2 need you',
  });
});
