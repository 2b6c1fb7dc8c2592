import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { codeOf, UsageError } from '../../core/errors.ts';
import { isSafeFileName } from '../../core/names.ts';
import {
  collectionFileName,
  findTemplate,
  moduleFileName,
  moduleTypesFile,
  secretsIn,
  templates,
  withName,
} from '../../core/templates.ts';
import { usageError, type CommandLine, type CommandSpec } from '../command.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { mediaFile } from '../mediaFile.ts';

/** `cf-collect new TEMPLATE NAME`. */
export const newCommand: CommandSpec = {
  name: 'new',
  usage:
    '  cf-collect new TEMPLATE NAME                          write NAME.collect.json from a template',
  operands: ['template', 'name'],
  options: {},
  run: writeIt,
};

async function writeIt({ operands, workspace, isJson }: CommandLine): Promise<number> {
  const [wanted = '', name = ''] = operands;
  const template = findTemplate(wanted);
  if (template === undefined) {
    const known = templates.map((one) => one.name).join(', ');
    throw usageError(`there is no template "${wanted}"; there are ${known}`);
  }
  if (!isSafeFileName(name)) {
    throw usageError(`"${name}" can't be a name: use letters, digits, ".", "_" and "-"`);
  }
  const source = await readFile(mediaFile('templates', collectionFileName(template.name)), 'utf8');
  const text = withName(source, name);
  const file = join(workspace, collectionFileName(name));
  // First the code: without it the collection would be of no use.
  if (template.module !== undefined) {
    const code = await readFile(mediaFile('templates', template.module), 'utf8');
    await writeNew(join(workspace, moduleFileName(name)), code);
    await copyFile(mediaFile('types', moduleTypesFile), join(workspace, moduleTypesFile));
  }
  await writeNew(file, text);
  const secrets = secretsIn(text).filter((secret) => process.env[secret] === undefined);
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ type: 'created', file, secrets })}\n`);
    return exitCodes.complete;
  }
  const shown = relative(process.cwd(), file);
  process.stdout.write(`${shown} is written. Its comments say what to change.\n`);
  for (const secret of secrets) {
    process.stdout.write(`It needs a secret: set the environment variable ${secret}.\n`);
  }
  process.stdout.write(`Then:  cf-collect run ${shown}\n`);
  return exitCodes.complete;
}

/** @throws UsageError when there is a file of that name: it is never written over. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new UsageError('FILE_EXISTS', `${file} exists already. Choose another name.`, { file });
  }
}
