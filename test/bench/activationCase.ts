import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBrowser, launchBrowser } from '../../.ci/browser.ts';
import { installServer, VscodeServer } from '../../.ci/vscode.ts';
import type { ActivationRound } from './activationProbe.ts';
import { bundleHostProbe, runHostProbe } from './hostProbe.ts';
import { spread } from './measure.ts';
import type { Figure } from './report.ts';

/** A window is quick to open, and one alone says little. */
const windowsInRun = 2;
const atMostMs = 60;

/** Loading and activating the extension in fresh extension hosts: a window each. */
export async function measureActivation(runs: number): Promise<Figure[]> {
  const missing = await ensureBrowser();
  if (missing !== undefined) throw new Error(missing);
  await installServer();
  const probe = await bundleHostProbe('activationProbe');
  const scratch = await mkdtemp(join(tmpdir(), 'cf-activation-'));
  const folder = join(scratch, 'workspace');
  const results = join(scratch, 'results');
  await mkdir(folder);
  const server = await VscodeServer.start({ env: { CF_BENCH_RESULTS: results } });
  const browser = await launchBrowser();
  try {
    const windows = Math.max(10, runs * windowsInRun);
    // The first one reads everything from the disk.
    for (let n = 0; n <= windows; n++) await runHostProbe(server, browser, { probe, folder });
    const text = (await readFile(results, 'utf8')).trimEnd();
    const [, ...rounds] = text.split('\n').map((line) => JSON.parse(line) as ActivationRound);
    const name = `Activation, ${rounds.length} windows`;
    const figure = (what: string, values: readonly number[]): Figure => ({
      name,
      what,
      unit: 'ms',
      value: spread(values),
      atMost: atMostMs,
    });
    return [
      figure(
        'loaded and activated',
        rounds.map(({ ms }) => ms),
      ),
      figure(
        'CPU time of that',
        rounds.map(({ cpuMs }) => cpuMs),
      ),
    ];
  } finally {
    await browser.close();
    await server.stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}
