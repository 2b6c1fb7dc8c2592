import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { inProject } from './project.ts';
import { installExtension } from './vscode.ts';

/** The package that the UI tests use, as `installPackage` has made it. */
export const vsixFile = inProject('out', 'cf-collector.vsix');

/**
 * Makes the package as `npm run package` does, builds included, and installs it for the servers
 * that ask for it.
 */
export async function installPackage(): Promise<void> {
  mkdirSync(path.dirname(vsixFile), { recursive: true });
  vsce('package', '--no-dependencies', '--no-rewrite-relative-links', '--out', vsixFile);
  await installExtension(vsixFile);
}

/** The files that go into the package. */
export function packagedFiles(): readonly string[] {
  return vsce('ls', '--no-dependencies').trim().split('\n');
}

function vsce(...args: readonly string[]): string {
  const program = inProject('node_modules', '@vscode', 'vsce', 'vsce');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: inProject(),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`vsce ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}
