import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../src/serve/main.ts', import.meta.url));

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout !== null);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`one line of JSON names the servers, and ${signal} ends them`, async (t) => {
    const child = start('--port', '0', '--json');
    t.after(() => child.kill('SIGKILL'));
    const exit = once(child, 'exit');
    const urls = JSON.parse(await firstLine(child)) as Record<'site' | 'api' | 'quotes', string>;
    const { site, api, quotes } = urls;
    assert.match(site, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    assert.equal((await fetch(site)).status, 200);
    assert.equal((await fetch(`${api}notes?limit=1`)).status, 200);
    assert.equal((await fetch(`${quotes}scroll/`)).status, 200);
    child.kill(signal);
    assert.deepEqual(await exit, [0, null]);
  });
}

test('--until-stdin-ends stops it when its parent is gone', async (t) => {
  const child = start('--port', '0', '--json', '--until-stdin-ends');
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  await firstLine(child);
  child.stdin?.end();
  assert.deepEqual(await exit, [0, null]);
});

test('a wrong option says which, with exit code 2; a taken port is 1', async (t) => {
  const wrong = start('--port', 'eighty');
  assert.ok(wrong.stderr !== null);
  let words = '';
  wrong.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  assert.deepEqual(await once(wrong, 'close'), [2, null]);
  assert.match(words, /--port must be a whole number.*"eighty"/);

  const first = start('--port', '0', '--json');
  t.after(() => first.kill('SIGKILL'));
  const { site } = JSON.parse(await firstLine(first)) as { site: string };
  const second = start('--port', new URL(site).port, '--api-port', '0', '--quotes-port', '0');
  assert.deepEqual(await once(second, 'close'), [1, null]);
});
