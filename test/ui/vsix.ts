import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { inProject } from '../../.ci/project.ts';

/** Makes the package in a folder, as `npm run package` does. Gives its path. */
export function packageVsix(folder: string): string {
  const vsix = path.join(folder, 'cf-collector.vsix');
  vsce('package', '--no-dependencies', '--no-rewrite-relative-links', '--out', vsix);
  return vsix;
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
