import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseJson, toJsonLine, type JsonObject } from '../../../src/core/json.ts';
import {
  fieldValue,
  fingerprint,
  packFingerprints,
  recordKey,
  unpackFingerprints,
} from '../../../src/core/keys.ts';
import { recordKeysOf } from '../../../src/core/recordKeys.ts';
import { keyCount } from '../../../src/core/view.ts';
import { testCollection } from '../../fixtures/storageSession.ts';

const keyOf = (text: string, ...fields: string[]) =>
  recordKey(parseJson(text) as JsonObject, fields);

test('a key is the first 16 bytes of the sha256 of the JSON of the tuple', () => {
  const sha = createHash('sha256').update('["a",1]').digest('hex');
  assert.equal(keyOf('{"x":"a","y":1}', 'x', 'y'), sha.slice(0, 32));
});

test('keys are typed, ordered and not run together', () => {
  const keys = [
    keyOf('{"a":1}', 'a'),
    keyOf('{"a":"1"}', 'a'),
    keyOf('{"a":true}', 'a'),
    keyOf('{"a":"true"}', 'a'),
    keyOf('{"a":[1]}', 'a'),
    keyOf('{"a":""}', 'a'),
    keyOf('{"a":0}', 'a'),
    keyOf('{"a":false}', 'a'),
    keyOf('{"a":"x","b":"y"}', 'a', 'b'),
    keyOf('{"a":"y","b":"x"}', 'a', 'b'),
    keyOf('{"a":"xy","b":""}', 'a', 'b'),
    keyOf('{"a":"x\\",\\"y"}', 'a'),
    keyOf('{"a":12345678901234567890}', 'a'),
    keyOf('{"a":12345678901234567891}', 'a'),
    keyOf('{"a":"12345678901234567890"}', 'a'),
    keyOf('{"a":"\\ud800"}', 'a'),
    keyOf('{"a":"\\ud801"}', 'a'),
  ];
  assert.ok(keys.every((key) => typeof key === 'string' && /^[0-9a-f]{32}$/.test(key)));
  assert.equal(new Set(keys).size, keys.length);
});

test('a part that is missing or null leaves the record without a key, and is named', () => {
  assert.deepEqual(keyOf('{"a":1}', 'a', 'b'), { missing: 'b' });
  assert.deepEqual(keyOf('{"a":null}', 'a'), { missing: 'a' });
  assert.deepEqual(keyOf('{"a":{"b":null}}', 'a.b'), { missing: 'a.b' });
  assert.deepEqual(keyOf('{"a":1}', 'a.b'), { missing: 'a.b' });
  assert.deepEqual(keyOf('{}', 'constructor'), { missing: 'constructor' });
  assert.deepEqual(keyOf('{}', '__proto__'), { missing: '__proto__' });
});

test('a field is found by its name first, then by a path', () => {
  const record = parseJson('{"a.b":1,"a":{"b":2,"c":{"d":3}}}') as JsonObject;
  assert.equal(fieldValue(record, 'a.b'), 1);
  assert.equal(fieldValue(record, 'a.c.d'), 3);
  assert.equal(fieldValue(record, 'a.x.d'), undefined);
  assert.equal(fieldValue(record, ''), undefined);
});

test('packed keys come back, and can be counted without unpacking', () => {
  for (let count = 0; count <= 50; count++) {
    const keys = Array.from({ length: count }, (_, i) => fingerprint(`k${i}`));
    const packed = packFingerprints(keys);
    assert.deepEqual(unpackFingerprints(packed), keys);
    assert.equal(keyCount(packed), count);
  }
});

const rest = (parts: Record<string, unknown> = {}, fields?: Record<string, unknown>) =>
  testCollection({
    source: { type: 'rest', url: 'http://127.0.0.1:1/', ...(fields && { fields }) },
    record: {},
    ...parts,
  });

/** What `of` says when the record is collected, and `ofMasterRecord` when it is read back from the master. */
function bothKeys(collection: ReturnType<typeof rest>, text: string, provenance: JsonObject = {}) {
  const keys = recordKeysOf(collection);
  const record = parseJson(text) as JsonObject;
  const master = toJsonLine({ ...record, ...provenance });
  return [
    keys.of(record, toJsonLine(record), 'http://x/'),
    keys.ofMasterRecord(parseJson(master) as JsonObject),
  ];
}

test('a record read back from the master has the key it was written with', () => {
  const provenance = { _unit: 7, _url: 'http://x/', _fetchedAt: '2026-11-21T16:15:00.000Z' };
  const withProvenance = { output: { dir: 'd', provenance: true } };
  const texts = [
    '{"id":1,"b":[1.0,12345678901234567890,"\\u2028"]}',
    '{"2":1,"1":2,"a":0}',
    '{"__proto__":{"x":1},"a":"\\ud800"}',
    '{}',
  ];
  for (const text of texts) {
    for (const [collection, added] of [
      [rest(), {}],
      [rest(withProvenance), provenance],
      [rest({ record: { key: ['id'] } }), {}],
      [rest({ record: { key: ['id'] }, ...withProvenance }), provenance],
    ] as const) {
      const [collected, read] = bothKeys(collection, text, added);
      assert.deepEqual(read, collected, text);
    }
  }
});

test('fields of the record that are called like provenance count, where there is no provenance', () => {
  const [a, b] = ['{"x":1,"_url":"a"}', '{"x":1,"_url":"b"}'].map((text) => bothKeys(rest(), text));
  assert.deepEqual(a?.[1], a?.[0]);
  assert.notDeepEqual(a?.[0], b?.[0]);
  assert.notDeepEqual(a?.[1], b?.[1]);
});

test('fields from the clock take no part in the key of a whole record', () => {
  const collection = rest({}, { title: 'title', at: { from: 'fetchedAt' } });
  const [first, second] = ['{"title":"t","at":"1"}', '{"title":"t","at":"2"}'].map((text) =>
    bothKeys(collection, text),
  );
  assert.deepEqual(first, second);
  assert.deepEqual(first?.[0], first?.[1]);
});

test('with one record a page, the page is the key, and a line in the master does not tell it', () => {
  const collection = testCollection({
    source: { type: 'html', start: ['http://127.0.0.1:1/'], fields: { t: 'h1' } },
    record: {},
  });
  const keys = recordKeysOf(collection);
  assert.equal(keys.of({ t: 'x' }, '', 'http://a/'), fingerprint('http://a/'));
  assert.equal(keys.ofMasterRecord({ t: 'x' }), undefined);
});
