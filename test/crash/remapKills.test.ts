/**
 * Kills `cf-collect remap` with SIGKILL at random moments, also while it recovers, and resumes it. With the mapping as
 * it was the new master must be the old one, byte for byte, and the old session's files what they were.
 *
 *   npm run test:crash -- --kills 200
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RunningCli, runCli } from '../fixtures/cli.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { ServerProcess } from '../fixtures/served/serve.ts';
import { withWorkspace, writeCollection } from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '5' }, seed: { type: 'string' } },
  strict: false,
});
const kills = Number(values.kills);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

const content = {
  kind: 'api',
  items: 20_000,
  shards: 8,
  bytesPerItem: 1_000,
  duplicatesPercent: 10,
} as const;
const longestMs = 2_000;
/** A session that is killed so often before it has made any way is left to end. */
const killsPerSession = 8;

test(`re-maps that are killed ${kills} times make the old master (--seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed);
  const tally = { killed: 0, completed: 0 };
  const server = await ServerProcess.start(content);
  try {
    await withWorkspace(async (workspace) => {
      const file = await writeCollection(workspace, {
        name: 'killed',
        source: {
          type: 'rest',
          for: { shard: Array.from({ length: content.shards }, (_, i) => i + 1) },
          url: `${server.url()}shards/{shard}/records`,
          query: { limit: 100 },
          paginate: { type: 'offset' },
          items: 'items',
          fields: { key: 'id', title: 'title', text: 'text', shard: { from: 'for.shard' } },
        },
        record: { key: ['key'] },
        output: { raw: true, provenance: true },
        durability: { fsync: false },
      });
      const first = await runCli(['run', file, '--workspace', workspace, '--json']);
      assert.equal(first.code, 0, first.stderr);
      await server.close();
      const session = first.summary?.session ?? '';
      const master = first.summary?.masters[0] ?? '';
      const journal = join(workspace, '.cf_state', 'sessions', session, 'journal.jsonl');
      const before = [await sum(master), await sum(journal)];
      while (tally.killed < kills) {
        const remapped = await remapKilled(workspace, session);
        assert.equal(await sum(remapped), before[0], 'the new master is the old one');
        tally.completed += 1;
      }
      assert.deepEqual([await sum(master), await sum(journal)], before);
      const validated = await runCli(['validate', '--workspace', workspace, '--json']);
      assert.equal(validated.code, 0, validated.stdout.slice(-3000));
    });
  } finally {
    await server.close();
  }
  t.diagnostic(JSON.stringify(tally));

  /** Gives the master of a re-map that was killed on its way. */
  async function remapKilled(workspace: string, of: string): Promise<string> {
    let args = ['remap', of];
    for (let killed = 0; ;) {
      const cli = new RunningCli([...args, '--workspace', workspace, '--json']);
      if (tally.killed < kills && killed < killsPerSession) {
        await Promise.race([setTimeout(random.next() * longestMs), cli.done]);
        cli.kill('SIGKILL');
      }
      const { signal, code, stdout, stderr, summary } = await cli.done;
      if (signal !== 'SIGKILL') {
        assert.equal(code, 0, `${stderr}\n${stdout.slice(-2000)}`);
        return summary?.masters[0] ?? '';
      }
      tally.killed += 1;
      killed += 1;
      const { events } = await runCli(['sessions', '--workspace', workspace, '--json']);
      const [newest] = events;
      // Killed before its session was there.
      if (newest?.['session'] !== of) args = ['resume', String(newest?.['session'])];
    }
  }
});

async function sum(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
