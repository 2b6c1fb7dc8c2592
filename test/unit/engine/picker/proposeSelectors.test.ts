import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Element } from 'domhandler';
import { proposeItems } from '../../../../src/engine/picker/proposeItems.ts';
import { proposeSelectors } from '../../../../src/engine/picker/proposeSelectors.ts';
import { itemOf, type StudiedPage } from '../../../../src/engine/picker/studiedPage.ts';
import { compileSelector } from '../../../../src/sources/html/selector.ts';
import { elementText } from '../../../../src/sources/html/text.ts';
import { startQuotesSite } from '../../../../src/serve/quotesSite.ts';
import { startSampleSite } from '../../../../src/serve/sampleSite.ts';
import { SeededRandom } from '../../../fixtures/seededRandom.ts';
import { studied, the } from './studied.ts';

/** Every choice has the element, and does with it what it says: tried anew, on the whole page. */
function check(page: StudiedPage, element: Element, items: readonly Element[] | null): number {
  const choices = proposeSelectors(page, element, items);
  const item = items === null ? undefined : itemOf(element, items);
  for (const { selector, matches, takes } of choices) {
    const found = compileSelector(selector).all(item ?? page.document);
    assert.ok(found.includes(element), selector);
    assert.equal(found.length, matches, selector);
    const expected = matches === 1 ? 'one' : found[0] === element ? 'first' : 'list';
    assert.equal(takes, expected, selector);
  }
  if (items === null || item !== undefined) {
    assert.notEqual(choices.length, 0, elementText(element));
    assert.notEqual(choices[0]?.takes, 'list', 'a field takes the first match');
  }
  return choices.length;
}

const shop = `<!doctype html><html><head><title>Shop</title></head><body>
<div id="app" class="css-1q2w3e"><ul class="sc-bdVaJa grid">
${[1, 2, 3]
  .map(
    (n) => `<li class="mt-4 col-6"><article class="product" id="p-${n}00123">
  <h3 class="_3fHJa"><a href="/b/${n}" class="title active">Book ${n}</a></h3>
  <p class="price_color">£${n}.50</p><p>plain ${n}</p><p>other ${n}</p>
  <span data-stars="${n}" class="x1y2z3"></span></article></li>`,
  )
  .join('\n')}
</ul></div><table><tr><th>Pages</th><td>12</td></tr><tr><th>Year</th><td>1999</td></tr></table></body></html>`;

test('the best selector is short and of names that mean something', () => {
  const page = studied(shop);
  const best = (element: Element, items: string | null = null) =>
    proposeSelectors(page, element, page.items(items))[0]?.selector;
  const [first] = page.all('article');
  assert.ok(first);
  const inFirst = (selector: string): Element => compileSelector(selector).first(first)!;
  assert.equal(best(the(page, 'title')), 'title');
  assert.equal(best(inFirst('.price_color'), 'article.product'), '.price_color');
  assert.equal(best(inFirst('a'), 'article.product'), '.title');
  assert.equal(best(inFirst('h3'), 'article.product'), 'h3');
  assert.equal(best(inFirst('span'), 'article.product'), 'span[data-stars]');
  assert.equal(best(first, 'article.product'), ':scope');
  // Nothing but its place tells this one from others.
  assert.equal(best(inFirst('p:nth-of-type(3)'), 'article.product'), ':scope > p:nth-of-type(3)');
  assert.equal(best(page.all('td')[1]!), 'th:contains("Year") + td');
  for (const element of page.document.elements) {
    for (const { selector } of proposeSelectors(page, element, null).slice(0, 1)) {
      assert.doesNotMatch(selector, /1q2w3e|bdVaJa|3fHJa|x1y2z3|00123/, selector);
    }
  }
});

test('what stands outside of the items has no selector', () => {
  const page = studied(shop);
  assert.deepEqual(proposeSelectors(page, the(page, 'table'), page.all('article')), []);
});

test('one of many like it: the field alone, and the list of all', () => {
  const page = studied(shop);
  const third = page.all('.price_color')[2]!;
  const choices = proposeSelectors(page, third, null);
  assert.equal(choices[0]?.takes, 'one');
  const list = choices.find(({ takes }) => takes === 'list');
  assert.equal(list?.selector, '.price_color');
  assert.equal(list.matches, 3);
  // Of the first one the class is enough.
  const [first] = proposeSelectors(page, page.all('.price_color')[0]!, null);
  assert.equal(first?.takes, 'first');
  assert.equal(first.selector, '.price_color');
});

test('in items, a selector that works in all of them is better than one that does in a few', () => {
  const page = studied(`<ul>
    <li class="item-row"><b class="sale">1</b></li><li class="item-row"><b>2</b></li>
    <li class="item-row"><b>3</b></li><li class="item-row"><b>4</b></li></ul>`);
  const [best] = proposeSelectors(page, the(page, '.sale'), page.all('.item-row'));
  assert.equal(best?.selector, 'b');
  assert.equal(best.itemsWith, 4);
});

