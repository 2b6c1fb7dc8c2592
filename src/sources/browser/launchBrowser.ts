import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium, type Browser, type LaunchOptions } from 'playwright-core';
import type { BrowserOptions } from '../../core/config/browserSource.ts';
import { messageOf, PauseError } from '../../core/errors.ts';
import type { SourceContext } from '../source.ts';
import { findBrowser } from './findBrowser.ts';
import { firstLineOf } from './pageLost.ts';

/** A browser that runs. */
export interface RunningBrowser {
  readonly browser: Browser;
  /** The User-Agent that it has by itself. */
  readonly userAgent: string;
  /** Ends it: it is asked to end, and killed with all its processes when it does not. Never throws. */
  close(): Promise<void>;
}

/** What each browser is started with. */
const launchArguments = [
  '--disable-gpu',
  // Pages come over connections that a proxy and our own limits can see.
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const launchLimitMs = 60_000;
/** How long it may take to end by itself. */
const closeLimitMs = 300;
/** Remembers the browser of a session, in its scratch folder. */
const traceFile = 'browser.json';

interface Trace {
  readonly pid: number;
  readonly profile: string;
}

/**
 * Finds a browser and starts it.
 *
 * @throws PauseError `BROWSER_MISSING` when there is none, `BROWSER_FAILED` when it does not start.
 */
export async function launchBrowser(
  options: BrowserOptions,
  proxy: ProxySettings | undefined,
  context: Pick<SourceContext, 'root' | 'scratch' | 'logger'>,
): Promise<RunningBrowser> {
  const { executable, channel, headless } = options;
  const found = await findBrowser({
    channel,
    headless,
    executable: executable === undefined ? undefined : path.resolve(context.root, executable),
  });
  await removeRemains(context.scratch);
  const isRoot = process.getuid?.() === 0;
  const settings: LaunchOptions = {
    executablePath: found.executable,
    headless,
    // Whoever runs the collection ends the browser.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    timeout: launchLimitMs,
    args: [...launchArguments, ...(proxy?.args ?? [])],
    ...(proxy?.playwright === undefined ? {} : { proxy: proxy.playwright }),
  };
  const browser = await start(settings, !isRoot, context.logger);
  try {
    return await describe(browser, context.scratch);
  } catch (error) {
    await browser.close().catch(() => undefined);
    throw notStarted(found.executable, error);
  }

  async function start(
    launch: LaunchOptions,
    isSandboxed: boolean,
    logger: SourceContext['logger'],
  ): Promise<Browser> {
    try {
      return await chromium.launch({ ...launch, chromiumSandbox: isSandboxed });
    } catch (error) {
      if (!isSandboxed || !/sandbox/i.test(messageOf(error))) {
        throw notStarted(found.executable, error);
      }
      logger.warn(
        { browser: found.executable },
        'The browser can have no sandbox on this machine and runs without',
      );
      return start(launch, false, logger);
    }
  }
}

/** How the browser reaches the network. */
export interface ProxySettings {
  readonly playwright?: NonNullable<LaunchOptions['proxy']>;
  readonly args?: readonly string[];
}

function notStarted(executable: string, error: unknown): PauseError {
  return new PauseError(
    'BROWSER_FAILED',
    `The browser ${executable} did not start: ${firstLineOf(error)} Correct that, or name another one in source.browser.`,
    { executable },
    { cause: error },
  );
}

async function describe(browser: Browser, scratch: string): Promise<RunningBrowser> {
  const session = await browser.newBrowserCDPSession();
  const [version, info, processes] = await Promise.all([
    session.send('Browser.getVersion'),
    session.send('SystemInfo.getInfo'),
    session.send('SystemInfo.getProcessInfo'),
  ]);
  await session.detach();
  const pid = processes.processInfo.find(({ type }) => type === 'browser')?.id;
  const profile = /--user-data-dir=(\S*playwright_chromiumdev_profile-\w+)/.exec(info.commandLine);
  if (pid !== undefined) await leaveTrace(scratch, { pid, profile: profile?.[1] ?? '' });
  let closing: Promise<void> | undefined;
  return {
    browser,
    userAgent: version.userAgent.replace('HeadlessChrome/', 'Chrome/'),
    close: () => (closing ??= end(browser, pid, scratch)),
  };
}

async function end(browser: Browser, pid: number | undefined, scratch: string): Promise<void> {
  const closed = browser.close().catch(() => undefined);
  if (!(await isSettledWithin(closed, closeLimitMs)) && pid !== undefined) {
    await killTree(pid);
    await isSettledWithin(closed, closeLimitMs);
  }
  await rm(path.join(scratch, traceFile), { force: true }).catch(() => undefined);
}

async function isSettledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, ms);
  });
  const isSettled = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return isSettled;
}

/** Kills a browser with its processes. On Windows by its tree, elsewhere by its group: Playwright gives it its own. */
async function killTree(pid: number): Promise<void> {
  if (process.platform === 'win32') {
    await new Promise<void>((resolve) => {
      execFile('taskkill', ['/pid', String(pid), '/T', '/F'], () => {
        resolve();
      });
    });
    return;
  }
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

async function leaveTrace(scratch: string, trace: Trace): Promise<void> {
  await mkdir(scratch, { recursive: true });
  await writeFile(path.join(scratch, traceFile), JSON.stringify(trace));
}

/**
 * Removes what a collector that was killed left behind. Its browser ends by itself when the pipe to it breaks, but its
 * profile folder stays. Never throws.
 */
export async function removeRemains(scratch: string): Promise<void> {
  let trace: Trace;
  try {
    trace = JSON.parse(await readFile(path.join(scratch, traceFile), 'utf8')) as Trace;
  } catch {
    return;
  }
  if (!/playwright_chromiumdev_profile-\w+$/.test(trace.profile)) return;
  // The number may be another process's by now.
  if (await isBrowserOf(trace)) await killTree(trace.pid);
  await rm(trace.profile, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  await rm(path.join(scratch, traceFile), { force: true }).catch(() => undefined);
}

async function isBrowserOf({ pid, profile }: Trace): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(profile);
  } catch {
    return false;
  }
}
