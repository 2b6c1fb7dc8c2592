import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { atPort, samples, servedIn, type SampleServerName } from '../../../src/core/samples.ts';
import { readFile } from 'node:fs/promises';
import { serveSample, type SampleServer } from '../../../src/serve/serveSample.ts';

async function serve(
  t: TestContext,
  server: SampleServerName,
  port: number,
): Promise<SampleServer> {
  const served = await serveSample(server, port, 0);
  t.after(() => served.close());
  return served;
}

async function statusAt(port: number): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).status;
}

test('a sample is served at a port that no outgoing connection takes, and again at the same', async (t) => {
  const first = await serve(t, 'site', 0);
  assert.ok(first.port >= 12_000 && first.port < 30_000, String(first.port));
  assert.equal(await statusAt(first.port), 200);
  await first.close();
  await assert.rejects(statusAt(first.port));
  const again = await serve(t, 'site', first.port);
  assert.equal(again.port, first.port);
  assert.equal(await statusAt(again.port), 200);
});

test('another window that serves the same is left to it, and stood in for when it is killed', async (t) => {
  // A window of its own: a process that is killed.
  const source = `
    import { serveSample } from ${JSON.stringify(new URL('../../../src/serve/serveSample.ts', import.meta.url).href)};
    process.send((await serveSample('site', 0, 0)).port);`;
  const other = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.after(() => other.kill('SIGKILL'));
  const [port] = (await once(other, 'message')) as [number];
  const standIn = await serve(t, 'site', port);
  assert.equal(standIn.port, port);
  assert.equal(await statusAt(port), 200);
  const ended = once(other, 'exit');
  other.kill('SIGKILL');
  await ended;
  // It takes over by itself; requests that come in between are refused, and asked again.
  for (let tries = 0; ; tries++) {
    const status = await statusAt(port).catch(() => undefined);
    if (status === 200) break;
    assert.ok(tries < 1_000, 'nobody takes over');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('a port that another program has is said to be taken, also by another sample', async (t) => {
  const stranger = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
  await once(stranger.listen(0, '127.0.0.1'), 'listening');
  t.after(() => stranger.close());
  const { port } = stranger.address() as AddressInfo;
  await assert.rejects(serveSample('site', port, 0), { code: 'SAMPLE_PORT_TAKEN', data: { port } });
  const api = await serve(t, 'api', 0);
  await assert.rejects(serveSample('site', api.port, 0), { code: 'SAMPLE_PORT_TAKEN' });
});

test('each file of media/samples says by what and where it is served; others do not', async () => {
  for (const { name, server, port } of samples) {
    const file = new URL(`../../../media/samples/${name}.collect.json`, import.meta.url);
    const text = await readFile(file, 'utf8');
    assert.deepEqual(servedIn(text), { server, port });
    const moved = atPort(text, port, 12_345);
    assert.deepEqual(servedIn(moved), { server, port: 12_345 });
    assert.ok(!moved.includes(String(port)));
    assert.equal(servedIn(text.replace(/^.*@sample.*$/m, '')), undefined);
  }
  assert.equal(servedIn('// @sample site\n{}'), undefined);
  assert.equal(servedIn('// @sample shop\n{ "a": "127.0.0.1:8080" }'), undefined);
  assert.equal(servedIn('{ "title": "// @sample site", "a": "127.0.0.1:8080" }'), undefined);
  assert.equal(servedIn('// @sample site\n"127.0.0.1:99999"'), undefined);
});
