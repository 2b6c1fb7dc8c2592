/**
 * The least that can be done: page through each shard of an API, drop the ids that a Set has, append the rest, and
 * fdatasync after every fifty records. No retry, no journal, no resume: a limit, not a competitor.
 *
 * node bareJson.cjs ORIGIN SHARDS PER_PAGE OUT.jsonl CONCURRENCY
 */
import { open } from 'node:fs/promises';
import { Pool } from 'undici';
import { SyncedLines } from './syncedLines.ts';

interface Page {
  readonly items: readonly { readonly id: string }[];
}

async function main(): Promise<void> {
  const [origin = '', shardsText = '', perPageText = '', outFile = '', concurrencyText = '16'] =
    process.argv.slice(2);
  const shards = Number(shardsText);
  const perPage = Number(perPageText);
  const concurrency = Number(concurrencyText);
  const pool = new Pool(origin, { connections: concurrency });
  const lines = new SyncedLines(await open(outFile, 'wx'), 50);
  const seen = new Set<string>();
  const queue = Array.from({ length: shards }, (_, i) => i + 1).values();

  const work = async () => {
    for (const shard of queue) {
      for (let page = 1; ; page++) {
        const path = `/shards/${shard}/records?page=${page}&per_page=${perPage}`;
        const { statusCode, body } = await pool.request({ path, method: 'GET' });
        if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
        const { items } = JSON.parse(await body.text()) as Page;
        if (items.length === 0) break;
        for (const item of items) {
          if (seen.has(item.id)) continue;
          seen.add(item.id);
          await lines.add(JSON.stringify(item));
        }
      }
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
