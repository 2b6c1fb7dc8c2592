import { resolve } from 'node:path';
import { startCollection, type LaunchMode } from '../../engine/launch.ts';
import { usageError, type CommandLine, type CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { limitOptions, limitsFrom, limitUsage } from '../limitOptions.ts';
import { follow, unlessComplete } from '../follow.ts';
import { metricsOption, metricsUsage, withMetrics } from '../metricsOption.ts';

/** `cf-collect run`. */
export const runCommand: CommandSpec = {
  name: 'run',
  usage: `  cf-collect run FILE [--new | --resume]                start a collection (NAME.collect.json)
${limitUsage}
${metricsUsage}`,
  operands: ['FILE'],
  options: {
    ...limitOptions,
    ...metricsOption,
    new: { type: 'boolean' },
    resume: { type: 'boolean' },
  },
  run,
};

async function run(line: CommandLine): Promise<number> {
  const { workspace, isJson, operands } = line;
  const mode = modeOf(line);
  const limits = limitsFrom(line);
  const file = resolve(workspace, operands[0] ?? '');
  const environment = await commandLineEnvironment();
  return withMetrics(line, (track) =>
    unlessComplete(environment, line, async () =>
      follow(await startCollection(environment, file, workspace, mode, limits), isJson, track),
    ),
  );
}

function modeOf(line: CommandLine): LaunchMode {
  if (line.has('new') && line.has('resume'))
    throw usageError('--new and --resume exclude each other');
  if (line.has('new')) return 'always-new';
  return line.has('resume') ? 'resume-or-start' : 'new-only';
}
