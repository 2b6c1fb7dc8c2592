import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PageSnapshot, SnapshotNode } from '../../../../src/core/picker.ts';
import { takeSnapshot } from '../../../../src/engine/picker/snapshot.ts';
import { parseHtml } from '../../../../src/sources/html/document.ts';

function snapshotOf(html: string, limits?: Parameters<typeof takeSnapshot>[1]): PageSnapshot {
  return takeSnapshot(parseHtml(html), limits);
}

function* all(nodes: readonly SnapshotNode[]): Generator<SnapshotNode> {
  for (const node of nodes) {
    yield node;
    if (typeof node !== 'string') yield* all(node.children ?? []);
  }
}

const tagsOf = (snapshot: PageSnapshot): string[] =>
  [...all(snapshot.nodes)].flatMap((node) => (typeof node === 'string' ? [] : [node.tag]));
const textOf = (snapshot: PageSnapshot): string =>
  [...all(snapshot.nodes)]
    .map((node) => (typeof node === 'string' ? node : (node.label ?? '')))
    .join('|');

/** What a page could try; none of it may come through in any form but that of a text. */
const nasty: readonly (readonly [what: string, html: string])[] = [
  ['a script', '<p>x</p><script>alert("EVIL")</script>'],
  ['a script in svg', '<svg><script>EVIL()</script><a href="javascript:EVIL()">t</a></svg>'],
  ['a handler', '<p onclick="EVIL()" onmouseover=EVIL()>x</p>'],
  ['an image that fails', '<img src=x onerror="EVIL()">'],
  ['a javascript link', '<a href="javascript:EVIL()">x</a>'],
  ['a command link', '<a href="command:workbench.action.EVIL">x</a>'],
  ['a frame', '<iframe src="https://EVIL.test" srcdoc="<script>EVIL()</script>">EVIL</iframe>'],
  ['an object', '<object data="EVIL.swf"><param name="EVIL"></object><embed src="EVIL">'],
  ['a refresh', '<meta http-equiv="refresh" content="0;url=https://EVIL.test">'],
  ['a base', '<base href="https://EVIL.test/"><p>x</p>'],
  ['a style that covers all', '<style>EVIL{position:fixed}</style><div style="EVIL:1">x</div>'],
  ['a style sheet', '<link rel="stylesheet" href="https://EVIL.test/x.css"><p>x</p>'],
  ['a form', '<form action="https://EVIL.test" method="post"><input name=EVIL type=submit></form>'],
  ['noscript', '<noscript><img src=EVIL></noscript>'],
  ['a template', '<template><script>EVIL()</script><p>EVIL</p></template>'],
  ['a password', '<input type="password" value="EVIL">'],
  ['names of ours', '<div id="EVIL" class="EVIL toolbar"><p id="main EVIL">x</p></div>'],
  ['srcset and poster', '<img srcset="EVIL 2x"><video poster="EVIL" src="EVIL"></video>'],
  ['broken markup', '<p <script>x</p><scr<script>ipt>alert(1)</script><img src="EVIL"'],
  ['a comment', '<!-- EVIL --><p>x</p><![CDATA[EVIL]]>'],
];

for (const [what, html] of nasty) {
  test(`${what} does not come through`, () => {
    const snapshot = snapshotOf(html);
    assert.ok(!JSON.stringify(snapshot).includes('EVIL'), JSON.stringify(snapshot));
    for (const node of all(snapshot.nodes)) {
      if (typeof node === 'string') continue;
      const known = new Set(['n', 'tag', 'label', 'children']);
      assert.deepEqual(
        Object.keys(node).filter((key) => !known.has(key)),
        [],
      );
      assert.doesNotMatch(
        node.tag,
        /^(?:script|style|iframe|object|embed|base|template|noscript)$/,
      );
    }
  });
}

test('texts stay as they are, whatever they look like', () => {
  const snapshot = snapshotOf('<p>&lt;script&gt;alert(1)&lt;/script&gt; [x](command:y) $(zap)</p>');
  assert.equal(textOf(snapshot), '|<script>alert(1)</script> [x](command:y) $(zap)');
});

test('an element is named by its place among all of the page', () => {
  const document = parseHtml(
    '<div><script>1</script><p>a</p><template><b>c</b></template><p>b</p></div>',
  );
  const snapshot = takeSnapshot(document);
  for (const node of all(snapshot.nodes)) {
    if (typeof node !== 'string') assert.equal(document.elements[node.n]?.name, node.tag);
  }
  assert.deepEqual(tagsOf(snapshot), ['div', 'p', 'p']);
});

test('images, fields, the head and what only attributes tell have words', () => {
  const text = textOf(
    snapshotOf(`<head><title>T</title><meta name="description" content="about">
      <link rel="canonical" href="http://a.test/"><meta charset="utf-8"></head>
      <img alt="Cover" width="200" height="300"><input value="42"><p class="star-rating Three"></p>
      <div class="spacer"></div>`),
  );
  for (const part of [
    'T',
    'description: about',
    'canonical: http://a.test/',
    'Cover, 200 × 300',
    '42',
  ]) {
    assert.ok(text.split('|').includes(part), `${part} in ${text}`);
  }
  assert.match(text, /p\.star-rating/);
  assert.doesNotMatch(text, /spacer|utf-8/);
});

test('white space is one space, but in pre', () => {
  assert.equal(textOf(snapshotOf('<p>a\n   b</p>')), '|a b');
  assert.equal(textOf(snapshotOf('<pre>a\n   b</pre>')), '|a\n   b');
  assert.equal(textOf(snapshotOf('<p>a <b>b</b> <i>c</i></p>')), '|a ||b| ||c');
});

test('of a page that is too large the beginning is shown, and said so', () => {
  const limits = { elements: 10, characters: 1_000 };
  const many = snapshotOf('<p>x</p>'.repeat(50), limits);
  assert.ok(many.isCut);
  assert.equal(many.elements, 50);
  assert.equal(tagsOf(many).length, 10);
  const long = snapshotOf(`<p>${'word '.repeat(500)}</p>`.repeat(9), {
    elements: 100,
    characters: 5_000,
  });
  assert.ok(long.isCut);
  assert.ok(textOf(long).length < 12_000);
  assert.ok(!snapshotOf('<p>x</p>', limits).isCut);
});

test('one huge text is cut, and 100,000 nested elements are shown as far as they go', () => {
  const one = snapshotOf(`<p>${'x'.repeat(20_000_000)}</p>`);
  assert.ok(JSON.stringify(one).length < 10_000);
  const deep = snapshotOf('<div>'.repeat(100_000) + 'x');
  assert.ok(JSON.stringify(deep).length > 0);
});
