import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHtml } from '../../../../src/sources/html/document.ts';
import { elementText } from '../../../../src/sources/html/text.ts';

function textOf(html: string): string {
  return elementText(parseHtml(html).root);
}

test('white space is one space, and none at the ends', () => {
  assert.equal(textOf('<p>\n  a\t\r\n b&nbsp;&nbsp;c\u2028d \ufeff</p>'), 'a b c d');
  assert.equal(textOf('<p> <b> a</b> <i>b </i> c</p>'), 'a b c');
  assert.equal(textOf('<p>a<b>b</b>c</p>'), 'abc');
  assert.equal(textOf('<p> \n </p>'), '');
  assert.equal(textOf(''), '');
});

test('a line break separates words', () => {
  assert.equal(textOf('<p>12 Street<br>City<br/>Land</p>'), '12 Street City Land');
});

test('scripts, styles, templates and comments are no text', () => {
  assert.equal(
    textOf('<p>a<script>b</script><style>c</style><template>d</template><!-- e --> f</p>'),
    'a f',
  );
});

test('characters come through as they are', () => {
  assert.equal(
    textOf('<p>&lt;b&gt; &amp;amp; &euro; 😀 \ud83d \0</p>'),
    '<b> &amp; € 😀 \ud83d \0',
  );
});

test('ten megabytes of text in one element are read', () => {
  assert.equal(textOf(`<p>${'word \n'.repeat(1_700_000)}</p>`).length, 1_700_000 * 5 - 1);
});
