import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { cliFile, type CliSummary } from '../fixtures/cli.ts';
import { readMasters, withWorkspace, writeCollection } from '../fixtures/workspace.ts';
import { type Run, timeProgram } from './measure.ts';

/** Where bench writes: git ignores it. */
export const outFolder = fileURLToPath(new URL('../../out/', import.meta.url));
const bundles = join(outFolder, 'bench');

/** What the measured programs are bundled to: as dist/cli.js is, so that no one's start-up is dearer. */
export const programs = {
  hook: join(bundles, 'usageHook.cjs'),
  bareHtml: join(bundles, 'bareHtml.cjs'),
  bareBrowser: join(bundles, 'bareBrowser.cjs'),
  bareJson: join(bundles, 'bareJson.cjs'),
  bareMerge: join(bundles, 'bareMerge.cjs'),
  bareLines: join(bundles, 'bareLines.cjs'),
  viewRecords: join(bundles, 'viewRecords.cjs'),
};

/** Makes the bundles of {@link programs}. */
export async function bundlePrograms(): Promise<void> {
  await build({
    entryPoints: Object.keys(programs)
      .map((name) => (name === 'hook' ? 'usageHook' : name))
      .map((name) => fileURLToPath(new URL(`${name}.ts`, import.meta.url))),
    outdir: bundles,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minify: true,
    external: ['playwright', 'playwright-core'],
    logLevel: 'warning',
  });
}

/** One way to do a piece of work, run in an empty folder. Rejects when the work was not done whole. */
export type Contender = () => Promise<Run>;

/** A bare loop: `args` gets the file to write to. */
export function bareLoop(
  program: string,
  args: (out: string) => readonly string[],
  expectedRecords: number,
): Contender {
  return () =>
    withWorkspace(async (folder) => {
      const out = join(folder, 'out_master_.jsonl');
      const run = await timeProgram(programs.hook, [program, ...args(out)]);
      const records = await readMasters(folder);
      expectRecords('the bare loop', records.length, expectedRecords);
      return run;
    });
}

/** `cf-collect run` on a new workspace. */
export function ourRun(
  collection: { readonly name: string; readonly [key: string]: unknown },
  expectedRecords: number,
): Contender {
  return () =>
    withWorkspace(async (folder) => {
      const file = await writeCollection(folder, collection);
      const { stdout, ...run } = await timeProgram(programs.hook, [
        cliFile,
        'run',
        file,
        '--workspace',
        folder,
        '--json',
      ]);
      const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as CliSummary;
      const records = await readMasters(join(folder, 'data/raw'));
      expectRecords('cf-collect', records.length, expectedRecords);
      expectRecords("cf-collect's summary", summary.records, expectedRecords);
      return run;
    });
}

function expectRecords(who: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${who} has ${found} records of ${expected}`);
}

/**
 * Runs contenders by turns, so that whatever else the machine does meets all of them: once unmeasured, then `runs`
 * times. The result has one list of runs for each.
 */
export async function byTurns(
  runs: number,
  contenders: readonly Contender[],
): Promise<readonly (readonly Run[])[]> {
  const results = contenders.map((): Run[] => []);
  for (let round = 0; round <= runs; round++) {
    for (const [i, contender] of contenders.entries()) {
      const run = await contender();
      if (round > 0) results[i]?.push(run);
    }
  }
  return results;
}

/** Files in a folder and all below it. */
export async function countFiles(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}
