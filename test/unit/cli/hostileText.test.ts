import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { textOutput } from '../../../src/cli/output.ts';
import { ProgressLine } from '../../../src/cli/progressLine.ts';
import { makeSnapshot } from '../../fixtures/views.ts';

const attack = '\u001b]8;;https://evil.example/\u0007\u001b[2J\u009b31m\u202egpj.exe';

/** What a stream is given while the test runs. */
function written(t: TestContext, stream: NodeJS.WriteStream): () => string {
  let text = '';
  t.mock.method(stream, 'write', (chunk: string) => {
    text += chunk;
    return true;
  });
  return () => text;
}

test('a terminal is told of strangers’ texts, and obeys nothing in them', (t) => {
  const said = written(t, process.stdout);
  const output = textOutput();
  const { view, live } = makeSnapshot({ state: 'active' });
  output.started({ ...view, name: attack }, attack);
  output.problem(attack);
  const error = {
    unit: 1,
    key: attack,
    code: 'X',
    message: attack,
    at: '',
    attempt: 1,
    retried: true,
  };
  output.progress({ view: { ...view, errors: [error] }, live: { ...live, inFlight: [] } });
  output.remapped({ ...view, remapOf: attack });
  t.mock.restoreAll();
  assert.match(said(), /\\u\{1B\}\]8;;https:\/\/evil\.example\/\\u\{7\}/);
  assert.doesNotMatch(
    said().replace(/\r\u001b\[2K/g, ''),
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/,
  );
});

test('so is the line at the end', (t) => {
  const said = written(t, process.stderr);
  const { isTTY, columns } = process.stderr;
  Object.assign(process.stderr, { isTTY: true, columns: 200 });
  t.after(() => Object.assign(process.stderr, { isTTY, columns }));
  new ProgressLine('Reading').show({ what: attack, done: 1, total: 2, unit: 'bytes' });
  t.mock.restoreAll();
  assert.match(said(), /^\r\u001b\[2KReading 50 % \\u\{1B\}/);
  assert.equal(said().match(/\u001b/g)?.length, 1, 'our own');
});
