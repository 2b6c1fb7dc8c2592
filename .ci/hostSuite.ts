import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Outcome } from '../test/tools/outcome.ts';
import { launchBrowser } from './browser.ts';
import { runOnDesktop } from './desktop.ts';
import { inProject } from './project.ts';
import { VscodeServer, vscodeVersions } from './vscode.ts';

/** What `npm run test:host` may ask for; nothing means the current VS Code server. */
export interface HostSuiteOptions {
  /** The VS Code server of the oldest supported version. */
  readonly isOldest?: boolean;
  /**
   * A desktop VS Code of this version (`stable`, `insiders`, `1.105.0` ...), or the installed one:
   * `installed`.
   */
  readonly desktop?: string | undefined;
}

/** What a place that runs the suite is told. */
export interface HostRun {
  /** A fresh folder to open as the workspace. */
  readonly workspace: string;
  readonly testsPath: string;
  readonly env: Readonly<Record<string, string>>;
}

const limitMs = 300_000;

/**
 * Runs test/host inside a real VS Code. An extension host that ends early, or says nothing, is a
 * failed outcome.
 */
export async function runHostSuite(options: HostSuiteOptions = {}): Promise<readonly Outcome[]> {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'cf-host-'));
  const results = path.join(scratch, 'results.ndjson');
  const workspace = path.join(scratch, 'workspace');
  await mkdir(workspace);
  const testsPath = inProject('dist', 'test', 'host', 'index.js');
  const env = { CF_HOST_RESULTS: results };
  try {
    const said =
      options.desktop === undefined
        ? await runOnServer({ workspace, testsPath, env }, options.isOldest === true)
        : await runOnDesktop({ workspace, testsPath, env }, options.desktop);
    return await readOutcomes(results, said);
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * Runs the suite in the VS Code server, with the browser as its window. Returns what the extension
 * host said.
 */
async function runOnServer(run: HostRun, isOldest: boolean): Promise<string> {
  const release = isOldest ? 'oldest' : 'current';
  const env = { ...run.env, CF_HOST_VSCODE: vscodeVersions[release] };
  const server = await VscodeServer.start({ release, env });
  const browser = await launchBrowser();
  let said = '';
  try {
    const page = await browser.newPage();
    await page.exposeFunction('codeAutomationLog', (level: string, args: readonly unknown[]) => {
      said += `${level}: ${args.join(' ')}\n`;
    });
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        said += `The suite took longer than ${limitMs / 1000} s.\n`;
        resolve();
      }, limitMs);
      const end = (): void => {
        clearTimeout(limit);
        resolve();
      };
      page.once('crash', end);
      void server.whenEnded().then(end);
      const url = server.url({
        folder: run.workspace,
        extensionDevelopmentPath: inProject(),
        extensionTestsPath: run.testsPath,
      });
      page
        .exposeFunction('codeAutomationExit', end)
        .then(() => page.goto(url))
        .catch(reject);
    });
  } finally {
    await browser.close();
    await server.stop();
  }
  return said;
}

async function readOutcomes(results: string, said: string): Promise<readonly Outcome[]> {
  const text = existsSync(results) ? await readFile(results, 'utf8') : '';
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Outcome | { readonly kind: 'end' });
  const outcomes = lines.filter((line) => line.kind !== 'end');
  const isWhole = lines.at(-1)?.kind === 'end';
  if (isWhole && outcomes.length > 0) return outcomes;
  const detail = isWhole ? 'ran no test' : `ended before its tests had. It said:\n${tail(said)}`;
  return [...outcomes, { kind: 'failed', name: 'extension host', place: 'test/host', detail }];
}

function tail(text: string): string {
  return text.split('\n').slice(-60).join('\n');
}
