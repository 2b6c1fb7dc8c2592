import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { build, type Metafile } from 'esbuild';
import { extensionBundle } from '../../../.ci/build.ts';
import { root } from '../../../.ci/project.ts';

/** What activating may evaluate, KB of minified code: raise it only for what every window needs at once. */
const budgetKb = 320;

/** What has its place in the bundle, if at all, behind an `import()`. */
const onDemand = [
  /node_modules\/(zod|prom-client|uplot|playwright|undici|htmlparser2|ajv|apify-client|jsonata)\//,
  /^webview\//,
  /^src\/(worker|engine|storage|dedup|sources|serve|cli)\//,
  /Params\.ts$/,
  /^src\/host\/data\/(exportTable|importEarlier)\.ts$/,
  /^src\/host\/collections\/(newCollection|createModule)\.ts$/,
  /^src\/host\/firstMinute\/openSample\.ts$/,
  /^src\/host\/viewer\/recordViewer\.ts$/,
  /^src\/host\/picker\/fieldPicker\.ts$/,
];

/** The files that are evaluated when VS Code loads the extension, each with its bytes in the bundle. */
function evaluatedAtOnce({ inputs, outputs }: Metafile): ReadonlyMap<string, number> {
  const bundle = Object.values(outputs).find((output) => output.entryPoint !== undefined)!;
  const found = new Map<string, number>();
  const visit = (file: string): void => {
    const input = inputs[file];
    if (found.has(file) || input === undefined) return;
    found.set(file, bundle.inputs[file]?.bytesInOutput ?? 0);
    for (const { kind, path } of input.imports) if (kind !== 'dynamic-import') visit(path);
  };
  visit('src/extension.ts');
  return found;
}

describe('what VS Code loads when the extension is activated', () => {
  let code: string;
  let files: ReadonlyMap<string, number>;

  before(async () => {
    const { metafile, outputFiles } = await build({
      ...extensionBundle,
      absWorkingDir: root,
      bundle: true,
      write: false,
      metafile: true,
      plugins: [],
    });
    code = outputFiles[0]!.text;
    files = evaluatedAtOnce(metafile);
  });

  test('the bundle is known by its files, and most of them belong to the host', () => {
    assert.ok(code.length > 100_000);
    assert.ok(files.size > 50);
    assert.ok(files.has('src/host/tree/sessionTree.ts'));
  });

  test('nothing that only some windows need: an import() loads that', () => {
    // A file of types alone comes out empty.
    const loaded = [...files].filter(([, bytes]) => bytes > 0).map(([file]) => file);
    const early = loaded.filter((file) => onDemand.some((pattern) => pattern.test(file)));
    assert.deepEqual(early, []);
  });

  test(`at most ${budgetKb} KB`, () => {
    const bytes = [...files.values()].reduce((sum, one) => sum + one, 0);
    const largest = [...files].sort((a, b) => b[1] - a[1]).slice(0, 10);
    assert.ok(
      bytes <= budgetKb * 1024,
      `${Math.ceil(bytes / 1024)} KB, of these ${largest.map(([file, size]) => `${file} ${size}`).join(', ')}`,
    );
  });
});
