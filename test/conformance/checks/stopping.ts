import assert from 'node:assert/strict';
import type { NewUnit } from '../../../src/core/unit.ts';
import { type Bench, check, checkIf } from '../check.ts';
import {
  claim,
  collect,
  drain,
  errorOf,
  never,
  pagesOf,
  planAll,
  recordTexts,
  stopWithinMs,
  within,
} from '../drive.ts';

async function twoUnits(bench: Bench<unknown>): Promise<readonly [NewUnit, NewUnit]> {
  const [first, second] = await planAll(await bench.create());
  assert.ok(first !== undefined && second !== undefined, 'the suite needs two units');
  return [first, second];
}

/** How many calls a unit takes in a new source. */
async function callsOf(bench: Bench<unknown>, unit: NewUnit): Promise<number> {
  const before = bench.backend.calls;
  await pagesOf(await bench.create(), claim(unit, 1));
  return bench.backend.calls - before;
}

/** What `collect` promises when its signal is aborted: to stop within a second, with the signal's reason. */
export const stopping = [
  check('stops before its first call', async (bench) => {
    const [unit] = await twoUnits(bench);
    const source = await bench.create();
    const before = bench.backend.calls;
    const reason = new Error('stopped before');
    const pages = collect(source, claim(unit, 1), AbortSignal.abort(reason));
    assert.equal(await within(stopWithinMs, 'stopping', errorOf(drain(pages))), reason);
    assert.equal(bench.backend.calls, before, 'a call was made although it was aborted before');
  }),

  ...(['start', 'middle'] as const).map((at) =>
    checkIf(
      ({ isLocal }) => isLocal !== true,
      `stops during each of its calls (held at the ${at} of the answer)`,
      async (bench) => {
        const [unit] = await twoUnits(bench);
        const { backend } = bench;
        const calls = await callsOf(bench, unit);
        assert.ok(calls > 0, 'the suite needs a unit that makes calls');
        for (let nth = 1; nth <= calls; nth++) {
          const source = await bench.create();
          const before = backend.calls;
          backend.stallFrom(nth, at);
          const controller = new AbortController();
          const reason = new Error(`stopped in call ${nth}`);
          const work = drain(collect(source, claim(unit, 1), controller.signal));
          work.catch(() => undefined);
          await backend.untilCalls(before + nth);
          await backend.probe();
          controller.abort(reason);
          assert.equal(
            await within(stopWithinMs, `stopping in call ${nth}`, errorOf(work)),
            reason,
            'what is thrown must be the reason of the signal',
          );
          backend.release();
        }
      },
    ),
  ),

  checkIf(
    ({ hasHealth }) => hasHealth,
    'stops while it waits for another unit to be done, which goes on',
    async (bench) => {
      const [first, second] = await twoUnits(bench);
      const { backend } = bench;
      const clean = await bench.create();
      const expected = await recordTexts(
        clean,
        claim(first, 1),
        await pagesOf(clean, claim(first, 1)),
      );
      const source = await bench.create({ perHost: { concurrency: 1 } });
      const before = backend.calls;
      backend.stallFrom(1, 'start');
      const held = pagesOf(source, claim(first, 1));
      held.catch(() => undefined);
      await backend.untilCalls(before + 1);
      const controller = new AbortController();
      const reason = new Error('stopped in the queue');
      const waiting = drain(collect(source, claim(second, 2), controller.signal));
      waiting.catch(() => undefined);
      await backend.probe();
      assert.equal(backend.calls, before + 1, 'two calls at once where one is allowed');
      controller.abort(reason);
      assert.equal(await within(stopWithinMs, 'stopping', errorOf(waiting)), reason);
      backend.release();
      const limitMs = bench.subject.firstUnitMs ?? 2_000;
      const pages = await within(limitMs, 'the unit that was not stopped', held);
      assert.deepEqual(await recordTexts(source, claim(first, 1), pages), expected);
      await within(limitMs, 'the slot of the stopped unit', pagesOf(source, claim(second, 2)));
    },
  ),

  checkIf(
    ({ hasHealth }) => hasHealth,
    'stops while it waits for its rate',
    async (bench) => {
      const [first] = await twoUnits(bench);
      const { backend } = bench;
      const source = await bench.create({ perHost: { concurrency: 4, ratePerSecond: 0.01 } });
      const before = backend.calls;
      const controller = new AbortController();
      const reason = new Error('stopped in its rate');
      // One unit may need one call only: the same one three times needs at least three.
      const work = Promise.allSettled(
        [1, 2, 3].map((n) => drain(collect(source, claim(first, n), controller.signal))),
      );
      await backend.untilCalls(before + 1);
      await backend.probe();
      await backend.probe();
      assert.ok(backend.calls - before <= 1, 'faster than its rate');
      controller.abort(reason);
      const ends = await within(stopWithinMs, 'stopping', work);
      const stopped = ends.filter((end) => end.status === 'rejected');
      assert.ok(stopped.length >= 2, 'the units that waited must reject');
      for (const end of stopped) assert.equal(end.reason, reason);
    },
  ),

  checkIf(
    (subject) => subject.traits.resumesMidUnit,
    'stops between two pages, without another call',
    async (bench) => {
      const [unit] = await twoUnits(bench);
      const source = await bench.create();
      const controller = new AbortController();
      const reason = new Error('stopped between pages');
      const pages = collect(source, claim(unit, 1), controller.signal);
      const first = await pages.next();
      assert.ok(first.done !== true && first.value.end === undefined, 'needs a second page');
      const calls = bench.backend.calls;
      controller.abort(reason);
      assert.equal(await within(stopWithinMs, 'stopping', errorOf(pages.next())), reason);
      assert.equal(bench.backend.calls, calls);
    },
  ),

  check('is not disturbed by a signal that is aborted afterwards', async (bench) => {
    const [unit] = await twoUnits(bench);
    const source = await bench.create();
    const controller = new AbortController();
    await drain(collect(source, claim(unit, 1), controller.signal));
    controller.abort(new Error('too late'));
    await bench.backend.probe();
    await assert.doesNotReject(drain(collect(source, claim(unit, 1), never())));
  }),
];
