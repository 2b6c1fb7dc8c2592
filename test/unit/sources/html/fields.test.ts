import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HtmlFieldConfig } from '../../../../src/core/config/htmlSource.ts';
import type { JsonValue } from '../../../../src/core/json.ts';
import { parseHtml } from '../../../../src/sources/html/document.ts';
import { compileFields, type PageFacts } from '../../../../src/sources/html/fields.ts';
import { compileSelector } from '../../../../src/sources/html/selector.ts';

const facts: PageFacts = {
  url: 'http://site.test/a/b.html?x=1',
  page: 'http://site.test/a/b.html',
  base: 'http://site.test/base/',
  depth: 3,
  fetchedAt: '2026-11-21T16:15:00.000Z',
  status: 200,
};

const page = parseHtml(`<head><meta property="og:title" content="  Meta  title "></head>
<body><h1> A <i>title</i> </h1><p class="empty"> </p>
<p class="price">£1,051.77 (was £2,000)</p><p class="none-price">ask us</p>
<p class="sold" data-sold="false" data-left="22">Yes</p><input checked>
<a class="more" href="../more.html#x" title="On">more</a><img src="cover.png">
<ul><li>one<li>2<li></ul><div class="html"><b>x</b> &amp; y</div></body>`);

function read(field: HtmlFieldConfig): JsonValue {
  return compileFields({ value: field })({ place: page, facts })['value'] ?? null;
}

const cases: readonly (readonly [what: string, field: HtmlFieldConfig, value: JsonValue])[] = [
  ['a selector gives the text of the first match', 'h1', 'A title'],
  ['no match is null', '.nothing', null],
  ['an element without text is an empty text', '.empty', ''],
  ['an attribute is taken as it stands', { select: 'meta', attr: 'content' }, '  Meta  title '],
  ['an attribute is found in any case', { select: 'meta', attr: 'CONTENT' }, '  Meta  title '],
  ['an attribute that is not there is null', { select: 'h1', attr: 'title' }, null],
  ['an attribute of every object is not there', { select: 'h1', attr: 'constructor' }, null],
  ['__proto__ is not there either', { select: 'h1', attr: '__proto__' }, null],
  ['the first selector that matches counts', { select: ['.nothing', 'h1', '.price'] }, 'A title'],
  ['an empty match does not end the search', { select: ['.empty', 'h1'] }, 'A title'],
  ['a missing attribute does not end it', { select: ['h1', '.more'], attr: 'title' }, 'On'],
  ['empty is better than nothing', { select: ['.empty', '.nothing'] }, ''],
  ['the order is that of the selectors', { select: ['.price', 'h1'] }, '£1,051.77 (was £2,000)'],
  ['a list has every match', { select: 'li', list: true }, ['one', '2', '']],
  ['a list without a match is empty', { select: '.nothing', list: true }, []],
  [
    'a list has one kind of match',
    { select: ['.nothing', 'li', 'h1'], list: true },
    ['one', '2', ''],
  ],
  [
    'a list has a place for what can not be read',
    { select: 'li', list: true, as: 'number' },
    [null, 2, null],
  ],
  ['the first group is the value', { select: '.price', regex: 'was £([\\d,]+)' }, '2,000'],
  ['without a group the match is', { select: '.price', regex: '£[\\d,.]+' }, '£1,051.77'],
  ['a group that took no part is null', { select: '.price', regex: '(\\$)|£' }, null],
  ['what does not match is null', { select: '.price', regex: '\\d{9}' }, null],
  [
    'a regular expression finds the number',
    { select: '.price', regex: 'was (.*)', as: 'number' },
    2000,
  ],
  ['it sees a fallback, too', { select: ['.more', '.price'], regex: '\\d+' }, '1'],
  ['a number', { select: '.price', as: 'number' }, 1051.77],
  ['no number is null, and not 0', { select: '.none-price', as: 'number' }, null],
  ['a number of nothing is null', { select: '.nothing', as: 'number' }, null],
  ['a number of an empty text is null', { select: '.empty', as: 'number' }, null],
  ['an integer', { select: '.sold', attr: 'data-left', as: 'integer' }, 22],
  ['no integer is null', { select: '.price', as: 'integer' }, null],
  ['a boolean', { select: '.sold', as: 'boolean' }, true],
  ['a boolean in an attribute', { select: '.sold', attr: 'data-sold', as: 'boolean' }, false],
  [
    'an attribute that is true by being there',
    { select: 'input', attr: 'checked', as: 'boolean' },
    true,
  ],
  ['and false by not being there', { select: 'input', attr: 'disabled', as: 'boolean' }, false],
  ['no boolean is null', { select: 'h1', as: 'boolean' }, null],
  ['a boolean of nothing is null', { select: '.nothing', attr: 'checked', as: 'boolean' }, null],
  [
    'a URL of an attribute',
    { select: '.more', attr: 'href', as: 'url' },
    'http://site.test/more.html#x',
  ],
  ['a URL of a link', { select: '.more', as: 'url' }, 'http://site.test/more.html#x'],
  ['a URL of an image', { select: 'img', as: 'url' }, 'http://site.test/base/cover.png'],
  ['a URL of a text', { select: 'li:first-child', as: 'url' }, 'http://site.test/base/one'],
  ['an empty URL is null', { select: '.empty', as: 'url' }, null],
  ['the markup inside', { select: '.html', as: 'html' }, '<b>x</b> &amp; y'],
  ['the page itself', { attr: 'lang' }, null],
  ['the url', { from: 'url' }, facts.url],
  ['the page', { from: 'page' }, facts.page],
  ['the depth is a number', { from: 'depth' }, 3],
  ['the time', { from: 'fetchedAt' }, facts.fetchedAt],
  ['the status', { from: 'status' }, 200],
  ['a part of a fact', { from: 'url', regex: '/([^/]*)\\.html' }, 'b'],
  ['a number of a fact', { from: 'url', regex: 'x=(\\d+)', as: 'integer' }, 1],
];

