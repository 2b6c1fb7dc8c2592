import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asJson, collectionDigest, fixedDifferences } from '../../../src/core/digest.ts';
import { testCollection } from '../../fixtures/storageSession.ts';

const source = (fields: Record<string, unknown>) => ({
  source: { type: 'rest', url: 'http://127.0.0.1:1/', fields },
});

test('what may change between a start and a resume changes no digest', () => {
  const before = testCollection();
  for (const parts of [
    { limits: { target: 5, concurrency: 2 } },
    { durability: { flushEvery: 1 } },
    { checkpoints: { keep: 5 } },
    { retry: { attempts: 9 } },
    { $schema: './schema.json' },
  ]) {
    const after = testCollection(parts);
    assert.equal(collectionDigest(after), collectionDigest(before));
    assert.deepEqual(fixedDifferences(asJson(before), after), []);
  }
});

test('every other change is told by its path', () => {
  const before = testCollection(source({ title: 'title', url: 'u', constructor: 'c' }));
  const cases: [parts: Record<string, unknown>, paths: string[]][] = [
    [source({ title: 'heading', url: 'u', constructor: 'c' }), ['source.fields.title']],
    [source({ title: 'title', constructor: 'c' }), ['source.fields.url']],
    [source({ title: 'title', url: 'u' }), ['source.fields.constructor']],
    [source({ title: 'title', url: 'u', constructor: 'c', new: 'n' }), ['source.fields.new']],
    [{ ...source({ title: 'title', url: 'u', constructor: 'c' }), name: 'other' }, ['name']],
    [
      { ...source({ title: 'title', url: 'u', constructor: 'c' }), record: { key: ['other'] } },
      ['record.key'],
    ],
    [
      { ...source({ title: 'title', url: 'u', constructor: 'c' }), dedup: { against: 'previous' } },
      ['dedup.against'],
    ],
  ];
  for (const [parts, paths] of cases) {
    const after = testCollection(parts);
    assert.deepEqual(fixedDifferences(asJson(before), after), paths);
    assert.notEqual(collectionDigest(after), collectionDigest(before));
  }
});

test('the order of keys and the defaults do not matter', () => {
  const before = testCollection(source({ a: 'a', b: 'b' }));
  const after = testCollection({ dedup: { recent: 1000 }, ...source({ b: 'b', a: 'a' }) });
  assert.equal(collectionDigest(after), collectionDigest(before));
  assert.deepEqual(fixedDifferences(asJson(before), after), []);
});

test('what has got a default since an older version wrote the session is no difference', () => {
  const after = testCollection(source({ a: 'a' }));
  const older = Object.fromEntries(
    Object.entries(asJson(after)).filter(([key]) => key !== 'dedup'),
  );
  assert.deepEqual(fixedDifferences(older, after), []);
});
