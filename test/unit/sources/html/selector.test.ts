import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectAll } from 'css-select';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import { parseHtml } from '../../../../src/sources/html/document.ts';
import { compileSelector, type Place } from '../../../../src/sources/html/selector.ts';
import { elementText } from '../../../../src/sources/html/text.ts';

const shop = parseHtml(`<!doctype html><html><head><title>Shop</title></head><body>
<nav><ul><li class="next"><a id="n" href="2">next</a></li></ul></nav>
<ul class="books">
  <li class="book sale"><h3 class="title">One</h3><b class="price">1</b><ul class="tags"><li>x</li><li>y</li></ul></li>
  <li class="book"><h3 class="title">Two</h3><p class="price">2</p></li>
</ul>
<dl><dt>Pages</dt><dd>100</dd><dt>Year</dt><dd>1999</dd></dl>
<p class="price">footer</p></body></html>`);

function texts(selector: string | string[], place: Place = shop): string[] {
  const compiled = compileSelector(selector);
  const all = compiled.all(place);
  assert.equal(compiled.first(place), all[0] ?? null, 'first is the first of all');
  return all.map(elementText);
}

const selectors = [
  'title',
  'H1',
  'li',
  'li.next a',
  '.book',
  '.book .title',
  'li.book > h3.title',
  '#n',
  '[href]',
  'a[href="2"]',
  '*',
  'h3, dt',
  'dt, h3',
  'h3, .title',
  'dt + dd',
  'h3 ~ *',
  'li:first-child',
  'li:nth-child(2)',
  ':nth-child(odd)',
  ':nth-last-child(2)',
  'li:nth-child(n+2)',
  'dd:nth-of-type(2)',
  ':nth-last-of-type(2n+1)',
  ':not(:nth-child(1))',
  'ul:has(li:nth-child(2))',
  ':nth-child(2 of .book)',
  'ul:has(:nth-child(1 of .sale))',
  'li:has(b)',
  'li:has(> b)',
  'li:not(.sale)',
  ':is(h3, dt)',
  'body li li',
  'dd:contains("19")',
  ':root',
  'nav li.next > a[id]',
  '.none',
  'b.none',
  'li:has(ul) .title',
  'ul ul > li',
];

test("a page's elements are those that css-select finds by walking the tree", () => {
  for (const selector of selectors) {
    const expected = selectAll(selector, shop.root).map((element) => elementText(element));
    assert.deepEqual(texts(selector), expected, selector);
  }
});

test('of a list of selectors any may match, in the order of the page', () => {
  assert.deepEqual(texts(['dt', '.title', 'h3']), ['One', 'Two', 'Pages', 'Year']);
  assert.deepEqual(texts(['li.next a', 'nav a']), ['next']);
});

test('inside an element only what is in it is found, wherever the selector begins', () => {
  const [one, two] = compileSelector('.book').all(shop);
  assert.ok(one !== undefined && two !== undefined);
  assert.deepEqual(texts('.price', one), ['1']);
  assert.deepEqual(texts('.price', two), ['2']);
  assert.deepEqual(texts('ul.books .title', two), ['Two']);
  assert.deepEqual(texts('li', one), ['x', 'y']);
  assert.deepEqual(texts('.book', one), []);
});

test('":scope" and a leading combinator are about the element itself', () => {
  const [one, two] = compileSelector('.book').all(shop);
  const [pages, year] = compileSelector('dt').all(shop);
  assert.ok(one && two && pages && year);
  assert.deepEqual(texts(':scope', two), ['Two2']);
  assert.deepEqual(texts('> h3', one), ['One']);
  assert.deepEqual(texts('> li', one), []);
  assert.deepEqual(texts(':scope > ul > li', one), ['x', 'y']);
  assert.deepEqual(texts(':scope > .none, > b', one), ['1']);
  assert.deepEqual(texts('+ dd', pages), ['100']);
  assert.deepEqual(texts('+ dd', year), ['1999']);
  assert.deepEqual(texts('~ dd', pages), ['100', '1999']);
  assert.deepEqual(texts(':is(:scope > h3)', two), ['Two']);
});

test('one compiled selector serves element after element', () => {
  const ofItem = compileSelector(':scope:has(b) > h3, :scope > p');
  const found = compileSelector('.book')
    .all(shop)
    .map((book) => ofItem.all(book).map(elementText));
  assert.deepEqual(found, [['One'], ['2']]);
  assert.deepEqual(ofItem.all(shop), []);
});

test('what was found out about an element as the outer one is not true of it as the inner one', () => {
  const nested = parseHtml('<div><b>1</b><div><p>x</p></div></div>');
  const [outer, inner] = nested.byTag.get('div') ?? [];
  assert.ok(outer !== undefined && inner !== undefined);
  const selector = compileSelector(':scope:not(:has(b)) p');
  assert.equal(selector.all(outer).length, 0);
  assert.equal(selector.all(inner).length, 1);
});

test('at a page, ":scope" is its root element', () => {
  assert.deepEqual(texts(':scope > head'), ['Shop']);
  assert.equal(compileSelector(':scope').first(shop)?.name, 'html');
  assert.equal(compileSelector(':scope').first(parseHtml('')), null);
});

test('what does not compile says why', () => {
  const wrong: readonly (readonly [selector: string | string[], why: RegExp])[] = [
    ['', /empty/],
    ['li..next', /name must follow/],
    ['li.#x', /Expected name/],
    ['li.', /Expected name/],
    ['p >', /Nothing follows/],
    ['@x', /no element's name/],
    ['a[href', /didn't terminate/],
    ['h1,', /Empty sub-selector/],
    ['h1::text', /Pseudo-elements/],
    ['a:visible', /Unknown pseudo-class :visible/],
    ['p:nth-child(x)', /couldn't be parsed/],
    ['div:has(p:nth-child(x))', /couldn't be parsed/],
    ['p:nth-child', /requires an argument/],
    [['h1', 'p > > a'], /successive traversals/],
  ];
  for (const [selector, why] of wrong) assert.throws(() => compileSelector(selector), why);
});

test('unusual names are names', () => {
  const page = parseHtml('<my-tag class="md:flex a..b" data-x="..#">x</my-tag>');
  for (const selector of [
    'my-tag',
    '.md\\:flex',
    '.a\\.\\.b',
    '[data-x="..#"]',
    "[data-x='..#']",
    'MY-TAG',
  ]) {
    assert.equal(compileSelector(selector).all(page).length, 1, selector);
  }
});

test('of 50,000 siblings each is counted once', () => {
  const page = parseHtml(`<ul>${'<li>x</li>'.repeat(50_000)}</ul>`);
  assert.equal(compileSelector('li:nth-child(odd)').all(page).length, 25_000);
  assert.equal(compileSelector('li:nth-last-of-type(n+2)').all(page).length, 49_999);
});

test('a search that looks through all siblings for each is stopped, and the next one is not', () => {
  const page = parseHtml(`<ul>${'<li>x</li>'.repeat(50_000)}</ul>`);
  const selector = compileSelector('li.none ~ li');
  assert.throws(
    () => selector.all(page),
    (error) => error instanceof UnitFailedError && error.code === 'SELECTOR_TOO_SLOW',
  );
  assert.equal(selector.all(parseHtml('<ul><li class="none">x<li>y</ul>')).length, 1);
});
