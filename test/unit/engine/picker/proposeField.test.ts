import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldNameFor, nameKind, toFieldName } from '../../../../src/engine/picker/names.ts';
import { proposeField, tryField } from '../../../../src/engine/picker/proposeField.ts';
import { studyPage } from '../../../../src/engine/picker/studyPage.ts';
import { studied, the } from './studied.ts';

test('names that people give are told from those that tools make', () => {
  const meaningful = ['price_color', 'productTitle', 'star-rating', 'author', 'col_title2'];
  const generated = [
    'css-1q2w3e',
    '_3fHJa',
    'sc-bdVaJa',
    'jss123',
    'x1y2z3',
    'item-100123',
    'Btn_root__3x9Fz',
  ];
  const presentational = ['mt-4', 'md:flex', 'text-sm', 'active', 'row', 'col-md-6', 'clearfix'];
  for (const name of meaningful) assert.equal(nameKind(name), 'meaningful', name);
  for (const name of generated) assert.equal(nameKind(name), 'generated', name);
  for (const name of presentational) assert.equal(nameKind(name), 'presentational', name);
});

test('a field is called what the page calls it', () => {
  const page =
    studied(`<h1>T</h1><p class="price_color">1</p><span itemprop="datePublished">x</span>
    <meta property="og:image" content="x"><time>y</time><img src="z"><p class="mt-4">q</p>
    <table><tr><th>Number of pages</th><td>3</td></tr></table><h3><a href="/x">T</a></h3>`);
  const name = (selector: string, attr: string | null = null) =>
    fieldNameFor(the(page, selector), attr);
  assert.equal(name('h1'), 'title');
  assert.equal(name('.price_color'), 'price');
  assert.equal(name('span'), 'date_published');
  assert.equal(name('meta', 'content'), 'og_image');
  assert.equal(name('time'), 'date');
  assert.equal(name('img', 'src'), 'image');
  assert.equal(name('p.mt-4'), 'text');
  assert.equal(name('td'), 'number_of_pages');
  assert.equal(name('a'), 'title');
  assert.equal(name('a', 'href'), 'url');
  assert.equal(toFieldName('__proto__'), 'proto');
  assert.equal(toFieldName('价格'), 'field');
});

const list = `<ol>${[1, 2, 3]
  .map(
    (
      n,
    ) => `<li class="book"><a href="/b/${n}">Book ${n}</a><span class="price">£${n},${n}00.50</span>
  <span class="stock">${n}</span><time datetime="2026-11-0${n}">soon</time>${n === 2 ? '' : '<em class="note">n</em>'}</li>`,
  )
  .join('')}</ol>`;

test('what is taken of an element, and as what, goes by what all its likes hold', () => {
  const page = studied(list);
  const propose = (selector: string) =>
    proposeField(page, page.all(selector)[0]!, '.book', ['price']);
  assert.deepEqual(
    [propose('.price')].map(({ name, attr, as }) => [name, attr, as]),
    [['price_2', null, 'number']],
  );
  assert.equal(propose('.stock').as, 'integer');
  const time = propose('time');
  assert.deepEqual([time.name, time.attr, time.as], ['date', 'datetime', null]);
  const link = propose('a');
  assert.deepEqual([link.attr, link.as], [null, null]);
  assert.deepEqual(link.attributes, [{ name: 'href', value: '/b/1' }]);
  assert.deepEqual(propose('.note').choices[0]?.itemsWith, 2);
  const stars = studied('<p class="rating" data-stars="3">★★★</p><p class="tick">✓</p>');
  const rating = proposeField(stars, the(stars, '.rating'), null, []);
  assert.deepEqual([rating.name, rating.attr, rating.as], ['stars', 'data-stars', 'integer']);
  assert.equal(proposeField(stars, the(stars, '.tick'), null, []).attr, null);
});

test('a field is tried as a run would take it', () => {
  const page = studied(list);
  assert.deepEqual(tryField(page, { select: '.price', as: 'number' }, '.book'), {
    matches: 3,
    itemsWith: 3,
    values: ['1100.5', '2200.5', '3300.5'],
    elements: page.numbers(page.all('.price')),
    problem: null,
  });
  assert.deepEqual(tryField(page, { select: 'a', attr: 'href', as: 'url' }, '.book').values, [
    '"http://shop.test/b/1"',
    '"http://shop.test/b/2"',
    '"http://shop.test/b/3"',
  ]);
  // Without items the page is one record.
  const whole = tryField(page, { select: '.stock', list: true }, null);
  assert.deepEqual(whole.values, ['["1","2","3"]']);
  assert.deepEqual([whole.matches, whole.itemsWith], [3, null]);
  assert.equal(tryField(page, '.note', '.book').itemsWith, 2);
  assert.equal(tryField(page, '.none', '.book').itemsWith, 0);
  assert.match(tryField(page, 'p >', '.book').problem ?? '', /Nothing follows/);
  assert.match(tryField(page, { select: 'a', regex: '(' }, '.book').problem ?? '', /regular/i);
  assert.deepEqual(tryField(page, { from: 'url' }, '.book').values[0], '"http://shop.test/list"');
});

test('the study of a page: items, fields, and a key that tells all items apart', () => {
  const page = studied(list);
  const fields = {
    page: { from: 'url' as const },
    price: '.price',
    url: { select: 'a', attr: 'href', as: 'url' as const },
    note: '.note',
  };
  const study = studyPage(page, { items: '.book', fields, key: null });
  assert.equal(study.items?.matches, 3);
  assert.equal(study.fields['note']?.itemsWith, 2);
  assert.equal(study.keySuggestion, 'url');
  const keyed = studyPage(page, { items: '.book', fields, key: ['page'] });
  assert.deepEqual([keyed.keySuggestion, keyed.keyRepeats], [null, 2]);
  assert.equal(studyPage(page, { items: null, fields, key: null }).keySuggestion, null);
  const wrong = studyPage(page, { items: 'li..', fields, key: null });
  assert.match(wrong.items?.problem ?? '', /Expected name/);
  assert.equal(wrong.fields['price']?.problem, null);
});
