import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PauseError } from '../../../../src/core/errors.ts';
import {
  browserPlaces,
  type BrowserMachine,
} from '../../../../src/sources/browser/browserPlaces.ts';
import { findBrowser, type WantedBrowser } from '../../../../src/sources/browser/findBrowser.ts';

const isWindows = process.platform === 'win32';

describe('finding a browser', { skip: isWindows && 'its browsers are shell scripts' }, () => {
  let folder: string;
  let machine: BrowserMachine;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'cf-browser-'));
    // As on a Mac, whose places are all below /Applications and the home folder: nothing that is really here is found.
    machine = { platform: 'darwin', env: {}, home: folder };
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Makes a program that answers `--version`, or fails with its words. */
  async function put(file: string, script: string): Promise<string> {
    const at = path.join(folder, file);
    await mkdir(path.dirname(at), { recursive: true });
    await writeFile(at, `#!/bin/sh\n${script}\n`);
    await chmod(at, 0o755);
    return at;
  }

  async function missing(wanted: WantedBrowser, on = machine): Promise<PauseError> {
    const error = await findBrowser(wanted, on).then(
      (found) => assert.fail(`found ${found.executable}`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof PauseError);
    assert.equal(error.code, 'BROWSER_MISSING');
    assert.equal(error.reason, 'setup');
    return error;
  }

  test('takes the one that the collection names, and no other', async () => {
    const mine = await put('mine', 'echo "Chromium 150.0.1 built on a train"');
    const found = await findBrowser({ executable: mine }, machine);
    assert.deepEqual(found, { executable: mine, version: 'Chromium 150.0.1' });

    const other = { ...machine, env: { CHROME_PATH: mine } };
    const gone = path.join(folder, 'gone');
    const error = await missing({ executable: gone }, other);
    assert.ok(error.message.includes(gone), error.message);
    assert.match(error.message, /Correct the path/);
  });

  test('takes $CHROME_PATH where the collection leaves it open', async () => {
    const mine = await put('env/chrome', 'echo "Google Chrome 151.2.3.4"');
    const on = { ...machine, env: { CHROME_PATH: mine } };
    assert.equal((await findBrowser({}, on)).executable, mine);
    await missing({ channel: 'msedge-canary' }, on);
  });

  test('passes over one that does not start, and says why when there is no other', async () => {
    const snap = await put('snap/chrome', 'echo "needs the chromium snap" >&2; exit 1');
    const on = { ...machine, env: { CHROME_PATH: snap } };
    const error = await missing({ executable: snap }, on);
    assert.match(error.message, /snap\/chrome does not start: needs the chromium snap/);
    assert.deepEqual(error.data['broken'], [{ executable: snap, why: 'needs the chromium snap' }]);

    const edge = await put(
      'Applications/Microsoft Edge Canary.app/Contents/MacOS/Microsoft Edge Canary',
      'echo "Microsoft Edge 160.0"',
    );
    assert.equal((await findBrowser({ channel: 'msedge-canary' }, on)).executable, edge);
    // On a Mac, one that is really installed comes before it.
    if (process.platform !== 'darwin') assert.equal((await findBrowser({}, on)).executable, edge);
  });

  test('says how to get one', async () => {
    assert.match(
      (await missing({ channel: 'chrome-canary' })).message,
      /leave source\.browser\.channel out/,
    );
    const none = await missing({ channel: 'chromium' });
    assert.match(none.message, /Collector: Install Browser/);
    assert.match(none.message, /cf-collect install-browser/);
    assert.match(none.message, /apt-get install chromium/);
  });

  test("takes Playwright's newest whole download; its headless shell only without a window", async () => {
    const home = path.join(folder, 'downloads');
    const cache = path.join('downloads', 'Library', 'Caches', 'ms-playwright');
    const whole = async (name: string, file: string, script = 'echo "Chromium 1"') => {
      const made = await put(path.join(cache, name, file), script);
      await writeFile(path.join(folder, cache, name, 'INSTALLATION_COMPLETE'), '');
      return made;
    };
    await whole('chromium-1100', 'chrome-mac/Chromium.app/Contents/MacOS/Chromium');
    const newest = await whole('chromium-1255', 'chrome-linux64/chrome');
    const shell = await whole(
      'chromium_headless_shell-1255',
      'chrome-headless-shell-linux64/chrome-headless-shell',
    );
    await put(path.join(cache, 'chromium-1300', 'chrome-linux64', 'chrome'), 'echo "half of it"');
    await whole('firefox-1500', 'firefox/firefox');
    const on = { ...machine, home };

    const headless = await findBrowser({ channel: 'chromium' }, on);
    assert.equal(headless.executable, shell);
    assert.equal(headless.isHeadlessShell, true);
    const withWindow = await findBrowser({ channel: 'chromium', headless: false }, on);
    assert.equal(withWindow.executable, newest);

    const moved = { ...machine, env: { PLAYWRIGHT_BROWSERS_PATH: path.join(folder, cache) } };
    assert.equal((await findBrowser({ channel: 'chromium' }, moved)).executable, shell);
  });
});

describe('where browsers are', () => {
  const wanted = { isHeadless: true };
  const home = path.resolve('no', 'home');

  test('on Linux: PATH in its order, then where packages put them; Chrome before Edge before Chromium', async () => {
    const env = { PATH: '/a/bin:relative:/b/bin' };
    const places = await browserPlaces({ platform: 'linux', env, home }, wanted);
    const files = places.map(({ executable }) => executable);
    assert.deepEqual(files.slice(0, 5), [
      '/a/bin/google-chrome-stable',
      '/b/bin/google-chrome-stable',
      '/a/bin/google-chrome',
      '/b/bin/google-chrome',
      '/opt/google/chrome/chrome',
    ]);
    const firstOf = (channel: string) => places.findIndex((place) => place.channel === channel);
    assert.ok(firstOf('chrome') < firstOf('msedge'));
    assert.ok(firstOf('msedge') < firstOf('chromium'));
    assert.ok(firstOf('chromium') < firstOf('chrome-beta'));
    assert.ok(files.includes('/snap/bin/chromium'));
  });

  test('on Windows: for all users, then for one', async () => {
    const env = { ProgramFiles: 'C:\\Program Files', LOCALAPPDATA: 'C:\\Users\\a\\AppData\\Local' };
    const places = await browserPlaces(
      { platform: 'win32', env, home },
      { ...wanted, channel: 'chrome' },
    );
    assert.deepEqual(places, [
      {
        channel: 'chrome',
        executable: 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
      },
      {
        channel: 'chrome',
        executable: 'C:\\Users\\a\\AppData\\Local\\Google\\Chrome\\Application\\chrome.exe',
      },
    ]);
  });
});
