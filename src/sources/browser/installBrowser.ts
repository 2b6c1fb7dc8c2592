import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { messageOf, RetryError, UsageError } from '../../core/errors.ts';
import type { JobContext } from '../../core/job.ts';
import type { NetworkSettings } from '../source.ts';
import { type BrowserMachine, downloadFolder } from './browserPlaces.ts';
import { findDownload, thisMachine, type FoundBrowser } from './findBrowser.ts';

/** How a browser is downloaded. */
export interface InstallRequest {
  /** Only Playwright's headless shell: smaller, and it can't show a window. */
  readonly onlyHeadlessShell: boolean;
  readonly network: NetworkSettings;
}

/**
 * Downloads Playwright's Chromium into the place where Playwright keeps it. What is there already is not downloaded again.
 *
 * @returns the browser, which has been seen to start.
 * @throws RetryError `BROWSER_INSTALL_FAILED` that says why; UsageError `BROWSER_UNUSABLE` when it is there and does not
 * start; the signal's reason when it is cancelled.
 */
export async function installBrowser(
  request: InstallRequest,
  job: JobContext,
  machine: BrowserMachine = thisMachine(),
): Promise<FoundBrowser> {
  const folder = downloadFolder(machine);
  await download(request, machine, job);
  const found = await findDownload(machine, { isHeadless: request.onlyHeadlessShell });
  if (found.browser !== undefined) return found.browser;
  throw new UsageError(
    'BROWSER_UNUSABLE',
    `Chromium was downloaded to ${folder} and does not start: ${found.why ?? 'there is no program in it'}. ` +
      'On Linux it needs libraries that are not installed: "sudo npx playwright install-deps chromium" installs ' +
      "them, or take the system's own browser (Debian, Ubuntu: apt-get install chromium).",
    { folder, why: found.why ?? '' },
  );
}

