import type { SampleServerName } from '../core/samples.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { SampleRequests } from '../protocol/samples.ts';
import type { SampleServer } from '../serve/serveSample.ts';

/** Answers the requests about sample servers, each of which is served once. */
export function sampleHandlers(): Handlers<SampleRequests> {
  const served = new Map<string, Promise<SampleServer>>();
  const keyOf = (server: SampleServerName, port: number): string => `${server} ${port}`;
  return {
    serveSample: async ({ server, port }) => {
      const known = served.get(keyOf(server, port));
      if (known) return { port: (await known).port };
      const starting = start(server, port);
      if (port !== 0) served.set(keyOf(server, port), starting);
      try {
        const running = await starting;
        served.set(keyOf(server, running.port), starting);
        return { port: running.port };
      } catch (error) {
        served.delete(keyOf(server, port));
        throw error;
      }
    },
  };
}

/** Loaded when asked for: most windows serve no sample. */
async function start(server: SampleServerName, port: number): Promise<SampleServer> {
  const { serveSample } = await import('../serve/serveSample.ts');
  return serveSample(server, port);
}
