import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineRows } from '../../../../webview/dashboard/timelineRows.ts';
import { dashboardModels, samplePast } from '../../../fixtures/dashboardModels.ts';
import { makeSnapshot } from '../../../fixtures/views.ts';

test('marks and the checkpoints that are still kept, newest first, each once', () => {
  const rows = timelineRows(samplePast, dashboardModels.stopped);
  assert.deepEqual(
    rows.map(({ kind, checkpoint }) => checkpoint?.id ?? kind),
    ['stopped', 'c3', 'damaged', 'recovered', 'opened', 'c2', 'resumed', 'paused', 'c1', 'opened'],
  );
  assert.equal(new Set(rows.map(({ key }) => key)).size, rows.length);
});

test('a checkpoint that has been written since is there, until it is listed', () => {
  const lastCheckpoint = {
    id: 'c4',
    type: 'batch_completed',
    at: '2026-11-21T16:20:30.000Z',
    seq: 400,
  } as const;
  const model = {
    ...dashboardModels.stopped,
    snapshot: makeSnapshot({ state: 'active', lastCheckpoint }),
  };
  const [first] = timelineRows(samplePast, model);
  assert.deepEqual(first?.checkpoint, { id: 'c4', valid: true, records: null });
  const listed = [{ ...lastCheckpoint, valid: true, records: 1234 }, ...samplePast.checkpoints];
  const rows = timelineRows({ ...samplePast, checkpoints: listed }, model);
  assert.deepEqual(
    rows.filter(({ checkpoint }) => checkpoint?.id === 'c4').map((row) => row.checkpoint?.records),
    [1234],
  );
});
