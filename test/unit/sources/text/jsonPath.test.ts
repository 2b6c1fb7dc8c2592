import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson, type JsonValue } from '../../../../src/core/json.ts';
import {
  PathSyntaxError,
  compilePath,
  parsePath,
  withValueAt,
} from '../../../../src/sources/text/jsonPath.ts';

const body = parseJson(`{
  "id": 12345678901234567890,
  "content": { "title": { "value": "T" }, "venue.id": "v", "": "empty", "a\\"b": 1 },
  "authors": [{ "name": "A" }, { "name": "B" }],
  "matrix": [[1, 2], [3, 4]],
  "nothing": null,
  "no": false,
  "__proto__": { "polluted": "own" },
  "length": 7
}`);

test('what paths lead to', () => {
  const cases: readonly (readonly [string, JsonValue | undefined])[] = [
    ['content.title.value', 'T'],
    ['authors[0].name', 'A'],
    ['authors[-1].name', 'B'],
    ['authors[2].name', undefined],
    ['authors[-3]', undefined],
    ['matrix[1][0]', 3],
    ['content["venue.id"]', 'v'],
    ['["content"]["title"].value', 'T'],
    ['content[""]', 'empty'],
    ['content["a\\"b"]', 1],
    ['nothing', null],
    ['nothing.more', undefined],
    ['no', false],
    ['length', 7],
    ['authors.length', undefined],
    ['content[0]', undefined],
    ['missing.more', undefined],
    ['content.title.value.length', undefined],
    ['constructor', undefined],
    ['content.constructor.name', undefined],
    ['__proto__.polluted', 'own'],
    ['content.__proto__', undefined],
    ['id.rawJSON', undefined],
  ];
  for (const [path, expected] of cases) assert.deepEqual(compilePath(path)(body), expected, path);
});

test('the empty path is the value itself', () => {
  assert.equal(compilePath('')(body), body);
  assert.equal(compilePath('')(undefined), undefined);
});

test('a path into a list, and into nothing', () => {
  assert.equal(compilePath('[1]')([1, 2]), 2);
  assert.equal(compilePath('[0].a')([{ a: 'x' }]), 'x');
  assert.equal(compilePath('a')(undefined), undefined);
  assert.equal(compilePath('a.b')('text'), undefined);
});

test('a big integer comes through as it was written', () => {
  assert.equal(JSON.stringify(compilePath('id')(body)), '12345678901234567890');
});

test('what is no path says where', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['a..b', 2],
    ['.a', 0],
    ['a.', 2],
    ['a[', 1],
    ['a[x]', 1],
    ['a[1', 1],
    ['a[1]b', 4],
    ['a]', 1],
    ['a["b]', 1],
    ['a["\\x"]', 1],
    ['a[1.5]', 1],
  ];
  for (const [path, offset] of cases) {
    assert.throws(
      () => parsePath(path),
      (error) => error instanceof PathSyntaxError && error.offset === offset,
      path,
    );
  }
});

test('a value is set where keys lead, without touching the original', () => {
  const before = { page: { size: 10 }, list: [1] };
  const after = withValueAt(before, ['page', 'after'], [1, 'x']);
  assert.deepEqual(after, { page: { size: 10, after: [1, 'x'] }, list: [1] });
  assert.deepEqual(before, { page: { size: 10 }, list: [1] });
  assert.deepEqual(withValueAt(undefined, ['a', 'b'], 1), { a: { b: 1 } });
  assert.deepEqual(withValueAt({ a: 5 }, ['a', 'b'], 1), { a: { b: 1 } });
  const own = withValueAt({}, ['__proto__', 'x'], 1);
  assert.equal(JSON.stringify(own), '{"__proto__":{"x":1}}');
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});
