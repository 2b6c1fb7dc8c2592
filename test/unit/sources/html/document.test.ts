import assert from 'node:assert/strict';
import { test } from 'node:test';
import serialize from 'dom-serializer';
import { isDirective, isTag, type ParentNode } from 'domhandler';
import { parseDocument } from 'htmlparser2';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import { maxDepth, maxNodes, parseHtml } from '../../../../src/sources/html/document.ts';
import { elementText } from '../../../../src/sources/html/text.ts';

function depthOf(node: ParentNode): number {
  let deepest = 0;
  const open: [ParentNode, number][] = [[node, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [parent, depth] = next;
    deepest = Math.max(deepest, depth);
    for (const child of parent.children) if (isTag(child)) open.push([child, depth + 1]);
  }
  return deepest;
}

const malformed: readonly string[] = [
  '<!doctype html><title>x</title><p>one<p>two<ul><li>a<li>b</ul>',
  '<div><span>never closed',
  '</div></p></span><b>closed what was not open</i></b>',
  '<table><tr><td>a<td>b<tr><td>c</table>',
  '<a href=x>one<a href=y>two</a>',
  '<p title="never closed>x</p>',
  '<p title=a"b\'c=d/e>x</p><br/><hr><img src=x>',
  '<!-- never closed <p>x',
  '<script>if (a < b) document.write("<p>")</script><style>p > a {}</style>',
  '<svg viewBox="0 0 1 1"><path d="M0"/><foreignObject><p>x</foreignObject></svg>',
  '<![CDATA[x]]><?php echo 1 ?><!ENTITY x>',
  '&amp; &copy &notanentity; &#xFFFFFF; &#0; &#x1F600; &',
  '<textarea><b>x</textarea><title><b></title>',
  '<form><form><input></form></form>',
  'a\0b<p\0q>c</p>',
  '< p>x</ p><>y</>',
  '',
];

test("the tree is the same as htmlparser2's own", () => {
  for (const text of malformed) {
    const expected = serialize(parseDocument(text).children.filter((node) => !isDirective(node)));
    assert.equal(serialize(parseHtml(text).root.children), expected, text);
  }
});

test('parents, siblings and order are all linked', () => {
  const { root, elements, byTag } = parseHtml('<div>a<!-- b --><p>c</p>d</div><p>e</p>');
  const [div, p, last] = elements;
  assert.deepEqual(
    elements.map((element) => element.name),
    ['div', 'p', 'p'],
  );
  assert.deepEqual(byTag.get('p'), [p, last]);
  assert.ok(div !== undefined && p !== undefined && last !== undefined);
  assert.equal(div.parent, root);
  assert.equal(p.parent, div);
  assert.equal(div.next, last);
  assert.equal(last.prev, div);
  const [a, comment, , d] = div.children;
  assert.deepEqual([a?.next, comment?.prev, comment?.next], [comment, a, p]);
  assert.deepEqual([p.prev, p.next, d?.prev, d?.next, a?.prev], [comment, d, p, null, null]);
});

test('what is inside a template is there, but not among the elements', () => {
  const { elements, byTag, root } = parseHtml(
    '<template><p>a<template><b>x</b></template></p></template><p>b',
  );
  assert.deepEqual(
    elements.map((element) => element.name),
    ['template', 'p'],
  );
  assert.equal(byTag.get('p')?.length, 1);
  assert.equal(
    serialize(root.children),
    '<template><p>a<template><b>x</b></template></p></template><p>b</p>',
  );
});

test('100,000 nested elements neither overflow the stack nor take for ever', () => {
  const open = '<div><i class="x">'.repeat(50_000);
  const page = parseHtml(`${open}deep${'</i></div>'.repeat(50_000)}<h1>end</h1>`);
  assert.equal(page.elements.length, 100_001);
  assert.equal(
    page.byTag.get('h1')?.[0]?.parent,
    page.root,
    'what comes after is where it belongs',
  );
  assert.equal(depthOf(page.root), maxDepth + 1);
  assert.equal(elementText(page.root), 'deepend');
  assert.ok(serialize(page.root.children).length > 1_000_000);
});

test('nesting to the limit is kept as it is', () => {
  const page = parseHtml(`${'<div>'.repeat(maxDepth)}x${'</div>'.repeat(maxDepth)}<p>y`);
  assert.equal(depthOf(page.root), maxDepth);
  assert.equal(page.byTag.get('p')?.[0]?.parent, page.root);
});

test('deep self-closing elements of a drawing leave the tree whole', () => {
  const page = parseHtml(
    `<svg>${'<g>'.repeat(600)}${'<g/>'.repeat(10)}${'</g>'.repeat(600)}</svg><h1>x`,
  );
  assert.equal(depthOf(page.root), maxDepth + 1);
  assert.equal(page.elements.length, 612);
});

test('a page of too many nodes is refused, by its own error', () => {
  assert.throws(
    () => parseHtml('<b>'.repeat(maxNodes + 1)),
    (error) => error instanceof UnitFailedError && error.code === 'PAGE_TOO_COMPLEX',
  );
});

test('__proto__ as an attribute changes nothing', () => {
  const { elements } = parseHtml('<p __proto__="x" constructor="y" id="z">');
  assert.equal(Object.getPrototypeOf(elements[0]?.attribs), Object.prototype);
  assert.equal(elements[0]?.attribs['id'], 'z');
});
