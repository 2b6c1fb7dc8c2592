import path from 'node:path';
import { run } from 'node:test';
import { outcomeOf, type Outcome, type TestEvent } from '../test/tools/outcome.ts';

/** What running one test file gave. */
export interface FileResult {
  readonly file: string;
  readonly outcomes: readonly Outcome[];
  /** What the file wrote to stdout and stderr. */
  readonly output: string;
  readonly seconds: number;
}

export interface FileOptions {
  /** Arguments that the test file finds in `process.argv`. */
  readonly argv: readonly string[];
  /** The file is ended, and fails, when it takes longer. */
  readonly limitMs: number;
  /**
   * How long it may stay alive with no test open, before it counts as held up by something that it
   * left running (10 s).
   */
  readonly idleMs?: number;
}

/**
 * Runs one test file in a process of its own. Every way of ending without having run its tests (no
 * test in it, a crash, `process.exit`, a hang) is a failed outcome.
 */
export async function runTestFile(
  file: string,
  { argv, limitMs, idleMs = 10_000 }: FileOptions,
): Promise<FileResult> {
  const startedAt = performance.now();
  const outcomes: Outcome[] = [];
  const stop = new AbortController();
  let output = '';
  let openTests = 0;
  const end: { isSummedUp: boolean; failure?: string } = { isSummedUp: false };
  let idleTimer: NodeJS.Timeout | undefined;

  const giveUp = (why: string): void => {
    end.failure ??= why;
    stop.abort();
  };
  const limitTimer = setTimeout(() => giveUp(`took longer than ${limitMs / 1000} s`), limitMs);

  /**
   * node:test wraps the file in a test named like it, and reports that one when the file itself
   * went wrong.
   */
  const isFileItself = (event: { readonly name: string; readonly nesting: number }): boolean =>
    event.nesting === 0 && path.resolve(event.name) === file;

  const record = (event: TestEvent & { readonly nesting: number }): void => {
    if (isFileItself(event)) {
      end.failure ??=
        event.details.error === undefined
          ? 'ran no test (it holds none, or ended its process)'
          : 'its process failed outside of its tests';
      return;
    }
    const outcome = outcomeOf(event);
    if (outcome) outcomes.push(outcome);
  };

  await new Promise<void>((resolve) => {
    run({ files: [file], argv: [...argv], signal: stop.signal, timeout: limitMs })
      .on('test:pass', record)
      .on('test:fail', record)
      .on('test:dequeue', (event) => {
        if (isFileItself(event)) return;
        clearTimeout(idleTimer);
        openTests++;
      })
      .on('test:complete', (event) => {
        if (isFileItself(event)) return;
        openTests--;
        if (openTests > 0) return;
        const why =
          'is kept alive by something that its tests left running (a server, a timer, a child process)';
        idleTimer = setTimeout(() => giveUp(why), idleMs);
      })
      .on('test:summary', (summary) => {
        end.isSummedUp ||= summary.file !== undefined;
      })
      .on('test:diagnostic', ({ file: about, message }) => {
        if (about !== undefined) output += `${message}\n`;
      })
      .on('test:stdout', ({ message }) => (output += message))
      .on('test:stderr', ({ message }) => (output += message))
      .once('end', resolve)
      .resume();
  });
  clearTimeout(limitTimer);
  clearTimeout(idleTimer);

  if (!end.isSummedUp) end.failure ??= 'ended before all of its tests had';
  if (end.failure !== undefined) {
    outcomes.push({ kind: 'failed', name: path.basename(file), place: file, detail: end.failure });
  }
  return { file, outcomes, output, seconds: (performance.now() - startedAt) / 1000 };
}
