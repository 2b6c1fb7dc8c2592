import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import type { Usage } from './usageHook.ts';

/** What one run of a program took, start-up included. */
export interface Run {
  readonly seconds: number;
  /** Time on a CPU, all threads together: what other programs take at the same time changes it little. */
  readonly cpuSeconds: number;
  readonly maxRssMb: number;
}

/** The middle and both ends of some runs. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Runs a Node program to its end.
 *
 * @param hook bundle of `usageHook.ts`.
 * @throws Error with what it wrote when it ends with another code than 0.
 */
export async function timeProgram(
  hook: string,
  args: readonly string[],
): Promise<Run & { readonly stdout: string }> {
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, ['--require', hook, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, out, err, memory] = child.stdio as unknown as [null, Readable, Readable, Readable];
  const read = Promise.all([text(out), text(err), text(memory)]);
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const [stdout, stderr, usageText] = await read;
  if (code !== 0) {
    throw new Error(
      `${args.join(' ')} ended with ${String(code)}:\n${stderr}${stdout.slice(-2_000)}`,
    );
  }
  const { maxRssKb, cpuSeconds } = JSON.parse(usageText) as Usage;
  return { seconds, cpuSeconds, maxRssMb: maxRssKb / 1_024, stdout };
}

/** Median, least and most of at least one number. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return {
    median: sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/** The largest resident size that a running process has had, MB; not a number where that can't be told. */
export async function maxRssMbOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kb = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kb === undefined ? Number.NaN : Number(kb) / 1_024;
}
