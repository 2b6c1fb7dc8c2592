import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readCollectionText } from '../../src/core/collectionText.ts';
import { templateNames, withName } from '../../src/host/templates.ts';
import { referenceFile, referenceText } from '../tools/collectionReference.ts';
import { schemaFile, schemaText } from '../tools/collectionSchema.ts';

const templates = path.resolve(import.meta.dirname, '../../media/templates');
const templateText = (name: string): string =>
  readFileSync(path.join(templates, `${name}.collect.json`), 'utf8');

test('the JSON Schema is the one of src/core/config.ts (node test/tools/collectionSchema.ts)', async () => {
  assert.equal(readFileSync(schemaFile, 'utf8'), await schemaText());
});

test('the reference is the one of src/core/config.ts (node test/tools/collectionReference.ts)', async () => {
  assert.equal(readFileSync(referenceFile, 'utf8'), await referenceText());
});

test('the templates are the files of media/templates', () => {
  const names = readdirSync(templates).map((file) => file.replace('.collect.json', ''));
  assert.deepEqual(names.sort(), [...templateNames].sort());
});

for (const name of templateNames) {
  test(`the template ${name} is a valid collection under any name, its comments kept`, () => {
    const text = withName(templateText(name), 'my-own.1');
    const { collection } = readCollectionText(text, 'my-own.1.collect.json');
    assert.equal(collection.name, 'my-own.1');
    const comments = (of: string) => of.match(/^\s*\/\/.*$/gm)?.length ?? 0;
    assert.ok(comments(text) >= 8);
    assert.equal(comments(text), comments(templateText(name)));
  });
}
