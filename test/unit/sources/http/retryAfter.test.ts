import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateLimitResetMs, retryAfterMs } from '../../../../src/sources/http/retryAfter.ts';

const now = Date.UTC(2026, 10, 21, 16, 15, 0);
const day = 24 * 60 * 60 * 1000;

test('Retry-After: seconds, dates and nonsense', () => {
  const cases: readonly (readonly [string | undefined, number | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['1.5', 1500],
    ['-5', undefined],
    ['soon', undefined],
    ['2026', 2026_000],
    ['Sat, 21 Nov 2026 16:15:30 GMT', 30_000],
    ['Saturday, 21-Nov-26 16:15:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 16:14:30 GMT', 0],
    ['999999999999', day],
    ['Sat, 21 Nov 2126 16:15:30 GMT', day],
  ];
  for (const [header, expected] of cases)
    assert.equal(retryAfterMs(header, now), expected, String(header));
});

test('the end of a rate limit: seconds from now, or a time in seconds or milliseconds', () => {
  const cases: readonly (readonly [string | undefined, number | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['tomorrow', undefined],
    ['60', 60_000],
    [String(now / 1000 + 90), 90_000],
    [String(now + 1500), 1500],
    [String(now / 1000 - 90), 0],
  ];
  for (const [header, expected] of cases)
    assert.equal(rateLimitResetMs(header, now), expected, String(header));
});
