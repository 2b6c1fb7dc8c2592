import { csvPages } from './csvRows.ts';
import { inputForm } from './inputForm.ts';
import { openInput, type ReadSoFar } from './inputBytes.ts';
import type { InputCursor, InputPage, Make, ReadOptions } from './inputLine.ts';
import { jsonListPages } from './jsonList.ts';
import { jsonLinePages } from './jsonLines.ts';

/** What reading an input to its end came to. */
export interface InputEnd {
  /** The whole file's. */
  readonly read: ReadSoFar;
}

/**
 * Reads an input by pages, from a cursor on, with flat memory. Its lines are parsed; what is no record comes with the
 * reason. Always reads from the file's beginning, so that a part that was read before is known to be the same.
 *
 * @throws UnitFailedError with a message for people when the input can't be read, was changed, or is cut off.
 */
export async function* readInput<T>(
  path: string,
  from: InputCursor | undefined,
  make: Make<T>,
  signal: AbortSignal,
  options: ReadOptions<T> = {},
): AsyncGenerator<InputPage<T>, InputEnd, void> {
  const form = inputForm(path);
  const { isGzip } = form;
  const kind = options.kind ?? form.kind;
  const bytes = await openInput(path, isGzip, from?.read, options.onRead);
  try {
    if (kind === 'csv') yield* csvPages(path, bytes, from, make, signal, options.csv);
    else if (kind === 'json') yield* jsonListPages(path, bytes, from, make, signal, options);
    else yield* jsonLinePages(path, bytes, from, make, signal, { ...options, kind });
    return { read: bytes.readSoFar };
  } finally {
    await bytes.close();
  }
}
