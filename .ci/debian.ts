import { spawnSync } from 'node:child_process';
import { findCommand } from './project.ts';

let isUpdated = false;

/**
 * Makes sure that a Debian package is installed. Returns the reason when it can't be, undefined
 * when it is there.
 */
export function ensureDebianPackage(name: string): string | undefined {
  if (findCommand('dpkg-query') === undefined || findCommand('apt-get') === undefined) {
    return `needs Debian's package ${name}, and this machine has no apt-get`;
  }
  if (isInstalled(name)) return undefined;
  if (process.getuid?.() !== 0) {
    return `needs Debian's package ${name}: sudo apt-get install ${name}`;
  }
  if (!isUpdated) aptGet('update');
  isUpdated = true;
  console.log(`Installing Debian's ${name} ...`);
  const said = aptGet('install', '--yes', '--no-install-recommends', name);
  return isInstalled(name) ? undefined : `apt-get could not install ${name}:\n${said}`;
}

function isInstalled(name: string): boolean {
  const { stdout } = spawnSync('dpkg-query', ['--show', '--showformat=${Status}', name], {
    encoding: 'utf8',
  });
  return stdout === 'install ok installed';
}

function aptGet(...args: readonly string[]): string {
  // Container images leave documentation out unless asked, and that is what python3-doc is.
  const options = [
    '-o',
    'DPkg::Lock::Timeout=120',
    '-o',
    'Dpkg::Options::=--path-include=/usr/share/doc/*',
  ];
  const { stdout, stderr } = spawnSync('apt-get', [...options, ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return `${stdout}${stderr}`;
}
