import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WorkerEvents } from '../../../src/protocol/worker.ts';
import { Jobs } from '../../../src/worker/jobs.ts';
import { validateHandler } from '../../../src/worker/validateHandler.ts';
import { makeSession } from '../engine/validate/sessionToBreak.ts';

test('the worker validates as a job: it tells how far it is and can be cancelled by its name', async (t) => {
  const { root, layout } = await makeSession(t);
  const told: WorkerEvents['progress'][] = [];
  const jobs = new Jobs({
    emit: (name, payload) => {
      if (name === 'progress') told.push(payload as WorkerEvents['progress']);
    },
    secret: () => Promise.resolve(undefined),
  });
  const validate = validateHandler(jobs);
  const request = { workspace: root, sessions: [], paths: [], schema: null, fixIndex: false };
  const report = await validate({ job: 'a', ...request });
  assert.equal(report.isValid, true);
  assert.equal(report.targets[0]?.session, layout.session);
  assert.equal(told.at(-1)?.job, 'a');
  assert.equal(told.at(-1)?.done, told.at(-1)?.total);

  const long = join(root, 'long.jsonl');
  await writeFile(long, '{"a":"some text"}\n'.repeat(2_000_000));
  const running = validate({ job: 'b', ...request, paths: [long] });
  jobs.cancel('b');
  const cancelled = await running;
  assert.equal(cancelled.isCancelled, true);
  assert.ok((cancelled.targets[0]?.records ?? 0) < 2_000_000);
});
