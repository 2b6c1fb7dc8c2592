import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { dirname } from 'node:path';
import type { Spread } from './measure.ts';

/** One figure of the report. */
export interface Figure {
  /** What was measured: "HTML, 1,169 pages". */
  readonly name: string;
  /** What of it: "bare loop", "cf-collect", "ratio". */
  readonly what: string;
  readonly unit: 's' | 'MB' | '×' | '%' | 'files' | 'ms';
  readonly value: Spread;
  /** The most that it may be; left out where there is no target. */
  readonly atMost?: number;
}

/** Whether a figure's median keeps its target; undefined without one. */
function isKept(figure: Figure): boolean | undefined {
  return figure.atMost === undefined ? undefined : figure.value.median <= figure.atMost;
}

const decimals: Readonly<Record<Figure['unit'], number>> = {
  s: 2,
  MB: 0,
  '×': 2,
  '%': 1,
  files: 0,
  ms: 1,
};

/** The figures as lines of a table. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const show = (value: number) => value.toFixed(decimals[figure.unit]);
    const { median, min, max } = figure.value;
    const kept = isKept(figure);
    return [
      figure.name,
      figure.what,
      `${show(median)} ${figure.unit}`,
      `${show(min)}–${show(max)}`,
      figure.atMost === undefined ? '' : `≤ ${figure.atMost} ${figure.unit}`,
      kept === undefined ? '' : kept ? 'kept' : 'MISSED',
    ];
  });
  const all = [['', '', 'median', 'min–max', 'target', ''], ...rows];
  const widths = all[0]?.map((_, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Writes the figures, every single run behind them, and the machine to a JSON file. */
export async function writeReport(
  file: string,
  runs: number,
  figures: readonly Figure[],
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const report = {
    at: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryMb: Math.round(totalmem() / 1_048_576),
      system: `${type()} ${release()}`,
      node: process.version,
    },
    runs,
    figures: figures.map((figure) => ({ ...figure, kept: isKept(figure) ?? null })),
  };
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}
