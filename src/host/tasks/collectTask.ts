import { t } from '@vscode/l10n';
import type { OnConflict } from '../../core/mergeManifest.ts';

/** What a task of type `collect` does. */
export const operations = ['run', 'resume', 'validate', 'merge'] as const;

/** One of {@link operations}. */
export type Operation = (typeof operations)[number];

const onConflicts: readonly OnConflict[] = ['first', 'last', 'richest'];

/** A task of type `collect` as tasks.json has it, checked. Paths are as they were written. */
export interface CollectTask {
  readonly operation: Operation;
  /** The collection file; needed to run and resume. */
  readonly collection: string | undefined;
  /** What `run` does where the collection has an unfinished session. */
  readonly unfinished: 'resume' | 'new';
  /** Files, folders or glob patterns. */
  readonly inputs: readonly string[];
  /** The new file of a merge; null chooses a name with the time. */
  readonly output: string | null;
  /** null takes the sessions' own. */
  readonly key: readonly string[] | null;
  readonly onConflict: OnConflict;
  readonly sort: string | null;
}

/** A task that can't be carried out as it stands; the message says what to change. */
export class BadTaskError extends Error {
  override readonly name = 'BadTaskError';
}

/**
 * Reads a task's definition, which anybody may have written by hand.
 *
 * @throws BadTaskError naming the property that is wrong.
 */
export function readTask(definition: Readonly<Record<string, unknown>>): CollectTask {
  const task: CollectTask = {
    operation: oneOf(definition, 'operation', operations, 'run'),
    collection: text(definition, 'collection'),
    unfinished: oneOf(definition, 'unfinished', ['resume', 'new'] as const, 'resume'),
    inputs: texts(definition, 'inputs') ?? [],
    output: text(definition, 'output') ?? null,
    key: texts(definition, 'key') ?? null,
    onConflict: oneOf(definition, 'onConflict', onConflicts, 'first'),
    sort: text(definition, 'sort') ?? null,
  };
  if (task.collection === undefined && needsCollection(task)) {
    throw new BadTaskError(
      t('This task needs “{0}” in tasks.json: the path of a collection file.', 'collection'),
    );
  }
  return task;
}

function needsCollection({ operation, inputs }: CollectTask): boolean {
  switch (operation) {
    case 'run':
    case 'resume':
      return true;
    case 'merge':
      return inputs.length === 0;
    case 'validate':
      return false;
  }
}

function text(definition: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = definition[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new BadTaskError(t('“{0}” of this task has to be a text.', name));
}

function texts(
  definition: Readonly<Record<string, unknown>>,
  name: string,
): readonly string[] | undefined {
  const value = definition[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new BadTaskError(t('“{0}” of this task has to be a list of texts.', name));
}

function oneOf<T extends string>(
  definition: Readonly<Record<string, unknown>>,
  name: string,
  choices: readonly T[],
  usual: T,
): T {
  const value = definition[name];
  if (value === undefined) return usual;
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new BadTaskError(t('“{0}” of this task has to be one of: {1}.', name, choices.join(', ')));
}
