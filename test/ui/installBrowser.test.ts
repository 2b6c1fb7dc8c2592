import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { startQuotesSite } from '../../src/serve/quotesSite.ts';
import { sampleQuoteCount } from '../../src/serve/sampleQuotes.ts';
import { findBrowser } from '../../src/sources/browser/findBrowser.ts';
import { sendBrowser, serveBrowserDownloads } from '../fixtures/browserDownloads.ts';
import { writeCollection } from '../fixtures/workspace.ts';
import { untilTold, withSampleWindow } from './sampleWindow.ts';

const isLinux = process.platform === 'linux';

test(
  'a session without a browser pauses, installs one from its notice and goes on',
  { skip: !isLinux && 'the downloads are those for Linux' },
  async () => {
    // What is "downloaded" is the browser that is here, under another name.
    const { executable } = await findBrowser();
    const downloads = await serveBrowserDownloads(sendBrowser(`exec "${executable}" "$@"`));
    const site = await startQuotesSite();
    const browsers = await mkdtemp(path.join(os.tmpdir(), 'cf-browsers-'));
    const env = { PLAYWRIGHT_BROWSERS_PATH: browsers, PLAYWRIGHT_DOWNLOAD_HOST: downloads.url };
    const prepare = async (folder: string) => {
      const source = {
        type: 'browser',
        start: [`${site.url}js/`],
        follow: ['li.next a'],
        items: 'div.quote',
        fields: { text: '.text' },
        browser: { executable: await downloadedFile(browsers) },
      };
      await writeCollection(folder, { name: 'quoted', source });
    };
    try {
      await withSampleWindow('install-browser', { prepare, env }, async ({ workbench, folder }) => {
        await workbench.openView('Collector');
        await workbench.runCommand('Collector: Start Collection');
        await workbench.pick('quoted.collect.json');
        await untilTold(workbench, /quoted is paused: .*there is no program there/);
        await workbench.screenshot('install-browser-1-missing');
        await workbench.answer(/quoted is paused/, 'Install Browser');
        await untilTold(workbench, /Chrom.* is installed/);
        await workbench.screenshot('install-browser-2-installed');
        await workbench.row(/quoted.*100 records.*completed/).waitFor();
        const raw = path.join(folder, 'data', 'raw');
        const [master = ''] = (await readdir(raw)).filter((name) => name.includes('_master_'));
        const lines = (await readFile(path.join(raw, master), 'utf8')).trimEnd().split('\n');
        assert.equal(lines.length, sampleQuoteCount);
      });
    } finally {
      await Promise.all([downloads.close(), site.close()]);
      await rm(browsers, { recursive: true, force: true, maxRetries: 3 });
    }
  },
);

/** Where Playwright puts Chromium for Linux. */
async function downloadedFile(browsers: string): Promise<string> {
  const list = createRequire(import.meta.filename)
    .resolve('playwright-core/package.json')
    .replace('package.json', 'browsers.json');
  const parsed = JSON.parse(await readFile(list, 'utf8')) as {
    browsers: readonly { name: string; revision: string }[];
  };
  const revision = parsed.browsers.find(({ name }) => name === 'chromium')?.revision ?? '';
  const folder = process.arch === 'arm64' ? 'chrome-linux-arm64' : 'chrome-linux64';
  return path.join(browsers, `chromium-${revision}`, folder, 'chrome');
}
