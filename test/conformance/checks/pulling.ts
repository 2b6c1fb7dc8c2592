import assert from 'node:assert/strict';
import { check, checkIf } from '../check.ts';
import { claim, collect, never, planAll, stopWithinMs, within } from '../drive.ts';

/** What `collect` promises about pace: nothing is fetched before it is asked for. */
export const pulling = [
  check('makes no call before the first page is asked for', async ({ backend, create }) => {
    const source = await create();
    const [unit] = await planAll(source);
    assert.ok(unit !== undefined);
    const calls = backend.calls;
    const pages = collect(source, claim(unit, 1), never());
    await backend.probe();
    await backend.probe();
    assert.equal(backend.calls, calls);
    await pages.return();
  }),

  checkIf(
    (subject) => subject.traits.resumesMidUnit && subject.isLocal !== true,
    'does not fetch the next page before this one is durable',
    async ({ backend, create }) => {
      const source = await create();
      const [unit] = await planAll(source);
      assert.ok(unit !== undefined);
      const pages = collect(source, claim(unit, 1), never());
      // A page is one call: that it was made only now shows that it was not made before.
      for (let asked = backend.calls; (await pages.next()).done !== true; asked = backend.calls) {
        const calls = backend.calls;
        assert.ok(calls > asked, 'a page was there before it was asked for');
        await backend.probe();
        await backend.probe();
        assert.equal(backend.calls, calls, 'a page was fetched ahead');
      }
    },
  ),

  check('is finished by return(), without another call', async ({ backend, create }) => {
    const source = await create();
    const [unit] = await planAll(source);
    assert.ok(unit !== undefined);
    const pages = collect(source, claim(unit, 1), never());
    await pages.next();
    const calls = backend.calls;
    await within(stopWithinMs, 'return()', pages.return());
    assert.equal((await pages.next()).done, true);
    await backend.probe();
    await backend.probe();
    assert.equal(backend.calls, calls);
  }),
];