/** Runs Playwright's own downloader to its end, as a process of its own: it can be ended at any moment. */
async function download(
  { onlyHeadlessShell, network }: InstallRequest,
  machine: BrowserMachine,
  job: JobContext,
): Promise<void> {
  const { signal } = job;
  signal.throwIfAborted();
  // Ended in the middle, it leaves what it has of the archive there.
  const scratch = await mkdtemp(path.join(tmpdir(), 'cf-download-'));
  try {
    const what = onlyHeadlessShell ? ['--only-shell'] : [];
    const child = spawn(process.execPath, [playwrightCli(), 'install', 'chromium', ...what], {
      env: {
        ...downloadEnvironment(machine.env, network),
        PLAYWRIGHT_BROWSERS_PATH: downloadFolder(machine),
        TMPDIR: scratch,
        TEMP: scratch,
        TMP: scratch,
        // In desktop VS Code the program that runs this is Electron.
        ELECTRON_RUN_AS_NODE: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const stop = (): void => {
      // Its helper, which downloads, ends when it loses its parent.
      child.kill('SIGKILL');
    };
    signal.addEventListener('abort', stop, { once: true });
    const progress = new DownloadProgress(onlyHeadlessShell, (now) => {
      job.onProgress(now);
    });
    const said: string[] = [];
    const lines = [child.stdout, child.stderr].map((stream) =>
      readLines(stream, (line) => {
        said.push(line);
        progress.read(line);
      }),
    );
    try {
      const code = await exitOf(child);
      await Promise.all(lines);
      signal.throwIfAborted();
      if (code !== 0) throw failure(said, network);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

function exitOf(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(new RetryError('BROWSER_INSTALL_FAILED', messageOf(error), { cause: error }));
    });
    child.once('exit', resolve);
  });
}

async function readLines(stream: Readable, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) take(line);
}

function playwrightCli(): string {
  const manifest = createRequire(import.meta.filename).resolve('playwright-core/package.json');
  return path.join(path.dirname(manifest), 'cli.js');
}

/** The environment that leads the downloader through the editor's proxy, where there is one. */
function downloadEnvironment(
  environment: BrowserMachine['env'],
  { proxy, noProxy, strictSsl, systemCertificates }: NetworkSettings,
): NodeJS.ProcessEnv {
  const set: Record<string, string> = {};
  if (proxy !== undefined) {
    set['http_proxy'] = set['https_proxy'] = proxy;
    const own = environment['no_proxy'] ?? environment['NO_PROXY'];
    set['no_proxy'] = ['localhost', '127.0.0.1', '[::1]', ...(noProxy ?? []), own ?? ''].join(',');
  }
  if (strictSsl === false) set['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  if (systemCertificates !== false) set['NODE_USE_SYSTEM_CA'] = '1';
  // Names differ in case from one system to the other, and in Windows two that differ in nothing else are one.
  const isReplaced = (name: string): boolean =>
    Object.keys(set).some((key) => key.toLowerCase() === name.toLowerCase());
  const kept = Object.entries(environment).filter(([name]) => !isReplaced(name));
  return { ...Object.fromEntries(kept), ...set };
}

/** What the downloader said last about what went wrong. */
function failure(said: readonly string[], { proxy }: NetworkSettings): RetryError {
  const reason =
    said.findLast((line) => /\bError: (?!Download failure|Failed to download)/.test(line)) ??
    said.findLast((line) => line.trim() !== '') ??
    'it said nothing';
  const clean = reason.trim().replace(/^.*?\bError: /, '');
  const way =
    proxy === undefined
      ? 'Behind a proxy, set http.proxy in the editor or HTTPS_PROXY in the environment.'
      : 'It went through the proxy that http.proxy names.';
  return new RetryError(
    'BROWSER_INSTALL_FAILED',
    `Chromium could not be downloaded: ${clean}. ${way} Or install Google Chrome, Microsoft Edge or Chromium by the ` +
      "system's own means (Debian, Ubuntu: apt-get install chromium): it is found by itself.",
    { data: { reason: clean } },
  );
}

/** MiB that a download has about, until its server says how many it has. */
const expectedMiB: Readonly<Record<string, number>> = {
  chromium: 180,
  'chromium-headless-shell': 115,
  ffmpeg: 2.3,
};

/** Reads how far the downloader is from what it prints, and tells it over all of its downloads. */
class DownloadProgress {
  readonly #totals = new Map<string, number>();
  readonly #tell: JobContext['onProgress'];
  #title = 'Chromium';
  #current = '';
  #doneMiB = 0;

  constructor(onlyHeadlessShell: boolean, tell: JobContext['onProgress']) {
    this.#tell = tell;
    for (const [name, mib] of Object.entries(expectedMiB)) {
      if (name !== 'chromium' || !onlyHeadlessShell) this.#totals.set(name, mib);
    }
  }

  /**
   * Lines of interest are `Downloading Chrome for Testing 159.0 (playwright chromium v1255) from …` and
   * `|■■■■    |  10% of 150.3 MiB`.
   */
  read(line: string): void {
    const [, title, name] = /^Downloading (.+?) \(playwright (\S+) /.exec(line) ?? [];
    if (title !== undefined && name !== undefined) this.#begin(title, name);
    const [, percent, mib] = /\| +(\d+)% of ([\d.]+) MiB/.exec(line) ?? [];
    if (percent !== undefined && mib !== undefined) this.#advance(Number(percent), Number(mib));
  }

  #begin(title: string, name: string): void {
    // The same again is another try.
    if (this.#current !== '' && this.#current !== name) {
      this.#doneMiB += this.#totals.get(this.#current) ?? 0;
    }
    this.#title = title;
    this.#current = name;
    this.#advance(0, this.#totals.get(name) ?? 0);
  }

  #advance(percent: number, mib: number): void {
    this.#totals.set(this.#current, mib);
    const total = [...this.#totals.values()].reduce((sum, one) => sum + one, 0);
    const bytes = (value: number) => Math.round(value * 1_048_576);
    this.#tell({
      done: bytes(this.#doneMiB + (mib * percent) / 100),
      total: bytes(total),
      unit: 'bytes',
      what: this.#title,
    });
  }
}
