import assert from 'node:assert/strict';
import { isSafeFileName } from '../../../src/core/names.ts';
import { check } from '../check.ts';
import { drain, errorOf, planAll, stopWithinMs, throughJson, within } from '../drive.ts';

/** What `plan` promises. */
export const planning = [
  check('says of itself what it is', async ({ create, subject }) => {
    const source = await create();
    assert.deepEqual(source.traits, subject.traits);
    assert.match(source.type, /^[a-z]+$/);
  }),

  check('plans the same units each time, and each once', async ({ create }) => {
    const source = await create();
    const first = await planAll(source);
    assert.deepEqual(await planAll(source), first, 'planned twice by one source');
    assert.deepEqual(await planAll(await create()), first, 'planned by another source');
    const keys = first.map((unit) => unit.key);
    assert.equal(new Set(keys).size, keys.length, 'two units with one key');
    assert.ok(first.length >= 2, 'the suite needs two units to begin with');
  }),

  check('plans units that the journal can hold', async ({ create }) => {
    for (const unit of await planAll(await create())) {
      assert.deepEqual(
        throughJson(unit.input),
        unit.input,
        'input changes on its way through JSON',
      );
      assert.notEqual(unit.key, '');
      assert.notEqual(unit.lane, '');
      assert.ok(isSafeFileName(unit.group), `group "${unit.group}" is no file name`);
    }
  }),

  check('stops planning when it is aborted before', async ({ backend, create }) => {
    const source = await create();
    const reason = new Error('stopped before the plan');
    const units = source.plan(AbortSignal.abort(reason));
    const work = units[Symbol.asyncIterator]().next();
    assert.equal(await within(stopWithinMs, 'stopping', errorOf(work)), reason);
    assert.equal(backend.calls, 0);
  }),

  check('stops planning when it is aborted during a call', async ({ backend, create }) => {
    await planAll(await create());
    const calls = backend.calls;
    for (let nth = 1; nth <= calls; nth++) {
      const source = await create();
      backend.stallFrom(nth, nth % 2 === 0 ? 'middle' : 'start');
      const before = backend.calls;
      const controller = new AbortController();
      const reason = new Error(`stopped in call ${nth} of the plan`);
      const work = drain(source.plan(controller.signal));
      work.catch(() => undefined);
      await backend.untilCalls(before + nth);
      controller.abort(reason);
      assert.equal(await within(stopWithinMs, 'stopping', errorOf(work)), reason);
      backend.release();
    }
  }),
];
