import { exitCodes } from '../core/exitCodes.ts';
import type { SessionRun } from '../engine/sessionRun.ts';
import { MeasuredRuns } from '../serve/metrics/measuredRuns.ts';
import { MetricsEndpoint } from '../serve/metrics/metricsEndpoint.ts';
import { usageError, type CommandLine, type OptionSpec } from './command.ts';

/** A line of `--help` about {@link metricsOption}. */
export const metricsUsage = `      --metrics PORT       figures for Prometheus at http://127.0.0.1:PORT/metrics (0: any free port)`;

/** The option that serves metrics, for commands that carry a session out. */
export const metricsOption: Readonly<Record<string, OptionSpec>> = { metrics: { type: 'string' } };

/**
 * Carries a command out while its run can be scraped, where the command line says so. When it is over, the last figures
 * wait for whoever scrapes.
 *
 * @param action is given what to tell of its run.
 * @throws UsageError when the port is none or is taken: then nothing was begun.
 */
export async function withMetrics(
  line: CommandLine,
  action: (track: (run: SessionRun) => void) => Promise<number>,
): Promise<number> {
  const port = portFrom(line);
  const runs = new MeasuredRuns();
  if (port === undefined) return action(() => undefined);
  const endpoint = new MetricsEndpoint(runs);
  const url = await endpoint.open(port);
  tell(line, url);
  try {
    const exitCode = await action((run) => {
      runs.track(run);
    });
    // Who has stopped it does not want to wait.
    if (exitCode !== exitCodes.stopped) await untilScraped(line, endpoint);
    return exitCode;
  } finally {
    await endpoint.close();
  }
}

async function untilScraped({ isJson }: CommandLine, endpoint: MetricsEndpoint): Promise<void> {
  if (!endpoint.isScraped) return;
  if (!isJson)
    process.stderr.write('Waiting for the last figures to be scraped (Ctrl+C ends it).\n');
  const ended = new AbortController();
  const end = (): void => {
    ended.abort();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  await endpoint.lastScrape(ended.signal);
  process.removeListener('SIGINT', end);
  process.removeListener('SIGTERM', end);
}

function tell({ isJson }: CommandLine, url: string): void {
  if (isJson) process.stdout.write(`${JSON.stringify({ type: 'metrics', url })}\n`);
  else process.stderr.write(`Metrics: ${url}\n`);
}

function portFrom(line: CommandLine): number | undefined {
  const text = line.value('metrics');
  if (text === undefined) return undefined;
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw usageError(`--metrics needs a port from 0 to 65535, not "${text}"`);
}
