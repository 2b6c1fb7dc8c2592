import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ClaimedUnit, Unit } from '../../../src/core/unit.ts';
import { Frontier, type PendingStore, type WaitingUnit } from '../../../src/engine/frontier.ts';
import { letRun, ManualClock } from '../../fixtures/manualClock.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';

const unit = (n: number, lane = 'a'): Unit => ({ n, key: `u${n}`, lane, group: 'g', input: {} });
const many = (from: number, count: number, lane = 'a'): Unit[] =>
  Array.from({ length: count }, (_, i) => unit(from + i, lane));

/** The pending units of the index. */
class MemoryStore implements PendingStore {
  readonly pending = new Map<number, WaitingUnit>();
  queries = 0;

  add(units: readonly Unit[]): void {
    for (const u of units) this.pending.set(u.n, { ...u, cursor: undefined, attempts: 0 });
  }

  async pendingUnits(lane: string, after: number, limit: number): Promise<WaitingUnit[]> {
    this.queries += 1;
    await letRun();
    return [...this.pending.values()]
      .filter((u) => u.lane === lane && u.n > after)
      .sort((a, b) => a.n - b.n)
      .slice(0, limit);
  }
}

function begin(t: TestContext, perLane = 100) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = new ManualClock();
  const store = new MemoryStore();
  const frontier = new Frontier(clock, store, perLane);
  const abort = new AbortController();
  const never = abort.signal;
  return {
    store,
    frontier,
    /** Known to the index, and told to the frontier. */
    add(units: readonly Unit[]): void {
      store.add(units);
      frontier.add(units);
    },
    async claim(): Promise<ClaimedUnit | undefined> {
      const claimed = await frontier.claim(never);
      if (claimed !== undefined) store.pending.delete(claimed.n);
      return claimed;
    },
    /** What a claim comes to at once: "waits" when it does not. */
    async claimNow(): Promise<number | 'waits' | undefined> {
      const own = new AbortController();
      const waiting = frontier.claim(own.signal);
      const result = await Promise.race([
        waiting.then((u) => u?.n),
        letTurns().then(() => 'waits' as const),
      ]);
      if (result === 'waits') {
        own.abort();
        frontier.wake();
        await waiting;
      } else if (result !== undefined) store.pending.delete(result);
      return result;
    },
    async tick(ms: number): Promise<void> {
      await clock.advance(ms);
      t.mock.timers.tick(ms + 1);
      await letTurns();
    },
  };
}

async function letTurns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await letRun();
}

test('lanes take turns; within a lane the order is that of discovery', async (t) => {
  const { add, claim, frontier } = begin(t);
  add([unit(1, 'a'), unit(2, 'a'), unit(3, 'a'), unit(4, 'b'), unit(5, 'c'), unit(6, 'b')]);
  frontier.planned();
  const order: number[] = [];
  for (let i = 0; i < 6; i++) order.push((await claim())?.n ?? 0);
  assert.deepEqual(order, [1, 4, 5, 2, 6, 3]);
});

test('a lane has no more in flight than it may, and others go on', async (t) => {
  const { add, claim, claimNow, frontier } = begin(t, 2);
  add([...many(1, 5, 'a'), unit(6, 'b')]);
  const claimed = [await claim(), await claim(), await claim()];
  assert.deepEqual(
    claimed.map((u) => u?.n),
    [1, 6, 2],
  );
  assert.equal(frontier.inFlight, 3);
  assert.equal(await claimNow(), 'waits');
  if (claimed[0]) frontier.finish(claimed[0]);
  assert.equal(await claimNow(), 3);
});

test('a unit that goes back at once is next in its lane, with what it has used up', async (t) => {
  const { add, claim, frontier } = begin(t);
  add(many(1, 3));
  const first = await claim();
  assert.ok(first);
  assert.equal(first.attempt, 1);
  frontier.giveBack({ ...first, attempts: 1, cursor: { page: 2 } }, 0, false);
  const again = await claim();
  assert.deepEqual([again?.n, again?.attempt, again?.cursor], [1, 2, { page: 2 }]);
  assert.equal((await claim())?.n, 2);
});

test('a unit that waits for its retry holds up nobody, and is not taken before its time', async (t) => {
  const { add, claim, claimNow, frontier, tick } = begin(t);
  add(many(1, 2));
  const first = await claim();
  assert.ok(first);
  frontier.planned();
  frontier.giveBack({ ...first, attempts: 1 }, 1000, false);
  assert.equal(await claimNow(), 2);
  assert.equal(await claimNow(), 'waits', 'it is not over while something waits for its retry');
  await tick(900);
  assert.equal(await claimNow(), 'waits');
  await tick(101);
  assert.equal(await claimNow(), 1);
});

