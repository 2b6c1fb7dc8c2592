import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitOptions, limitsFrom } from '../../../src/cli/limitOptions.ts';
import { parseCommandLine } from '../../../src/cli/command.ts';
import { UsageError } from '../../../src/core/errors.ts';

function limitsOf(...args: string[]): object {
  const command = {
    name: 'go',
    usage: '',
    operands: [],
    options: limitOptions,
    run: () => Promise.resolve(0),
  };
  const parsed = parseCommandLine(['go', ...args], [command]);
  if (parsed.kind !== 'command') throw new Error('a command is expected');
  return limitsFrom(parsed.line);
}

test('only the limits that are given are set', () => {
  assert.deepEqual(limitsOf(), {});
  assert.deepEqual(limitsOf('--max-usd', '0.5', '--target', '10'), { maxUsd: 0.5, target: 10 });
  assert.deepEqual(limitsOf('--max-requests', '7', '--max-minutes', '1.5'), {
    maxRequests: 7,
    maxMinutes: 1.5,
  });
});

test('what is no limit is refused, with the option that it was given for', () => {
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['--max-usd', '0', /--max-usd needs a number above 0, not "0"/],
    ['--max-usd', 'much', /--max-usd needs a number above 0/],
    ['--max-usd', '', /--max-usd/],
    ['--max-usd', 'Infinity', /--max-usd/],
    ['--max-requests', '1.5', /--max-requests needs a whole number from 1, not "1\.5"/],
    ['--max-minutes', 'NaN', /--max-minutes/],
    ['--target', '0', /--target needs a whole number from 1/],
  ];
  for (const [option, value, message] of refused) {
    assert.throws(
      () => limitsOf(option, value),
      (error) => error instanceof UsageError && message.test(error.message),
      `${option} ${value}`,
    );
  }
});
