/**
 * The least that can be done with a browser: open each URL of a list, take three fields of each match, append them, and
 * fdatasync after every ten records. Each worker has a context and a page of its own for good. No retry, no journal, no
 * robots.txt, no resume: a limit, not a competitor.
 *
 * node bareBrowser.cjs URLS.json OUT.jsonl CONTEXTS
 */
import { open, readFile } from 'node:fs/promises';
import { chromium } from 'playwright';
import { findBrowser } from '../../src/sources/browser/findBrowser.ts';
import { SyncedLines } from './syncedLines.ts';

/** Runs in the page. */
const takeQuotes = `[...document.querySelectorAll('div.quote')].map((quote) => ({
  text: quote.querySelector('.text').textContent,
  author: quote.querySelector('.author').textContent,
  tags: [...quote.querySelectorAll('.tag')].map((tag) => tag.textContent),
}))`;

async function main(): Promise<void> {
  const [urlsFile = '', outFile = '', contextsText = '4'] = process.argv.slice(2);
  const urls = JSON.parse(await readFile(urlsFile, 'utf8')) as string[];
  const { executable } = await findBrowser();
  const browser = await chromium.launch({
    executablePath: executable,
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-gpu'],
  });
  const lines = new SyncedLines(await open(outFile, 'wx'), 10);
  const queue = urls.values();

  const work = async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    for (const url of queue) {
      const response = await page.goto(url);
      if (response?.status() !== 200) throw new Error(`${url}: ${response?.status()}`);
      for (const record of await page.evaluate<object[]>(takeQuotes)) {
        await lines.add(JSON.stringify(record));
      }
    }
  };
  await Promise.all(Array.from({ length: Number(contextsText) }, work));
  await lines.close();
  await browser.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
