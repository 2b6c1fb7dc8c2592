import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bullets, escapeText, factTable, page, table } from '../../../../src/host/text/markdown.ts';

const attacks = [
  '[x](command:workbench.action.quit)',
  '<img src=x onerror=alert(1)>',
  '![x](https://evil.example/a.png)',
  '| a | b |',
  '# heading',
  '`code` **bold** ~~gone~~ &lt;',
  'a\n\n## heading\n- b',
  '\u001b[31mred \u202egpj',
];

/** What of a text Markdown would still take for its own: characters that have no backslash before them. */
function unescaped(text: string): string {
  return text.replace(/\\./g, '').replace(/[^[\]()<>`*_#!|~&]/g, '');
}

test('a text is text in Markdown, on one line, and nothing in it is unseen', () => {
  for (const attack of attacks) {
    const escaped = escapeText(attack);
    assert.equal(unescaped(escaped), '', escaped);
    assert.doesNotMatch(escaped, /[\u0000-\u001f\u202e]/);
  }
});

test('an address is no link', () => {
  assert.equal(escapeText('http://a'), 'http\\://a');
  assert.equal(escapeText('see me@b now, 12:30 @c'), 'see me\\@b now, 12:30 @c');
});

test('rows, cells and points of a list hold texts', () => {
  for (const attack of attacks) {
    const cells = table(['h'], [[attack]]).split('\n');
    assert.equal(cells.length, 3);
    assert.equal(unescaped(cells[2] ?? ''), '||');
    assert.equal(factTable([[attack, attack]]).split('\n').length, 3);
    assert.equal(unescaped(bullets([attack])), '');
  }
  assert.equal(page(['', 'a', '', 'b']), 'a\n\nb\n');
});
