import type { CommandLine, CommandSpec } from '../command.ts';
import { installBrowser } from '../../sources/browser/installBrowser.ts';
import { commandLineEnvironment } from '../environment.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { commandLineJob } from '../job.ts';
import { ProgressLine } from '../progressLine.ts';

/** `cf-collect install-browser`. */
export const installBrowserCommand: CommandSpec = {
  name: 'install-browser',
  usage: `  cf-collect install-browser [--only-shell]             download Chromium for the browser source, where there is no browser
      --only-shell         its headless shell alone: smaller, and it shows no window`,
  operands: [],
  options: { 'only-shell': { type: 'boolean' } },
  run,
};

async function run(line: CommandLine): Promise<number> {
  const { network } = await commandLineEnvironment();
  const progress = new ProgressLine('downloading');
  const request = { onlyHeadlessShell: line.has('only-shell'), network };
  return commandLineJob(
    async ({ signal }) => {
      try {
        const onProgress = progress.show.bind(progress);
        return await installBrowser(request, { signal, onProgress });
      } finally {
        progress.clear();
      }
    },
    ({ executable, version }) => {
      const text = line.isJson
        ? JSON.stringify({ type: 'installed', executable, version: version ?? null })
        : `${version ?? 'Chromium'} is installed: ${executable}`;
      process.stdout.write(`${text}\n`);
      return exitCodes.complete;
    },
  );
}
