import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEdits } from 'jsonc-parser';
import { fixesOf, type CollectionFix } from '../../../src/core/collectionFixes.ts';
import { ConfigError, type Problem } from '../../../src/core/errors.ts';
import { readCollection } from '../../../src/engine/loadCollection.ts';

async function problemsOf(text: string): Promise<readonly Problem[]> {
  try {
    await readCollection(text, '/w/books.collect.json');
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
}

/** The only problem of a text, and what can be done about it. */
async function fixesFor(text: string): Promise<readonly CollectionFix[]> {
  const [problem, more] = await problemsOf(text);
  assert.ok(problem, 'a problem');
  assert.equal(more, undefined, JSON.stringify(more));
  return fixesOf(text, problem, 'books');
}

const applied = (text: string, { edits }: CollectionFix): string => applyEdits(text, [...edits]);

const page = (extra: string, fields = '"title": "h1"', more = ''): string => `{
  // The name.
  "name": "books",
  "source": { "type": "html", "start": ["http://127.0.0.1:1/"], "fields": { ${fields} }${more} },
  ${extra}
}
`;
const rest = (more: string): string => `{
  "name": "books",
  "source": { "type": "rest", ${more} }
}
`;

/** What is wrong, and a piece of the text that mending it in the preferred way leaves. */
const mended: readonly (readonly [what: string, text: string, result: RegExp])[] = [
  ['a key', page('"limitz": { "target": 1 }'), /"limits": \{ "target": 1 \}/],
  ['a key deep inside', page('"limits": { "perHost": { "concurency": 1 } }'), /"concurrency": 1/],
  ['a choice', page('', '"title": { "select": "h1", "as": "txt" }'), /"as": "text"/],
  ['a type', page('').replace('"html"', '"htlm"'), /"type": "html"/],
  ['a name that is left out', page('').replace('"name": "books",', ''), /"name": "books"/],
  ['fields that are left out', page('').replace(/, "fields": \{.*?\}/, ''), /"fields": \{/],
  ['a field of the key', page('"record": { "key": ["titel"] }'), /"key": \["title"\]/],
  [
    'a template',
    rest('"for": { "year": [1] }, "url": "http://h/{yaer}"'),
    /"http:\/\/h\/\{year\}"/,
  ],
  [
    'where a field comes from',
    rest('"url": "http://h/", "fields": { "a": { "from": "ulr" } }'),
    /"from": "url"/,
  ],
  ['an address', rest('"url": "example.com/x"'), /"url": "https:\/\/example\.com\/x"/],
  ['Scrapy’s texts', page('', '"title": "h1::text"'), /"title": "h1"/],
  ['Scrapy’s attributes', page('', '"link": "a::attr(href)"'), /"select": "a",\s+"attr": "href"/],
];

for (const [what, text, result] of mended) {
  test(`the preferred fix mends ${what}, and keeps comments`, async () => {
    const [first] = await fixesFor(text);
    assert.ok(first?.isPreferred);
    const after = applied(text, first);
    assert.match(after, result);
    assert.deepEqual(await problemsOf(after), []);
    assert.equal(after.includes('// The name.'), text.includes('// The name.'));
  });
}

test('an unknown key can be removed, whether or not something was meant', async () => {
  for (const text of [page('"limitz": {}'), page('"qqqqqq": {}, "limits": {}')]) {
    const fix = (await fixesFor(text)).find(({ kind }) => kind === 'remove');
    assert.ok(fix && !fix.isPreferred);
    assert.deepEqual(await problemsOf(applied(text, fix)), []);
  }
});

test('a field of the key that is not there can be made', async () => {
  const text = page('"record": { "key": ["isbn"] }');
  const fix = (await fixesFor(text)).find(({ kind }) => kind === 'add-field');
  assert.equal(fix?.about, 'isbn');
  const after = applied(text, fix);
  assert.match(after, /"isbn": "\.isbn"/);
  assert.deepEqual(await problemsOf(after), []);
});

test('a key is not called as another one is called already', async () => {
  const fixes = await fixesFor(page('"limits": {}, "limitz": {}'));
  assert.deepEqual(
    fixes.map(({ kind }) => kind),
    ['remove'],
  );
});

test('raw items that have to be kept: what forbids it is removed', async () => {
  const text = rest('"url": "http://h/", "price": { "perCallUsd": 1 }').replace(
    /\}\n\}\n$/,
    '},\n  "output": { "raw": false }\n}\n',
  );
  const [fix] = await fixesFor(text);
  assert.equal(fix?.kind, 'remove');
  assert.deepEqual(await problemsOf(applied(text, fix)), []);
});

test('what only a person can know has no fix', async () => {
  assert.deepEqual(await fixesFor(page('', '"title": "h1[["')), []);
  assert.deepEqual(await fixesFor(page('"limits": { "target": 0 }')), []);
  const nowhere = { code: 'CONFIG_INVALID_VALUE', message: '', path: 'a.b', suggestion: 'c' };
  assert.deepEqual(fixesOf('', nowhere, 'books'), []);
  assert.deepEqual(fixesOf('{ "x": 1 }', nowhere, 'books'), []);
});
