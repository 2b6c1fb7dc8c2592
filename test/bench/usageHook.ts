/**
 * Loaded before a measured program (`--require`): at its end it writes the program's largest resident size and its CPU
 * time to file descriptor 3.
 */
import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** What the hook writes. */
export interface Usage {
  readonly maxRssKb: number;
  /** Of all threads, in user and in system mode. */
  readonly cpuSeconds: number;
}

function maxRssKb(): number {
  // From /proc, since getrusage counts what the parent had before exec.
  try {
    const kb = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kb !== undefined) return Number(kb);
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS;
}

if (isMainThread) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    const usage: Usage = {
      maxRssKb: maxRssKb(),
      cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    };
    writeSync(3, JSON.stringify(usage));
  });
}
