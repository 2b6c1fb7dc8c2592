import { resolve } from 'node:path';
import { PauseError, UnitFailedError } from '../../core/errors.ts';
import {
  getKey,
  isJsonObject,
  scalarText,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts';
import type { Logger } from '../../core/ports.ts';
import { inputForm, isNamedForm } from '../files/inputForm.ts';
import { matchFiles } from '../files/matchFiles.ts';
import { readInput } from '../files/readInput.ts';
import { compilePath, type PathReader } from '../text/jsonPath.ts';

/** Names whose values come from the same file, and so from the same line. */
export interface ValueColumns {
  /** The file, or the pattern of several, as the collection has it. */
  readonly from: string;
  /** What is read of a line for each name; without a path the whole line. */
  readonly paths: Readonly<Record<string, string | undefined>>;
  /** So many lines are one. */
  readonly batch?: number | undefined;
  /** What stands between the values of a batch, for names that make a text of them. */
  readonly joins?: Readonly<Record<string, string | undefined>>;
}

/** The values of some lines, one after the other. */
export interface LineValues {
  /** The file, as the collection would name it. */
  readonly file: string;
  readonly lines: readonly JsonObject[];
}

/** What a line gives. */
interface Taken {
  readonly values: JsonObject;
}

/** A line that gives no values, with the reason. */
interface Refusal {
  readonly why: string;
}

/** How many lines that give nothing are told of by their numbers. */
const shownLines = 5;

/**
 * The values of each line of the files, streamed, in their order. A line that does not give what it must is passed over;
 * how many were is logged with the first of them.
 *
 * @param needed names that have to have a text, a number or true or false; others may be null. A line that gives nothing
 * for any name is passed over in any case.
 * @throws PauseError `FOR_FILE_UNREADABLE`: a file that is not there, damaged, or not UTF-8.
 */
export async function* lineValues(
  columns: ValueColumns,
  needed: ReadonlySet<string>,
  { root, logger }: { readonly root: string; readonly logger: Logger },
  signal: AbortSignal,
): AsyncGenerator<LineValues, void, void> {
  const read = lineReader(columns, needed);
  for (const file of await filesOf(columns.from, root)) {
    const skipped: string[] = [];
    let passedOver = 0;
    const options = { kind: kindOf(file, columns), makeOther: read };
    const pages = readInput(resolve(root, file), undefined, read, signal, options);
    try {
      for await (const { lines: read } of pages) {
        const lines: JsonObject[] = [];
        for (const { number, value, reason } of read) {
          if (value !== undefined && 'values' in value) {
            lines.push(value.values);
            continue;
          }
          passedOver += 1;
          if (skipped.length < shownLines) {
            skipped.push(`line ${number} (${value?.why ?? reason ?? 'nothing'})`);
          }
        }
        read.length = 0;
        yield { file, lines };
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : asPause(error, file);
    }
    if (passedOver === 0) continue;
    const more = passedOver > skipped.length ? ` and ${passedOver - skipped.length} more` : '';
    const lines = passedOver === 1 ? 'line gives' : 'lines give';
    const message = `${file}: ${passedOver} ${lines} no unit: ${skipped.join(', ')}${more}.`;
    logger.warn({ code: 'FOR_LINES_SKIPPED', file, lines: passedOver }, message);
  }
}

/**
 * The files that a text stands for.
 *
 * @throws PauseError `FOR_FILE_UNREADABLE` when nothing matches.
 */
async function filesOf(from: string, root: string): Promise<readonly string[]> {
  const files = await matchFiles(root, from);
  if (files.length > 0) return files;
  const message = `No file matches ${from}, from which source.for takes its values. Put one there, and resume.`;
  throw new PauseError('FOR_FILE_UNREADABLE', message, { file: from });
}

/** Lines of a file whose name says nothing are texts where a whole line is asked for. */
export function kindOf(file: string, { paths }: ValueColumns): 'text' | undefined {
  const isWholeLine = Object.values(paths).some((path) => path === undefined);
  return isWholeLine && !isNamedForm(file) ? 'text' : undefined;
}

function lineReader(
  { paths }: ValueColumns,
  needed: ReadonlySet<string>,
): (line: JsonValue) => Taken | Refusal {
  const readers = Object.entries(paths).map(([name, path]) => [name, valueReader(path)] as const);
  return (line) => {
    const entries: [string, JsonValue][] = [];
    let hasAny = false;
    for (const [name, read] of readers) {
      const value = read(line) ?? null;
      const isThere = value !== null && value !== '';
      if (needed.has(name)) {
        const path = paths[name] ?? 'the line';
        if (!isThere) return { why: `${path} holds nothing` };
        if (scalarText(value) === undefined) return { why: `${path} holds no text or number` };
      }
      hasAny ||= isThere;
      entries.push([name, value]);
    }
    return hasAny ? { values: Object.fromEntries(entries) } : { why: 'nothing in it' };
  };
}

/** Reads a column, or what a path leads to; without a path the whole line. */
export function valueReader(path: string | undefined): PathReader {
  if (path === undefined) return (line) => line;
  let read: PathReader = () => undefined;
  try {
    read = compilePath(path);
  } catch {
    // A column may have any name.
  }
  return (line) => (isJsonObject(line) ? getKey(line, path) : undefined) ?? read(line);
}

/** Whatever it is that a file can't be read for, a person has to put it right. */
function asPause(error: unknown, file: string): unknown {
  if (!(error instanceof UnitFailedError)) return error;
  const message = `${error.message} source.for takes its values from it: put it right, and resume.`;
  return new PauseError('FOR_FILE_UNREADABLE', message, { file }, { cause: error });
}

/** What a group of units of this file is called. */
export function groupOf(file: string): string {
  return inputForm(file).stem;
}
