import assert from 'node:assert/strict';
import { canonicalJson } from '../../../src/core/json.ts';
import { check } from '../check.ts';
import { collectAll, recordText, throughJson } from '../drive.ts';

/** What `map`, `toRaw`, `fromRaw` and `provenance` promise. */
export const mapping = [
  check('maps the same item to the same record, and leaves the item alone', async ({ create }) => {
    const source = await create();
    for (const { unit, pages } of await collectAll(source, 1)) {
      for (const item of pages.flatMap((page) => page.items)) {
        const raw = canonicalJson(throughJson(source.toRaw(item)));
        if ((await source.makesRecord?.(item, unit)) === false) continue;
        const first = recordText(await source.map(item, unit));
        assert.equal(recordText(await source.map(item, unit)), first);
        assert.equal(canonicalJson(throughJson(source.toRaw(item))), raw);
      }
    }
  }),

  check('maps an item again from its raw form, in another source', async ({ create }) => {
    const source = await create();
    const later = await create();
    for (const { unit, pages } of await collectAll(source, 1)) {
      for (const item of pages.flatMap((page) => page.items)) {
        const again = later.fromRaw(throughJson(source.toRaw(item)), unit);
        const makes = (await source.makesRecord?.(item, unit)) ?? true;
        assert.equal((await later.makesRecord?.(again, unit)) ?? true, makes);
        if (!makes) continue;
        assert.equal(
          recordText(await later.map(again, unit)),
          recordText(await source.map(item, unit)),
        );
      }
    }
  }),

  check('knows where and when each item was received', async ({ create }) => {
    const source = await create();
    const startedAt = Date.now() - 1;
    for (const { pages } of await collectAll(source, 1)) {
      for (const item of pages.flatMap((page) => page.items)) {
        const { url, fetchedAt } = source.provenance(item);
        assert.notEqual(URL.parse(url), null, url);
        const at = Date.parse(fetchedAt);
        assert.ok(at >= startedAt && at <= Date.now() + 1, fetchedAt);
      }
    }
  }),
];
