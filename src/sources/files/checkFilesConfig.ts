import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FilesSourceConfig } from '../../core/config/filesSource.ts';
import { messageOf, UnitFailedError, type Problem } from '../../core/errors.ts';
import { ExpressionError } from '../text/expression.ts';
import { PathSyntaxError, parsePath } from '../text/jsonPath.ts';
import { compileFileFields } from './fileFields.ts';
import { formOptionsOf } from './formOptions.ts';
import { isPattern, matchFiles } from './matchFiles.ts';
import { readInput } from './readInput.ts';

/** Inputs of which the beginning is read while a collection is written. */
const lookedAt = 20;

/**
 * Everything wrong with a files source that its schema can't see: paths and expressions that do not compile, settings
 * that contradict each other; and where `root` is given, files that are not there, or not what their names say.
 */
export async function checkFilesConfig(
  config: FilesSourceConfig,
  root: string | undefined,
): Promise<Problem[]> {
  const problems = [...checkItems(config), ...checkFields(config)];
  if (root === undefined || problems.length > 0) return problems;
  for (const [i, input] of config.inputs.entries()) {
    // A merge makes sure of its own inputs.
    if (typeof input !== 'string') continue;
    const problem = await checkInput(config, input, root, i < lookedAt);
    if (problem !== undefined) problems.push({ ...problem, path: `source.inputs.${i}` });
  }
  return problems;
}

function checkItems({ items }: FilesSourceConfig): Problem[] {
  const problem = (message: string): Problem[] => [
    { code: 'PATH_INVALID', message, path: 'source.items' },
  ];
  try {
    const isNames = parsePath(items).every((step) => typeof step === 'string');
    return isNames ? [] : problem('The path must hold names only.');
  } catch (error) {
    const place = error instanceof PathSyntaxError ? ` (at character ${error.offset + 1})` : '';
    return problem(`"${items}" is no path: ${messageOf(error)}${place}.`);
  }
}

function checkFields({ fields, onConflict, sort }: FilesSourceConfig): Problem[] {
  if (fields === undefined) return [];
  const problems = Object.entries(fields).flatMap(([name, field]) => {
    try {
      compileFileFields({ [name]: field });
      return [];
    } catch (error) {
      const isExpression = error instanceof ExpressionError;
      const what = isExpression
        ? 'The JSONata expression is not valid'
        : `"${typeof field === 'string' ? field : field.from}" is no path`;
      const code = isExpression ? 'JSONATA_INVALID' : 'PATH_INVALID';
      return [{ code, message: `${what}: ${messageOf(error)}.`, path: `source.fields.${name}` }];
    }
  });
  if (onConflict === 'first' && sort === undefined) return problems;
  const other = sort === undefined ? 'onConflict' : 'sort';
  const message = `"${other}" chooses among lines as they are, so their fields stay as they are, too. Leave out one of the two; a second collection can do the other with what the first one made.`;
  return [...problems, { code: 'FIELDS_CONTRADICT', message, path: `source.${other}` }];
}

/** What is wrong with one input; its beginning is read to know. */
async function checkInput(
  config: FilesSourceConfig,
  input: string,
  root: string,
  isRead: boolean,
): Promise<Omit<Problem, 'path'> | undefined> {
  const [file] = await matchFiles(root, input);
  if (file === undefined) {
    return { code: 'INPUT_UNREADABLE', message: `No file in ${root} matches ${input}.` };
  }
  const path = resolve(root, file);
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) {
    return { code: 'INPUT_UNREADABLE', message: `There is no ${file} in ${root}.` };
  }
  if (status.isDirectory()) {
    const message = `${file} is a folder. Name the files in it: "${file.replace(/\/$/, '')}/*.jsonl".`;
    return { code: 'INPUT_UNREADABLE', message };
  }
  if (!isRead) return undefined;
  const { signal } = new AbortController();
  try {
    const options = { ...formOptionsOf(config), makeOther: () => true };
    const pages = readInput(path, undefined, () => true, signal, options);
    await pages.next();
    await pages.return(undefined as never);
    return undefined;
  } catch (error) {
    if (!(error instanceof UnitFailedError)) throw error;
    // A pattern may match files that have nothing to do with it; they fail by themselves.
    if (isPattern(input)) return undefined;
    return { code: error.code, message: error.message };
  }
}
