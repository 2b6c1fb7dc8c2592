import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mentionsOf, type Mention } from '../../../src/core/collectionMentions.ts';

const textAt = (text: string, { line, column, length }: Omit<Mention, 'text'>): string =>
  (text.split('\n')[line - 1] ?? '').slice(column - 1, column - 1 + length);

const text = `{
  // "name": "commented",
  "name": "books",
  "source": {
    "type": "rest",
    "for": { "venue": ["a"], "year": [1] },
    "url": "http://h/{year}?k=\${secret:ONE}&l=\${secret:TWO}",
    "fields": { "a.b": "x", "title": { "from": "for.year" } }, // \${secret:COMMENTED}
  },
  "output": { "dir": "data", "prefix": "b" },
}`;

test('what a text names, with where it stands', () => {
  const mentions = mentionsOf(text);
  assert.equal(mentions.name?.text, 'books');
  assert.equal(textAt(text, mentions.name), '"books"');
  assert.equal(mentions.sourceType, 'rest');
  assert.deepEqual(mentions.forNames, ['venue', 'year']);
  assert.deepEqual(
    mentions.fields.map((field) => [field.text, textAt(text, field)]),
    [
      ['a.b', '"a.b"'],
      ['title', '"title"'],
    ],
  );
  assert.equal(textAt(text, mentions.fieldsKey!), '"fields"');
  assert.deepEqual(
    mentions.secrets.map((secret) => [secret.text, textAt(text, secret)]),
    [
      ['ONE', '${secret:ONE}'],
      ['TWO', '${secret:TWO}'],
    ],
  );
  assert.deepEqual([mentions.outputDir, mentions.prefix?.text], ['data', 'b']);
});

test('what is not finished is read as far as it goes', () => {
  const unfinished = mentionsOf('{ "name": "x", "source": { "type": "html", "fields": { "title": ');
  assert.equal(unfinished.sourceType, 'html');
  assert.deepEqual(
    unfinished.fields.map((field) => field.text),
    ['title'],
  );
  for (const other of ['', '[]', '5', '{', '{ "source": [] , "name": 5 }']) {
    const mentions = mentionsOf(other);
    assert.deepEqual([mentions.name, mentions.fields, mentions.secrets], [undefined, [], []]);
  }
});
