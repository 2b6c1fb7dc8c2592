// npm run build [-- --dev] [-- --watch]: makes every bundle in dist/.
import { context, type BuildOptions, type Plugin } from 'esbuild';
import { globSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { copyPlaywright } from './playwright.ts';
import { inProject, isMain, root } from './project.ts';

/** Everything that runs under a Node: VS Code's or the user's own. */
const node = {
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  // playwright-core finds its own files by their place on disk, so it can't be moved into a bundle: see playwright.ts.
  external: ['vscode', 'playwright-core', 'node:sqlite'],
  // jsonc-parser's `main` is UMD, whose requires no bundler can see; its `module` is plain ESM.
  mainFields: ['module', 'main'],
  // Half the text to read at each start; names stay, since errors show them.
  minifyWhitespace: true,
  minifySyntax: true,
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  // Any other `import.meta` is undefined in CommonJS and would only fail when it runs.
  logOverride: { 'empty-import-meta': 'error' },
} satisfies BuildOptions;

/**
 * Leaves VS Code's API as it is. esbuild would copy it, hundreds of getters, for every module that imports it, and that was
 * a third of the time that activating takes.
 */
const vscodeUncopied: Plugin = {
  name: 'vscode-uncopied',
  setup(build) {
    build.initialOptions.write = false;
    build.onEnd(async ({ outputFiles = [] }) => {
      for (const { path: file, text } of outputFiles) {
        const copied = /__toESM\((require\("vscode"\)), ?1\)/g;
        // As long as before: a source map names columns.
        const uncopied = text.replaceAll(copied, (all, required: string) =>
          required.padEnd(all.length),
        );
        await writeFile(file, uncopied);
      }
    });
  },
};

/** The pages that the editor shows: folders of webview/. */
export const pages = ['dashboard', 'overview', 'picker', 'preview', 'viewer'] as const;

/** What VS Code loads in its extension host. */
export const extensionBundle: BuildOptions = {
  ...node,
  entryPoints: ['src/extension.ts'],
  // In a package of type "module" VS Code loads a `.js` by way of Node's ESM loader, which is slower.
  outfile: 'dist/extension.cjs',
  plugins: [vscodeUncopied],
};

const bundles: readonly BuildOptions[] = [
  extensionBundle,
  // The engine, in a worker thread beside the extension host's event loop.
  { ...node, entryPoints: ['src/worker/main.ts'], outfile: 'dist/worker.js' },
  // A person's own module as a source, in a worker thread of its own.
  { ...node, entryPoints: ['src/sources/module/moduleWorker.ts'], outfile: 'dist/moduleWorker.js' },
  // The command line. Older target: Node 20 must parse it to be told that it is too old.
  { ...node, entryPoints: ['src/cli/main.ts'], outfile: 'dist/cli.js', target: 'node20' },
  // The sample site and the sample API.
  { ...node, entryPoints: ['src/serve/main.ts'], outfile: 'dist/serve.js' },
  // The pages: a browser script each and, from its CSS imports, a style sheet beside it.
  ...pages.map((page): BuildOptions => ({
    entryPoints: [`webview/${page}/main.ts`],
    outfile: `dist/${page}.js`,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    minify: true,
  })),
  // The suite that runs inside VS Code: one bundle per test file, and the one that runs them.
  {
    ...node,
    entryPoints: [
      'test/host/index.ts',
      'test/host/suite.ts',
      ...globSync('test/host/*.test.ts', { cwd: root }),
    ],
    outdir: 'dist/test/host',
    sourcemap: 'inline',
  },
];

export interface BuildFlags {
  /** With source maps and not minified. */
  readonly dev?: boolean;
  /** Builds again whenever a source changes, until the process ends. */
  readonly watch?: boolean;
}

/** Makes all bundles. Rejects when one has an error, which esbuild has printed by then. */
export async function build({ dev = false, watch = false }: BuildFlags = {}): Promise<void> {
  await mkdir(inProject('dist'), { recursive: true });
  // A host test that was deleted must not run again from its old bundle.
  await rm(inProject('dist/test'), { recursive: true, force: true });
  // package.json says "module"; the bundles are CommonJS.
  await writeFile(inProject('dist/package.json'), '{ "type": "commonjs" }\n');
  await Promise.all([copyPlaywright(), ...bundles.map((options) => bundle(options, dev, watch))]);
}

async function bundle(options: BuildOptions, dev: boolean, watch: boolean): Promise<void> {
  const made = await context({
    ...options,
    absWorkingDir: root,
    bundle: true,
    logLevel: watch ? 'info' : 'warning',
    ...(dev && { sourcemap: true, minify: false }),
  });
  if (watch) return made.watch();
  try {
    await made.rebuild();
  } finally {
    await made.dispose();
  }
}

if (isMain(import.meta.filename)) {
  const flags = process.argv.slice(2);
  try {
    await build({ dev: flags.includes('--dev'), watch: flags.includes('--watch') });
  } catch (error) {
    const isPrinted = error instanceof Error && 'errors' in error;
    if (!isPrinted) console.error(error);
    process.exitCode = 1;
  }
}
