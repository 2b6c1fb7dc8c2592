import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PauseError } from '../../../src/core/errors.ts';
import type { JournalEvent } from '../../../src/core/events.ts';
import { emptyView, reduceView, type SessionView } from '../../../src/core/view.ts';
import { RequestBlocks } from '../../../src/engine/requestMeter.ts';
import { letRun } from '../../fixtures/manualClock.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';

/** A journal in memory: what is recorded takes a moment, and can fail. */
class Journal {
  view: SessionView = emptyView;
  readonly counts: number[] = [];
  failure: Error | undefined;

  record = async (...events: readonly JournalEvent[]): Promise<void> => {
    await letRun();
    if (this.failure !== undefined) throw this.failure;
    for (const event of events) if (event.type === 'requests') this.counts.push(event.count);
    this.view = reduceView(this.view, { seq: this.view.seq + 1, at: '', events });
  };
}

async function takeAll(meter: RequestBlocks, atMost: number): Promise<number> {
  for (let taken = 0; taken < atMost; taken++) {
    try {
      await meter.take();
    } catch (error) {
      assert.ok(error instanceof PauseError);
      assert.deepEqual([error.code, error.reason], ['REQUESTS_USED_UP', 'budget']);
      return taken;
    }
  }
  return atMost;
}

test('requests are set apart in blocks before they leave, and no more than the limit', async () => {
  const journal = new Journal();
  const meter = new RequestBlocks(journal, 1_050);
  assert.equal(await takeAll(meter, 2_000), 1_050);
  assert.equal(journal.counts.length, 105);
  assert.ok(journal.counts.every((count) => count === 10));
  assert.equal(await takeAll(meter, 10), 0);
  assert.deepEqual(meter.giveBack(), []);
});

test('without a limit nothing is counted', async () => {
  const journal = new Journal();
  const meter = new RequestBlocks(journal, undefined);
  assert.equal(await takeAll(meter, 1_000), 1_000);
  assert.deepEqual([journal.counts, meter.giveBack()], [[], []]);
});

test('what was not sent is given back, and taken again', async () => {
  const journal = new Journal();
  const meter = new RequestBlocks(journal, 1_000);
  assert.equal(await takeAll(meter, 3), 3);
  assert.equal(journal.view.requests, 10);
  await journal.record(...meter.giveBack());
  assert.equal(journal.view.requests, 3);
  assert.equal(await takeAll(meter, 2_000), 997);
});

test('a kill loses the rest of a block, and never leads past the limit', async () => {
  const random = new SeededRandom(7);
  for (let round = 0; round < 50; round++) {
    const max = 1 + Math.floor(random.next() * 400);
    const journal = new Journal();
    let sent = 0;
    let kills = 0;
    while (journal.view.requests < max) {
      const meter = new RequestBlocks(journal, max);
      sent += await takeAll(meter, Math.floor(random.next() * 60));
      if (random.next() < 0.5) await journal.record(...meter.giveBack());
      else kills += 1;
    }
    assert.ok(sent <= max, `${sent} of ${max}`);
    const lost = max - sent;
    const block = Math.max(1, Math.floor(max / 100));
    assert.ok(lost <= kills * (block - 1), `${lost} lost in ${kills} kills`);
  }
});

test('many that ask at once get what there is, each once', async () => {
  const journal = new Journal();
  const meter = new RequestBlocks(journal, 20);
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => meter.take()));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 20);
});

test('where nothing can be written down, nothing leaves', async () => {
  const journal = new Journal();
  journal.failure = new Error('no disk');
  const meter = new RequestBlocks(journal, 20);
  await assert.rejects(meter.take(), journal.failure);
  journal.failure = undefined;
  assert.equal(await takeAll(meter, 50), 20);
});
