// Runs in VS Code's extension host: how late its event loop is while the extension collects, and while it idles beside
// a process that collects the same. Writes one line of JSON for each round into $CF_BENCH_RESULTS.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { must } from '../../src/core/assert.ts';
import { writeCollection } from '../fixtures/workspace.ts';
import { activeApi, start, untilState } from '../host/inHost.ts';

/** What the bench hands over in the environment. */
interface ProbeTask {
  readonly rounds: number;
  readonly collection: { readonly name: string; readonly [key: string]: unknown };
  readonly cli: string;
  readonly node: string;
}

/** One round: delays of the event loop in milliseconds, at the 99th percentile. */
export interface ProbeRound {
  readonly collectingMs: number;
  readonly besideMs: number;
}

/** Called by VS Code in place of a test suite. */
export async function run(): Promise<void> {
  const task = JSON.parse(must(process.env['CF_BENCH_TASK'], 'CF_BENCH_TASK')) as ProbeTask;
  const results = must(process.env['CF_BENCH_RESULTS'], 'CF_BENCH_RESULTS');
  const folder = must(vscode.workspace.workspaceFolders?.[0], 'a workspace folder').uri.fsPath;
  const api = await activeApi();
  // The first round is for warming up.
  for (let round = 0; round <= task.rounds; round++) {
    const name = `probe-${round}`;
    const file = await writeCollection(folder, { ...task.collection, name }, name);
    const collectingMs = await delayDuring(async () => {
      await untilState(api, await start(vscode.Uri.file(file)), 'completed');
    });
    const besideName = `beside-${round}`;
    const beside = await writeCollection(
      folder,
      { ...task.collection, name: besideName },
      besideName,
    );
    const besideMs = await delayDuring(async () => {
      const child = spawn(task.node, [task.cli, 'run', beside, '--workspace', folder, '--json']);
      child.stdout.resume();
      await once(child, 'close');
    });
    const line: ProbeRound = { collectingMs, besideMs };
    if (round > 0) appendFileSync(results, `${JSON.stringify(line)}\n`);
  }
}

async function delayDuring(work: () => Promise<void>): Promise<number> {
  const resolutionMs = 5;
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  await work();
  histogram.disable();
  // The histogram holds whole intervals: what is over the resolution is the delay.
  return histogram.percentile(99) / 1e6 - resolutionMs;
}
