import { resolve } from 'node:path';
import type { OnConflict } from '../../core/mergeManifest.ts';
import { startMerge } from '../../engine/merge/startMerge.ts';
import { usageError, type CommandLine, type CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { follow } from '../follow.ts';

/** `cf-collect merge`. */
export const mergeCommand: CommandSpec = {
  name: 'merge',
  usage: `  cf-collect merge INPUT... [-o OUT] [--key a,b]        make one file of masters, JSONL and CSV, also .gz
                   [--on-conflict first|last|richest]
                   [--sort FIELD]`,
  operands: ['INPUT...'],
  options: {
    output: { type: 'string', short: 'o' },
    key: { type: 'string' },
    'on-conflict': { type: 'string' },
    sort: { type: 'string' },
  },
  run: merge,
};

async function merge(line: CommandLine): Promise<number> {
  const { workspace, isJson, operands } = line;
  const output = line.value('output');
  const request = {
    workspace,
    inputs: operands.map((input) => resolve(input)),
    output: output === undefined ? null : resolve(output),
    key: keyOf(line.value('key')),
    onConflict: onConflictOf(line.value('on-conflict')),
    sort: line.value('sort') ?? null,
  };
  const environment = await commandLineEnvironment();
  return follow(await startMerge(environment, request), isJson);
}

function keyOf(text: string | undefined): readonly string[] | null {
  if (text === undefined) return null;
  const fields = text.split(',').map((field) => field.trim());
  if (fields.includes('')) throw usageError(`--key needs names of fields, not "${text}"`);
  return fields;
}

function onConflictOf(text = 'first'): OnConflict {
  if (text === 'first' || text === 'last' || text === 'richest') return text;
  throw usageError(`--on-conflict is first, last or richest, not "${text}"`);
}
