// Runs in VS Code's extension host: how long the extension takes to be loaded and activated in a fresh one, with what
// VS Code itself does for it. Appends a line of JSON to $CF_BENCH_RESULTS.
import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { must } from '../../src/core/assert.ts';
import { ourExtension } from '../host/inHost.ts';

/** A window that opens keeps both cores busy; what that costs is not ours. */
const settledMs = 2_500;

/** One window. */
export interface ActivationRound {
  readonly ms: number;
  /** Of all threads of the extension host in that time. */
  readonly cpuMs: number;
}

/** Called by VS Code in place of a test suite. */
export async function run(): Promise<void> {
  const results = must(process.env['CF_BENCH_RESULTS'], 'CF_BENCH_RESULTS');
  const extension = ourExtension();
  await setTimeout(settledMs);
  if (extension.isActive) throw new Error('Something has activated the extension before');
  const usedBefore = process.cpuUsage();
  const startedMs = performance.now();
  await extension.activate();
  const ms = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(usedBefore);
  const round: ActivationRound = { ms, cpuMs: (user + system) / 1_000 };
  appendFileSync(results, `${JSON.stringify(round)}\n`);
}
