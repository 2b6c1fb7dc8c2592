import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunMeter } from '../../../src/engine/runMeter.ts';

test('a sample has the bytes and latencies of its own second', () => {
  const meter = new RunMeter();
  assert.deepEqual(meter.takeSample(), { bytes: 0, fetch: null, commit: null });
  for (let ms = 100; ms >= 1; ms--) meter.answered(ms);
  meter.committed(7.04);
  meter.received(10);
  meter.received(5);
  assert.deepEqual(meter.takeSample(), {
    bytes: 15,
    fetch: { median: 50, p95: 95 },
    commit: { median: 7, p95: 7 },
  });
  meter.received(1);
  assert.deepEqual(meter.takeSample(), { bytes: 1, fetch: null, commit: null });
  assert.equal(meter.receivedBytes, 16);
});

test('latencies are times that were measured, whatever their order', () => {
  const meter = new RunMeter();
  for (const ms of [900, 2, 30]) meter.answered(ms);
  for (const ms of [4, 1]) meter.committed(ms);
  const { fetch, commit } = meter.takeSample();
  assert.deepEqual(fetch, { median: 30, p95: 900 });
  assert.deepEqual(commit, { median: 1, p95: 4 });
});

test('whoever listens is told of each one', () => {
  const meter = new RunMeter();
  const told: string[] = [];
  meter.answered(1);
  meter.listener = {
    onAnswer: (ms) => told.push(`answer ${ms}`),
    onCommit: (ms) => told.push(`commit ${ms}`),
  };
  meter.answered(2);
  meter.committed(3);
  assert.deepEqual(told, ['answer 2', 'commit 3']);
});
