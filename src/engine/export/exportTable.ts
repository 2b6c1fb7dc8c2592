import { basename, dirname, join } from 'node:path';
import { UnitFailedError, UsageError } from '../../core/errors.ts';
import type { JobContext } from '../../core/job.ts';
import type { JsonObject } from '../../core/json.ts';
import type { InputPage } from '../../sources/files/inputLine.ts';
import { inputStatus } from '../../sources/files/inputStatus.ts';
import { readInput } from '../../sources/files/readInput.ts';
import { writeFully } from '../../storage/fileSystem.ts';
import type { StoragePorts } from '../../storage/sessionStore.ts';
import { ColumnsSeen, type Column } from './tableColumns.ts';
import { CsvTable } from './csvTable.ts';
import type { TableWriter } from './tableWriter.ts';

/** What a file may be exported as. */
export const tableFormats = ['csv', 'parquet'] as const;

/** What is to be exported, and where to. */
export interface ExportRequest {
  /** Absolute path: JSONL or CSV, also as .gz. */
  readonly input: string;
  readonly format: (typeof tableFormats)[number];
  /** Absolute path of the new file. */
  readonly output: string;
}

/** What exporting came to. */
export interface ExportResult {
  readonly rows: number;
  readonly columns: number;
  readonly bytes: number;
  /** Lines that are no record, and not in the table. */
  readonly rejected: number;
}

/**
 * Writes the records of a file as a table. Reads it twice, with flat memory: first for the columns (every field, in order
 * of first appearance), then for the rows. The table appears under its name when it is whole and on disk.
 *
 * @throws UsageError `OUTPUT_EXISTS`, `NOTHING_TO_EXPORT`, and what is wrong with the input; the signal's reason when it
 * is aborted. Nothing is left then.
 */
export async function exportTable(
  { fileSystem, random }: Pick<StoragePorts, 'fileSystem' | 'random'>,
  { input, format, output }: ExportRequest,
  context: JobContext,
): Promise<ExportResult> {
  const { bytes: inputBytes } = await inputStatus(input);
  await refuseExisting(fileSystem, output);
  const what = basename(input);
  const tell = (done: number): void => {
    context.onProgress({ done, total: inputBytes * 2, unit: 'bytes', what });
  };
  const seen = new ColumnsSeen();
  const first = await readAll(input, context.signal, (page) => {
    for (const { value } of page.lines) if (value !== undefined) seen.add(value);
    tell(page.cursor.read.bytes);
    return Promise.resolve();
  });
  const { columns } = seen;
  if (columns.length === 0) {
    const message = `${input} has no record with a field: there is nothing to export.`;
    throw new UsageError('NOTHING_TO_EXPORT', message, { file: input });
  }
  const part = join(dirname(output), `.${basename(output)}.${random.hex(4)}.part`);
  const file = await fileSystem.open(part, 'create');
  let bytes = 0;
  try {
    const table = await openTable(format, columns, async (piece) => {
      await writeFully(file, piece);
      bytes += piece.byteLength;
    });
    await table.begin();
    let rows = 0;
    let rejected = 0;
    const second = await readAll(input, context.signal, async (page) => {
      const records = page.lines.flatMap(({ value }) => (value === undefined ? [] : [value]));
      rows += records.length;
      rejected += page.lines.length - records.length;
      await table.add(records);
      tell(inputBytes + page.cursor.read.bytes);
    });
    if (second !== first) throw changed(input);
    await table.end();
    await file.datasync();
    await file.close();
    context.signal.throwIfAborted();
    await refuseExisting(fileSystem, output);
    await fileSystem.rename(part, output);
    await fileSystem.syncDirectory(dirname(output));
    return { rows, columns: columns.length, bytes, rejected };
  } catch (error) {
    // Closing it again is no harm, and a rename that was done leaves nothing to remove.
    await file.close().catch(() => undefined);
    await fileSystem.remove(part);
    throw error;
  }
}

async function openTable(
  format: ExportRequest['format'],
  columns: readonly Column[],
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<TableWriter> {
  if (format === 'csv') return new CsvTable(columns, write);
  const { ParquetTable } = await import('./parquetTable.ts');
  return new ParquetTable(columns, write);
}

/** Goes through all of a file; gives its sha256. */
async function readAll(
  input: string,
  signal: AbortSignal,
  onPage: (page: InputPage<JsonObject>) => Promise<void>,
): Promise<string> {
  const pages = readInput(input, undefined, (record) => record, signal);
  try {
    for (;;) {
      const { value, done } = await pages.next();
      if (done === true) return value.read.sha256;
      await onPage(value);
    }
  } catch (error) {
    if (!(error instanceof UnitFailedError)) throw error;
    throw new UsageError(error.code, error.message, error.data, error);
  } finally {
    await pages.return(undefined as never);
  }
}

async function refuseExisting(
  fileSystem: StoragePorts['fileSystem'],
  output: string,
): Promise<void> {
  if ((await fileSystem.status(output)) === undefined) return;
  const message = `${output} exists already, and nothing is written over. Choose another name, or move it away.`;
  throw new UsageError('OUTPUT_EXISTS', message, { file: output });
}

function changed(input: string): UsageError {
  const message = `${input} changed while it was exported. Export it again when nobody writes to it.`;
  return new UsageError('INPUT_CHANGED', message, { file: input });
}
