import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Where a module can't be read. Lines and columns count from 1. */
export interface SyntaxTrouble {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Compiles and does not run. The error has its place only when nobody catches it. */
const compile = `
const { SourceTextModule } = require('node:vm');
new SourceTextModule(require('node:worker_threads').workerData, { identifier: 'module' });
`;

/**
 * What keeps the text of a module from being read as JavaScript; undefined when nothing does, or when that can't be
 * found out here. None of it runs.
 *
 * @throws Error of the system when the file can't be read.
 */
export async function syntaxTrouble(file: string): Promise<SyntaxTrouble | undefined> {
  const text = await readFile(file, 'utf8');
  // Types would be errors of syntax to the compiler, although Node may take them out.
  if (/\.[cm]?tsx?$/.test(file)) return undefined;
  const worker = new Worker(compile, {
    eval: true,
    execArgv: ['--experimental-vm-modules', '--no-warnings'],
    stderr: true,
    workerData: text,
  });
  try {
    await once(worker, 'exit');
    return undefined;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SyntaxError') return undefined;
    const [, line, caret = ''] = /^module:(\d+)\n.*\n( *)\^/.exec(error.stack ?? '') ?? [];
    if (line === undefined) return undefined;
    return { message: error.message, line: Number(line), column: caret.length + 1 };
  }
}
