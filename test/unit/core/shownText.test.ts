import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownLines, shownText } from '../../../src/core/shownText.ts';

test('markup and links stay as they are: they are text wherever they are shown', () => {
  const text = '<script>alert(1)</script> [x](command:a.b) $(icon)';
  assert.equal(shownText(text), text);
});

test('what would be unseen is told by its number', () => {
  assert.equal(shownText('\u001b[31mred\u0007'), '\\u{1B}[31mred\\u{7}');
  assert.equal(shownText('\u202egpj.exe\u2066'), '\\u{202E}gpj.exe\\u{2066}');
  assert.equal(shownText('a\nb\tc'), 'a b c');
});

test('a huge text is cut, between characters', () => {
  assert.equal(shownText('x'.repeat(1_000_000)).length, 1000);
  assert.equal(shownText('abcdef', 4), 'abc…');
  assert.equal(shownText('ab😀def', 4), 'ab…');
  assert.equal(shownText('abcd', 4), 'abcd');
});

test('texts of any language stay whole', () => {
  const text = '采集 · שלום · Ünïcödé · 👩‍💻';
  assert.equal(shownText(text), text);
});

test('lines stay lines', () => {
  assert.equal(shownLines('a\u001b[2J\n\n  b\u009b'), 'a\\u{1B}[2J\n\n  b\\u{9B}');
  assert.equal(shownLines(`${'x'.repeat(5000)}\n`).length, 5001);
});
