import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ChangedRows } from '../../../../src/host/dashboard/changedRows.ts';
import { inOrder, overviewRow } from '../../../../src/host/dashboard/overviewModel.ts';
import { makeTracked } from '../../../fixtures/views.ts';

test('a row has the session’s own counts, and estimates of what runs here only', () => {
  const view = { state: 'active', mutable: { limits: { maxUsd: 40 } }, spentMicroUsd: 5 } as const;
  const row = overviewRow(makeTracked(view, { isOurs: true, resumable: false }), true);
  assert.deepEqual(
    [row.records, row.failed, row.finished, row.total, row.maxMicroUsd, row.spentMicroUsd],
    [1234, 2, 132, 200, 40_000_000, 5],
  );
  assert.equal(row.recordsPerSecond, 0);
  assert.equal(row.folder, '');
  const stopped = overviewRow(makeTracked({ state: 'stopped' }), false);
  assert.equal(stopped.recordsPerSecond, null);
  assert.equal(stopped.etaMs, null);
  assert.equal(stopped.folder, 'space');
});

test('a row offers what this window can do', () => {
  const actions = (...changes: Parameters<typeof makeTracked>) =>
    overviewRow(makeTracked(...changes), true).actions.join(' ');
  assert.equal(actions({ state: 'active' }, { isOurs: true, resumable: false }), 'open pause stop');
  assert.equal(actions({ state: 'paused' }, { isOurs: true }), 'open resume stop');
  assert.equal(actions({ state: 'stopped' }), 'open resume');
  const holder = { pid: 1, host: 'box', via: 'cli', since: '2026-01-01T00:00:00.000Z' } as const;
  const held = makeTracked({ state: 'active' }, { holder, resumable: false });
  assert.equal(overviewRow(held, true).state, 'held');
  assert.deepEqual(overviewRow(held, true).actions, ['open']);
});

test('what is being carried out stands first, then the newest', () => {
  const row = (session: string, state: 'active' | 'paused' | 'completed', minute: number) =>
    overviewRow(
      makeTracked({ session, state, lastEventAt: `2026-01-01T00:0${minute}:00.000Z` }),
      true,
    );
  const rows = [
    row('done', 'completed', 1),
    row('held up', 'paused', 2),
    row('newer', 'completed', 5),
    row('at work', 'active', 3),
  ];
  assert.deepEqual(
    inOrder(rows).map(({ ref }) => ref.session),
    ['at work', 'held up', 'newer', 'done'],
  );
});

test('changes are told together, five times a second at most, and not at all once forgotten', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const sent: string[] = [];
    const changed = new ChangedRows<string>((keys) => sent.push(keys.join(' ')));
    for (let ms = 0; ms < 1000; ms += 10) {
      changed.add('a');
      if (ms % 50 === 0) changed.add('b');
      mock.timers.tick(10);
    }
    assert.deepEqual(sent, ['a b', 'a b', 'a b', 'a b', 'a b']);
    changed.add('a');
    changed.clear();
    mock.timers.tick(1000);
    assert.equal(sent.length, 5);
  } finally {
    mock.timers.reset();
  }
});
