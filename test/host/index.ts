// Runs the suite inside VS Code's extension host: VS Code loads this file and awaits `run`.
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { run as runTests } from 'node:test';
import { outcomeOf, type TestEvent } from '../tools/outcome.ts';

/**
 * Runs every test file beside this one, and writes each outcome as a line of JSON into
 * `$CF_HOST_RESULTS`.
 */
export async function run(): Promise<void> {
  const results = process.env['CF_HOST_RESULTS'];
  const write = (line: object): void => {
    if (results !== undefined) appendFileSync(results, `${JSON.stringify(line)}\n`);
  };
  const failed: string[] = [];
  await new Promise<void>((resolve) => {
    const record = (event: TestEvent & { readonly nesting: number }): void => {
      const outcome = outcomeOf(event);
      if (outcome) write(outcome);
      if (outcome?.kind === 'failed') failed.push(outcome.name);
      // node:test itself only ends with its process, and this one stays: the suite around all
      // others is the last word.
      if (event.nesting === 0) resolve();
    };
    const suite = path.join(import.meta.dirname, 'suite.js');
    runTests({ isolation: 'none', files: [suite] })
      .on('test:pass', record)
      .on('test:fail', record)
      .resume();
  });
  write({ kind: 'end' });
  if (failed.length > 0) throw new Error(`${failed.length} failed: ${failed.join(', ')}`);
}
