import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { withWorkbench } from './harness.ts';

test('a window can be used by palette, tree, editor and webview', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'cf-ui-'));
  await mkdir(path.join(folder, 'notes'));
  await writeFile(path.join(folder, 'notes', 'hello.md'), '# Greetings\n\nfrom a file\n');
  try {
    await withWorkbench('harness', { folder }, async (workbench) => {
      await workbench.expand('notes');
      await workbench.row('hello.md').dblclick();
      await workbench.tab('hello.md').waitFor();
      await workbench.untilText(/from a file/);
      await workbench.runCommand('Markdown: Open Preview');
      const preview = await workbench.webview('h1');
      assert.equal(await preview.locator('h1').innerText(), 'Greetings');
      assert.equal(workbench.server.extensionHostPids().length, 1);
      await workbench.screenshot('harness');
      await workbench.closeWindow();
      await workbench.openWindow();
      await workbench.row('notes').waitFor();
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
