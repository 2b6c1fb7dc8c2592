import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { type ParseError, parse } from 'jsonc-parser';
import { collectionSchema } from '../../../src/core/config.ts';

for (const name of ['books', 'papers', 'quotes']) {
  test(`media/samples/${name}.collect.json is a valid collection`, async () => {
    const file = new URL(`../../../media/samples/${name}.collect.json`, import.meta.url);
    const errors: ParseError[] = [];
    const value: unknown = parse(await readFile(file, 'utf8'), errors);
    assert.deepEqual(errors, []);
    assert.equal(collectionSchema.parse(value).name, name);
  });
}
