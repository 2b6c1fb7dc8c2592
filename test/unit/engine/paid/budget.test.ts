import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PauseError } from '../../../../src/core/errors.ts';
import { Budget } from '../../../../src/engine/paid/budget.ts';
import { letRun } from '../../../fixtures/manualClock.ts';
import { SeededRandom } from '../../../fixtures/seededRandom.ts';

const never = new AbortController().signal;

function budgetOf(maxMicroUsd: number, spentMicroUsd = 0, reservedMicroUsd = 0): Budget {
  return new Budget({ maxMicroUsd, spentMicroUsd, reservedMicroUsd });
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  promise.then(over, over);
  for (let turn = 0; turn < 5; turn++) await letRun();
  return !isOver;
}

const isBudgetReached = (error: unknown): boolean =>
  error instanceof PauseError && error.code === 'BUDGET_REACHED' && error.reason === 'budget';

test('what fits to the last millionth is set aside; one more is refused', async () => {
  const budget = budgetOf(100, 40, 10);
  await budget.reserve(1, 50, 'w', never);
  budget.leave(1);
  await assert.rejects(budget.reserve(2, 1, 'w', never), isBudgetReached);
  await budget.reserve(2, 0, 'w', never);
});

test('the message says what is spent, what is set aside, what was wanted, and what to do', async () => {
  const budget = budgetOf(1_000_000, 900_000, 50_000);
  await assert.rejects(budget.reserve(1, 250_000, 'a run', never), (error: PauseError) => {
    assert.equal(
      error.message,
      'The budget of $1.00 (limits.maxUsd) has no room for the next call: $0.90 is spent and $0.05 is set aside for ' +
        'calls under way, and "a run" may cost up to $0.25. Raise limits.maxUsd and resume.',
    );
    return true;
  });
});

test('a call waits for what another unit may give back, and goes when it does', async () => {
  const budget = budgetOf(100);
  await budget.reserve(1, 80, 'w', never);
  const second = budget.reserve(2, 50, 'w', never);
  assert.ok(await isPending(second));
  budget.settle(1, 80, 30);
  await second;
  await assert.rejects(
    (budget.leave(2), budget.reserve(3, 21, 'w', never)),
    isBudgetReached,
    '30 are spent, 50 set aside',
  );
});

test('nobody waits for a unit that has left, or that waits itself', async () => {
  const budget = budgetOf(100);
  await budget.reserve(1, 60, 'w', never);
  await budget.reserve(2, 40, 'w', never);
  const first = budget.reserve(1, 50, 'w', never);
  const second = budget.reserve(2, 50, 'w', never);
  await assert.rejects(second, isBudgetReached);
  budget.leave(2);
  await assert.rejects(first, isBudgetReached);
  const third = budget.reserve(3, 50, 'w', never);
  assert.ok(await isPending(third));
  budget.leave(1);
  await assert.rejects(third, isBudgetReached);
});

test('where units hold the money that are tried again, who waits for it goes back: they need its place', async () => {
  const budget = budgetOf(100);
  await budget.reserve(1, 80, 'w', never);
  const second = budget.reserve(2, 50, 'w', never);
  assert.ok(await isPending(second));
  budget.leave(1, true);
  await assert.rejects(second, { name: 'ThrottledError', code: 'BUDGET_HELD' });
  await assert.rejects(budget.reserve(2, 101, 'w', never), isBudgetReached, 'it never fits');
  budget.hold(1);
  const third = budget.reserve(2, 50, 'w', never);
  assert.ok(await isPending(third), 'unit 1 is back');
  budget.settle(1, 80, 50);
  await third;
  budget.leave(1, true);
  budget.leave(2);
  await assert.rejects(budget.reserve(3, 1, 'w', never), isBudgetReached, 'it holds nothing more');
});

test('waiting ends with the signal', async () => {
  const budget = budgetOf(100);
  await budget.reserve(1, 100, 'w', never);
  const controller = new AbortController();
  const waiting = budget.reserve(2, 1, 'w', controller.signal);
  assert.ok(await isPending(waiting));
  const reason = new Error('paused');
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
});

test('whatever is asked for and given back in whatever order: never over the ceiling, nobody waits for ever', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new SeededRandom(seed);
    const max = 50 + Math.floor(random.next() * 200);
    const budget = budgetOf(max);
    let spent = 0;
    let reserved = 0;
    const work = async (unit: number): Promise<void> => {
      for (let call = 0; call < 5; call++) {
        const worst = Math.floor(random.next() * 80);
        try {
          await budget.reserve(unit, worst, 'w', never);
        } catch (error) {
          assert.ok(isBudgetReached(error));
          break;
        }
        reserved += worst;
        assert.ok(spent + reserved <= max, `seed ${seed}`);
        await letRun();
        const cost = Math.floor(random.next() * (worst + 1));
        reserved -= worst;
        spent += cost;
        budget.settle(unit, worst, cost);
      }
      budget.leave(unit);
    };
    await Promise.all(Array.from({ length: 6 }, (_, unit) => work(unit)));
    assert.equal(reserved, 0);
  }
});
