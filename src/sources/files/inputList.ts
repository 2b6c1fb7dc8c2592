import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { FilesSourceConfig } from '../../core/config/filesSource.ts';
import { PauseError } from '../../core/errors.ts';
import { canonicalJson, type JsonObject } from '../../core/json.ts';
import { fingerprint } from '../../core/keys.ts';
import type { SourceContext } from '../source.ts';
import { isPattern, matchFiles } from './matchFiles.ts';

/** What a file was at some time. */
export interface FileState {
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** One input, found. */
export interface Input {
  /** As the collection names it, or would. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** What it must still be; undefined where the collection does not say. */
  readonly was: FileState | undefined;
}

/** An input that a pattern matched, with what it was then. */
export interface MatchedInput extends Input {
  readonly found: FileState | undefined;
}

/** The inputs that the collection names one by one. */
export function namedInputs(inputs: FilesSourceConfig['inputs'], root: string): readonly Input[] {
  return inputs.map((input) => {
    const name = typeof input === 'string' ? input : input.path;
    const was = typeof input === 'string' ? undefined : input;
    return { name, path: resolve(root, name), was };
  });
}

/** Whether an input stands for several files. */
export function hasPattern(input: FilesSourceConfig['inputs'][number]): input is string {
  return typeof input === 'string' && isPattern(input);
}

/**
 * All files that inputs stand for, in their order, each once.
 *
 * @throws PauseError `INPUT_UNREADABLE` when a pattern matches nothing.
 */
export async function matchInputs(
  inputs: FilesSourceConfig['inputs'],
  context: Pick<SourceContext, 'root' | 'output'>,
): Promise<readonly MatchedInput[]> {
  const found = new Map<string, MatchedInput>();
  for (const input of inputs) {
    const text = typeof input === 'string' ? input : input.path;
    const names = await matchFiles(context.root, text, ownMasters(context.output));
    if (names.length === 0) {
      const message = `No file matches ${text}, but for this collection's own. Put one there and resume, or change source.inputs.`;
      throw new PauseError('INPUT_UNREADABLE', message, { file: text });
    }
    for (const name of names) {
      const path = resolve(context.root, name);
      if (found.has(path)) continue;
      const status = await stat(path).catch(() => undefined);
      const state = status && { bytes: status.size, modifiedMs: status.mtimeMs };
      found.set(path, { name, path, was: undefined, found: state });
    }
  }
  return [...found.values()];
}

/** Tells one list of files, as they were, from another. */
export function digestOf(inputs: readonly MatchedInput[]): string {
  return fingerprint(canonicalJson(inputs.map(({ name, found }) => ({ name, ...found }))));
}

/** What a unit keeps of a file that a pattern matched. */
export function toUnitInput({ name, found }: MatchedInput): JsonObject {
  return { file: name, ...found };
}

/** The file of {@link toUnitInput}; undefined for a unit whose file the collection names. */
export function fromUnitInput(input: JsonObject, root: string): MatchedInput | undefined {
  const { file, bytes, modifiedMs } = input;
  if (typeof file !== 'string') return undefined;
  const found =
    typeof bytes === 'number' && typeof modifiedMs === 'number' ? { bytes, modifiedMs } : undefined;
  return { name: file, path: resolve(root, file), was: undefined, found };
}

/** What a collection has collected is nothing for it to read. */
function ownMasters(output: SourceContext['output']): (path: string) => boolean {
  if (output === undefined) return () => false;
  const start = `${output.prefix}_master_`;
  return (path) => dirname(path) === output.dir && basename(path).startsWith(start);
}
