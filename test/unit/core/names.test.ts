import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileTimestamp, isSafeFileName, toFileName } from '../../../src/core/names.ts';

const odd = [
  '',
  '.',
  '..',
  '...',
  'con',
  'CON',
  'nul.txt',
  'com1',
  'LPT9.tar.gz',
  'COM\u00b9',
  'aux.',
  'a.',
  'a ',
  ' a',
  '../../etc/passwd',
  'a/b\\c',
  'C:\\x',
  'x\u0000y',
  'a\nb',
  'Zürich 2024',
  '東京',
  '*?<>|":',
  'x'.repeat(300),
  `con${'.'.repeat(200)}`,
  '~',
  '-rf',
];

test('any text gives a name that every platform takes as it is', () => {
  for (const text of odd) {
    const name = toFileName(text);
    assert.match(name, /^[A-Za-z0-9._-]{1,100}$/, JSON.stringify(text));
    assert.doesNotMatch(name, /^\.+$|\.$/);
    assert.doesNotMatch(name, /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
  }
});

test('a name that is safe stays as it is, and only such a one is called safe', () => {
  for (const name of ['books', 'iclr_2024', 'a.b-c', '0', 'console', 'com10', '.hidden']) {
    assert.equal(toFileName(name), name);
    assert.ok(isSafeFileName(name));
  }
  for (const name of odd) {
    if (name === '-rf') continue;
    assert.equal(isSafeFileName(name), false, JSON.stringify(name));
  }
});

test('a name is made once: what was made stays', () => {
  for (const text of odd) assert.equal(toFileName(toFileName(text)), toFileName(text));
});

test('time stamps are UTC and sort as they were', () => {
  assert.equal(fileTimestamp(Date.UTC(2026, 10, 21, 16, 15, 0)), '20261121_161500');
  assert.equal(fileTimestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 999)), '20260102_030405');
});
