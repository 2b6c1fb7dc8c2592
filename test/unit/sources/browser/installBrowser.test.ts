import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { RetryError } from '../../../../src/core/errors.ts';
import type { JobProgress } from '../../../../src/core/job.ts';
import type { BrowserMachine } from '../../../../src/sources/browser/browserPlaces.ts';
import { findBrowser } from '../../../../src/sources/browser/findBrowser.ts';
import { installBrowser } from '../../../../src/sources/browser/installBrowser.ts';
import type { NetworkSettings } from '../../../../src/sources/source.ts';
import {
  type DownloadAnswer,
  sendBrowser,
  serveBrowserDownloads,
} from '../../../fixtures/browserDownloads.ts';

const isLinux = process.platform === 'linux';

describe('installing a browser', { skip: !isLinux && 'the downloads are those for Linux' }, () => {
  async function setUp(t: TestContext, answer?: DownloadAnswer) {
    const downloads = await serveBrowserDownloads(answer);
    const home = await mkdtemp(path.join(os.tmpdir(), 'cf-install-'));
    t.after(async () => {
      await downloads.close();
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    });
    const machine: BrowserMachine = {
      // Nothing of what is really installed here is found.
      platform: 'darwin',
      home,
      env: {
        PATH: process.env['PATH'],
        PLAYWRIGHT_BROWSERS_PATH: path.join(home, 'browsers'),
        PLAYWRIGHT_DOWNLOAD_HOST: downloads.url,
      },
    };
    const seen: JobProgress[] = [];
    const install = (
      options: {
        network?: NetworkSettings;
        onlyHeadlessShell?: boolean;
        signal?: AbortSignal;
        onProgress?: () => void;
      } = {},
    ) =>
      installBrowser(
        { onlyHeadlessShell: options.onlyHeadlessShell ?? false, network: options.network ?? {} },
        {
          signal: options.signal ?? new AbortController().signal,
          onProgress: (progress) => {
            seen.push(progress);
            options.onProgress?.();
          },
        },
        machine,
      );
    return { downloads, machine, seen, install };
  }

  async function failureOf(work: Promise<unknown>): Promise<RetryError> {
    const error = await work.then(
      () => assert.fail('it was installed'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof RetryError, String(error));
    assert.equal(error.code, 'BROWSER_INSTALL_FAILED');
    return error;
  }

  test('downloads, tells how far it is, and the browser is found from then on', async (t) => {
    const { downloads, machine, seen, install } = await setUp(t);
    await assert.rejects(findBrowser({ channel: 'chromium' }, machine), {
      code: 'BROWSER_MISSING',
    });
    const installed = await install();
    assert.equal(installed.version, 'Chromium 159.0.1.2');
    const names = downloads.requests.map((url) => path.basename(url).replace(/-(linux|arm).*/, ''));
    assert.deepEqual(names.toSorted(), ['chrome', 'chrome-headless-shell', 'ffmpeg']);

    const found = await findBrowser({ channel: 'chromium', headless: false }, machine);
    assert.equal(found.executable, installed.executable);
    const shell = await findBrowser({ channel: 'chromium' }, machine);
    assert.equal(shell.isHeadlessShell, true);

    const done = seen.map((progress) => progress.done);
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    );
    assert.ok(
      seen.some(({ what }) => what.startsWith('Chrome for Testing')),
      JSON.stringify(seen),
    );
    const last = seen.at(-1);
    assert.equal(last?.done, last?.total);

    const before = downloads.requests.length;
    await install();
    assert.equal(downloads.requests.length, before, 'what is there was downloaded again');
  });

  test('can do with the headless shell alone', async (t) => {
    const { downloads, machine, seen, install } = await setUp(t);
    const installed = await install({ onlyHeadlessShell: true });
    assert.equal(installed.isHeadlessShell, true);
    assert.equal(
      (await findBrowser({ channel: 'chromium' }, machine)).executable,
      installed.executable,
    );
    assert.ok(!downloads.requests.some((url) => url.includes('chrome-linux')));
    assert.equal(seen.at(-1)?.done, seen.at(-1)?.total);
  });

  test('says what the server said', async (t) => {
    const { install } = await setUp(t, (_request, response) => {
      response.writeHead(403).end('not from here');
    });
    const error = await failureOf(install());
    assert.match(error.message, /server returned code 403 body 'not from here'/);
    assert.match(error.message, /http\.proxy/);
  });

  test('says that there is no way to the server', async (t) => {
    const { downloads, install } = await setUp(t);
    await downloads.close();
    const error = await failureOf(install());
    assert.match(error.message, /ECONNREFUSED/);
    assert.match(error.message, /apt-get install chromium/);
  });

  test("goes through the editor's proxy", async (t) => {
    const { downloads, machine, install } = await setUp(t);
    Object.assign(machine.env, { PLAYWRIGHT_DOWNLOAD_HOST: 'http://downloads.invalid' });
    const network = { proxy: downloads.url };
    await install({ onlyHeadlessShell: true, network });
    assert.ok(downloads.requests.every((url) => url.startsWith('http://downloads.invalid/')));

    const error = await failureOf(
      install({ network: { ...network, noProxy: ['downloads.invalid'] } }),
    );
    assert.match(error.message, /downloads\.invalid/);
  });

  test('is cancelled at once, leaves nothing running, and can begin anew', async (t) => {
    let isStuck = true;
    const gone = Promise.withResolvers<undefined>();
    const { machine, seen, install } = await setUp(t, (request, response) => {
      if (!isStuck) {
        sendBrowser('echo "Chromium 159.0.1.2"')(request, response);
        return;
      }
      response.writeHead(200, { 'content-length': 1_000_000 }).write(Buffer.alloc(600_000));
      response.once('close', () => {
        gone.resolve(undefined);
      });
    });
    const scratchFolders = async () =>
      (await readdir(os.tmpdir())).filter((name) => name.startsWith('cf-download-'));
    const before = await scratchFolders();
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const installing = install({
      signal: controller.signal,
      onProgress: () => {
        if ((seen.at(-1)?.done ?? 0) > 0) controller.abort(reason);
      },
    });
    await assert.rejects(installing, (error) => error === reason);
    await gone.promise;
    assert.deepEqual(await scratchFolders(), before);
    await assert.rejects(findBrowser({ channel: 'chromium' }, machine), {
      code: 'BROWSER_MISSING',
    });

    isStuck = false;
    // The downloader's lock goes stale by itself after a while; nobody has to wait for that here.
    await rm(path.join(machine.env['PLAYWRIGHT_BROWSERS_PATH'] ?? '', '__dirlock'), {
      recursive: true,
      force: true,
    });
    assert.ok((await install()).executable);
  });

  test('says that what was downloaded does not start', async (t) => {
    const missing = 'chrome: error while loading shared libraries: libnss3.so';
    const { install } = await setUp(t, sendBrowser(`echo "${missing}" >&2; exit 127`));
    await assert.rejects(install(), {
      code: 'BROWSER_UNUSABLE',
      message: /does not start: .*libnss3\.so.*install-deps chromium/,
    });
  });
});
