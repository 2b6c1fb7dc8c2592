import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import { errorWords } from '../../../../src/host/text/errorWords.ts';
import { RemoteError } from '../../../../src/protocol/rpc.ts';

const formats = formatsFor('en-US');

function remote(code: string, data: unknown = null, message = 'in plain English'): RemoteError {
  return new RemoteError({ name: 'SomeError', code, message, data });
}

test('a held session names its holder: what it is, process, machine, since', () => {
  const holder = { pid: 4711, host: 'box', via: 'cli', since: '2026-11-21T16:15:00.000Z' };
  for (const data of [holder, { holder }]) {
    const { message } = errorWords(remote('SESSION_HELD', data), formats);
    assert.match(message, /cf-collect, process 4711 on box, since Nov 21, 2026/);
  }
  const window = { ...holder, via: 'window' };
  assert.match(errorWords(remote('SESSION_HELD', window), formats).message, /another VS Code/);
});

test('a broken collection file leads to its first problem', () => {
  const text =
    '/x/books.collect.json:3:5: source.folow: Unknown key.\n/x/books.collect.json:9:1: …';
  const words = errorWords(remote('CONFIG_INVALID', { file: '/x' }, text), formats);
  assert.match(words.message, /books\.collect\.json:3:5: source\.folow: Unknown key\.$/);
  assert.deepEqual(words.actions, ['showProblem']);
});

test('a missing secret can be set at once', () => {
  const words = errorWords(remote('SECRET_MISSING', { name: 'TOKEN' }), formats);
  assert.match(words.message, /TOKEN/);
  assert.deepEqual(words.actions, ['setSecret']);
  assert.equal(words.secret, 'TOKEN');
});

test('a browser that is missing can be installed from the message', () => {
  const words = errorWords(remote('BROWSER_MISSING', {}, 'There is no browser.'), formats);
  assert.deepEqual(words, {
    message: 'There is no browser.',
    actions: ['installBrowser', 'showLog'],
  });
});

test('an error without words of its own keeps its message and leads to the log', () => {
  assert.deepEqual(errorWords(remote('WHATEVER'), formats), {
    message: 'in plain English',
    actions: ['showLog'],
  });
  assert.equal(errorWords('just text', formats).message, 'just text');
});
