import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoticeQueue } from '../../../../src/host/sessions/noticeQueue.ts';

/** A queue, with notices that are closed when the test says so. */
function makeQueue() {
  const errors: unknown[] = [];
  const shown: string[] = [];
  const closers = new Map<string, PromiseWithResolvers<null>>();
  const queue = new NoticeQueue((error) => errors.push(error), 12_000);
  const notice = (name: string) => {
    const closer = Promise.withResolvers<null>();
    closers.set(name, closer);
    queue.add(() => {
      shown.push(name);
      return closer.promise;
    });
  };
  return { queue, notice, shown, errors, closers };
}

/** Everything that was to happen at once has. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('the next one comes when the one before it is closed, and not earlier', async () => {
  const { notice, shown, closers } = makeQueue();
  ['a', 'b', 'c'].forEach(notice);
  await settle();
  assert.deepEqual(shown, ['a']);
  closers.get('a')!.resolve(null);
  await settle();
  assert.deepEqual(shown, ['a', 'b']);
  closers.get('b')!.resolve(null);
  await settle();
  assert.deepEqual(shown, ['a', 'b', 'c']);
  closers.get('c')!.resolve(null);
});

test('one that nobody answers is in the way only while it is on the screen', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { notice, shown } = makeQueue();
  ['a', 'b'].forEach(notice);
  await settle();
  t.mock.timers.tick(11_999);
  await settle();
  assert.deepEqual(shown, ['a']);
  t.mock.timers.tick(1);
  await settle();
  assert.deepEqual(shown, ['a', 'b']);
});

test('what goes wrong is told and holds up nothing', async () => {
  const { notice, shown, errors, closers } = makeQueue();
  ['a', 'b'].forEach(notice);
  await settle();
  closers.get('a')!.reject(new Error('no'));
  await settle();
  assert.deepEqual(shown, ['a', 'b']);
  assert.match(String(errors[0]), /no/);
  closers.get('b')!.resolve(null);
});
