import {
  downloadAndUnzipVSCode,
  resolveCliArgsFromVSCodeExecutablePath,
  runTests,
} from '@vscode/test-electron';
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { HostRun } from './hostSuite.ts';
import { findCommand, inProject } from './project.ts';

/**
 * Runs the host suite in a desktop VS Code: `installed` takes the one on this machine, anything
 * else is a version to download (`stable`, `insiders`, `1.105.0`). Returns what there is to say
 * besides the results. Needs a display: on a Linux without one, `xvfb-run -a npm run test:electron`.
 */
export async function runOnDesktop(run: HostRun, version: string): Promise<string> {
  const executable = version === 'installed' ? desktopExecutable() : await download(version);
  // Not inside the project: macOS limits the length of the socket paths in there to 103 characters.
  const userData = await mkdtemp(path.join(os.tmpdir(), 'cf-code-'));
  try {
    await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: inProject(),
      extensionTestsPath: run.testsPath,
      extensionTestsEnv: { ...run.env, CF_HOST_VSCODE: versionOf(executable) },
      launchArgs: [
        run.workspace,
        '--disable-extensions',
        '--disable-workspace-trust',
        '--skip-welcome',
        `--user-data-dir=${userData}`,
        // Electron refuses its sandbox to root.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
    });
    return '';
  } catch (error) {
    // A failed suite ends VS Code with 1: the results file says what failed.
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(userData, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Not every machine reaches the host that VS Code is downloaded from. */
async function download(version: string): Promise<string> {
  try {
    return await downloadAndUnzipVSCode({ version, extensionDevelopmentPath: inProject() });
  } catch (error) {
    throw new Error(
      `VS Code ${version} could not be downloaded. Test in the one that is installed (npm run test:host -- --desktop=installed) or in the VS Code server (npm run test:host), which needs npm's registry only.`,
      { cause: error },
    );
  }
}

/** The program behind the `code` command, which itself only hands over to it and ends. */
function desktopExecutable(): string {
  const command = findCommand('code', 'code-insiders');
  const bin = command === undefined ? '' : path.dirname(realpathSync(command));
  const places = {
    darwin: '../../../MacOS/Electron',
    win32: '../Code.exe',
    linux: `../${path.basename(command ?? 'code')}`,
  };
  const place = places[process.platform as keyof typeof places];
  const executable = path.resolve(bin, place);
  if (command === undefined || !existsSync(executable)) {
    throw new Error(
      'No installed VS Code found behind `code`; name a version to download instead.',
    );
  }
  return executable;
}

function versionOf(executable: string): string {
  const [cli = executable, ...args] = resolveCliArgsFromVSCodeExecutablePath(executable);
  const isScript = process.platform === 'win32';
  const said = spawnSync(isScript ? `"${cli}"` : cli, [...args, '--version'], {
    encoding: 'utf8',
    shell: isScript,
  });
  const version = said.stdout.split('\n')[0]?.trim();
  if (!version) throw new Error(`${cli} --version failed:\n${said.stderr}`);
  return version;
}
