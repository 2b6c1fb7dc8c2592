import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyDelta,
  diffSnapshots,
  idleStats,
  type SessionSnapshot,
} from '../../../src/core/live.ts';
import { emptyView, reduceView } from '../../../src/core/view.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';

test('a snapshot and the deltas after it give the same as the snapshots themselves', () => {
  const random = new SeededRandom(3);
  let last: SessionSnapshot = { view: emptyView, live: idleStats };
  let screen = structuredClone(last);
  for (let seq = 0; seq < 200; seq++) {
    const at = new Date(seq).toISOString();
    const events =
      random.next() < 0.5
        ? [
            {
              type: 'units',
              first: seq + 1,
              lane: 'l',
              group: 'g',
              items: [{ key: `${seq}` }],
            } as const,
          ]
        : [];
    const next: SessionSnapshot = {
      view: random.next() < 0.3 ? last.view : reduceView(last.view, { seq, at, events }),
      live:
        random.next() < 0.3
          ? last.live
          : { ...last.live, elapsedMs: seq, etaMs: random.next() < 0.5 ? null : seq },
    };
    // As it crosses a process boundary.
    const delta = JSON.parse(JSON.stringify(diffSnapshots(last, next))) as ReturnType<
      typeof diffSnapshots
    >;
    screen = applyDelta(screen, delta);
    assert.deepEqual(screen, next);
    last = next;
  }
});

test('what has not changed is not sent', () => {
  const snapshot: SessionSnapshot = { view: emptyView, live: idleStats };
  assert.deepEqual(diffSnapshots(snapshot, snapshot), { view: {}, live: {} });
  const changed = { ...snapshot, view: { ...emptyView, records: 5 } };
  assert.deepEqual(diffSnapshots(snapshot, changed), { view: { records: 5 }, live: {} });
  assert.equal(
    applyDelta(snapshot, { view: { records: 5 }, live: {} }).view.units,
    emptyView.units,
  );
});
