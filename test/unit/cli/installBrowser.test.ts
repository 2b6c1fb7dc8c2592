import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { type DownloadAnswer, serveBrowserDownloads } from '../../fixtures/browserDownloads.ts';
import { RunningCli } from '../../fixtures/cli.ts';

const isLinux = process.platform === 'linux';

describe(
  'cf-collect install-browser',
  {
    skip: !isLinux && 'the downloads are those for Linux',
  },
  () => {
    async function begin(t: TestContext, answer?: DownloadAnswer) {
      const downloads = await serveBrowserDownloads(answer);
      const folder = await mkdtemp(path.join(os.tmpdir(), 'cf-install-'));
      t.after(async () => {
        await downloads.close();
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      });
      const env = { PLAYWRIGHT_BROWSERS_PATH: folder, PLAYWRIGHT_DOWNLOAD_HOST: downloads.url };
      return {
        folder,
        start: (...args: string[]) => new RunningCli(['install-browser', ...args], { env }),
      };
    }

    test('downloads with what stands beside the bundle, and says what there is now', async (t) => {
      const { folder, start } = await begin(t);
      const { code, stdout, stderr } = await start('--json', '--only-shell').done;
      assert.equal(code, 0, stderr);
      const said = JSON.parse(stdout) as { type: string; executable: string; version: string };
      assert.deepEqual([said.type, said.version], ['installed', 'Chromium 159.0.1.2']);
      assert.ok(said.executable.startsWith(path.join(folder, 'chromium_headless_shell-')));

      const again = await start().done;
      assert.match(again.stdout, /^Chromium 159\.0\.1\.2 is installed: \//);
    });

    test('says why it could not, with exit code 1', async (t) => {
      const { start } = await begin(t, (_request, response) => {
        response.writeHead(404).end();
      });
      const { code, stderr } = await start().done;
      assert.equal(code, 1);
      assert.match(stderr, /^cf-collect: Chromium could not be downloaded: .*404/);
    });

    test('is stopped by SIGINT, with exit code 130', async (t) => {
      const asked = Promise.withResolvers<undefined>();
      const { start } = await begin(t, () => {
        asked.resolve(undefined);
      });
      const running = start();
      await asked.promise;
      running.kill('SIGINT');
      const { code, stderr } = await running.done;
      assert.equal(code, 130);
      assert.match(stderr, /stopped; nothing was made/);
    });
  },
);
