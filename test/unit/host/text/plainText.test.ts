import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelText, messageText, plainItem } from '../../../../src/host/text/plainText.ts';

test('a label has no icon in it', () => {
  assert.equal(labelText('a $(flame) b'), 'a $\u200b(flame) b');
  assert.equal(labelText('$ (flame) ${x} (y)'), '$ (flame) ${x} (y)');
  assert.equal(labelText('$$($(x'), '$$\u200b($\u200b(x');
});

test('a message has no link in it: neither to a command nor to a page', () => {
  const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
  for (const attack of [
    '[x](command:workbench.action.quit)',
    'a [Resume](https://evil.example "title") b',
    '[[x]](command:a)[y](file:///etc/passwd)',
  ]) {
    assert.match(attack, link, 'what VS Code makes a link of');
    assert.doesNotMatch(messageText(attack), link);
  }
  assert.equal(messageText('f(x)[1] (of 2)'), 'f(x)[1] (of 2)');
  assert.equal(messageText('$(flame)'), '$\u200b(flame)');
});

test('neither holds what does something instead of being seen, nor more than can be read', () => {
  for (const plain of [labelText, messageText]) {
    assert.equal(plain('\u001b[31mred'), '\\u{1B}[31mred');
    assert.equal(plain('\u202egpj'), '\\u{202E}gpj');
    assert.equal(plain('x'.repeat(1_000_000)).length, 1000);
  }
  assert.equal(labelText('x'.repeat(50), 10), `${'x'.repeat(9)}…`);
});

test('all that is seen of an item is text, the rest of it stays', () => {
  const item = { label: '$(a)', description: '$(b)', detail: '$(c)', picked: true };
  assert.deepEqual(plainItem(item), {
    label: '$\u200b(a)',
    description: '$\u200b(b)',
    detail: '$\u200b(c)',
    picked: true,
  });
  assert.deepEqual(plainItem({ label: 'x' }), { label: 'x' });
});
