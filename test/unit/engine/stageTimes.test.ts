import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stage } from '../../../src/core/live.ts';
import { StageTimes } from '../../../src/engine/stageTimes.ts';
import { ManualClock } from '../../fixtures/manualClock.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';

const stages: readonly Stage[] = ['wait', 'fetch', 'parse', 'commit'];

test("a unit's time goes to one stage at a time, also before it has left it", async () => {
  const clock = new ManualClock();
  const times = new StageTimes(clock);
  const unit = times.begin(1);
  assert.equal(unit.stage, 'fetch');
  await clock.advance(10);
  unit.enter('parse');
  await clock.advance(3);
  assert.deepEqual(times.totalsMs(), { wait: 0, fetch: 10, parse: 3, commit: 0 });
  unit.enter('commit');
  unit.enter('commit');
  await clock.advance(5);
  times.end(1);
  await clock.advance(100);
  unit.enter('fetch');
  await clock.advance(100);
  assert.deepEqual(times.totalsMs(), { wait: 0, fetch: 10, parse: 3, commit: 5 });
});

test('a unit that is tried again waits until it is claimed; when work stops, nothing does', async () => {
  const clock = new ManualClock();
  const times = new StageTimes(clock);
  times.begin(1);
  await clock.advance(10);
  times.wait(1);
  await clock.advance(50);
  assert.equal(times.begin(1).stage, 'fetch');
  await clock.advance(1);
  assert.deepEqual(times.totalsMs(), { wait: 50, fetch: 11, parse: 0, commit: 0 });
  times.wait(1);
  times.endAll();
  await clock.advance(1000);
  assert.deepEqual(times.totalsMs(), { wait: 50, fetch: 11, parse: 0, commit: 0 });
});

test('all stages together are the time that units have been under way', async () => {
  const clock = new ManualClock();
  const times = new StageTimes(clock);
  const random = new SeededRandom(5);
  const pick = (count: number): number => Math.floor(random.next() * count);
  const underWay = new Map<number, ReturnType<StageTimes['begin']>>();
  let unitMs = 0;
  for (let step = 0; step < 500; step++) {
    const n = pick(6);
    const unit = underWay.get(n);
    if (unit === undefined) underWay.set(n, times.begin(n));
    else if (pick(5) > 0) unit.enter(stages[pick(4)] ?? 'wait');
    else {
      times.end(n);
      underWay.delete(n);
    }
    const ms = pick(20);
    unitMs += ms * underWay.size;
    await clock.advance(ms);
    const { wait, fetch, parse, commit } = times.totalsMs();
    assert.equal(wait + fetch + parse + commit, unitMs);
  }
});