test('every element of real pages has selectors that do what they say', async (t) => {
  const site = await startSampleSite();
  t.after(() => site.close());
  const quotes = await startQuotesSite();
  t.after(() => quotes.close());
  const first = new URL('/', site.url).href;
  const listing = await (await fetch(first)).text();
  const book = /href="(\/catalogue\/[^"]+index\.html)"/.exec(listing)?.[1] ?? '';
  const bookPage = await (await fetch(new URL(book, first))).text();
  const quotesPage = await (await fetch(new URL('/', quotes.url))).text();
  for (const html of [listing, bookPage, quotesPage]) {
    const page = studied(html);
    assert.ok(page.document.elements.length > 20);
    for (const element of page.document.elements) check(page, element, null);
  }
  const page = studied(listing);
  const items = page.all('article.product_pod');
  assert.equal(items.length, 20);
  for (const element of page.document.elements) check(page, element, items);
});

const pythonDoc = '/usr/share/doc/python3-doc/html/library/json.html';
test(
  "every 20th element of a page of Python's documentation has selectors that do what they say",
  { skip: existsSync(pythonDoc) ? false : `${pythonDoc} is not there` },
  () => {
    const page = studied(readFileSync(pythonDoc, 'utf8'));
    const { elements } = page.document;
    assert.ok(elements.length > 2000);
    for (let i = 0; i < elements.length; i += 20) check(page, elements[i]!, null);
    // Its functions, by one click on each of two.
    const functions = page.all('dl.py.function > dt');
    const { choices } = proposeItems(page, [functions[0]!, functions[2]!]);
    assert.ok(choices.some(({ selector }) => page.all(selector).includes(functions[1]!)));
  },
);

test('trees of chance, with names that need escaping, have a selector for each element', () => {
  const random = new SeededRandom(5);
  const tags = ['div', 'p', 'span', 'x:y', 'svg', 'p.q', 'li', 'template2'];
  const classes = [
    'a',
    'b:c',
    '1st',
    'ä',
    'x.y',
    '-',
    '-1',
    '--',
    'a\\b',
    '"',
    "'",
    '#',
    'price',
    '💡',
  ];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
  const tree = (depth: number): string => {
    let html = '';
    for (let i = 0; i < 1 + random.next() * 4; i++) {
      const tag = pick(tags);
      const names = [pick(classes), pick(classes)].join(' ').replaceAll('"', '&quot;');
      const inside = depth > 3 ? 'x' : tree(depth + 1);
      html += `<${tag} class="${names}" ${random.next() < 0.2 ? `id="${pick(classes).replaceAll('"', '&quot;')}"` : ''}>${inside}</${tag}>`;
    }
    return html;
  };
  for (let i = 0; i < 4; i++) {
    const page = studied(tree(0));
    for (const element of page.document.elements.slice(0, 120)) check(page, element, null);
  }
});

test('100,000 elements are no reason to wait', () => {
  const rows = Array.from({ length: 25_000 }, (_, i) => `<tr><td>${i}</td><td><b>x</b></td></tr>`);
  const page = studied(`<table>${rows.join('')}</table>`);
  assert.ok(page.document.elements.length > 100_000 - 1);
  const started = performance.now();
  check(page, page.all('b')[24_000]!, null);
  check(page, page.all('td')[30_001]!, null);
  const ms = performance.now() - started;
  assert.ok(ms < 20_000, `${ms} ms`);
});

test('items: what two picked things stand in, or what repeats around one', () => {
  const page = studied(shop);
  const titles = page.all('h3 a');
  const two = proposeItems(page, [titles[0]!, titles[1]!]);
  assert.deepEqual(two.choices[0], { selector: '.product', matches: 3 });
  const one = proposeItems(page, [titles[1]!]);
  assert.deepEqual(one.choices[0], two.choices[0]);
  const prices = page.all('.price_color');
  assert.equal(proposeItems(page, [prices[0]!, prices[2]!]).choices[0]?.selector, '.product');
  assert.deepEqual(proposeItems(page, [the(page, 'title')]).choices, []);
  const rows = page.all('tr');
  const { choices } = proposeItems(page, [rows[0]!, rows[1]!]);
  assert.deepEqual(choices[0], { selector: 'tr', matches: 2 });
});

test('items never stand in each other', () => {
  const page = studied(`<div class="entry">${'<div class="entry"><b>x</b></div>'.repeat(3)}</div>`);
  const [, first, second] = page.all('.entry');
  const { choices } = proposeItems(page, [first!, second!]);
  assert.ok(!choices.some(({ selector }) => selector === '.entry'));
  for (const { selector } of choices) assert.equal(page.all(selector).length, 3);
});
