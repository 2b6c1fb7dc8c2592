import { cliFile } from '../fixtures/cli.ts';
import { withWorkspace } from '../fixtures/workspace.ts';
import { byTurns, programs, type Contender } from './lab.ts';
import { spread, timeProgram, type Run } from './measure.ts';
import { writePaperSession } from './paperSession.ts';
import type { Figure } from './report.ts';

const records = 1_000_000;
const name = 'Validate, 1,000,000 records';
/** No less than half the speed of the bare loop. */
const ratioAtMost = 2;
const memoryAtMostMb = 250;

/** A whole session checked, beside a loop that only splits lines, parses them and hashes the same master. */
export function measureValidate(runs: number): Promise<Figure[]> {
  return withWorkspace(async (folder) => {
    const master = await writePaperSession(folder, records);
    const [bare = [], ours = []] = await byTurns(runs, [
      bareLoop(master),
      validation(folder, master),
    ]);
    const figure = (
      what: string,
      unit: Figure['unit'],
      values: readonly number[],
      atMost?: number,
    ): Figure => {
      const value = spread(values);
      return { name, what, unit, value, ...(atMost === undefined ? {} : { atMost }) };
    };
    const ratios = (of: (run: Run) => number): number[] =>
      ours.map((run, i) => of(run) / (bare[i] === undefined ? Number.NaN : of(bare[i])));
    return [
      figure('bare loop', 's', bare.map(secondsOf)),
      figure('bare loop, CPU', 's', bare.map(cpuOf)),
      figure('cf-collect validate', 's', ours.map(secondsOf)),
      figure('cf-collect validate, CPU', 's', ours.map(cpuOf)),
      figure('cf-collect validate', 'MB', ours.map(memoryOf), memoryAtMostMb),
      figure('validate / bare loop', '×', ratios(secondsOf), ratioAtMost),
      figure('validate / bare loop, CPU', '×', ratios(cpuOf)),
    ];
  });
}

const secondsOf = ({ seconds }: Run): number => seconds;
const cpuOf = ({ cpuSeconds }: Run): number => cpuSeconds;
const memoryOf = ({ maxRssMb }: Run): number => maxRssMb;

function bareLoop(master: string): Contender {
  return async () => {
    const { stdout, ...run } = await timeProgram(programs.hook, [programs.bareLines, master]);
    const { lines } = JSON.parse(stdout) as { lines: number };
    if (lines !== records) throw new Error(`The bare loop has ${lines} lines of ${records}`);
    return run;
  };
}

function validation(folder: string, master: string): Contender {
  return async () => {
    const args = [cliFile, 'validate', master, '--workspace', folder, '--json'];
    const { stdout, ...run } = await timeProgram(programs.hook, args);
    const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      isValid: boolean;
      targets: { records: number; checks: { name: string; outcome: string }[] }[];
    };
    const [target] = summary.targets;
    // A check that was left out would make it look fast.
    const left = target?.checks.filter((check) => check.outcome !== 'passed').map((c) => c.name);
    if (!summary.isValid || target?.records !== records || left?.join() !== 'schema') {
      throw new Error(`Not all was checked: ${stdout.slice(-2000)}`);
    }
    return run;
  };
}
