import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecordFilter } from '../../../src/core/recordFilterText.ts';

test('what is typed is a text, or a field and what it is to be', () => {
  const text = (value: string) => ({ kind: 'text', text: value });
  const cases: readonly (readonly [string, object | undefined])[] = [
    ['', undefined],
    ['   ', undefined],
    [' light ', text('light')],
    ['two words', text('two words')],
    ['http://127.0.0.1/a?b=c', text('http://127.0.0.1/a?b=c')],
    ['"year:2023"', text('year:2023')],
    ['a = b', text('a = b')],
    ['year:2023', { kind: 'contains', field: 'year', text: '2023' }],
    ['year=2023', { kind: 'equals', field: 'year', text: '2023' }],
    ['author.name=Ann Lee', { kind: 'equals', field: 'author.name', text: 'Ann Lee' }],
    ['title: "a: b"', { kind: 'contains', field: 'title', text: 'a: b' }],
    ['url=http://x/', { kind: 'equals', field: 'url', text: 'http://x/' }],
    ['größe:', { kind: 'contains', field: 'größe', text: '' }],
  ];
  for (const [typed, expected] of cases)
    assert.deepEqual(parseRecordFilter(typed), expected, typed);
});
