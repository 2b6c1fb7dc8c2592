import assert from 'node:assert/strict';
import type { Page, Source } from '../../../src/sources/source.ts';
import { check, checkIf } from '../check.ts';
import {
  claim,
  type CollectedUnit,
  collectAll,
  pagesOf,
  recordText,
  recordTexts,
  throughJson,
} from '../drive.ts';

async function allRecords<Item>(
  source: Source<Item>,
  collected: readonly CollectedUnit<Item>[],
): Promise<string[]> {
  const texts: string[] = [];
  for (const { unit, pages } of collected) texts.push(...(await recordTexts(source, unit, pages)));
  return texts.sort();
}

function assertEnds(pages: readonly Page<unknown>[], key: string): void {
  pages.forEach((page, i) => {
    const isLast = i === pages.length - 1;
    assert.equal(page.end !== undefined, isLast, `page ${i + 1} of ${pages.length} of ${key}: end`);
  });
  const proof = pages.at(-1)?.end;
  assert.ok(proof !== undefined, `${key} ended without a page`);
  assert.notEqual(proof.by, '', `${key}: proof without words`);
}

/** What `collect` promises when nothing goes wrong. */
export const collecting = [
  check('collects every record once, and each unit ends with a proof', async (bench) => {
    const source = await bench.create();
    const collected = await collectAll(source, 1);
    for (const { unit, pages } of collected) assertEnds(pages, unit.key);
    assert.deepEqual(
      await allRecords(source, collected),
      bench.subject.expected(bench.backend).map(recordText).sort(),
    );
    const found = collected.flatMap(({ pages }) => pages.flatMap((page) => page.units ?? []));
    assert.equal(found.length > 0, bench.subject.traits.discovers, 'traits.discovers');
    for (const unit of found) assert.deepEqual(throughJson(unit.input), unit.input);
  }),

  checkIf(
    ({ traits }) => traits.inOrder !== true,
    'collects the same when units run side by side',
    async (bench) => {
      const source = await bench.create();
      assert.deepEqual(
        await allRecords(source, await collectAll(source, 4)),
        bench.subject.expected(bench.backend).map(recordText).sort(),
      );
    },
  ),

  check('collects a unit again from its start, with the same result', async ({ create }) => {
    const source = await create();
    for (const { unit, pages } of await collectAll(source, 1)) {
      const again = await pagesOf(source, unit);
      assertEnds(again, unit.key);
      assert.deepEqual(
        await recordTexts(source, unit, again),
        await recordTexts(source, unit, pages),
        unit.key,
      );
    }
  }),

  checkIf(
    (subject) => subject.traits.resumesMidUnit,
    'resumes from each cursor with exactly what was left',
    async ({ create }) => {
      const source = await create();
      const collected = await collectAll(source, 1);
      const longest = Math.max(...collected.map(({ pages }) => pages.length));
      assert.ok(longest >= 3, 'the suite needs a unit of three pages');
      for (const { unit, pages } of collected) {
        for (const [i, page] of pages.entries()) {
          if (page.end !== undefined) continue;
          assert.notEqual(page.cursor, undefined, `${unit.key}: page ${i + 1} has no cursor`);
          const resumed = await create();
          const from = claim(unit, unit.n, page.cursor);
          const rest = await pagesOf(resumed, from);
          assertEnds(rest, unit.key);
          assert.deepEqual(
            await recordTexts(resumed, from, rest),
            await recordTexts(source, unit, pages.slice(i + 1)),
            `${unit.key} resumed after page ${i + 1}`,
          );
        }
      }
    },
  ),

  checkIf(
    (subject) => !subject.traits.resumesMidUnit,
    'gives no cursor, since it does not resume in the middle',
    async ({ create }) => {
      for (const { unit, pages } of await collectAll(await create(), 1)) {
        for (const page of pages) assert.equal(page.cursor, undefined, unit.key);
      }
    },
  ),
];
