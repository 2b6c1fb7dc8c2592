import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canonicalJson,
  getKey,
  isBigIntegerText,
  isJsonObject,
  parseJson,
  scalarText,
  setKey,
  toJsonLine,
  type JsonObject,
  type JsonValue,
} from '../../../src/core/json.ts';

const roundTrips = [
  'null',
  'true',
  '0',
  '-1.5',
  '1e+21',
  '9007199254740991',
  '-9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '-12345678901234567890',
  '[12345678901234567890,1.5]',
  '{"a":{"b":[99999999999999999999]}}',
  '"12345678901234567890"',
  '{"12345678901234567890":1}',
  '{"__proto__":{"x":1},"constructor":null,"toString":"t"}',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '{"":{"":[[],{}]}}',
];

test('what is parsed is written again as it was', () => {
  for (const text of roundTrips) assert.equal(toJsonLine(parseJson(text)), text);
});

test('a big integer keeps its text; a fraction with many digits stays a number', () => {
  const value = parseJson(
    '[12345678901234567890, 0.12345678901234567, 12345678901234567890.5, 1e400]',
  );
  assert.ok(Array.isArray(value));
  const [big, fraction, mixed] = value as JsonValue[];
  assert.ok(isBigIntegerText(big));
  assert.equal(typeof fraction, 'number');
  assert.equal(typeof mixed, 'number');
  assert.equal(scalarText(big as unknown as JsonValue), '12345678901234567890');
  assert.equal(isJsonObject(big), false);
});

test('text that is no JSON is an error', () => {
  for (const text of ['', '{', '{"a":1,}', '[12345678901234567890', 'NaN', '\u00a01'])
    assert.throws(() => parseJson(text), SyntaxError);
});

test('a line is one line, whatever is in it', () => {
  const line = toJsonLine({ '\u2028': '\u2029\n\r\u2028' });
  assert.equal(line, '{"\\u2028":"\\u2029\\n\\r\\u2028"}');
  assert.deepEqual(parseJson(line), { '\u2028': '\u2029\n\r\u2028' });
});

test('scalars have a text, and nothing else has', () => {
  assert.deepEqual(
    ['a', 1.5, true, null, [], {}].map((value) => scalarText(value)),
    ['a', '1.5', 'true', undefined, undefined, undefined],
  );
});

test('keys are own keys: what every object inherits is not there', () => {
  const object: JsonObject = { a: 1 };
  for (const key of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    assert.equal(getKey(object, key), undefined);
  const made: Record<string, JsonValue> = {};
  setKey(made, '__proto__', { polluted: true });
  setKey(made, 'a', 1);
  assert.equal(JSON.stringify(made), '{"__proto__":{"polluted":true},"a":1}');
  assert.equal(getKey(made, '__proto__') !== undefined, true);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test('equal values have equal canonical texts, different ones different', () => {
  const text = canonicalJson(parseJson('{"b": 1, "a": [{"d": null, "c": 12345678901234567890}]}'));
  assert.equal(text, '{"a":[{"c":12345678901234567890,"d":null}],"b":1}');
  assert.equal(canonicalJson({ a: 1, b: 2 }), canonicalJson({ b: 2, a: 1 }));
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
  assert.notEqual(canonicalJson({ a: null }), canonicalJson({}));
  assert.notEqual(canonicalJson('1'), canonicalJson(1));
  assert.equal(
    canonicalJson(parseJson('{"a":1,"__proto__":{"b":2}}')),
    '{"__proto__":{"b":2},"a":1}',
  );
});

test('a long row of digits is found wherever it stands, and only that costs', () => {
  const digits = '12345678901234567890';
  for (let length = 14; length <= 20; length++) {
    for (let before = 0; before <= 40; before++) {
      for (const filler of ['a', '5a', 'a55555555555555']) {
        const key = filler.repeat(40).slice(0, before);
        const number = digits.slice(0, length);
        const text = `{"${key}x":${number},"z":1}`;
        const value = (parseJson(text) as Record<string, unknown>)[`${key}x`];
        assert.equal(isBigIntegerText(value), !Number.isSafeInteger(Number(number)), text);
        assert.equal(JSON.stringify(value), number);
      }
    }
  }
});
