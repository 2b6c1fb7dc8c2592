import { byTurns, type Contender } from './lab.ts';
import { type Run, spread } from './measure.ts';
import type { Figure } from './report.ts';

/** A piece of work done in three ways. */
export interface Comparison {
  readonly name: string;
  readonly bare: Contender;
  readonly durable: Contender;
  /** The same with `durability.fsync: false`. */
  readonly loose: Contender;
  /** The most that the durable one may take, in times of the bare one. */
  readonly ratioAtMost: number;
}

const memoryAtMostMb = 200;
const slowerAtMostPercent = 15;

/** Measures the three ways by turns. Ratios are those of runs that stood side by side. */
export async function compare(comparison: Comparison, runs: number): Promise<Figure[]> {
  const { name, ratioAtMost } = comparison;
  const [bare = [], durable = [], loose = []] = await byTurns(runs, [
    comparison.bare,
    comparison.durable,
    comparison.loose,
  ]);
  const seconds = (of: readonly Run[]) => of.map((run) => run.seconds);
  const cpu = (of: readonly Run[]) => of.map((run) => run.cpuSeconds);
  const memory = (of: readonly Run[]) => of.map((run) => run.maxRssMb);
  const quotients = (of: readonly Run[]) =>
    durable.map((run, i) => run.seconds / (of[i]?.seconds ?? Number.NaN));
  const cpuQuotients = durable.map(
    (run, i) => run.cpuSeconds / (bare[i]?.cpuSeconds ?? Number.NaN),
  );
  const percent = quotients(loose).map((quotient) => (quotient - 1) * 100);

  const figure = (
    what: string,
    unit: Figure['unit'],
    values: readonly number[],
    atMost?: number,
  ): Figure => ({
    name,
    what,
    unit,
    value: spread(values),
    ...(atMost === undefined ? {} : { atMost }),
  });
  return [
    figure('bare loop', 's', seconds(bare)),
    figure('bare loop, CPU', 's', cpu(bare)),
    figure('bare loop', 'MB', memory(bare)),
    figure('cf-collect', 's', seconds(durable)),
    figure('cf-collect, CPU', 's', cpu(durable)),
    figure('cf-collect', 'MB', memory(durable), memoryAtMostMb),
    figure('cf-collect / bare loop', '×', quotients(bare), ratioAtMost),
    figure('cf-collect / bare loop, CPU', '×', cpuQuotients),
    figure('cf-collect, fsync: false', 's', seconds(loose)),
    figure('durable is slower by', '%', percent, slowerAtMostPercent),
  ];
}
