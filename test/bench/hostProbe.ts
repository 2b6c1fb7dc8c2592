import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { inProject } from '../../.ci/project.ts';
import type { VscodeServer } from '../../.ci/vscode.ts';
import { outFolder } from './lab.ts';

const limitMs = 300_000;

/** Bundles a module of this folder that exports `run`, to be run in an extension host. Gives the bundle's path. */
export async function bundleHostProbe(name: string): Promise<string> {
  const outfile = join(outFolder, 'bench', `${name}.cjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'warning',
  });
  return outfile;
}

/** Opens a window on a folder, runs a probe in its extension host, and closes it. Rejects where the probe did. */
export async function runHostProbe(
  server: VscodeServer,
  browser: Browser,
  { probe, folder }: { readonly probe: string; readonly folder: string },
): Promise<void> {
  const page = await browser.newPage();
  let said = '';
  await page.exposeFunction('codeAutomationLog', (level: string, args: readonly unknown[]) => {
    said += `${level}: ${args.join(' ')}\n`;
  });
  const ended = new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => {
      reject(new Error(`The probe took longer than ${limitMs / 1000} s. It said:\n${said}`));
    }, limitMs);
    void page.exposeFunction('codeAutomationExit', (code: number) => {
      clearTimeout(limit);
      if (code === 0) resolve();
      else reject(new Error(`The probe failed. It said:\n${said}`));
    });
  });
  await page.goto(
    server.url({
      folder,
      extensionDevelopmentPath: inProject(),
      extensionTestsPath: probe,
    }),
  );
  await ended;
  await page.close();
}
