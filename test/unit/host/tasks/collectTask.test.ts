import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BadTaskError, readTask } from '../../../../src/host/tasks/collectTask.ts';

const whole = {
  type: 'collect',
  operation: 'merge',
  collection: 'books.collect.json',
  unfinished: 'new',
  inputs: ['data/raw/*_master_*.jsonl'],
  output: 'all.jsonl',
  key: ['url'],
  onConflict: 'richest',
  sort: 'title',
} as const;

test('a task is read as it was written', () => {
  assert.deepEqual({ type: 'collect', ...readTask(whole) }, whole);
});

test('what is left out is as the manifest says', () => {
  assert.deepEqual(readTask({ type: 'collect', collection: 'a.collect.json' }), {
    operation: 'run',
    collection: 'a.collect.json',
    unfinished: 'resume',
    inputs: [],
    output: null,
    key: null,
    onConflict: 'first',
    sort: null,
  });
});

describe('a task that is wrong names the property', () => {
  const wrongs: readonly (readonly [what: object, name: string])[] = [
    [{ operation: 'collect' }, 'operation'],
    [{ operation: 'run' }, 'collection'],
    [{ operation: 'resume', collection: '' }, 'collection'],
    [{ operation: 'merge' }, 'collection'],
    [{ collection: 7 }, 'collection'],
    [{ ...whole, inputs: 'all' }, 'inputs'],
    [{ ...whole, key: [1] }, 'key'],
    [{ ...whole, onConflict: 'newest' }, 'onConflict'],
    [{ ...whole, unfinished: true }, 'unfinished'],
    [{ ...whole, output: {} }, 'output'],
  ];
  for (const [wrong, name] of wrongs) {
    test(JSON.stringify(wrong), () => {
      assert.throws(
        () => readTask(wrong as Record<string, unknown>),
        (error) => error instanceof BadTaskError && error.message.includes(`“${name}”`),
      );
    });
  }
});