test('a lane that is held back rests as a whole, others go on', async (t) => {
  const { add, claim, claimNow, frontier, tick } = begin(t);
  add([...many(1, 3, 'a'), ...many(4, 2, 'b')]);
  const first = await claim();
  assert.ok(first);
  frontier.giveBack({ ...first, attempts: 0 }, 5000, true);
  assert.equal(await claimNow(), 4);
  assert.equal(await claimNow(), 5);
  assert.equal(await claimNow(), 'waits');
  await tick(4999);
  assert.equal(await claimNow(), 'waits');
  await tick(2);
  assert.equal(await claimNow(), 1);
  // A shorter hold does not end a longer one.
  const second = await claim();
  assert.ok(second);
  frontier.giveBack({ ...second, attempts: 0 }, 9000, true);
  const held = await claimNow();
  assert.equal(held, 'waits');
});

test('who waits is woken when a hold ends, without asking again', async (t) => {
  const { add, claim, frontier, tick } = begin(t);
  add([unit(1)]);
  const first = await claim();
  assert.ok(first);
  frontier.giveBack({ ...first, attempts: 0 }, 100, true);
  const waiting = frontier.claim(new AbortController().signal);
  await tick(101);
  assert.equal((await waiting)?.n, 1);
});

test('what does not fit into memory waits in the index, and comes in order', async (t) => {
  const { add, claim, store, frontier } = begin(t, 2000);
  for (let from = 1; from <= 3000; from += 100) add(many(from, 100));
  frontier.planned();
  for (let n = 1; n <= 3000; n++) {
    const claimed = await claim();
    assert.equal(claimed?.n, n);
    frontier.finish(claimed);
  }
  assert.equal(await claim(), undefined);
  assert.ok(store.queries >= 10 && store.queries <= 20, `${store.queries} queries`);
});

test('what waited when the session was opened is in the index only', async (t) => {
  const { add, claim, store, frontier } = begin(t);
  store.add([...many(1, 300, 'a'), ...many(301, 2, 'b')]);
  frontier.addSpilled([
    { lane: 'a', count: 300 },
    { lane: 'b', count: 2 },
  ]);
  add(many(303, 5, 'a'));
  frontier.planned();
  const seen: number[] = [];
  for (let claimed = await claim(); claimed !== undefined; claimed = await claim()) {
    seen.push(claimed.n);
    frontier.finish(claimed);
  }
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    many(1, 307).map((u) => u.n),
  );
});

test('it is over when all is planned, nothing waits and nothing is in flight, and not before', async (t) => {
  const { add, claim, claimNow, frontier } = begin(t);
  assert.equal(await claimNow(), 'waits', 'the plan is not known yet');
  add([unit(1)]);
  const first = await claim();
  assert.ok(first);
  frontier.planned();
  assert.equal(await claimNow(), 'waits', 'what is in flight may bring more to light');
  add([unit(2)]);
  const second = await claim();
  frontier.finish(first);
  assert.ok(second);
  const last = frontier.claim(new AbortController().signal);
  frontier.finish(second);
  assert.equal(await last, undefined);
});

test('who waits is let go when the work is interrupted', async (t) => {
  const { frontier } = begin(t);
  const abort = new AbortController();
  const waiting = [frontier.claim(abort.signal), frontier.claim(abort.signal)];
  abort.abort();
  frontier.wake();
  assert.deepEqual(await Promise.all(waiting), [undefined, undefined]);
  assert.equal(await frontier.claim(abort.signal), undefined);
});

test('an index that can not be asked fails whoever claims', async (t) => {
  const { frontier, store } = begin(t);
  store.pendingUnits = () => Promise.reject(new Error('no index'));
  frontier.addSpilled([{ lane: 'a', count: 3 }]);
  await assert.rejects(frontier.claim(new AbortController().signal), /no index/);
});

test('more was counted than is there: it is over all the same', async (t) => {
  const { claim, frontier, store } = begin(t);
  store.add([unit(1)]);
  frontier.addSpilled([{ lane: 'a', count: 7 }]);
  frontier.planned();
  const first = await claim();
  assert.ok(first);
  frontier.finish(first);
  assert.equal(await claim(), undefined);
});

