import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { cliFile, type CliSummary } from '../fixtures/cli.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { withWorkspace } from '../fixtures/workspace.ts';
import { byTurns, programs, type Contender } from './lab.ts';
import { spread, timeProgram } from './measure.ts';
import type { Figure } from './report.ts';

const lineCount = 1_000_000;
const distinct = 800_000;
const name = 'merge, 1,000,000 records of 600 bytes, 20 % duplicates';
const ratioAtMost = 2;
const memoryAtMostMb = 250;

/** One file of papers, merged by their key: the bare loop, ours, and jq where there is one. */
export async function measureMerge(runs: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cf-merge-'));
  try {
    const input = join(folder, 'papers.jsonl');
    await writePapers(input);
    return await compareOn(input, runs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareOn(input: string, runs: number): Promise<Figure[]> {
  const { size } = await stat(input);
  let mergedBytes = -1;
  const expectBytes = async (output: string): Promise<void> => {
    const { size: bytes } = await stat(output);
    if (mergedBytes >= 0 && bytes !== mergedBytes)
      throw new Error(`${bytes} bytes of ${mergedBytes}`);
    mergedBytes = bytes;
  };
  const bare: Contender = () =>
    withWorkspace(async (folder) => {
      const output = join(folder, 'out.jsonl');
      const run = await timeProgram(programs.hook, [programs.bareMerge, input, output, 'paper_id']);
      await expectBytes(output);
      return run;
    });
  const ours: Contender = () =>
    withWorkspace(async (folder) => {
      const output = join(folder, 'out.jsonl');
      const args = ['merge', input, '-o', output, '--key', 'paper_id', '--json'];
      const { stdout, ...run } = await timeProgram(programs.hook, [
        cliFile,
        ...args,
        '--workspace',
        folder,
      ]);
      const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as CliSummary;
      if (summary.records !== distinct)
        throw new Error(`${summary.records} of ${distinct} records`);
      await expectBytes(output);
      return run;
    });
  const hasJq = spawnSync('jq', ['--version']).status === 0;
  const jq: Contender = () => Promise.resolve(timeJq(input));
  const [bares = [], own = [], jqs = []] = await byTurns(runs, [
    bare,
    ours,
    ...(hasJq ? [jq] : []),
  ]);

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
  const quotients = (of: 'seconds' | 'cpuSeconds', others = bares): number[] =>
    own.map((run, i) => run[of] / (others[i]?.[of] ?? Number.NaN));
  return [
    figure('input', 'MB', [size / 1_048_576]),
    figure(
      'bare loop',
      's',
      bares.map((run) => run.seconds),
    ),
    figure(
      'bare loop, CPU',
      's',
      bares.map((run) => run.cpuSeconds),
    ),
    figure(
      'bare loop',
      'MB',
      bares.map((run) => run.maxRssMb),
    ),
    figure(
      'cf-collect merge',
      's',
      own.map((run) => run.seconds),
    ),
    figure(
      'cf-collect merge, CPU',
      's',
      own.map((run) => run.cpuSeconds),
    ),
    figure(
      'cf-collect merge',
      'MB',
      own.map((run) => run.maxRssMb),
      memoryAtMostMb,
    ),
    figure('cf-collect merge / bare loop', '×', quotients('seconds'), ratioAtMost),
    figure('cf-collect merge / bare loop, CPU', '×', quotients('cpuSeconds')),
    ...(hasJq ? [figure('cf-collect merge / jq -c', '×', quotients('seconds', jqs), 1)] : []),
  ];
}

/** `jq -c .` over the file: only its time is known. */
function timeJq(input: string): { seconds: number; cpuSeconds: number; maxRssMb: number } {
  const startedAtMs = performance.now();
  const { status } = spawnSync('jq', ['-c', '.', input], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`jq ended with ${String(status)}`);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  return { seconds, cpuSeconds: seconds, maxRssMb: Number.NaN };
}

const words =
  'learning deep neural graph attention model data transfer robust sparse optimal kernel'.split(
    ' ',
  );

/** Papers of some 600 bytes; one in five is one of those before it, byte for byte. */
async function writePapers(path: string): Promise<void> {
  const file = createWriteStream(path);
  const random = new SeededRandom(1);
  for (let i = 0, fresh = 0; i < lineCount; i++) {
    const isNew = i % (lineCount / (lineCount - distinct)) !== 4;
    const id = isNew ? fresh++ : Math.floor(random.next() * fresh);
    if (!file.write(`${paper(id)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

function paper(id: number): string {
  let at = id;
  const text = (count: number): string =>
    Array.from(
      { length: count },
      () => words[(at = (at * 31 + 7) % 1_000_003) % words.length],
    ).join(' ');
  return JSON.stringify({
    paper_id: `paper-${id}`,
    title: text(8),
    abstract: text(48),
    authors: [text(2), text(2), text(2)],
    venue: 'iclr',
    year: 2015 + (id % 10),
    citations: at % 1000,
    url: `https://example.org/papers/${id}`,
  });
}
