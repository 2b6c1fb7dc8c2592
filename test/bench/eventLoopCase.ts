import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBrowser, launchBrowser } from '../../.ci/browser.ts';
import { installServer, VscodeServer } from '../../.ci/vscode.ts';
import { cliFile } from '../fixtures/cli.ts';
import { ServerProcess } from '../fixtures/served/serve.ts';
import { bundleHostProbe, runHostProbe } from './hostProbe.ts';
import type { ProbeRound } from './loopProbe.ts';
import { spread } from './measure.ts';
import type { Figure } from './report.ts';

const name = "Extension host's event loop";
const shards = 16;

/** The extension host's delay at p99 while the extension collects, over that of an idle one beside the same work. */
export async function measureEventLoop(runs: number): Promise<Figure[]> {
  const missing = await ensureBrowser();
  if (missing !== undefined) throw new Error(missing);
  await installServer();
  const testsPath = await bundleHostProbe('loopProbe');
  const server = await ServerProcess.start({
    kind: 'api',
    items: 100_000,
    shards,
    bytesPerItem: 333,
    duplicatesPercent: 10,
  });
  try {
    const rounds = await probe(testsPath, {
      rounds: runs,
      cli: cliFile,
      node: process.execPath,
      collection: {
        name: 'probe',
        source: {
          type: 'rest',
          for: { shard: Array.from({ length: shards }, (_, i) => i + 1) },
          url: `${server.url('/shards/')}{shard}/records`,
          query: { per_page: 50 },
          paginate: { type: 'page' },
          items: 'items',
        },
        record: { key: ['id'] },
        limits: { concurrency: shards, perHost: { concurrency: shards } },
      },
    });
    const figure = (what: string, values: readonly number[], atMost?: number): Figure => ({
      name,
      what,
      unit: 'ms',
      value: spread(values),
      ...(atMost === undefined ? {} : { atMost }),
    });
    return [
      figure(
        'p99 while it collects',
        rounds.map((r) => r.collectingMs),
      ),
      figure(
        'p99 while it idles beside the same work',
        rounds.map((r) => r.besideMs),
      ),
      figure(
        'collecting adds',
        rounds.map((r) => r.collectingMs - r.besideMs),
        10,
      ),
    ];
  } finally {
    await server.close();
  }
}

async function probe(testsPath: string, task: object): Promise<ProbeRound[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'cf-loop-'));
  const folder = join(scratch, 'workspace');
  const results = join(scratch, 'results.ndjson');
  await mkdir(folder);
  const server = await VscodeServer.start({
    env: { CF_BENCH_TASK: JSON.stringify(task), CF_BENCH_RESULTS: results },
  });
  const browser = await launchBrowser();
  try {
    await runHostProbe(server, browser, { probe: testsPath, folder });
    const text = await readFile(results, 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ProbeRound);
  } finally {
    await browser.close();
    await server.stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}
