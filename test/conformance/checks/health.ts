import assert from 'node:assert/strict';
import { ThrottledError } from '../../../src/core/errors.ts';
import type { HostHealth } from '../../../src/core/events.ts';
import type { JsonValue } from '../../../src/core/json.ts';
import { type Bench, checkIf } from '../check.ts';
import { claim, errorOf, pagesOf, planAll, throughJson } from '../drive.ts';

async function firstUnit(bench: Bench<unknown>) {
  const [unit] = await planAll(await bench.create());
  assert.ok(unit !== undefined);
  return claim(unit, 1);
}

/** What `health` promises, and that it is taken up again from the journal. */
export const health = [
  checkIf(
    ({ hasHealth }) => hasHealth,
    'counts what was asked and how it went',
    async (bench) => {
      const unit = await firstUnit(bench);
      const source = await bench.create();
      await pagesOf(source, unit);
      const [well] = source.health();
      assert.ok(well !== undefined, 'no health after a unit was collected');
      assert.equal(well.host, unit.lane, 'one host, named as the lane');
      assert.ok(well.requests >= 1);
      assert.equal(well.failures, 0);
      assert.equal(well.consecutiveErrors, 0);
      assert.equal(well.status, 'healthy');
      assert.equal(well.circuit, 'closed');
      assert.notEqual(well.lastSuccessAt, undefined);

      await bench.backend.behave('unavailable');
      await errorOf(pagesOf(source, unit));
      const [ill] = source.health();
      assert.ok(ill !== undefined);
      assert.ok(ill.requests > well.requests);
      assert.ok(ill.failures >= 1);
      assert.ok(ill.consecutiveErrors >= 1);
      assert.notEqual(ill.lastError, undefined);
      const [again] = throughJson(source.health() as unknown as JsonValue) as unknown as [
        HostHealth,
      ];
      assert.deepEqual(again, ill, 'health changes on its way through the journal');
    },
  ),

  checkIf(
    ({ hasHealth }) => hasHealth,
    'opens the circuit of a host that only fails: nothing is sent for a while',
    async (bench) => {
      const unit = await firstUnit(bench);
      const source = await bench.create();
      await pagesOf(source, unit);
      await bench.backend.behave('unavailable');
      for (let i = 0; i < 100; i++) {
        const before = bench.backend.calls;
        const error = await errorOf(pagesOf(source, unit));
        if (bench.backend.calls > before) {
          // One that costs money is not tried again by itself.
          const expected = bench.subject.errors.unavailable;
          const isExpected = error instanceof Error && error.name === expected;
          assert.ok(isExpected || error instanceof ThrottledError, String(error));
          continue;
        }
        assert.ok(error instanceof ThrottledError, String(error));
        assert.ok(error.delayMs > 0);
        assert.equal(source.health()[0]?.circuit, 'open');
        assert.notEqual(source.health()[0]?.status, 'healthy');
        return;
      }
      assert.fail('asked a host that only fails a hundred times');
    },
  ),

  checkIf(
    ({ hasHealth }) => hasHealth,
    'takes up the waiting times of the session before',
    async (bench) => {
      const unit = await firstUnit(bench);
      const notBefore = new Date(Date.now() + 60_000).toISOString();
      const source = await bench.create({
        health: [
          {
            host: unit.lane,
            status: 'offline',
            requests: 20,
            failures: 20,
            consecutiveErrors: 20,
            avgResponseMs: 10,
            circuit: 'open',
            notBefore,
          },
        ],
      });
      assert.equal(source.health()[0]?.requests, 20, 'the counts go on');
      const before = bench.backend.calls;
      const error = await errorOf(pagesOf(source, unit));
      assert.ok(error instanceof ThrottledError, String(error));
      assert.ok(error.delayMs > 50_000 && error.delayMs <= 61_000, String(error.delayMs));
      assert.equal(bench.backend.calls, before, 'something was sent before its time');
    },
  ),
];
