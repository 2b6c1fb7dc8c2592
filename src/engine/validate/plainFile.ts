import { hash } from 'node:crypto';
import { basename } from 'node:path';
import type { ValidateFunction } from 'ajv';
import type { TargetReport } from '../../core/validation.ts';
import { FileWindow } from '../../storage/fileWindow.ts';
import { Findings } from './findings.ts';
import { FirstLines } from './firstLines.ts';
import { lineBlocks } from './lineBlocks.ts';
import { endsWithCarriageReturn, LineChecker } from './lineChecker.ts';
import type { Tools } from './subject.ts';

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
/** Room made for keys at the beginning, by the size of the file. */
const guessedLineBytes = 400;

/** Checks a file of JSON lines that belongs to no session: its lines, and whether some of them stand there twice. */
export async function checkPlainFile(
  path: string,
  tools: Tools,
  schema: ValidateFunction | undefined,
): Promise<TargetReport> {
  const checks = ['lines', 'schema', 'keys'] as const;
  const findings = new Findings(undefined, checks);
  if (schema === undefined) findings.skip('schema', 'none was given');
  const window = await FileWindow.open(tools.fileSystem, path);
  const size = await window.size();
  let records = 0;
  tools.progress.begin(basename(path));
  try {
    const start = await skipByteOrderMark(window, path, findings);
    const rules = { file: path, validate: schema, addedFields: [], isLenient: true };
    const checker = new LineChecker(findings, rules);
    const first = new FirstLines(size / guessedLineBytes, (line, known) => {
      reportTwice(findings, path, line, known);
    });
    try {
      let line = 1;
      for await (const { offset, bytes, isTooLong } of lineBlocks(window, start, size)) {
        tools.signal.throwIfAborted();
        if (isTooLong) {
          findings.add('lines', 'error', 'LINE_TOO_LONG', { file: path, line, column: 1 }, () => {
            return 'The line is longer than 128 MB: this is hardly a file of JSON lines.';
          });
          line += 1;
          continue;
        }
        line += checker.check(bytes, line, (record, number, from, to) => {
          if (record === undefined) return;
          records += 1;
          const end = endsWithCarriageReturn(bytes, from, to) ? to - 1 : to;
          first.add(hash('sha256', bytes.subarray(from, end), 'hex').slice(0, 32), number);
        });
        tools.progress.add(bytes.length);
        if (offset + bytes.length >= size) break;
      }
      first.end();
    } finally {
      first.close();
    }
  } catch (error) {
    if (!tools.signal.aborted) throw error;
    for (const name of checks) findings.skip(name, 'cancelled');
  } finally {
    await window.close();
  }
  findings.checked('keys', records);
  const report = { session: null, name: basename(path), files: [path], bytes: size, records };
  return { ...report, ...findings.result() };
}

function reportTwice(findings: Findings, file: string, line: number, first: number): void {
  findings.add('keys', 'warning', 'LINE_TWICE', { file, line, column: 1 }, () => {
    return `The line is the same as line ${first}. Merging the file keeps one of them.`;
  });
}

async function skipByteOrderMark(
  window: FileWindow,
  file: string,
  findings: Findings,
): Promise<number> {
  const start = await window.read(0, byteOrderMark.length);
  if (!start.equals(byteOrderMark)) return 0;
  findings.add('lines', 'warning', 'FILE_BOM', { file, line: 1, column: 1 }, () => {
    return 'The file begins with a byte order mark: other programs may not take its first line for JSON.';
  });
  return byteOrderMark.length;
}
