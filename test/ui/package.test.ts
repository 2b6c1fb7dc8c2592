import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inProject } from '../../.ci/project.ts';
import { serveSamples, type SampleServers } from '../../.ci/sample.ts';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { sampleQuoteCount } from '../../src/serve/sampleQuotes.ts';
import { withWorkbench } from './harness.ts';

describe('the package that a user installs', () => {
  let scratch: string;
  let vsix: string;
  let workspace: string;
  let servers: SampleServers;

  before(async () => {
    scratch = await mkdtemp(path.join(os.tmpdir(), 'cf-package-'));
    vsix = path.join(scratch, 'cf-collector.vsix');
    const vsce = inProject('node_modules', '@vscode', 'vsce', 'vsce');
    const args = [
      vsce,
      'package',
      '--no-dependencies',
      '--no-rewrite-relative-links',
      '--out',
      vsix,
    ];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: inProject(),
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    ({ workspace, servers } = await serveSamples(path.join(scratch, 'workspace')));
  });
  after(async () => {
    servers.stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  });

  test('collects with nothing of the project beside it, also with a browser', async () => {
    const options = { folder: workspace, extensionDevelopmentPath: null, vsix };
    await withWorkbench('package', options, async (workbench) => {
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
