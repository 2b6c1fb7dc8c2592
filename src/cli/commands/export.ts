import { dirname, join, resolve } from 'node:path';
import { exportTable, tableFormats, type ExportRequest } from '../../engine/export/exportTable.ts';
import { inputForm } from '../../sources/files/inputForm.ts';
import { usageError, type CommandLine, type CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { shownLines } from '../../core/shownText.ts';

/** `cf-collect export`. */
export const exportCommand: CommandSpec = {
  name: 'export',
  usage:
    '  cf-collect export INPUT --format csv|parquet [-o OUT]  write a master or any JSONL as a table',
  operands: ['INPUT'],
  options: { format: { type: 'string' }, output: { type: 'string', short: 'o' } },
  run,
};

async function run(line: CommandLine): Promise<number> {
  const input = resolve(line.operands[0] ?? '');
  const format = formatOf(line.value('format'));
  const output = resolve(
    line.value('output') ?? join(dirname(input), `${inputForm(input).stem}.${format}`),
  );
  const { ports } = await commandLineEnvironment();
  const controller = new AbortController();
  const cancel = (): void => {
    controller.abort();
  };
  process.once('SIGINT', cancel).once('SIGTERM', cancel);
  const context = { signal: controller.signal, onProgress: () => undefined };
  try {
    const result = await exportTable(ports, { input, format, output }, context);
    const { rows, columns, bytes, rejected } = result;
    const aside = rejected === 0 ? '' : `; ${rejected} lines are no records`;
    const text = line.isJson
      ? JSON.stringify({ type: 'exported', output, ...result })
      : shownLines(`${output}: ${rows} rows, ${columns} columns, ${bytes} bytes${aside}`);
    process.stdout.write(`${text}\n`);
    return exitCodes.complete;
  } catch (error) {
    if (controller.signal.aborted) return exitCodes.stopped;
    throw error;
  } finally {
    process.off('SIGINT', cancel).off('SIGTERM', cancel);
  }
}

function formatOf(text: string | undefined): ExportRequest['format'] {
  const format = tableFormats.find((one) => one === text);
  if (format !== undefined) return format;
  const what = text === undefined ? '' : `, not "${text}"`;
  throw usageError(`--format is ${tableFormats.join(' or ')}${what}`);
}
