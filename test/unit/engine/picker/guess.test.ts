import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../../../../src/core/json.ts';
import { guessJson } from '../../../../src/engine/picker/guessJson.ts';
import { guessPage } from '../../../../src/engine/picker/guessPage.ts';
import { startSampleSite } from '../../../../src/serve/sampleSite.ts';
import { studied } from './studied.ts';

test('the bookshop: its books, their fields, a key and the way on', async (t) => {
  const site = await startSampleSite();
  t.after(() => site.close());
  const look = guessPage(studied(await (await fetch(site.url)).text(), site.url));
  assert.equal(look.items, '.product_pod');
  assert.equal(look.count, 20);
  const fields = Object.fromEntries(look.fields.map(({ name, field }) => [name, field]));
  assert.equal(fields['title'], 'h3 a');
  assert.deepEqual(fields['url'], { select: 'h3 a', attr: 'href', as: 'url' });
  assert.deepEqual(fields['price'], { select: '.price_color', as: 'number' });
  assert.deepEqual(look.key, ['url']);
  assert.deepEqual(look.follow, ['.next a']);
  assert.match(look.title, /All books/);
});

test('quotes: text and author; what stands alone in its entry is not taken for one more', () => {
  const quotes = ['A', 'B', 'C', 'D'].map(
    (name, i) => `<div class="quote"><span class="text">Word number ${i}</span>
      <small class="author">${name}</small><div class="tags"><a class="tag" href="/t/${i}">t</a></div></div>`,
  );
  const look = guessPage(studied(quotes.join('')));
  assert.equal(look.items, '.quote');
  assert.deepEqual(
    look.fields.map(({ name, field }) => [name, field]),
    [
      ['text', '.text'],
      ['author', '.author'],
      ['tag', '.tag'],
      ['url', { select: '.tag', attr: 'href', as: 'url' }],
    ],
  );
});

test('the page of one thing is one record, known by its address', () => {
  const look = guessPage(
    studied(`<title>A</title><meta name="description" content="d"><h1>A book</h1>
      <p itemprop="price">£3</p><ul><li>x</li><li>y</li></ul>`),
  );
  assert.equal(look.items, null);
  const names = look.fields.map(({ name }) => name);
  assert.deepEqual(names, ['description', 'title', 'price', 'url']);
  assert.deepEqual(look.key, ['url']);
  assert.deepEqual(
    guessPage(studied('')).fields.map(({ name }) => name),
    ['url'],
  );
});

test('menus are no items', () => {
  const menu = `<nav><ul>${'<li><a href="/x">A long menu entry</a><span>more</span></li>'.repeat(30)}</ul></nav>`;
  const rows = [1, 2, 3].map(
    (n) => `<tr class="film"><td><a href="/f/${n}">Film number ${n}</a></td><td>19${n}0</td></tr>`,
  );
  const look = guessPage(studied(`${menu}<table>${rows.join('')}</table>`));
  assert.equal(look.items, '.film');
});

const people = [
  { id: 1, name: 'A', address: { city: 'X', geo: { lat: 1 } }, tags: ['a'], friends: [{ id: 9 }] },
  { id: 2, name: 'B', address: { city: 'X', geo: { lat: 2 } }, tags: [], friends: [] },
];
const guess = (body: JsonValue, url = 'http://api.test/people', link?: string) =>
  guessJson({ url, body, link });

test('an answer: its list, the fields of an item, its key', () => {
  const look = guess({ meta: { total: 2 }, data: { people } });
  assert.equal(look.items, 'data.people');
  assert.equal(look.count, 2);
  assert.deepEqual(
    look.fields.map(({ name, field }) => [name, field]),
    [
      ['id', 'id'],
      ['name', 'name'],
      ['address_city', 'address.city'],
      ['tags', 'tags'],
    ].toSpliced(3, 0, ['geo_lat', 'address.geo.lat']),
  );
  assert.deepEqual(look.key, ['id']);
  assert.equal(guess(people).items, '');
  assert.equal(guess({ a: 1 }).items, null);
  assert.equal(guess(null).items, null);
  const odd = guess({ 'a.b': [{ 'c.d': 1 }] });
  assert.deepEqual([odd.items, odd.fields[0]?.field], ['["a.b"]', '["c.d"]']);
});

const pagings: readonly (readonly [JsonValue, string, string | undefined, object | null])[] = [
  [people, 'http://a.test/x', '<http://a.test/x?page=2>; rel="next"', { type: 'link' }],
  [
    { next: 'http://a.test/x?page=2', results: people },
    'http://a.test/x',
    undefined,
    { type: 'next', from: 'next' },
  ],
  [{ next: null, results: people }, 'http://a.test/x', undefined, null],
  [
    { meta: { next_cursor: 'abc' }, d: people },
    'http://a.test/x',
    undefined,
    { type: 'cursor', param: 'cursor', from: 'meta.next_cursor' },
  ],
  [
    { total_pages: 3, d: people },
    'http://a.test/x',
    undefined,
    { type: 'page', param: 'page', totalPages: 'total_pages' },
  ],
  [people, 'http://a.test/x?p=1', undefined, { type: 'page', param: 'p' }],
  [people, 'http://a.test/x?offset=0', undefined, { type: 'offset', param: 'offset' }],
  [{ skip: 0, products: people }, 'http://a.test/x', undefined, { type: 'offset', param: 'skip' }],
  [people, 'http://a.test/x', undefined, null],
];
test('paging is told from the answer and the address, where they tell', () => {
  for (const [body, url, link, expected] of pagings) {
    assert.deepEqual(guess(body, url, link).paginate, expected, JSON.stringify(expected));
  }
});
