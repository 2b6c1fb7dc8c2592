import assert from 'node:assert/strict';
import {
  CollectorError,
  RetryError,
  ThrottledError,
  UnitFailedError,
} from '../../../src/core/errors.ts';
import { checkIf } from '../check.ts';
import { claim, errorOf, pagesOf, planAll, recordTexts, within } from '../drive.ts';
import { type Situation, situations, throttledMs } from '../subject.ts';

const classes = { RetryError, ThrottledError, UnitFailedError };
const usualSilentMs = 300;

function checkSituation(situation: Situation) {
  return checkIf(
    (subject) => subject.errors[situation] !== 'n/a',
    `tells ${situation} by the class of its error`,
    async ({ backend, subject, create }) => {
      const expected = subject.errors[situation];
      const silentMs = subject.silentMs ?? usualSilentMs;
      assert.ok(expected !== 'n/a');
      const planner = await create();
      const [unit] = await planAll(planner);
      assert.ok(unit !== undefined);
      const records = await recordTexts(
        planner,
        claim(unit, 1),
        await pagesOf(planner, claim(unit, 1)),
      );

      // Warmed up, so that the situation meets the data and not what comes before it (robots.txt).
      const source = await create({}, situation === 'silent' ? silentMs : 5_000);
      await pagesOf(source, claim(unit, 1));
      await backend.behave(situation);
      const error = await within(
        silentMs + 2_000,
        `the error for ${situation}`,
        errorOf(pagesOf(source, claim(unit, 1))),
      );
      assert.ok(error instanceof classes[expected], `${expected} expected, got ${String(error)}`);
      assert.ok(error instanceof CollectorError);
      assert.match(error.code, /^[A-Z][A-Z0-9_]*$/);
      assert.notEqual(error.message, '');
      if (error instanceof ThrottledError && situation === 'throttled') {
        assert.ok(
          error.delayMs > throttledMs - 2_000 && error.delayMs <= throttledMs * 2,
          `asked to wait ${throttledMs} ms, the error says ${error.delayMs}`,
        );
      }

      await backend.behave('well');
      const later = await create();
      const pages = await pagesOf(later, claim(unit, 1));
      assert.deepEqual(
        await recordTexts(later, claim(unit, 1), pages),
        records,
        'the unit afterwards',
      );
    },
  );
}

/** What `collect` promises when the other side does not behave. */
export const failing = situations.map(checkSituation);
