// npm test [-- TIER ...] [-- FILE ...] [-- ARGUMENTS FOR THE TESTS]: builds, runs the tiers in
// order and counts.
import { globSync } from 'node:fs';
import path from 'node:path';
import { inspect, stripVTControlCharacters } from 'node:util';
import type { Outcome } from '../test/tools/outcome.ts';
import { ensureBrowser } from './browser.ts';
import { build } from './build.ts';
import { ensureDebianPackage } from './debian.ts';
import { runHostSuite } from './hostSuite.ts';
import { inProject, root } from './project.ts';
import { runTestFile } from './testFile.ts';
import { installPackage } from './vsix.ts';

interface Tier {
  readonly name: string;
  /** What must be there first. Returns the reason why it can't be. */
  readonly ensure?: () => string | undefined | Promise<string | undefined>;
  /** Files at a time (the machine that all of this is sized for has two cores). */
  readonly concurrency: number;
  /** How long one file may take. */
  readonly limitMinutes: number;
}

const tiers: readonly Tier[] = [
  { name: 'unit', concurrency: 2, limitMinutes: 3 },
  { name: 'conformance', concurrency: 2, limitMinutes: 5 },
  { name: 'crash', concurrency: 2, limitMinutes: 60 },
  {
    name: 'real',
    concurrency: 1,
    limitMinutes: 15,
    ensure: () => ensureDebianPackage('python3-doc') ?? ensureDebianPackage('prometheus'),
  },
  { name: 'host', concurrency: 1, limitMinutes: 10, ensure: ensureBrowser },
  {
    name: 'ui',
    concurrency: 2,
    limitMinutes: 15,
    ensure: async () => {
      const reason = await ensureBrowser();
      if (reason === undefined) await installPackage();
      return reason;
    },
  },
];

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const isCi = process.env['CI'] === 'true';

const args = process.argv.slice(2);
const wantedTiers = tiers.filter((tier) => args.includes(tier.name));
const wantedFiles = args.filter((arg) => arg.endsWith('.test.ts'));
/** What is neither a tier nor a file is for the tests: `npm run test:crash -- --kills 200`. */
const argv = args.filter(
  (arg) => !wantedFiles.includes(arg) && !tiers.some(({ name }) => name === arg),
);

process.exitCode = await main();

async function main(): Promise<number> {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  const summary: string[] = [];
  try {
    await build();
  } catch {
    // esbuild has said why. What stands in dist is not what is in src, so nothing is worth running.
    console.log('FAILED: the bundles could not be built\n0 passed, 1 failed');
    return 1;
  }
  // Most tiers have a test or two that drive one, and fail without.
  const reason = await ensureBrowser();
  if (reason !== undefined) console.log(reason);
  for (const tier of wantedTiers.length > 0 ? wantedTiers : tiers) {
    const startedAt = performance.now();
    console.log(`\n== ${tier.name}`);
    const counts = await runTier(tier).catch((error: unknown): Counts => {
      console.log(`FAILED: the tier could not be run: ${inspect(error)}`);
      return { passed: 0, failed: 1, skipped: 0 };
    });
    const seconds = (performance.now() - startedAt) / 1000;
    summary.push(
      `${tier.name.padEnd(12)} ${counts.passed} passed, ${counts.failed} failed, ` +
        `${counts.skipped} skipped, ${seconds.toFixed(1)} s`,
    );
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  console.log(`\n${summary.join('\n')}`);
  // What was skipped has not been shown to work, and in CI nobody reads the reason.
  if (isCi && total.skipped > 0) {
    console.log(`${total.skipped} skipped under CI: counted as failed`);
    total.failed += total.skipped;
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

async function runTier(tier: Tier): Promise<Counts> {
  const files = filesOf(tier.name);
  if (files.length === 0) {
    // Only a choice of files may leave a tier empty; else its tests have been lost.
    const isLost = wantedFiles.length === 0;
    console.log(isLost ? 'FAILED: no test files' : 'none of the files');
    return { passed: 0, failed: isLost ? 1 : 0, skipped: 0 };
  }
  const missing = await tier.ensure?.();
  if (missing !== undefined) {
    console.log(`SKIPPED: ${missing}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  return tier.name === 'host' ? runHostTier() : runFiles(tier, files);
}

function filesOf(tier: string): readonly string[] {
  return globSync(`test/${tier}/**/*.test.ts`, { cwd: root })
    .filter(
      (file) => wantedFiles.length === 0 || wantedFiles.some((wanted) => file.endsWith(wanted)),
    )
    .map((file) => inProject(file))
    .sort();
}

async function runFiles(tier: Tier, files: readonly string[]): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...files];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const limitMs = tier.limitMinutes * 60_000;
      const { outcomes, output, seconds } = await runTestFile(file, { argv, limitMs });
      const isGood = print(path.relative(root, file), outcomes, seconds, counts);
      // Measurements and progress of a tier that was asked for by name are wanted also when it
      // passes.
      if (output !== '' && (!isGood || wantedTiers.length > 0)) console.log(indent(tail(output)));
    }
  };
  await Promise.all(Array.from({ length: tier.concurrency }, worker));
  return counts;
}

async function runHostTier(): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const startedAt = performance.now();
  const isOldest = argv.includes('--oldest');
  const outcomes = await runHostSuite({ isOldest, desktop: desktopVersion() });
  print('test/host', outcomes, (performance.now() - startedAt) / 1000, counts);
  return counts;
}

/**
 * `--desktop` is a downloaded stable version, `--desktop=VERSION` another, `--desktop=installed`
 * the one on this machine.
 */
function desktopVersion(): string | undefined {
  const flag = argv.find((arg) => /^--desktop(=|$)/.test(arg));
  return flag === undefined ? undefined : (flag.split('=')[1] ?? 'stable');
}

/** Prints what one file gave, adds it to the counts, and returns whether nothing failed. */
function print(
  title: string,
  outcomes: readonly Outcome[],
  seconds: number,
  counts: Counts,
): boolean {
  const failures = outcomes.filter(({ kind }) => kind === 'failed');
  const word = failures.length === 0 ? 'ok    ' : 'FAILED';
  console.log(`${word} ${title} (${outcomes.length} in ${seconds.toFixed(1)} s)`);
  for (const { kind, name, place, detail } of outcomes) {
    counts[kind]++;
    const where = `${name} (${path.relative(root, place)})`;
    if (kind === 'failed') console.log(indent(`FAILED ${where}\n${indent(detail ?? '')}`));
    if (kind === 'skipped') console.log(indent(`SKIPPED ${where} ${detail ?? ''}`));
  }
  return failures.length === 0;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function tail(text: string): string {
  return stripVTControlCharacters(text).trimEnd().split('\n').slice(-200).join('\n');
}
