import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { browserChannels, type BrowserChannel } from '../../core/config/browserChannels.ts';

/** The machine as far as the search for a browser sees it. Tests make up their own. */
export interface BrowserMachine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** A file that may be a browser. Whether it is there, and starts, is another question. */
export interface BrowserPlace {
  readonly channel: BrowserChannel;
  readonly executable: string;
  /** Playwright's headless shell: smaller, and without any window. */
  readonly isHeadlessShell?: true;
}

/** Names of programs on PATH, Linux only: elsewhere browsers are not put there. */
const linuxCommands: Readonly<Record<BrowserChannel, readonly string[]>> = {
  chrome: ['google-chrome-stable', 'google-chrome'],
  msedge: ['microsoft-edge-stable', 'microsoft-edge'],
  chromium: ['chromium', 'chromium-browser', 'ungoogled-chromium'],
  'chrome-beta': ['google-chrome-beta'],
  'msedge-beta': ['microsoft-edge-beta'],
  'chrome-dev': ['google-chrome-unstable'],
  'msedge-dev': ['microsoft-edge-dev'],
  'chrome-canary': ['google-chrome-canary'],
  'msedge-canary': [],
};

/** Where packages put it on Linux. */
const linuxFiles: Readonly<Record<BrowserChannel, readonly string[]>> = {
  chrome: ['/opt/google/chrome/chrome'],
  msedge: ['/opt/microsoft/msedge/msedge'],
  chromium: [
    '/usr/bin/chromium',
    '/usr/lib/chromium/chromium',
    '/usr/bin/chromium-browser',
    '/snap/bin/chromium',
  ],
  'chrome-beta': ['/opt/google/chrome-beta/chrome'],
  'msedge-beta': ['/opt/microsoft/msedge-beta/msedge'],
  'chrome-dev': ['/opt/google/chrome-unstable/chrome'],
  'msedge-dev': ['/opt/microsoft/msedge-dev/msedge'],
  'chrome-canary': ['/opt/google/chrome-canary/chrome'],
  'msedge-canary': [],
};

/** Names of the apps on macOS, in /Applications or ~/Applications. */
const macApps: Readonly<Record<BrowserChannel, string>> = {
  chrome: 'Google Chrome',
  msedge: 'Microsoft Edge',
  chromium: 'Chromium',
  'chrome-beta': 'Google Chrome Beta',
  'msedge-beta': 'Microsoft Edge Beta',
  'chrome-dev': 'Google Chrome Dev',
  'msedge-dev': 'Microsoft Edge Dev',
  'chrome-canary': 'Google Chrome Canary',
  'msedge-canary': 'Microsoft Edge Canary',
};

/** Below Program Files (or LocalAppData, when only one person has it) on Windows. */
const windowsFiles: Readonly<Record<BrowserChannel, string>> = {
  chrome: 'Google\\Chrome\\Application\\chrome.exe',
  msedge: 'Microsoft\\Edge\\Application\\msedge.exe',
  chromium: 'Chromium\\Application\\chrome.exe',
  'chrome-beta': 'Google\\Chrome Beta\\Application\\chrome.exe',
  'msedge-beta': 'Microsoft\\Edge Beta\\Application\\msedge.exe',
  'chrome-dev': 'Google\\Chrome Dev\\Application\\chrome.exe',
  'msedge-dev': 'Microsoft\\Edge Dev\\Application\\msedge.exe',
  'chrome-canary': 'Google\\Chrome SxS\\Application\\chrome.exe',
  'msedge-canary': 'Microsoft\\Edge SxS\\Application\\msedge.exe',
};

