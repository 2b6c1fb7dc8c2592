import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { parseCommandLine, type CommandLine } from '../../../src/cli/command.ts';
import { metricsOption, withMetrics } from '../../../src/cli/metricsOption.ts';
import { exitCodes } from '../../../src/core/exitCodes.ts';

function lineOf(...args: string[]): CommandLine {
  const command = {
    name: 'go',
    usage: '',
    operands: [],
    options: metricsOption,
    run: () => Promise.resolve(0),
  };
  const parsed = parseCommandLine(['go', ...args], [command]);
  if (parsed.kind !== 'command') throw new Error('a command is expected');
  return parsed.line;
}

async function begun(...args: string[]): Promise<{ begun: boolean; error: unknown }> {
  let isBegun = false;
  const action = (): Promise<number> => {
    isBegun = true;
    return Promise.resolve(exitCodes.complete);
  };
  try {
    await withMetrics(lineOf(...args), action);
    return { begun: isBegun, error: undefined };
  } catch (error) {
    return { begun: isBegun, error };
  }
}

test('what is no port is refused before anything is begun', async () => {
  for (const text of ['', 'x', '-1', '1.5', '65536', '0x10', '9e3']) {
    const { begun: isBegun, error } = await begun(`--metrics=${text}`);
    assert.equal(isBegun, false, text);
    assert.match(String(error), /--metrics needs a port from 0 to 65535/, text);
  }
});

test('a port that is taken is refused before anything is begun', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const { begun: isBegun, error } = await begun(`--metrics=${port}`);
  assert.equal(isBegun, false);
  assert.match(String(error), new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is taken`));
});

test('without the option, or where nobody scrapes, nothing is waited for', async () => {
  assert.deepEqual(await begun(), { begun: true, error: undefined });
  assert.deepEqual(await begun('--metrics=0'), { begun: true, error: undefined });
});
