/**
 * The least that can be done: fetch each URL of a list, parse it, take three fields, append them, and fdatasync after
 * every ten records. No retry, no journal, no frontier, no resume: a limit, not a competitor.
 *
 * node bareHtml.cjs URLS.json OUT.jsonl CONCURRENCY
 */
import { open, readFile } from 'node:fs/promises';
import { getElementsByTagName, textContent } from 'domutils';
import { parseDocument } from 'htmlparser2';
import { Pool } from 'undici';
import { SyncedLines } from './syncedLines.ts';

async function main(): Promise<void> {
  const [urlsFile = '', outFile = '', concurrencyText = '16'] = process.argv.slice(2);
  const urls = JSON.parse(await readFile(urlsFile, 'utf8')) as string[];
  const concurrency = Number(concurrencyText);
  const first = urls[0];
  if (first === undefined) throw new Error('no URLs');
  const pool = new Pool(new URL(first).origin, { connections: concurrency });
  const lines = new SyncedLines(await open(outFile, 'wx'), 10);
  const queue = urls.values();

  const work = async () => {
    for (const url of queue) {
      const { pathname } = new URL(url);
      const { statusCode, body } = await pool.request({ path: pathname, method: 'GET' });
      if (statusCode !== 200) throw new Error(`${url}: ${statusCode}`);
      const dom = parseDocument(await body.text());
      const textOf = (name: string) => {
        const [element] = getElementsByTagName(name, dom, true, 1);
        return element === undefined ? null : textContent(element).trim();
      };
      const record = { title: textOf('title'), heading: textOf('h1'), first: textOf('p'), url };
      await lines.add(JSON.stringify(record));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  await lines.close();
  await pool.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
