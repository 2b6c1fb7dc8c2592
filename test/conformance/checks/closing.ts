import assert from 'node:assert/strict';
import { check } from '../check.ts';
import { claim, collect, errorOf, never, pagesOf, planAll, within } from '../drive.ts';

/** What `close` promises. That nothing is left running afterwards is part of every check. */
export const closing = [
  check('closes without ever having been used, and again', async ({ create }) => {
    const source = await create();
    await source.close();
    await source.close();
  }),

  check('ends what is still running when it is closed', async ({ backend, create }) => {
    const planner = await create();
    const [unit] = await planAll(planner);
    assert.ok(unit !== undefined);
    const source = await create();
    const before = backend.calls;
    backend.stallFrom(1, 'start');
    const work = errorOf(pagesOf(source, claim(unit, 1)));
    work.catch(() => undefined);
    await backend.untilCalls(before + 1);
    await within(1_000, 'close()', source.close());
    const error = await within(1_000, 'the end of the unit under way', work);
    assert.ok(error instanceof Error);
    backend.release();
  }),

  check('can be closed between two pages', async ({ create }) => {
    const source = await create();
    const [unit] = await planAll(source);
    assert.ok(unit !== undefined);
    const pages = collect(source, claim(unit, 1), never());
    await pages.next();
    await within(1_000, 'close()', source.close());
    await within(1_000, 'return()', pages.return());
  }),

  check('can be left in the middle of its plan', async ({ create }) => {
    const source = await create();
    for await (const unit of source.plan(never())) {
      assert.notEqual(unit.key, '');
      break;
    }
  }),
];
