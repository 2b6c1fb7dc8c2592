import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { JobContext } from '../core/job.ts';
import { exitCodes } from '../core/exitCodes.ts';
import { shownLines } from '../core/shownText.ts';

/**
 * Does a piece of work that SIGINT and SIGTERM end in order, and tells people what came of it.
 *
 * @param tell writes the result; its exit code is the command's.
 */
export async function commandLineJob<T>(
  action: (job: JobContext) => Promise<T>,
  tell: (result: T) => number,
): Promise<number> {
  const controller = new AbortController();
  const cancel = (): void => {
    controller.abort(new Error('stopped; nothing was made'));
  };
  process.once('SIGINT', cancel).once('SIGTERM', cancel);
  try {
    return tell(await action({ signal: controller.signal, onProgress: () => undefined }));
  } catch (error) {
    if (!controller.signal.aborted || error !== controller.signal.reason) throw error;
    process.stderr.write(`cf-collect: ${shownLines(messageOf(error))}\n`);
    return exitCodes.stopped;
  } finally {
    process.off('SIGINT', cancel).off('SIGTERM', cancel);
  }
}

/** The absolute path of something that a person named: from the current folder where it is there, else the workspace folder. */
export function pathOf(workspace: string, path: string): string {
  const here = resolve(path);
  return existsSync(here) ? here : resolve(workspace, path);
}
