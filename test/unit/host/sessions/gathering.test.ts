import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Gathering } from '../../../../src/host/sessions/gathering.ts';
import { NoticeQueue } from '../../../../src/host/sessions/noticeQueue.ts';

/** What ends, told as the window tells it: `told` has one entry for each notification. */
function makeWindow(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const told: (readonly string[])[] = [];
  const close: (() => void)[] = [];
  const queue = new NoticeQueue((error) => {
    throw error;
  });
  const ends = new Gathering<string>(() => {
    queue.add(async () => {
      told.push(await ends.take());
      await new Promise<void>((resolve) => close.push(resolve));
    });
  });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      await new Promise((resolve) => setImmediate(resolve));
      t.mock.timers.tick(500);
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { ends, told, close, pass };
}

test('five that end at about the same time are told of once', async (t) => {
  const { ends, told, pass } = makeWindow(t);
  ends.add('a');
  await pass(1000);
  ends.add('b');
  ends.add('c');
  await pass(1000);
  ends.add('d');
  ends.add('e');
  await pass(5000);
  assert.deepEqual(told, [['a', 'b', 'c', 'd', 'e']]);
});

test('what ends while one is on the screen waits for it, and is told together', async (t) => {
  const { ends, told, close, pass } = makeWindow(t);
  ends.add('a');
  await pass(3500);
  ends.add('b');
  await pass(3000);
  ends.add('c');
  await pass(1000);
  assert.deepEqual(told, [['a']]);
  close[0]!();
  await pass(3500);
  assert.deepEqual(told, [['a'], ['b', 'c']]);
});

test('what never ends to come does not hold the first back for ever', async (t) => {
  const { ends, told, pass } = makeWindow(t);
  for (let i = 0; i < 20; i += 1) {
    ends.add(String(i));
    await pass(500);
  }
  assert.equal(told.length, 1);
  assert.ok(told[0]!.length <= 14, String(told[0]!.length));
});
