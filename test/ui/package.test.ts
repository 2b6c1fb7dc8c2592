import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inProject } from '../../.ci/project.ts';
import { serveSamples, type SampleServers } from '../../.ci/sample.ts';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
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

  test('collects with nothing of the project beside it', async () => {
    const options = { folder: workspace, extensionDevelopmentPath: null, vsix };
    await withWorkbench('package', options, async (workbench) => {
      await workbench.runCommand('Collector: Start Collection');
      await workbench.pick('books');
      await workbench.openView('Collector');
      await workbench
        .row('books')
        .filter({ hasText: /completed/i })
        .first()
        .waitFor();
      await workbench.screenshot('package');
    });
    const raw = path.join(workspace, 'data', 'raw');
    const masters = (await readdir(raw)).filter((name) => name.startsWith('books_master_'));
    assert.equal(masters.length, 1);
    const records = (await readFile(path.join(raw, masters[0]!), 'utf8')).trimEnd().split('\n');
    assert.equal(records.length, sampleBookCount);
  });
});
