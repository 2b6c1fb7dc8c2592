import { stat } from 'node:fs/promises';
import { withWorkspace } from '../fixtures/workspace.ts';
import { programs } from './lab.ts';
import { spread, timeProgram } from './measure.ts';
import { writePaperSession } from './paperSession.ts';
import type { Figure } from './report.ts';
import type { ViewTimes } from './viewRecords.ts';

/** A gigabyte. */
const records = 1_600_000;
const openAtMostMs = 1000;
const recordAtMostMs = 200;
const memoryAtMostMb = 250;

const whats: Readonly<Record<keyof ViewTimes, string>> = {
  open: 'first page',
  count: 'all records counted',
  record: 'any record, p95',
  page: 'any page, p95',
  origin: 'its unit, p95',
  search: 'a text that is in the last record only',
};

/** The record viewer's engine on a master of a gigabyte: known by its session, and as any file. */
export function measureViewer(runs: number): Promise<Figure[]> {
  return withWorkspace(async (folder) => {
    const master = await writePaperSession(folder, records);
    const gigabytes = ((await stat(master)).size / 1e9).toFixed(2);
    const figures: Figure[] = [];
    for (const [kind, root] of [
      ['master', folder],
      ['any file', '-'],
    ] as const) {
      const name = `Record viewer, ${kind} of ${gigabytes} GB`;
      const times: ViewTimes[] = [];
      const memory: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        const args = [programs.viewRecords, master, root, String(records)];
        const { stdout, maxRssMb } = await timeProgram(programs.hook, args);
        times.push(JSON.parse(stdout) as ViewTimes);
        memory.push(maxRssMb);
      }
      for (const [key, what] of Object.entries(whats) as [keyof ViewTimes, string][]) {
        if (key === 'origin' && root === '-') continue;
        const value = spread(times.map((time) => time[key]));
        const atMost =
          key === 'open'
            ? openAtMostMs
            : key === 'record' || key === 'page'
              ? recordAtMostMs
              : null;
        figures.push({ name, what, unit: 'ms', value, ...(atMost !== null && { atMost }) });
      }
      figures.push({
        name,
        what: 'memory',
        unit: 'MB',
        value: spread(memory),
        atMost: memoryAtMostMb,
      });
    }
    return figures;
  });
}
