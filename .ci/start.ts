// npm start [-- --headless] [-- --workspace DIR]: builds, serves the samples and opens VS Code on
// them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { findCommand, inProject, manifest } from './project.ts';
import { serveSamples } from './sample.ts';
import { VscodeServer } from './vscode.ts';

const usage = `npm start [-- OPTIONS]

  --headless        run the sample collection in the terminal instead of VS Code
  --workspace DIR   keep the sample workspace in DIR, and go on there (a temporary folder)
  --browser         the VS Code server in a browser, even where desktop VS Code is installed
  --check           start everything, print the window's address, and end
`;

const options = {
  headless: { type: 'boolean', default: false },
  workspace: { type: 'string' },
  browser: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});

async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  await build();
  const { workspace, servers } = await serveSamples(
    values.workspace === undefined ? undefined : path.resolve(values.workspace),
  );
  try {
    if (values.headless) return await runHeadless(workspace);
    console.log(
      `Sample site  ${servers.site}\nSample API   ${servers.api}\nQuotes site  ${servers.quotes}\nWorkspace    ${workspace}`,
    );
    const code = values.browser || values.check ? undefined : findDesktop();
    return code === undefined
      ? await openServer(workspace, values.check)
      : await openDesktop(code, workspace);
  } finally {
    servers.stop();
  }
}

/**
 * The command line says where the records went; `--resume` goes on in a workspace that was kept.
 */
async function runHeadless(workspace: string): Promise<number> {
  const args = [inProject('dist', 'cli.js'), 'run', 'books.collect.json', '--resume'];
  const cli = spawn(process.execPath, args, { cwd: workspace, stdio: 'inherit' });
  // Ctrl-C reaches the command line by itself, which then stops in good order.
  process.on('SIGINT', () => undefined);
  process.once('SIGTERM', () => cli.kill('SIGTERM'));
  const [code] = (await once(cli, 'exit')) as [number | null];
  return code ?? 1;
}

async function openDesktop(code: string, workspace: string): Promise<number> {
  const args = ['--new-window', `--extensionDevelopmentPath=${inProject()}`, workspace];
  console.log(`Opening ${code} ... Press Ctrl-C to stop the sample servers.`);
  const isScript = code.endsWith('.cmd');
  const stopped = untilStopped();
  const window = isScript
    ? spawn(`"${code}" ${args.map((arg) => `"${arg}"`).join(' ')}`, {
        shell: true,
        stdio: 'inherit',
      })
    : spawn(code, args, { stdio: 'inherit' });
  window.once('error', (error) => {
    console.error(`${code} could not be started: ${error.message}`);
  });
  await stopped;
  return 0;
}

async function openServer(workspace: string, isCheck: boolean): Promise<number> {
  if (process.platform === 'win32') {
    console.error(
      'The VS Code server does not run on Windows: install VS Code, with its `code` command.',
    );
    return 1;
  }
  const stopped = untilStopped();
  const server = await VscodeServer.start({ staysWithoutWindow: true });
  try {
    const url = server.url({ folder: workspace, extensionDevelopmentPath: inProject() });
    if (isCheck) {
      const status = await statusOfWindow(url);
      console.log(status === 200 ? url : `${url} answers ${status}`);
      return status === 200 ? 0 : 1;
    }
    const browser = browserOpener();
    if (browser !== undefined) spawn(browser, [url], { stdio: 'ignore' }).unref();
    console.log(`VS Code      ${url}\nPress Ctrl-C to end it.`);
    await Promise.race([stopped, server.whenEnded()]);
    return 0;
  } finally {
    await server.stop();
  }
}

/**
 * What the server answers to a browser, which is first sent on to the window with its token as a
 * cookie.
 */
async function statusOfWindow(url: string): Promise<number> {
  const entry = await fetch(url, { redirect: 'manual' });
  const cookie = entry.headers.getSetCookie().map((line) => line.split(';')[0]);
  const window = new URL(entry.headers.get('location') ?? url, url);
  return (await fetch(window, { headers: { cookie: cookie.join('; ') } })).status;
}

/** Desktop VS Code, unless it is older than the extension allows. */
function findDesktop(): string | undefined {
  const code = findCommand('code', 'code-insiders');
  if (code === undefined) return undefined;
  const isScript = code.endsWith('.cmd');
  const { stdout } = spawnSync(isScript ? `"${code}"` : code, ['--version'], {
    encoding: 'utf8',
    shell: isScript,
  });
  const [major = 0, minor = 0] = versionNumbers(stdout);
  const [neededMajor = 0, neededMinor = 0] = versionNumbers(manifest.engines.vscode);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return code;
  console.log(`${code} is not VS Code ${manifest.engines.vscode}: using the VS Code server.`);
  return undefined;
}

function versionNumbers(text: string): readonly number[] {
  return /(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number) ?? [];
}

/** The command that shows an address in the user's browser, where there is a display. */
function browserOpener(): string | undefined {
  if (process.platform === 'darwin') return 'open';
  const hasDisplay = Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  return hasDisplay ? findCommand('xdg-open') : undefined;
}

/** Settles when the user wants to end. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve());
  });
}
