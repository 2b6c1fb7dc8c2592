import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pages } from '../../.ci/build.ts';
import { packagedFiles, vsixFile } from '../../.ci/vsix.ts';
import { serveSamples, type SampleServers } from '../../.ci/sample.ts';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { sampleQuoteCount } from '../../src/serve/sampleQuotes.ts';
import { withWorkbench } from './harness.ts';

describe('the package that a user installs', () => {
  let scratch: string;
  let workspace: string;
  let servers: SampleServers;

  before(async () => {
    scratch = await mkdtemp(path.join(os.tmpdir(), 'cf-package-'));
    ({ workspace, servers } = await serveSamples(path.join(scratch, 'workspace')));
  });
  after(async () => {
    servers.stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  });

  test('holds what is needed and nothing else, in less than 12 MB', async () => {
    const files = packagedFiles();
    const inFolder = (folder: string): string[] =>
      files.filter((file) => file.startsWith(`${folder}/`)).map((file) => file.split('/')[1]!);
    const top = new Set(files.map((file) => file.split('/')[0]));
    assert.deepEqual([...top].filter((name) => !/^package\.nls(\..+)?\.json$/.test(name!)).sort(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'l10n',
      'media',
      'package.json',
    ]);
    assert.deepEqual(
      [...new Set(inFolder('dist'))].sort(),
      [
        ...['cli.js', 'extension.cjs', 'moduleWorker.js', 'worker.js'],
        ...['node_modules', 'package.json'],
        ...pages.flatMap((page) => [`${page}.css`, `${page}.js`]),
      ].sort(),
    );
    assert.deepEqual(
      files.filter((file) => /\.map$|\.ts$/.test(file) && !file.endsWith('.d.ts')),
      [],
    );
    // Two thirds of it are the driver of browsers.
    assert.ok((await stat(vsixFile)).size < 12 * 1024 * 1024);
  });

  test('collects with nothing of the project beside it, also with a browser', async () => {
    await withWorkbench('package', { folder: workspace }, async (workbench) => {
      for (const name of ['books', 'quotes']) {
        await workbench.runCommand('Collector: Start Collection');
        await workbench.pick(name);
        await workbench.openView('Collector');
        await workbench
          .row(name)
          .filter({ hasText: /completed/i })
          .first()
          .waitFor();
      }
      await workbench.screenshot('package');
    });
    assert.equal((await recordsOf('books')).length, sampleBookCount);
    assert.equal((await recordsOf('quotes')).length, sampleQuoteCount);
  });

  async function recordsOf(name: string): Promise<readonly string[]> {
    const raw = path.join(workspace, 'data', 'raw');
    const masters = (await readdir(raw)).filter((file) => file.startsWith(`${name}_master_`));
    assert.equal(masters.length, 1);
    return (await readFile(path.join(raw, masters[0]!), 'utf8')).trimEnd().split('\n');
  }
});
