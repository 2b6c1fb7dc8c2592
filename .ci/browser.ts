import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright';
import { ensureDebianPackage } from './debian.ts';
import { findCommand, inProject } from './project.ts';

const commands = [
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'chromium',
  'chromium-browser',
];

const installedApps = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/**
 * A Chrome, Edge or Chromium that starts on this machine: the user's own first, then playwright's.
 */
export function findBrowser(): string | undefined {
  const candidates = [
    ...commands.map((command) => findCommand(command)),
    ...installedApps,
    chromium.executablePath(),
  ];
  return candidates.find((file) => file !== undefined && existsSync(file) && starts(file));
}

/** Finds a browser, or installs one. Returns the reason when there can be none. */
export function ensureBrowser(): string | undefined {
  if (findBrowser() !== undefined) return undefined;
  console.log("Downloading playwright's Chromium ...");
  const cli = inProject('node_modules', 'playwright', 'cli.js');
  spawnSync(process.execPath, [cli, 'install', 'chromium'], { timeout: 300_000 });
  if (findBrowser() !== undefined) return undefined;
  const reason = ensureDebianPackage('chromium');
  if (reason !== undefined) return `needs a browser (Chrome, Edge or Chromium); ${reason}`;
  return findBrowser() === undefined
    ? "Debian's chromium is installed and does not start"
    : undefined;
}

/** Starts the browser without a window. Throws when there is none. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error('No Chrome, Edge or Chromium found.');
  return chromium.launch({
    executablePath,
    // No sandbox: root and many containers can't have one, and it shows nothing but our own pages.
    chromiumSandbox: false,
    // These keep it from calling its maker's servers.
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/**
 * A browser without its libraries, or Ubuntu's stand-in for a snap, exists as a file and does not
 * start.
 */
function starts(executable: string): boolean {
  // Chrome for Windows opens a window for --version.
  if (process.platform === 'win32') return true;
  return spawnSync(executable, ['--version'], { timeout: 20_000 }).status === 0;
}
