import { resolve } from 'node:path';
import type { ForConfig } from '../../core/config/forValues.ts';
import { messageOf, type Problem } from '../../core/errors.ts';
import { isJsonObject, scalarText, type JsonValue } from '../../core/json.ts';
import { matchFiles } from '../files/matchFiles.ts';
import { readInput } from '../files/readInput.ts';
import { suggest } from './checkNames.ts';
import { columnsOf, isFile } from './forUnits.ts';
import { kindOf, valueReader, type ValueColumns } from './valueFile.ts';

/** Lines that are looked at while a collection is written. */
const sampleSize = 100;
const shownNames = 12;

/**
 * What is wrong with the files that `for` names: files that are not there, and paths that give nothing in their first
 * lines.
 *
 * @param needed names that stand in templates, and so must have texts or numbers.
 * @param root what the files are relative to.
 */
export async function checkFor(
  config: ForConfig,
  needed: ReadonlySet<string>,
  root: string,
): Promise<Problem[]> {
  const problems: Problem[] = checkBatches(config);
  for (const columns of columnsOf(config)) {
    const names = Object.keys(columns.paths);
    const [first = ''] = names;
    const at = `source.for.${first}.from`;
    const [file] = await matchFiles(root, columns.from);
    if (file === undefined) {
      const message = `No file in ${root} matches ${columns.from}.`;
      problems.push({ code: 'FOR_FILE_UNREADABLE', message, path: at });
      continue;
    }
    let lines: readonly JsonValue[];
    try {
      lines = await firstLines(resolve(root, file), columns, file);
    } catch (error) {
      problems.push({ code: 'FOR_FILE_UNREADABLE', message: messageOf(error), path: at });
      continue;
    }
    if (lines.length === 0) {
      const message = `${file} has no line with anything in it.`;
      problems.push({ code: 'FOR_FILE_EMPTY', message, path: at });
      continue;
    }
    for (const name of names) problems.push(...checkPath(columns, name, needed, file, lines));
  }
  return problems;
}

/** Names with the same file are taken from the same lines, and so from as many. */
function checkBatches(config: ForConfig): Problem[] {
  const sizes = new Map<string, number | undefined>();
  return Object.entries(config).flatMap(([name, value]) => {
    if (!isFile(value)) return [];
    const { from, batch, join } = value;
    const at = `source.for.${name}`;
    if (join !== undefined && batch === undefined) {
      const message = 'There is nothing to join: "join" goes with "batch".';
      return [{ code: 'FOR_JOIN_WITHOUT_BATCH', message, path: `${at}.join` }];
    }
    if (!sizes.has(from)) sizes.set(from, batch);
    if (sizes.get(from) === batch) return [];
    const message = `Names with the same file (${from}) need the same batch.`;
    return [{ code: 'FOR_BATCH_DIFFERS', message, path: at }];
  });
}

async function firstLines(
  path: string,
  columns: ValueColumns,
  file: string,
): Promise<readonly JsonValue[]> {
  const whole = (value: JsonValue): JsonValue => value;
  const options = { kind: kindOf(file, columns), makeOther: whole };
  const { signal } = new AbortController();
  for await (const { lines } of readInput(path, undefined, whole, signal, options)) {
    return lines.flatMap(({ value }) => value ?? []).slice(0, sampleSize);
  }
  return [];
}

function checkPath(
  { paths }: ValueColumns,
  name: string,
  needed: ReadonlySet<string>,
  file: string,
  lines: readonly JsonValue[],
): Problem[] {
  const path = paths[name];
  const read = valueReader(path);
  const values = lines.flatMap((line) => read(line) ?? []).filter((value) => value !== '');
  const isUsable = needed.has(name)
    ? values.some((value) => scalarText(value) !== undefined)
    : values.length > 0;
  if (isUsable) return [];
  const keys = namesIn(lines);
  const has = keys.length === 0 ? '' : ` A line has ${keys.slice(0, shownNames).join(', ')}.`;
  const lookedAt = lines.length === sampleSize ? `the first ${sampleSize} lines` : 'any line';
  if (path === undefined) {
    const message = `A line of ${file} is no text and no number: give the path of the value in it.${has}`;
    return [{ code: 'FOR_PATH_MISSING', message, path: `source.for.${name}` }];
  }
  const what = values.length > 0 ? 'no text and no number' : 'nothing';
  const message = `"${path}" gives ${what} in ${lookedAt} of ${file}.${has}`;
  return [
    {
      code: 'FOR_PATH_GIVES_NOTHING',
      message,
      path: `source.for.${name}.path`,
      ...suggest(path, keys),
    },
  ];
}

function namesIn(lines: readonly JsonValue[]): string[] {
  const names = new Set<string>();
  for (const line of lines)
    if (isJsonObject(line)) for (const key of Object.keys(line)) names.add(key);
  return [...names];
}
