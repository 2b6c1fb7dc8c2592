import { resolve } from 'node:path';
import { startRemap } from '../../engine/remap/startRemap.ts';
import type { CommandLine, CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { findSession } from '../findSession.ts';
import { follow } from '../follow.ts';

/** `cf-collect remap`. */
export const remapCommand: CommandSpec = {
  name: 'remap',
  usage: `  cf-collect remap SESSION [--collection FILE]          make a new master of what a session received, with the
                   [-o OUT]                             mapping as it is now; sends nothing`,
  operands: ['SESSION'],
  options: {
    collection: { type: 'string' },
    output: { type: 'string', short: 'o' },
  },
  run: remap,
};

async function remap(line: CommandLine): Promise<number> {
  const environment = await commandLineEnvironment();
  const found = await findSession(environment, line.workspace, line.operands[0] ?? '');
  const collection = line.value('collection');
  const output = line.value('output');
  const request = {
    collectionFile: collection === undefined ? null : resolve(collection),
    output: output === undefined ? null : resolve(output),
  };
  return follow(await startRemap(environment, found.layout, request), line.isJson);
}
