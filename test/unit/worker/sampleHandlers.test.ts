import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

/** The handlers serve for as long as their worker lives, so they have a process of their own here. */
test('a sample is served once, however often it is asked for; a failure is not kept', async (t) => {
  const handlers = new URL('../../../src/worker/sampleHandlers.ts', import.meta.url).href;
  const source = `
    import { createServer } from 'node:net';
    import { once } from 'node:events';
    import { sampleHandlers } from ${JSON.stringify(handlers)};
    const { serveSample } = sampleHandlers();
    const taken = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address();
    const refused = await serveSample({ server: 'site', port }).catch(({ code }) => code);
    await new Promise((resolve) => taken.close(resolve));
    const [a, b] = await Promise.all([1, 2].map(() => serveSample({ server: 'site', port })));
    const other = await serveSample({ server: 'api', port: 0 });
    const again = await serveSample({ server: 'api', port: other.port });
    process.send({ refused, same: a.port === port && b.port === port && again.port === other.port });`;
  const worker = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.after(() => worker.kill('SIGKILL'));
  const [said] = (await once(worker, 'message')) as [unknown];
  assert.deepEqual(said, { refused: 'SAMPLE_PORT_TAKEN', same: true });
});
