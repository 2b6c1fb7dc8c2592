import { parseArgs } from 'node:util';
import type { LoopbackServer } from './loopback.ts';
import { startQuotesSite } from './quotesSite.ts';
import { startSampleApi } from './sampleApi.ts';
import { startSampleSite } from './sampleSite.ts';

const usage = `Serves the sample site, the sample API and the quotes site on 127.0.0.1 until it is told to stop.

  node dist/serve.js [options]

  --port N             the site's port (8080); 0 lets the system choose
  --api-port N         the API's port; left out: one above the site's, or chosen by the system
  --quotes-port N      the quotes site's port; left out: one above the API's, or chosen by the system
  --delay-ms N         let every response wait, so that records can be watched as they arrive (0)
  --json               print one line, {"site":"http://…/","api":"http://…/","quotes":"http://…/"}, once all listen
  --until-stdin-ends   stop when standard input ends, too
  --help               print this
`;

interface Arguments {
  readonly port: number;
  readonly apiPort: number;
  readonly quotesPort: number;
  readonly delayMs: number;
  readonly json: boolean;
  readonly untilStdinEnds: boolean;
  readonly help: boolean;
}

/** @throws Error whose message says which option is wrong. */
function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '8080' },
      'api-port': { type: 'string' },
      'quotes-port': { type: 'string' },
      'delay-ms': { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      'until-stdin-ends': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const port = wholeNumber('--port', values.port, 65_535);
  const apiPort = portOr('--api-port', values['api-port'], port);
  return {
    port,
    apiPort,
    quotesPort: portOr('--quotes-port', values['quotes-port'], apiPort),
    delayMs: wholeNumber('--delay-ms', values['delay-ms'], 60_000),
    json: values.json,
    untilStdinEnds: values['until-stdin-ends'],
    help: values.help,
  };
}

/** The port that an option names; else the one above another server's. */
function portOr(option: string, value: string | undefined, below: number): number {
  if (value !== undefined) return wholeNumber(option, value, 65_535);
  return Math.min(below === 0 ? 0 : below + 1, 65_535);
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) {
    throw new Error(`${option} must be a whole number from 0 to ${max}, not "${text}".`);
  }
  return value;
}

interface Servers {
  readonly site: LoopbackServer;
  readonly api: LoopbackServer;
  readonly quotes: LoopbackServer;
}

/** Starts all servers or none. */
async function startAll({ port, apiPort, quotesPort, delayMs }: Arguments): Promise<Servers> {
  const running: LoopbackServer[] = [];
  const keep = (server: LoopbackServer): LoopbackServer => {
    running.push(server);
    return server;
  };
  try {
    return {
      site: keep(await startSampleSite({ port, delayMs })),
      api: keep(await startSampleApi({ port: apiPort, delayMs })),
      quotes: keep(await startQuotesSite({ port: quotesPort, delayMs })),
    };
  } catch (error) {
    await Promise.all(running.map((server) => server.close()));
    throw error;
  }
}

async function main(): Promise<void> {
  let args: Arguments;
  try {
    args = readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  if (args.help) {
    process.stdout.write(usage);
    return;
  }

  const { site, api, quotes } = await startAll(args);
  const stop = () => {
    // Standard input would keep the process alive.
    process.stdin.destroy();
    void Promise.all([site.close(), api.close(), quotes.close()]);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (args.untilStdinEnds) process.stdin.once('end', stop).once('error', stop).resume();

  process.stdout.write(
    args.json
      ? `${JSON.stringify({ site: site.url, api: api.url, quotes: quotes.url })}\n`
      : `Sample site  ${site.url}\nSample API   ${api.url}\nQuotes site  ${quotes.url}\nCtrl+C stops all.\n`,
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
