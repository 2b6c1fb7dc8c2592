import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { secretsIn, templates, withName } from '../../src/core/templates.ts';
import { loadCollection } from '../../src/engine/loadCollection.ts';
import { makeWorkspace } from '../fixtures/workspace.ts';
import { referenceFile, referenceText } from '../tools/collectionReference.ts';
import { editorReferenceFile, editorReferenceText } from '../tools/reference.ts';
import { schemaFile, schemaText } from '../tools/collectionSchema.ts';

const folder = path.resolve(import.meta.dirname, '../../media/templates');
const templateText = (name: string): string =>
  readFileSync(path.join(folder, `${name}.collect.json`), 'utf8');

test('the JSON Schema is the one of src/core/config.ts (node test/tools/collectionSchema.ts)', async () => {
  assert.equal(readFileSync(schemaFile, 'utf8'), await schemaText());
});

test('the reference is the one of src/core/config.ts (node test/tools/collectionReference.ts)', async () => {
  assert.equal(readFileSync(referenceFile, 'utf8'), await referenceText());
});

test('the reference of the editor is the one of package.json (node test/tools/reference.ts)', async () => {
  assert.equal(readFileSync(editorReferenceFile, 'utf8'), await editorReferenceText());
});

test('the templates are the files of media/templates, each named once', () => {
  const files = templates.flatMap(({ name, module }) => [
    `${name}.collect.json`,
    ...(module === undefined ? [] : [module]),
  ]);
  assert.deepEqual(readdirSync(folder).sort(), files.sort());
  assert.equal(new Set(templates.map(({ title }) => title)).size, templates.length);
});

test('templates of one kind stand together', () => {
  const kinds = templates.map(({ kind }) => kind);
  const changes = kinds.filter((kind, i) => kind !== kinds[i - 1]);
  assert.equal(changes.length, new Set(kinds).size, kinds.join(' '));
});

for (const { name } of templates) {
  test(`the template ${name} is a valid collection under any name, its comments kept`, async (t) => {
    const text = withName(templateText(name), 'my-own.1');
    const file = path.join(await makeWorkspace(t), 'my-own.1.collect.json');
    await writeFile(file, text);
    const collection = await loadCollection(file);
    assert.equal(collection.name, 'my-own.1');
    assert.notEqual(collection.record.key, undefined, 'says which records are one');
    const comments = (of: string) => of.match(/^\s*\/\/.*$/gm)?.length ?? 0;
    assert.ok(comments(text) >= 8);
    assert.equal(comments(text), comments(templateText(name)));
    const tooLong = text.split('\n').filter((line) => line.length > 120 && /^\s*\/\//.test(line));
    assert.deepEqual(tooLong, [], 'comments can be read without scrolling');
  });
}

test('the secrets of a text are those that it asks for, and not those of its comments', () => {
  const text = `{
    // "a": "\${secret:COMMENTED}",
    "source": { "a": "Bearer \${secret:ONE} \${secret:TWO}", "b": ["\${secret:ONE}"], }
  }`;
  assert.deepEqual(secretsIn(text), ['ONE', 'TWO']);
  assert.deepEqual(secretsIn(''), []);
  assert.deepEqual(secretsIn(templateText('openalex')), ['OPENALEX_KEY']);
});
