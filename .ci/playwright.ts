import { cp, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { inProject } from './project.ts';

/**
 * What driving and downloading a Chromium needs of playwright-core. The rest (its recorder, trace viewer and command line
 * tools) is half of it, and nothing here reaches it.
 */
const needed = [
  'package.json',
  'browsers.json',
  'index.js',
  'index.mjs',
  'cli.js',
  'LICENSE',
  'NOTICE',
  'ThirdPartyNotices.txt',
  'lib/bootstrap.js',
  'lib/coreBundle.js',
  'lib/package.js',
  'lib/serverRegistry.js',
  'lib/serverRegistry.js.LICENSE',
  'lib/utilsBundle.js',
  'lib/utilsBundle.js.LICENSE',
  'lib/entry/oopBrowserDownload.js',
];

/**
 * Puts playwright-core where the bundles in dist find it, also once they are installed: a package leaves the project's
 * own node_modules out.
 */
export async function copyPlaywright(): Promise<void> {
  const from = inProject('node_modules', 'playwright-core');
  const to = inProject('dist', 'node_modules', 'playwright-core');
  if ((await versionIn(from)) === (await versionIn(to))) return;
  for (const file of needed) {
    await mkdir(path.dirname(path.join(to, file)), { recursive: true });
    // package.json comes last: with it, the copy is whole.
    if (file !== 'package.json') await cp(path.join(from, file), path.join(to, file));
  }
  await cp(path.join(from, 'package.json'), path.join(to, 'package.json'));
}

async function versionIn(folder: string): Promise<string | undefined> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { version: string }).version;
}