test('whatever happens, every unit is claimed until it is finished, and none twice at once', async (t) => {
  for (let seed = 1; seed <= 12; seed++) {
    t.mock.timers.reset();
    const random = new SeededRandom(seed);
    const { add, claimNow, frontier, tick } = begin(t, 1 + random.below(3));
    const inFlight = new Map<number, ClaimedUnit>();
    const finished = new Set<number>();
    const byNumber = new Map<number, Unit>();
    const tries = new Map<number, number>();
    let total = 0;
    const discover = (count: number): void => {
      const units = Array.from({ length: count }, (_, i) =>
        unit(total + 1 + i, `lane${random.below(4)}`),
      );
      total += count;
      for (const u of units) byNumber.set(u.n, u);
      add(units);
    };
    discover(700);
    frontier.planned();
    for (let step = 0; step < 20_000 && (finished.size < total || inFlight.size > 0); step++) {
      if (total < 1200 && random.next() < 0.02) discover(random.below(60));
      if (inFlight.size < 8 && random.next() < 0.6) {
        const n = await claimNow();
        if (typeof n === 'number') {
          assert.ok(!inFlight.has(n) && !finished.has(n), `${n} is claimed again`);
          const known = byNumber.get(n);
          assert.ok(known);
          const attempts = tries.get(n) ?? 0;
          inFlight.set(n, { ...known, cursor: undefined, attempt: attempts + 1 });
        } else if (n === undefined) break;
        else await tick(50);
      }
      const [next] = inFlight.values();
      if (next === undefined || random.next() < 0.3) continue;
      inFlight.delete(next.n);
      const attempts = (tries.get(next.n) ?? 0) + 1;
      if (attempts > 3 || random.next() < 0.7) {
        finished.add(next.n);
        frontier.finish(next);
      } else {
        tries.set(next.n, attempts);
        const isHeld = random.next() < 0.3;
        frontier.giveBack({ ...next, attempts }, random.below(3) * 20, isHeld);
      }
    }
    assert.equal(finished.size, total, `seed ${seed}`);
    assert.equal(await claimNow(), undefined);
  }
});

test('a unit that is brought back is claimed exactly once, wherever its lane’s window is', async (t) => {
  for (const n of [1, 100, 256, 257, 400, 600]) {
    for (const before of [0, 50, 256, 300, 599]) {
      const { store, frontier, add } = begin(t);
      const failed = { ...unit(n), cursor: undefined, attempts: 0 };
      add(many(1, 600).filter((u) => u.n !== n));
      frontier.planned();
      const claimed: number[] = [];
      const never = new AbortController().signal;
      const claimOne = async (): Promise<boolean> => {
        const u = await frontier.claim(never);
        if (u === undefined) return false;
        claimed.push(u.n);
        // That it is claimed gets into the index some time later.
        store.pending.delete(claimed.at(-5) ?? 0);
        frontier.finish(u);
        return true;
      };
      for (let i = 0; i < before; i++) await claimOne();
      await frontier.bringBack(async () => {
        store.pending.set(n, failed);
        await letRun();
        return [failed];
      });
      while (await claimOne()) if (claimed.length > 600) break;
      assert.deepEqual(
        claimed.toSorted((a, b) => a - b),
        many(1, 600).map((u) => u.n),
        `unit ${n}, after ${before}`,
      );
      t.mock.timers.reset();
    }
  }
});

test('a unit may be brought back while its lane is being filled from the index', async (t) => {
  const { store, frontier, claim } = begin(t);
  const failed = { ...unit(3), cursor: undefined, attempts: 0 };
  store.add([unit(1), unit(2), unit(4), unit(5)]);
  frontier.addSpilled([{ lane: 'a', count: 4 }]);
  frontier.planned();
  const first = claim();
  await frontier.bringBack(async () => {
    store.pending.set(3, failed);
    await letRun();
    return [failed];
  });
  const claimed = [await first];
  for (let u = await claim(); u !== undefined; u = await claim()) {
    claimed.push(u);
    if (claimed.length > 5) break;
    if (claimed.length === 5) for (const one of claimed) if (one) frontier.finish(one);
  }
  assert.deepEqual(claimed.map((u) => u?.n).sort(), [1, 2, 3, 4, 5]);
});

test('nothing comes from the index between a unit’s being pending there and its being told', async (t) => {
  const { store, frontier, claim } = begin(t);
  const failed = { ...unit(3), cursor: undefined, attempts: 0 };
  store.add([unit(1), unit(2), unit(4), unit(5)]);
  frontier.addSpilled([{ lane: 'a', count: 4 }]);
  let first: ReturnType<typeof claim> | undefined;
  await frontier.bringBack(async () => {
    store.pending.set(3, failed);
    first = claim();
    await letTurns();
    assert.equal(store.queries, 0);
    return [failed];
  });
  const claimed = [await first];
  for (let i = 0; i < 4; i++) claimed.push(await claim());
  assert.deepEqual(
    claimed.map((u) => u?.n),
    [1, 2, 3, 4, 5],
  );
});

test('the work is not over while units are being brought back', async (t) => {
  const { store, frontier, claimNow } = begin(t);
  frontier.planned();
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const back = { ...unit(1), cursor: 'c', attempts: 0 };
  const bringing = frontier.bringBack(async () => {
    await held;
    store.pending.set(1, back);
    return [back];
  });
  assert.equal(await claimNow(), 'waits');
  letGo();
  await bringing;
  assert.equal(await claimNow(), 1);
});
