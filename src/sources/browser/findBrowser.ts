import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { BrowserChannel } from '../../core/config/browserChannels.ts';
import { PauseError } from '../../core/errors.ts';
import {
  browserPlaces,
  downloadedBrowsers,
  type BrowserMachine,
  type BrowserPlace,
} from './browserPlaces.ts';

/** Which browser a collection asks for. */
export interface WantedBrowser {
  /** This kind only; left out: any Chrome, Edge or Chromium. */
  readonly channel?: BrowserChannel | undefined;
  /** This file only: an absolute path. */
  readonly executable?: string | undefined;
  /** false: one that can show a window. Default true. */
  readonly headless?: boolean | undefined;
}

/** A browser that starts on this machine. */
export interface FoundBrowser {
  /** Absolute path. */
  readonly executable: string;
  /** "Chromium 156.0.8078.79", as it says itself; undefined on Windows, where it would open a window. */
  readonly version?: string | undefined;
  /** Playwright's headless shell. */
  readonly isHeadlessShell?: true;
}

/** A file that is there and is no browser that starts, and why. */
interface BrokenBrowser {
  readonly executable: string;
  readonly why: string;
}

/** This machine. */
export function thisMachine(): BrowserMachine {
  return { platform: process.platform, env: process.env, home: homedir() };
}

/**
 * Finds the browser to collect with: the one that the collection names, else $CHROME_PATH, else an installed Chrome,
 * Edge or Chromium, else a download of Playwright's.
 *
 * @throws PauseError `BROWSER_MISSING` that says where it looked and how to get one.
 */
export async function findBrowser(
  wanted: WantedBrowser = {},
  machine: BrowserMachine = thisMachine(),
): Promise<FoundBrowser> {
  const { browser, broken } = await firstThatStarts(await placesFor(wanted, machine), machine);
  if (browser !== undefined) return browser;
  throw missing(wanted, broken);
}

/** The newest of Playwright's downloads that starts; else why the newest does not. */
export async function findDownload(
  machine: BrowserMachine,
  { isHeadless }: { readonly isHeadless: boolean },
): Promise<{ readonly browser: FoundBrowser | undefined; readonly why: string | undefined }> {
  const places = await downloadedBrowsers(machine, isHeadless);
  const { browser, broken } = await firstThatStarts(places, machine);
  return { browser, why: broken[0]?.why };
}

async function firstThatStarts(
  places: readonly CandidatePlace[],
  machine: BrowserMachine,
): Promise<{ readonly browser?: FoundBrowser; readonly broken: readonly BrokenBrowser[] }> {
  const broken: BrokenBrowser[] = [];
  for (const { executable, isHeadlessShell } of places) {
    if (!(await isRunnable(executable))) continue;
    const { version, why } = await tryStart(executable, machine);
    if (why === undefined) {
      return {
        browser: { executable, version, ...(isHeadlessShell && { isHeadlessShell }) },
        broken,
      };
    }
    broken.push({ executable, why });
  }
  return { broken };
}

type CandidatePlace = Pick<BrowserPlace, 'executable' | 'isHeadlessShell'>;

async function placesFor(
  { channel, executable, headless = true }: WantedBrowser,
  machine: BrowserMachine,
): Promise<readonly CandidatePlace[]> {
  if (executable !== undefined) return [{ executable }];
  const places = await browserPlaces(machine, { channel, isHeadless: headless });
  const fromEnvironment = machine.env['CHROME_PATH'];
  const isAsked = fromEnvironment !== undefined && path.isAbsolute(fromEnvironment);
  return channel === undefined && isAsked ? [{ executable: fromEnvironment }, ...places] : places;
}

async function isRunnable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

const startLimitMs = 20_000;

/**
 * A browser without its libraries, or Ubuntu's stand-in for a snap, exists as a file and does not start: asking for the
 * version shows it.
 */
function tryStart(
  executable: string,
  { platform }: BrowserMachine,
): Promise<{ readonly version?: string; readonly why?: string }> {
  // Chrome for Windows opens a window for --version.
  if (platform === 'win32') return Promise.resolve({});
  return new Promise((resolve) => {
    const options = { timeout: startLimitMs, killSignal: 'SIGKILL', encoding: 'utf8' } as const;
    execFile(executable, ['--version'], options, (error, stdout, stderr) => {
      if (error === null) resolve({ version: /^.*?\d[\d.]*/.exec(stdout.trim())?.[0] ?? '' });
      else if (error.killed === true)
        resolve({ why: `gave no answer in ${startLimitMs / 1000} s` });
      else resolve({ why: firstLine(stderr) ?? firstLine(stdout) ?? error.message });
    });
  });
}

function firstLine(text: string): string | undefined {
  return text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '');
}

function missing(wanted: WantedBrowser, broken: readonly BrokenBrowser[]): PauseError {
  const found = broken.map(({ executable, why }) => `${executable} does not start: ${why}`);
  return new PauseError(
    'BROWSER_MISSING',
    [whatIsMissing(wanted, broken.length > 0), ...found, whatToDo(wanted)].join(' '),
    {
      ...(wanted.channel !== undefined && { channel: wanted.channel }),
      ...(wanted.executable !== undefined && { executable: wanted.executable }),
      broken: broken.map(({ executable, why }) => ({ executable, why })),
    },
  );
}

function whatIsMissing({ channel, executable }: WantedBrowser, isThere: boolean): string {
  if (executable !== undefined) {
    return isThere
      ? "The browser that source.browser.executable names can't be used."
      : `source.browser.executable names ${executable}, and there is no program there.`;
  }
  const what =
    channel === undefined ? 'Chrome, Edge or Chromium' : `browser of channel "${channel}"`;
  return isThere ? `No ${what} on this computer starts.` : `There is no ${what} on this computer.`;
}

function whatToDo({ channel, executable }: WantedBrowser): string {
  if (executable !== undefined) return 'Correct the path, or leave it out to use any browser.';
  const canInstall = channel === undefined || channel === 'chromium';
  return canInstall
    ? 'Install one with "Collector: Install Browser" or cf-collect install-browser, or with the system\'s own ' +
        'means (Debian, Ubuntu: apt-get install chromium); then resume.'
    : 'Install it, or leave source.browser.channel out to use any browser; then resume.';
}
