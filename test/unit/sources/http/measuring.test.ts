import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Stage } from '../../../../src/core/live.ts';
import type { Meter, StageWatch } from '../../../../src/sources/source.ts';
import { redirect, send } from '../../../fixtures/answers.ts';
import { get, openClient, serve } from './httpBench.ts';

class Watch implements StageWatch {
  readonly entered: Stage[] = [];

  get stage(): Stage {
    return this.entered.at(-1) ?? 'fetch';
  }

  enter(stage: Stage): void {
    this.entered.push(stage);
  }
}

test('every hop waits for its turn and is fetched; then its answer is parsed', async (t) => {
  const body = gzipSync('x'.repeat(20_000));
  const server = await serve(t, {
    '/x': redirect('/y'),
    '/y': send(200, body, { 'content-encoding': 'gzip' }),
    '/refused': send(500, 'no'),
  });
  const told = { bytes: 0, answersMs: [] as number[] };
  const meter: Meter = {
    received: (bytes) => (told.bytes += bytes),
    answered: (ms) => told.answersMs.push(ms),
  };
  const client = openClient(t, {}, { meter });
  const stages = new Watch();
  const response = await client.fetch(get(server.url('/x'), { stages }));
  assert.equal(response.body.length, 20_000);
  assert.deepEqual(stages.entered, ['wait', 'fetch', 'parse', 'wait', 'fetch', 'parse']);
  assert.equal(told.bytes, body.length, 'as it came, and not as it was unpacked');
  assert.equal(told.answersMs.length, 2);
  const refused = new Watch();
  await assert.rejects(client.fetch(get(server.url('/refused'), { stages: refused })));
  assert.equal(refused.stage, 'parse');
  assert.equal(told.answersMs.length, 3, 'a refusal is an answer');
  assert.equal(told.bytes, body.length + 2);
});
