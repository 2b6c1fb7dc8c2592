import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse, type JSONPath } from 'jsonc-parser';
import {
  applyTextEdits,
  pickedCollection,
  removeFromText,
  setInText,
} from '../../../src/core/collectionEdit.ts';
import type { JsonValue } from '../../../src/core/json.ts';

const set = (text: string, at: JSONPath, value: JsonValue): string =>
  applyTextEdits(text, setInText(text, at, value));
const read = (text: string): unknown => {
  const errors: never[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  assert.deepEqual(errors, [], text);
  return value;
};
const comments = (text: string): string[] => text.match(/\/\/.*$|\/\*.*?\*\//gm) ?? [];

test('a field is added on a line of its own, and the comments stay where they are', () => {
  const text = `{
  // What to collect.
  "source": {
    "fields": {
      "title": "h1", // the heading
      "price": { "select": ".price" } // in pounds
      // more to come
    } /* end */
  }
}
`;
  assert.equal(
    set(text, ['source', 'fields', 'url'], { select: 'a', attr: 'href' }),
    text.replace(
      '} // in pounds',
      '}, // in pounds\n      "url": { "select": "a", "attr": "href" }',
    ),
  );
});

test('trailing commas, empty objects, one line, and what is missing around it', () => {
  const at: JSONPath = ['source', 'fields', 'a'];
  const cases: [string, string][] = [
    ['{ "source": { "fields": {} } }', '{ "source": { "fields": { "a": "h1" } } }'],
    ['{ "source": {} }', '{ "source": {\n  "fields": { "a": "h1" }\n} }'],
    [
      '{\n  "source": { "fields": { "b": "p" } }\n}',
      '{\n  "source": { "fields": { "b": "p", "a": "h1" } }\n}',
    ],
    [
      '{\n  "source": {\n    "fields": {\n      "b": "p",\n    }\n  }\n}',
      '{\n  "source": {\n    "fields": {\n      "b": "p",\n      "a": "h1"\n    }\n  }\n}',
    ],
    [
      '{\n\t"source": {\n\t\t"fields": {\n\t\t}\n\t}\n}',
      '{\n\t"source": {\n\t\t"fields": { "a": "h1" }\n\t}\n}',
    ],
    [
      '{\n  "source": {\n    "fields": {\n      // none yet\n    }\n  }\n}',
      '{\n  "source": {\n    "fields": {\n      // none yet\n    \n      "a": "h1"\n    }\n  }\n}',
    ],
    [
      '{ "source": { "fields": { "a": "old" /* why */ } } }',
      '{ "source": { "fields": { "a": "h1" /* why */ } } }',
    ],
  ];
  for (const [text, expected] of cases) {
    const now = set(text, at, 'h1');
    assert.equal((read(now) as { source: { fields: { a: string } } }).source.fields.a, 'h1');
    assert.equal(
      now.replace(/ +\n/g, '\n').replace(/\n\n/g, '\n'),
      expected.replace(/ +\n/g, '\n').replace(/\n\n/g, '\n'),
    );
  }
  for (const text of ['', '[]', '"x"', '// nothing']) assert.throws(() => set(text, at, 'h1'));
});

const paths: readonly JSONPath[] = [
  ['name'],
  ['source', 'items'],
  ['source', 'fields'],
  ['source', 'fields', 'new one'],
  ['source', 'a', 'b', 'c'],
  ['record', 'key'],
  ['limits', 'target'],
  ['limits', 'perHost', 'ratePerSecond'],
  ['__proto__x', 'y'],
];
const values: readonly JsonValue[] = [
  1,
  'x"y\\',
  null,
  [],
  ['a', 'b'],
  {},
  { title: 'h1', price: { select: '.price', as: 'number' }, long: 'x'.repeat(90) },
];

test('in every template a value can be set at every path: it is there, everything else is as it was', () => {
  const folder = path.resolve(import.meta.dirname, '../../../media/templates');
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  assert.ok(files.length > 8);
  for (const name of files) {
    for (const newline of ['\n', '\r\n']) {
      const text = readFileSync(path.join(folder, name), 'utf8').replaceAll('\n', newline);
      for (const at of paths) {
        for (const value of values) {
          const now = set(text, at, value);
          const expected = read(text) as Record<string, unknown>;
          let object = expected;
          for (const step of at.slice(0, -1)) {
            object = (object[step] ??= {}) as Record<string, unknown>;
          }
          object[String(at.at(-1))] = value;
          assert.deepEqual(read(now), expected, `${name} ${at.join('.')}`);
          // Comments are lost only in what is replaced.
          if (at.join('.') !== 'source.fields') assert.deepEqual(comments(now), comments(text));
          assert.equal(/[^\r]\n/.test(now), newline === '\n');
        }
      }
    }
  }
});

test('a property is taken out with its comma', () => {
  const drop = (text: string, at: JSONPath): unknown =>
    read(applyTextEdits(text, removeFromText(text, at)));
  const text = '{ "a": 1, /* b */ "b": { "c": 2 }, "d": [3], }';
  assert.deepEqual(drop(text, ['a']), { b: { c: 2 }, d: [3] });
  assert.deepEqual(drop(text, ['b', 'c']), { a: 1, b: {}, d: [3] });
  assert.deepEqual(drop(text, ['d']), { a: 1, b: { c: 2 } });
  assert.deepEqual(drop(text, ['x']), { a: 1, b: { c: 2 }, d: [3] });
});

test('what is taken out leaves no blank line, and takes no comment that is not its own', () => {
  const text = `{
  // one
  "a": 1,
  // two
  "b": 2, // behind
  // three
  "c": 3
}`;
  const drop = (name: string): string => applyTextEdits(text, removeFromText(text, [name]));
  assert.equal(drop('a'), text.replace('  "a": 1,\n', ''));
  assert.equal(drop('b'), text.replace('"b": 2, ', ''));
  assert.equal(drop('c'), text.replace('\n  "c": 3', '').replace('2,', '2'));
  assert.equal(applyTextEdits('{ "a": 1 }', removeFromText('{ "a": 1 }', ['a'])), '{ }');
});

test('what is picked for is read of any text', () => {
  const text =
    '{ "source": { "items": "li", "fields": { "a": "b", "c": 5 } }, "record": { "key": ["a"] }, ';
  assert.deepEqual(pickedCollection(text), { items: 'li', fields: { a: 'b' }, key: ['a'] });
  assert.deepEqual(pickedCollection('{ "source": {} }'), { items: null, fields: {}, key: null });
  for (const none of ['', '[]', '{ "source": 5 }']) assert.equal(pickedCollection(none), null);
});
