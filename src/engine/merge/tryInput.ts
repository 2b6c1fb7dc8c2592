import { UnitFailedError, UsageError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { recordKey } from '../../core/keys.ts';
import { inputForm } from '../../sources/files/inputForm.ts';
import { readInput } from '../../sources/files/readInput.ts';

/** How many times larger than its `.gz` a file of records is, about. */
const gzipRatio = 6;
const shownFields = 12;

/**
 * Reads an input up to the first record that has its key.
 *
 * @returns about how many lines the file has.
 * @throws UsageError when no line of it has: then nothing of it would be merged.
 */
export async function tryInput(
  path: string,
  bytes: number,
  key: readonly string[] | null,
): Promise<{ readonly lines: number }> {
  let first: JsonObject | undefined;
  let reason: string | undefined;
  let lines = 0;
  const { signal } = new AbortController();
  try {
    for await (const page of readInput(path, undefined, (r) => r, signal)) {
      lines = page.cursor.lines;
      for (const line of page.lines) {
        reason ??= line.reason;
        first ??= line.value;
        if (line.value === undefined) continue;
        if (key !== null && typeof recordKey(line.value, key) !== 'string') continue;
        const perLine = Math.max(1, page.cursor.offset / Math.max(1, lines));
        const { isGzip } = inputForm(path);
        return { lines: Math.ceil((bytes * (isGzip ? gzipRatio : 1)) / perLine) };
      }
    }
  } catch (error) {
    if (!(error instanceof UnitFailedError)) throw error;
    throw new UsageError(error.code, error.message, error.data, error);
  }
  if (lines === 0) return { lines };
  throw first === undefined ? noRecords(path, lines, reason) : noKey(path, first, key ?? []);
}

function noRecords(path: string, lines: number, reason = 'not JSON'): UsageError {
  const message = `None of the ${lines} lines of ${path} is a JSON object (the first is ${reason}). Merging takes JSONL and CSV, also as .gz: leave the file out.`;
  return new UsageError('INPUT_NO_RECORDS', message, { file: path });
}

function noKey(path: string, first: JsonObject, key: readonly string[]): UsageError {
  const fields = Object.keys(first).slice(0, shownFields).join(', ');
  const missing = key.filter((field) => typeof recordKey(first, [field]) !== 'string').join(', ');
  const message = `No record of ${path} has the key ${key.join(', ')} (the first has no ${missing}, but ${fields}). Choose another key, or leave the file out.`;
  return new UsageError('INPUT_NO_KEY', message, { file: path, key: [...key] });
}
