import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { UsageError, codeOf } from '../core/errors.ts';
import type { SampleServerName } from '../core/samples.ts';
import { sampleServerTitle, type LoopbackOptions, type LoopbackServer } from './loopback.ts';
import { startQuotesSite } from './quotesSite.ts';
import { startSampleApi } from './sampleApi.ts';
import { startSampleSite } from './sampleSite.ts';

/** Slow enough to watch records arrive, and to end a run in its middle. */
const sampleDelayMs = 400;

/** Outside of the range from which systems take the ports of outgoing connections: so it is free again tomorrow. */
const freePorts = { from: 12_000, below: 30_000, tries: 50 } as const;

/** How long after another window's server ended its port is tried. */
const takeOverMs = 100;

/** How long the program at a port has to say who it is. */
const probeMs = 2_000;

/** A sample that can be reached at its port, from this process or for the moment from another one. */
export interface SampleServer {
  readonly port: number;
  close(): Promise<void>;
}

const starters: Readonly<
  Record<SampleServerName, (options: LoopbackOptions) => Promise<LoopbackServer>>
> = {
  site: startSampleSite,
  api: startSampleApi,
  quotes: startQuotesSite,
};

/**
 * Serves a sample on 127.0.0.1. Where the same sample is served at the port by another window, that is left to it,
 * and taken over when it ends.
 *
 * @param port 0 chooses a free one that is likely to be free again later.
 * @throws UsageError `SAMPLE_PORT_TAKEN` where another program has the port.
 */
export async function serveSample(
  server: SampleServerName,
  port: number,
  delayMs = sampleDelayMs,
): Promise<SampleServer> {
  const start = (at: number): Promise<LoopbackServer> => starters[server]({ port: at, delayMs });
  if (port === 0) return anywhere(start);
  try {
    return ownServer(await start(port));
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw portTaken(port, error);
    if (!(await isServedBy(server, port))) throw portTaken(port, error);
    return new StandIn(port, () => start(port));
  }
}

function portTaken(port: number, cause: unknown): UsageError {
  const message = `Another program uses port ${port}, where this sample is served. End that program, or run Open Sample Collection to choose another port.`;
  return new UsageError('SAMPLE_PORT_TAKEN', message, { port }, cause);
}

function ownServer(server: LoopbackServer): SampleServer {
  return { port: Number(new URL(server.url).port), close: () => server.close() };
}

async function anywhere(start: (port: number) => Promise<LoopbackServer>): Promise<SampleServer> {
  const { from, below, tries } = freePorts;
  for (let i = 0; i < tries; i++) {
    try {
      return ownServer(await start(from + Math.floor(Math.random() * (below - from))));
    } catch {
      // Taken, or not ours to take: the next.
    }
  }
  return ownServer(await start(0));
}

/** Whether what listens on a port is that sample's server. */
function isServedBy(server: SampleServerName, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/', timeout: probeMs, agent: false });
    request.once('response', (response) => {
      resolve(response.headers['server'] === sampleServerTitle(server));
      request.destroy();
    });
    request.once('timeout', () => {
      request.destroy();
    });
    request.once('error', () => {
      resolve(false);
    });
    request.once('close', () => {
      resolve(false);
    });
  });
}

/** Waits beside another window's server until that ends, and then serves in its place. */
class StandIn implements SampleServer {
  readonly port: number;
  readonly #start: () => Promise<LoopbackServer>;
  #other: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #own: LoopbackServer | undefined;
  #isClosed = false;

  constructor(port: number, start: () => Promise<LoopbackServer>) {
    this.port = port;
    this.#start = start;
    this.#watch();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#other?.destroy();
    await this.#own?.close();
  }

  /** A connection to the other one ends when that does, however it ends; also when it has been idle for long. */
  #watch(): void {
    this.#other = connect(this.port, '127.0.0.1')
      .on('error', () => undefined)
      .once('close', () => {
        if (this.#isClosed) return;
        this.#timer = setTimeout(() => void this.#takeOver(), takeOverMs);
      })
      .resume();
  }

  async #takeOver(): Promise<void> {
    const own = await this.#start().catch(() => undefined);
    if (own === undefined) {
      this.#watch();
    } else if (this.#isClosed) {
      await own.close();
    } else {
      this.#own = own;
    }
  }
}
