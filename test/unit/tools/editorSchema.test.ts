import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { collectionSchema } from '../../../src/core/config.ts';
import { editorSchemaFile, editorSchemaText } from '../../tools/editorSchema.ts';
import { languages } from '../../tools/languages.ts';

interface Node {
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
  readonly enum?: readonly unknown[];
  readonly defaultSnippets?: readonly { readonly label: string; readonly body: object }[];
}

const text = readFileSync(editorSchemaFile(), 'utf8');
const schema = JSON.parse(text) as Node;
const source = schema.properties!['source']!;

test('the editor’s schema is the one of src/core/config.ts (node test/tools/editorSchema.ts)', async () => {
  for (const language of [undefined, ...languages]) {
    const kept = readFileSync(editorSchemaFile(language), 'utf8');
    assert.equal(kept, await editorSchemaText(language));
  }
});

test('it refuses nothing: what is wrong is marked once, by the extension', () => {
  const validate = new Ajv({ strict: false }).compile(JSON.parse(text) as object);
  const wrong: readonly object[] = [
    {},
    { name: 5, sorce: {}, source: 'x', limits: { target: 'many', perHost: [] } },
    { source: { type: 'htlm', fields: { a: 5, b: { select: 1, as: 'txt', from: {} } } } },
    { source: { type: 'html', fields: [], start: 'x', interactions: [{ type: 'clck' }] } },
    { source: { type: 'rest', url: 1, paginate: { type: 'curser' }, for: { a: 'b' } } },
  ];
  for (const value of wrong) {
    assert.equal(
      validate(value),
      true,
      `${JSON.stringify(value)}: ${JSON.stringify(validate.errors)}`,
    );
  }
});

test('it proposes every type of source, with what it is for and how it begins', () => {
  const types = source.properties!['type']!.anyOf![0]!.enum!;
  const { options } = collectionSchema.shape.source;
  assert.equal(types.length, options.length);
  const labels = source.defaultSnippets!.map(({ label }) => label);
  assert.deepEqual(labels, types);
  for (const { body } of source.defaultSnippets!) {
    const written = JSON.stringify(body).replace(/"\^\$\{\d+:([^}]+)\}"/g, '$1');
    const filled: unknown = JSON.parse(written.replace(/\$\{\d+:([^}]+)\}/g, '$1'));
    const checked = collectionSchema.safeParse({ name: 'x', source: filled });
    assert.equal(checked.success, true, JSON.stringify(checked.error));
  }
});

test('its words are those of the config, and what they quote is code', () => {
  const { limits, name } = schema.properties!;
  assert.ok(limits?.description !== undefined);
  assert.match(name?.markdownDescription ?? '', /named after it/);
  assert.match(text, /markdownDescription": "[^"]*`\$\{secret:NAME\}`/);
});
