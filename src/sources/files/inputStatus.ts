import { stat } from 'node:fs/promises';
import { codeOf, messageOf, UsageError } from '../../core/errors.ts';

/** An input before it is read. */
export interface InputStatus {
  readonly bytes: number;
  readonly modifiedMs: number;
  /** The same for two names of one file. */
  readonly identity: string;
}

/** Looks at a file that a person named. @throws UsageError `INPUT_UNREADABLE` when there is no such file. */
export async function inputStatus(path: string): Promise<InputStatus> {
  const stats = await stat(path).catch((error: unknown) => {
    const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw unreadable(path, `${path} can't be read: ${why}.`);
  });
  if (!stats.isFile()) throw unreadable(path, `${path} is no file. Name the files that are in it.`);
  const { size, mtimeMs, dev, ino } = stats;
  return { bytes: size, modifiedMs: mtimeMs, identity: `${dev}:${ino}` };
}

function unreadable(path: string, message: string): UsageError {
  return new UsageError('INPUT_UNREADABLE', message, { file: path });
}
