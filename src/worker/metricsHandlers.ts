import type { MetricsRequests } from '../protocol/metrics.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { MeasuredRuns } from '../serve/metrics/measuredRuns.ts';
import { MetricsEndpoint } from '../serve/metrics/metricsEndpoint.ts';

/** Answers the requests about metrics, one after the other. */
export function metricsHandlers(runs: MeasuredRuns): Handlers<MetricsRequests> {
  const endpoint = new MetricsEndpoint(runs);
  let last: Promise<unknown> = Promise.resolve();
  const serve = async (port: number): Promise<{ url: string | null }> => {
    await endpoint.close();
    return { url: port === 0 ? null : await endpoint.open(port) };
  };
  return {
    serveMetrics: ({ port }) => {
      const served = last.then(() => serve(port));
      last = served.catch(() => undefined);
      return served;
    },
  };
}
