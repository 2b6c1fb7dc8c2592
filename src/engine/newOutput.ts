import { basename, isAbsolute } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { toRelative } from '../storage/layout.ts';
import type { StoragePorts } from '../storage/sessionStore.ts';

/**
 * Sees to it that a file that is to be made can be: nothing of its name is there, and it is to hold lines of JSON.
 *
 * @param output absolute path.
 * @param root the folder of the state that will name it.
 * @param beside absolute paths of what is made with it.
 * @throws UsageError `OUTPUT_EXISTS`, `OUTPUT_NOT_JSONL`, `OUTPUT_ELSEWHERE`.
 */
export async function checkNewOutput(
  { fileSystem }: Pick<StoragePorts, 'fileSystem'>,
  output: string,
  root: string,
  beside: readonly string[] = [],
): Promise<void> {
  for (const path of [output, ...beside]) {
    if ((await fileSystem.status(path)) === undefined) continue;
    const message = `${path} exists already, and nothing is written over. Choose another name, or move it away.`;
    throw new UsageError('OUTPUT_EXISTS', message, { file: path });
  }
  if (/\.(csv|tsv|parquet|gz)$/i.test(output)) {
    const message = `A master holds lines of JSON, and ${basename(output)} looks like something else. Name it .jsonl, and export it afterwards.`;
    throw new UsageError('OUTPUT_NOT_JSONL', message, { file: output });
  }
  if (isAbsolute(toRelative(root, output))) {
    const message = `${output} is on another drive than the workspace folder ${root}. Choose a place on the same one.`;
    throw new UsageError('OUTPUT_ELSEWHERE', message, { file: output });
  }
}
