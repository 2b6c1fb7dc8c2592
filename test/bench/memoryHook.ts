/**
 * Loaded before a measured program (`--require`): at its end it writes the program's largest resident size, in kB, to
 * file descriptor 3. From /proc, since getrusage counts what the parent had before exec.
 */
import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

function maxRssKb(): number {
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
    writeSync(3, String(maxRssKb()));
  });
}
