// Runs in VS Code's extension host: how long the extension takes to be loaded and activated in a fresh one, with what
// VS Code itself does for it. Appends milliseconds to $CF_BENCH_RESULTS.
import { appendFileSync } from 'node:fs';
import { must } from '../../src/core/assert.ts';
import { ourExtension } from '../host/inHost.ts';

/** Called by VS Code in place of a test suite. */
export async function run(): Promise<void> {
  const results = must(process.env['CF_BENCH_RESULTS'], 'CF_BENCH_RESULTS');
  const extension = ourExtension();
  if (extension.isActive) throw new Error('Something has activated the extension before');
  const startedMs = performance.now();
  await extension.activate();
  appendFileSync(results, `${performance.now() - startedMs}\n`);
}
