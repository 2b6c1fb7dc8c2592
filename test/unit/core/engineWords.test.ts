import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineWords } from '../../../src/core/engineWords.ts';

const words = new EngineWords({
  'Show Log': 'Protokoll zeigen',
  'The disk is full./engine': 'Die Platte ist voll.',
  '{0} is not there./engine': '{0} ist nicht da.',
  'Writing failed: {0}. Resume {1}./engine': '{1} fortsetzen. Schreiben ging nicht: {0}.',
  '{0} ended ({1}). {2}/engine': '{0} endete ({1}). {2}',
});

test('a message is found by its template, whatever stands in its gaps', () => {
  assert.equal(words.say('The disk is full.'), 'Die Platte ist voll.');
  assert.equal(words.say('data/a b.jsonl is not there.'), 'data/a b.jsonl ist nicht da.');
  assert.equal(words.say('x\ny is not there.'), 'x\ny ist nicht da.');
});

test('gaps may change their places, and messages in them are translated, too', () => {
  assert.equal(
    words.say('Writing failed: m.jsonl is not there.. Resume s1.'),
    's1 fortsetzen. Schreiben ging nicht: m.jsonl ist nicht da..',
  );
});

test('what no template of the engine fits stays as it is', () => {
  for (const text of ['', 'is not there', 'Show Log', 'The disk is full', 'Ended (x).']) {
    assert.equal(words.say(text), text);
  }
  assert.equal(new EngineWords().say('The disk is full.'), 'The disk is full.');
});

test('the template with the most words of its own wins', () => {
  const both = new EngineWords({ '{0} b./engine': '1 {0}', '{0} a b./engine': '2 {0}' });
  assert.equal(both.say('x a b.'), '2 x');
});

test('texts that are made to be slow are not', () => {
  const before = process.hrtime.bigint();
  words.say(' ended ('.repeat(490));
  words.say('Writing failed: '.repeat(1_000_000));
  assert.ok(Number(process.hrtime.bigint() - before) < 50e6);
});
