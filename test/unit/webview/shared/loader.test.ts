import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Loader } from '../../../../webview/shared/loader.ts';

test('asks one at a time, not again before the gap is over, and then once for all that wanted it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let asked = 0;
  const loader = new Loader<number>({
    load: async () => (asked += 1),
    onChange: () => undefined,
    gapMs: 5000,
  });
  assert.deepEqual(loader.current, { state: 'loading' });
  loader.refresh();
  loader.refresh();
  await turn();
  loader.refresh();
  await turn();
  assert.equal(asked, 1);
  t.mock.timers.tick(4999);
  await turn();
  assert.equal(asked, 1);
  t.mock.timers.tick(1);
  await turn();
  assert.equal(asked, 2);
  t.mock.timers.tick(60_000);
  await turn();
  assert.equal(asked, 2);
  assert.deepEqual(loader.current, { state: 'there', value: 2 });
});

test('what is refused is told, and asked for again when it is wanted again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answers = [new Error('no engine'), 7];
  let changes = 0;
  const loader = new Loader<unknown>({
    load: async () => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
    onChange: () => (changes += 1),
    gapMs: 10,
  });
  loader.refresh();
  await turn();
  assert.deepEqual(loader.current, { state: 'failed', message: 'no engine' });
  t.mock.timers.tick(10);
  loader.refresh();
  await turn();
  assert.deepEqual(loader.current, { state: 'there', value: 7 });
  assert.equal(changes, 2);
});