for (const [what, field, value] of cases) {
  test(what, () => {
    assert.deepEqual(read(field), value);
  });
}

test('without a selector a field is about the whole element', () => {
  const read = compileFields({
    text: { as: 'text' },
    link: { attr: 'href', as: 'url' },
    all: { list: true },
  });
  const place = compileSelector('.more').first(page);
  assert.ok(place !== null);
  assert.deepEqual(read({ place, facts }), {
    text: 'more',
    link: 'http://site.test/more.html#x',
    all: ['more'],
  });
});

test('fields keep their order and their names, __proto__ too', () => {
  const fields = JSON.parse(
    '{"z": "h1", "__proto__": "h1", "a": "i", "constructor": "i"}',
  ) as Record<string, string>;
  const record = compileFields(fields)({ place: page, facts });
  assert.deepEqual(Object.keys(record), ['z', '__proto__', 'a', 'constructor']);
  assert.equal(
    JSON.stringify(record),
    '{"z":"A title","__proto__":"A title","a":"title","constructor":"title"}',
  );
  assert.equal(Object.getPrototypeOf(record), Object.prototype);
});

test('a dot in a regular expression takes a whole emoji, and lenient patterns are read, too', () => {
  const place = parseHtml('<p>😀 a-b</p>');
  const record = compileFields({
    first: { select: 'p', regex: '^.' },
    lenient: { select: 'p', regex: '[\\w-.]+$' },
  })({ place, facts });
  assert.deepEqual(record, { first: '😀', lenient: 'a-b' });
});

test('line separators and halves of characters survive', () => {
  const place = parseHtml('<p data-x="a\u2028b\ud800c\0d">x');
  const record = compileFields({ x: { select: 'p', attr: 'data-x' } })({ place, facts });
  assert.equal(record['x'], 'a\u2028b\ud800c\0d');
});

test('an attribute of ten megabytes is read', () => {
  const place = parseHtml(`<p data-x="${'x'.repeat(10_000_000)}">`);
  const { x } = compileFields({ x: { select: 'p', attr: 'data-x' } })({ place, facts });
  assert.equal(typeof x === 'string' ? x.length : 0, 10_000_000);
});
