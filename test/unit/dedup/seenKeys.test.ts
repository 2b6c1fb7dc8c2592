import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fingerprint, type Fingerprint } from '../../../src/core/keys.ts';
import { BloomGenerations } from '../../../src/dedup/bloomGenerations.ts';
import { ExactTable } from '../../../src/dedup/exactTable.ts';
import { SeenKeys, type KeyStore } from '../../../src/dedup/seenKeys.ts';
import { DiskKeyStore } from '../../../src/storage/diskKeyStore.ts';
import { makeScratchFolder } from '../../fixtures/storageSession.ts';

const keysFrom = (prefix: string, count: number): Fingerprint[] =>
  Array.from({ length: count }, (_, i) => fingerprint(`${prefix}${i}`));
const pack = (keys: readonly Fingerprint[]): Buffer => Buffer.from(keys.join(''), 'hex');

test('of a million keys none that was added is called new, and none that was not is called seen', () => {
  const seen = new SeenKeys({ capacity: 100_000, errorRate: 0.001, recent: 1000 });
  const count = 1_000_000;
  const batch = 5000;
  for (let at = 0; at < count; at += batch) {
    const keys: Fingerprint[] = [];
    for (let i = at; i < at + batch; i++) keys.push(fingerprint(`known${i}`));
    if ((at / batch) % 2 === 0) seen.addAll(keys);
    else seen.addPacked(pack(keys));
  }
  assert.equal(seen.size, count);
  let falseNew = 0;
  let falseSeen = 0;
  for (let i = 0; i < count; i++) {
    if (!seen.has(fingerprint(`known${i}`))) falseNew += 1;
    if (i % 4 === 0 && seen.has(fingerprint(`other${i}`))) falseSeen += 1;
  }
  assert.deepEqual([falseNew, falseSeen], [0, 0]);
});

for (const errorRate of [0.001, 0.01, 0.1]) {
  test(`the bloom filter says "new" of new keys but for ${errorRate} of them, also when it has grown`, () => {
    const bloom = new BloomGenerations(10_000, errorRate);
    const rateOf = (): number => {
      let maybe = 0;
      for (let i = 0; i < 50_000; i++) if (bloom.mayHave(fingerprint(`other${i}`))) maybe += 1;
      return maybe / 50_000;
    };
    const keys = keysFrom('k', 70_000);
    for (const key of keys.slice(0, 10_000)) bloom.add(key);
    assert.equal(bloom.generationCount, 1);
    const atCapacity = rateOf();
    assert.ok(atCapacity <= 2 * errorRate, `${atCapacity} at its capacity`);
    assert.ok(atCapacity >= errorRate / 20, `${atCapacity}: is it a filter at all?`);
    for (const key of keys.slice(10_000)) bloom.add(key);
    assert.equal(bloom.generationCount, 3);
    assert.ok(keys.every((key) => bloom.mayHave(key)));
    const grown = rateOf();
    assert.ok(grown <= 2 * errorRate, `${grown} at seven times its capacity`);
  });
}

test('a filter made for very few keys grows and stays right', () => {
  const seen = new SeenKeys({ capacity: 1, errorRate: 0.4, recent: 1 });
  const keys = keysFrom('k', 3000);
  for (const key of keys) {
    assert.equal(seen.has(key), false);
    seen.addAll([key]);
  }
  assert.ok(keys.every((key) => seen.has(key)));
});

test('keys that look alike are told apart: equal words, zeros, ones', () => {
  const words = ['00000000', 'ffffffff', '00000001', '80000000'];
  const keys: Fingerprint[] = [];
  for (const a of words)
    for (const b of words) for (const c of words) for (const d of words) keys.push(a + b + c + d);
  for (let from = 0; from < keys.length; from += 37) {
    const seen = new SeenKeys({ capacity: 100, errorRate: 0.01, recent: 5 });
    const own = keys.filter((_, i) => i % 37 === from % 37);
    seen.addAll(own);
    for (const key of keys) assert.equal(seen.has(key), own.includes(key), key);
  }
});

test('the exact table keeps what it has when it grows, and tells what was there', () => {
  const table = new ExactTable(1);
  const keys = ['0'.repeat(32), ...keysFrom('k', 20_000)];
  for (const key of keys) assert.equal(table.add(key), true);
  for (const key of keys) assert.equal(table.add(key), false);
  table.addPacked(pack(keys));
  assert.equal(table.size, keys.length);
  assert.ok(keys.every((key) => table.has(key)));
  assert.ok(!table.has(fingerprint('another')));
  // Keys whose first word is the same crowd one place.
  const crowd = keysFrom('c', 500).map((key) => `00000007${key.slice(8)}`);
  for (const key of crowd) assert.equal(table.add(key), true);
  assert.ok(crowd.every((key) => table.has(key)) && keys.every((key) => table.has(key)));
});

test('bytes that are a part of a larger buffer are taken as they are', () => {
  const seen = new SeenKeys({ capacity: 100, errorRate: 0.01, recent: 5 });
  const keys = keysFrom('k', 10);
  const buffer = Buffer.concat([Buffer.alloc(7, 0xee), pack(keys), Buffer.alloc(9, 0xee)]);
  seen.addPacked(buffer.subarray(7, 7 + 160));
  assert.ok(keys.every((key) => seen.has(key)));
  assert.equal(seen.size, 10);
});

test('what does not fit into memory goes to the disk, and is known all the same', async (t) => {
  const folder = await makeScratchFolder(t);
  const path = join(folder, 'keys.db');
  let opened = 0;
  const seen = new SeenKeys({
    capacity: 1000,
    errorRate: 0.01,
    recent: 10,
    maxInMemory: 5000,
    openStore: (): KeyStore => {
      opened += 1;
      return new DiskKeyStore(path);
    },
  });
  const keys = keysFrom('k', 20_000);
  for (let at = 0; at < keys.length; at += 1000) {
    if (at % 2000 === 0) seen.addAll(keys.slice(at, at + 1000));
    else seen.addPacked(pack(keys.slice(at, at + 1000)));
  }
  assert.equal(opened, 1);
  assert.ok(keys.every((key) => seen.has(key)));
  assert.ok(keysFrom('other', 20_000).every((key) => !seen.has(key)));
  // Known ones are ignored, wherever they are.
  seen.addPacked(pack(keys.slice(0, 10)));
  assert.ok(keys.every((key) => seen.has(key)));
  seen.close();
});

for (const [what, content] of [
  ['garbage', 'x'.repeat(5000)],
  ['a torn database', 'SQLite format 3\0'],
  ['nothing', ''],
] as const) {
  test(`${what} where the keys on disk were is in nobody's way`, async (t) => {
    const path = join(await makeScratchFolder(t), 'keys.db');
    await writeFile(path, content);
    const store = new DiskKeyStore(path);
    const [a = '', b = ''] = keysFrom('k', 2);
    store.addPacked(pack([a, a]));
    assert.deepEqual([store.has(a), store.has(b)], [true, false]);
    store.close();
    const again = new DiskKeyStore(path);
    assert.equal(again.has(a), false, 'made anew');
    again.close();
  });
}
