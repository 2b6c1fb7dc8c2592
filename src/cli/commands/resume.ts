import { resumeSession } from '../../engine/launch.ts';
import type { CommandLine, CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { findSession } from '../findSession.ts';
import { follow, unlessComplete } from '../follow.ts';

/** `cf-collect resume`. */
export const resumeCommand: CommandSpec = {
  name: 'resume',
  usage: '  cf-collect resume SESSION                             take a session up again',
  operands: ['SESSION'],
  options: {},
  run: resume,
};

async function resume(line: CommandLine): Promise<number> {
  const environment = await commandLineEnvironment();
  const { layout } = await findSession(environment, line.workspace, line.operands[0] ?? '');
  return unlessComplete(environment, line, async () =>
    follow(await resumeSession(environment, layout), line.isJson),
  );
}
