import { distinctCount } from '../fixtures/served/content.ts';
import { ServerProcess } from '../fixtures/served/serve.ts';
import { compare } from './compare.ts';
import { bareLoop, ourRun, programs } from './lab.ts';
import type { Figure } from './report.ts';

const shards = 16;
const perPage = 50;
const concurrency = 16;
const content = {
  kind: 'api',
  items: 100_000,
  shards,
  bytesPerItem: 333,
  duplicatesPercent: 10,
} as const;
const name = 'JSON, 100,000 records in 2,000 pages';

/** Every record of a paged API: the bare loop, ours, and ours without fdatasync. */
export async function measureJson(runs: number): Promise<Figure[]> {
  const server = await ServerProcess.start(content);
  try {
    const distinct = distinctCount(content.items, content.duplicatesPercent);
    const collection = (fsync: boolean) => ({
      name: 'json',
      source: {
        type: 'rest',
        for: { shard: Array.from({ length: shards }, (_, i) => i + 1) },
        url: `${server.url('/shards/')}{shard}/records`,
        query: { per_page: perPage },
        paginate: { type: 'page' },
        items: 'items',
      },
      record: { key: ['id'] },
      limits: { concurrency, perHost: { concurrency } },
      durability: { flushEvery: perPage, fsync },
    });
    const origin = server.url('');
    return await compare(
      {
        name,
        bare: bareLoop(
          programs.bareJson,
          (out) => [origin, String(shards), String(perPage), out, String(concurrency)],
          distinct,
        ),
        durable: ourRun(collection(true), distinct),
        loose: ourRun(collection(false), distinct),
        ratioAtMost: 2,
      },
      runs,
    );
  } finally {
    await server.close();
  }
}
