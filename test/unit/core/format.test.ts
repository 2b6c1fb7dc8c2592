import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../src/core/format.ts';

const en = formatsFor('en-US');

test('counts and rates follow the locale', () => {
  assert.equal(en.count(1234567), '1,234,567');
  assert.equal(formatsFor('de').count(1234567), '1.234.567');
  assert.equal(en.rate(0), '0.0');
  assert.equal(en.rate(12.34), '12.3');
  assert.equal(en.rate(99.97), '100');
  assert.equal(en.rate(1234.5), '1,235');
});

test('a share below the whole never reads as the whole', () => {
  assert.equal(en.percent(0.9999), '99%');
  assert.equal(en.percent(1), '100%');
  assert.equal(en.percent(0), '0%');
});

test('durations do not fold hours into days and do not run backwards', () => {
  assert.equal(en.duration(0), '0:00:00');
  assert.equal(en.duration(65_999), '0:01:05');
  assert.equal(en.duration(100 * 3_600_000 + 61_000), '100:01:01');
  assert.equal(en.duration(-5), '0:00:00');
});

test('what took a second or longer is told in seconds', () => {
  assert.equal(en.latency(0), '0 ms');
  assert.equal(en.latency(81.4), '81 ms');
  assert.equal(en.latency(999.4), '999 ms');
  assert.equal(en.latency(999.6), '1 sec');
  assert.equal(en.latency(2_410), '2.4 sec');
});

test('bytes change their unit before they need four digits', () => {
  assert.equal(en.bytes(0), '0 bytes');
  assert.equal(en.bytes(999), '999 bytes');
  assert.equal(en.bytes(1000), '1 kB');
  assert.equal(en.bytes(999_949), '999.9 kB');
  assert.equal(en.bytes(999_950), '1 MB');
  assert.equal(en.bytes(1_234_000_000), '1.2 GB');
  assert.equal(en.bytes(5e15), '5,000 TB');
});

test('how long ago is told in the largest whole unit', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  assert.equal(en.ago(now, now), 'now');
  assert.equal(en.ago(now - 3 * 60_000 - 59_000, now), '3 minutes ago');
  assert.equal(en.ago(now - 26 * 3_600_000, now), 'yesterday');
  // A clock that was set back.
  assert.equal(en.ago(now + 5000, now), 'now');
});

test('a locale that nobody knows gives English', () => {
  assert.equal(formatsFor('qps-ploc').count(1234), '1,234');
  assert.equal(formatsFor('not a tag!').count(1234), '1,234');
});

test('money keeps what is smaller than a cent', () => {
  assert.equal(en.usd(0), '$0.00');
  assert.equal(en.usd(12_340_000), '$12.34');
  assert.equal(en.usd(500), '$0.0005');
});