/** Every place where a browser of these kinds may be, the best first: what a person installed before Playwright's downloads. */
export async function browserPlaces(
  machine: BrowserMachine,
  wanted: { readonly channel?: BrowserChannel | undefined; readonly isHeadless: boolean },
): Promise<readonly BrowserPlace[]> {
  const channels = wanted.channel === undefined ? browserChannels : [wanted.channel];
  const installed = channels.flatMap((channel) =>
    installedFiles(machine, channel).map((executable): BrowserPlace => ({ channel, executable })),
  );
  if (!channels.includes('chromium')) return installed;
  const downloads = await downloadedBrowsers(machine, wanted.isHeadless);
  return [...installed, ...downloads];
}

function installedFiles(
  { platform, env, home }: BrowserMachine,
  channel: BrowserChannel,
): readonly string[] {
  switch (platform) {
    case 'darwin': {
      const app = macApps[channel];
      const inside = path.posix.join(`${app}.app`, 'Contents', 'MacOS', app);
      return ['/Applications', path.posix.join(home, 'Applications')].map((folder) =>
        path.posix.join(folder, inside),
      );
    }
    case 'win32':
      return ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']
        .map((name) => env[name])
        .filter((folder): folder is string => folder !== undefined && folder !== '')
        .map((folder) => path.win32.join(folder, windowsFiles[channel]));
    default: {
      const folders = (env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
      const onPath = linuxCommands[channel].flatMap((name) =>
        folders.map((folder) => path.posix.join(folder, name)),
      );
      return [...new Set([...onPath, ...linuxFiles[channel]])];
    }
  }
}

/** Where Playwright keeps what it downloads. */
export function downloadFolder({ platform, env, home }: BrowserMachine): string {
  const chosen = env['PLAYWRIGHT_BROWSERS_PATH'];
  // "0" is "inside the playwright package", which an update of the extension would throw away.
  if (chosen !== undefined && chosen !== '' && chosen !== '0') return path.resolve(chosen);
  switch (platform) {
    case 'darwin':
      return path.join(home, 'Library', 'Caches', 'ms-playwright');
    case 'win32':
      return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'ms-playwright');
    default:
      return path.join(env['XDG_CACHE_HOME'] ?? path.join(home, '.cache'), 'ms-playwright');
  }
}

const downloadName = /^(chromium|chromium_headless_shell)-(\d+)$/;
const executableNames = [
  'chrome',
  'chrome.exe',
  'chrome-headless-shell',
  'chrome-headless-shell.exe',
  'headless_shell',
  'headless_shell.exe',
  'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
  'Chromium.app/Contents/MacOS/Chromium',
];

/**
 * Playwright's downloads of Chromium, of whichever revision: the newest first, and of the same revision the headless
 * shell, which is what Playwright itself would take.
 */
export async function downloadedBrowsers(
  machine: BrowserMachine,
  isHeadless: boolean,
): Promise<readonly BrowserPlace[]> {
  const root = downloadFolder(machine);
  const found: { readonly place: BrowserPlace; readonly revision: number }[] = [];
  for (const { name } of await entriesOf(root)) {
    const [, kind, revision] = downloadName.exec(name) ?? [];
    const isHeadlessShell = kind === 'chromium_headless_shell';
    if (kind === undefined || (isHeadlessShell && !isHeadless)) continue;
    const entries = await entriesOf(path.join(root, name));
    // Without it, a download was broken off while it was unpacked.
    if (!entries.some((entry) => entry.name === 'INSTALLATION_COMPLETE')) continue;
    for (const folder of entries) {
      if (!folder.isDirectory()) continue;
      for (const file of executableNames) {
        const executable = path.join(root, name, folder.name, file);
        const place: BrowserPlace = {
          channel: 'chromium',
          executable,
          ...(isHeadlessShell && { isHeadlessShell: true as const }),
        };
        found.push({ place, revision: Number(revision) });
      }
    }
  }
  const rank = (place: BrowserPlace) => (place.isHeadlessShell === true ? 0 : 1);
  return found
    .sort((a, b) => b.revision - a.revision || rank(a.place) - rank(b.place))
    .map(({ place }) => place);
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
