import { resolve } from 'node:path';
import { startCollection, type LaunchMode } from '../../engine/launch.ts';
import { usageError, type CommandLine, type CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { follow, unlessComplete } from '../follow.ts';

/** `cf-collect run`. */
export const runCommand: CommandSpec = {
  name: 'run',
  usage:
    '  cf-collect run FILE [--new | --resume] [--target N]   start a collection (NAME.collect.json)',
  operands: ['FILE'],
  options: { target: { type: 'string' }, new: { type: 'boolean' }, resume: { type: 'boolean' } },
  run,
};

async function run(line: CommandLine): Promise<number> {
  const { workspace, isJson, operands } = line;
  const mode = modeOf(line);
  const target = targetOf(line.value('target'));
  const overrides = target === undefined ? {} : { target };
  const file = resolve(workspace, operands[0] ?? '');
  const environment = await commandLineEnvironment();
  return unlessComplete(environment, line, async () =>
    follow(await startCollection(environment, file, workspace, mode, overrides), isJson),
  );
}

function modeOf(line: CommandLine): LaunchMode {
  if (line.has('new') && line.has('resume'))
    throw usageError('--new and --resume exclude each other');
  if (line.has('new')) return 'always-new';
  return line.has('resume') ? 'resume-or-start' : 'new-only';
}

function targetOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const target = Number(text);
  if (!Number.isSafeInteger(target) || target < 1)
    throw usageError(`--target needs a whole number from 1, not "${text}"`);
  return target;
}
