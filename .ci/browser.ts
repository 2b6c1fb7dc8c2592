import { spawnSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright';
import { findBrowser } from '../src/sources/browser/findBrowser.ts';
import { ensureDebianPackage } from './debian.ts';
import { inProject } from './project.ts';

/** Finds a browser, or installs one. Returns the reason when there can be none. */
export async function ensureBrowser(): Promise<string | undefined> {
  if (await hasBrowser()) return undefined;
  console.log("Downloading playwright's Chromium ...");
  const cli = inProject('node_modules', 'playwright', 'cli.js');
  spawnSync(process.execPath, [cli, 'install', 'chromium'], { timeout: 300_000 });
  if (await hasBrowser()) return undefined;
  const reason = ensureDebianPackage('chromium');
  if (reason !== undefined) return `needs a browser (Chrome, Edge or Chromium); ${reason}`;
  return (await hasBrowser()) ? undefined : "Debian's chromium is installed and does not start";
}

/** Starts the browser without a window. Throws when there is none. */
export async function launchBrowser(): Promise<Browser> {
  const { executable } = await findBrowser();
  return chromium.launch({
    executablePath: executable,
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

function hasBrowser(): Promise<boolean> {
  return findBrowser().then(
    () => true,
    () => false,
  );
}
