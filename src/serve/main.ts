import { parseArgs } from 'node:util';
import type { LoopbackServer } from './loopback.ts';
import { startSampleApi } from './sampleApi.ts';
import { startSampleSite } from './sampleSite.ts';

const usage = `Serves the sample site and the sample API on 127.0.0.1 until it is told to stop.

  node dist/serve.js [options]

  --port N             the site's port (8080); 0 lets the system choose
  --api-port N         the API's port; left out: one above the site's, or chosen by the system
  --delay-ms N         let every response wait, so that records can be watched as they arrive (0)
  --json               print one line, {"site":"http://…/","api":"http://…/"}, once both listen
  --until-stdin-ends   stop when standard input ends, too
  --help               print this
`;

interface Arguments {
  readonly port: number;
  readonly apiPort: number;
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
      'delay-ms': { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      'until-stdin-ends': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const port = wholeNumber('--port', values.port, 65_535);
  const apiPort = values['api-port'];
  return {
    port,
    apiPort:
      apiPort !== undefined
        ? wholeNumber('--api-port', apiPort, 65_535)
        : Math.min(port === 0 ? 0 : port + 1, 65_535),
    delayMs: wholeNumber('--delay-ms', values['delay-ms'], 60_000),
    json: values.json,
    untilStdinEnds: values['until-stdin-ends'],
    help: values.help,
  };
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) {
    throw new Error(`${option} must be a whole number from 0 to ${max}, not "${text}".`);
  }
  return value;
}

/** Starts both servers or neither. */
async function startBoth(
  args: Arguments,
): Promise<{ readonly site: LoopbackServer; readonly api: LoopbackServer }> {
  const site = await startSampleSite({ port: args.port, delayMs: args.delayMs });
  try {
    return { site, api: await startSampleApi({ port: args.apiPort, delayMs: args.delayMs }) };
  } catch (error) {
    await site.close();
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

  const { site, api } = await startBoth(args);
  const stop = () => {
    // Standard input would keep the process alive.
    process.stdin.destroy();
    void Promise.all([site.close(), api.close()]);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (args.untilStdinEnds) process.stdin.once('end', stop).once('error', stop).resume();

  process.stdout.write(
    args.json
      ? `${JSON.stringify({ site: site.url, api: api.url })}\n`
      : `Sample site  ${site.url}\nSample API   ${api.url}\nCtrl+C stops both.\n`,
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
