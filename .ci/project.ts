import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder that holds package.json. */
export const root = path.resolve(import.meta.dirname, '..');

/** An absolute path inside the project. */
export function inProject(...parts: readonly string[]): string {
  return path.join(root, ...parts);
}

/** The parts of package.json that the scripts need. */
export const manifest = JSON.parse(readFileSync(inProject('package.json'), 'utf8')) as {
  readonly name: string;
  readonly publisher: string;
  readonly version: string;
  readonly engines: { readonly vscode: string };
};

/** The first of these commands that PATH has, as a full path. */
export function findCommand(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  return names
    .flatMap((name) =>
      folders.flatMap((folder) => endings.map((end) => path.join(folder, name + end))),
    )
    .find((file) => existsSync(file));
}

/** Whether the module with this `import.meta.filename` is the script that node was told to run. */
export function isMain(filename: string): boolean {
  return process.argv[1] !== undefined && path.resolve(process.argv[1]) === filename;
}
