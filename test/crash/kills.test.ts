/**
 * Kills `cf-collect` with SIGKILL at random moments, also while it recovers, and resumes it. What is on disk afterwards
 * is read by this file alone, not by the code under test.
 *
 *   npm run test:crash -- --kills 200
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RunningCli, runCli } from '../fixtures/cli.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import type { Content } from '../fixtures/served/content.ts';
import { siteKeys } from '../fixtures/served/generatedSite.ts';
import { apiKeys } from '../fixtures/served/generatedApi.ts';
import { ServerProcess } from '../fixtures/served/serve.ts';
import { readMasters, withWorkspace, writeCollection } from '../fixtures/workspace.ts';
import { readDoneKeys } from './journalOracle.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '12' }, seed: { type: 'string' } },
  strict: false,
});
const kills = Number(values.kills);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

/** A third is killed while it starts and recovers, the others at work. */
const shareAtStart = 1 / 3;
const longestStartMs = 500;
const longestWorkMs = 700;

interface Scenario {
  readonly name: string;
  readonly content: Content;
  readonly keys: () => Set<string>;
  readonly source: (url: string) => object;
}

const site = { kind: 'site', pages: 1500, bytesPerPage: 4000, duplicatesPercent: 10 } as const;
const api = {
  kind: 'api',
  items: 12_000,
  shards: 12,
  bytesPerItem: 200,
  duplicatesPercent: 10,
} as const;

const scenarios: readonly Scenario[] = [
  {
    name: 'html',
    content: site,
    keys: () => siteKeys(site),
    source: (url) => ({
      type: 'html',
      start: [url],
      follow: ['a'],
      items: 'article.record',
      fields: { key: '.key', title: 'h1', body: '.body' },
      robots: 'ignore',
    }),
  },
  {
    name: 'rest',
    content: api,
    keys: () => apiKeys(api),
    source: (url) => ({
      type: 'rest',
      for: { shard: Array.from({ length: api.shards }, (_, i) => i + 1) },
      url: `${url}shards/{shard}/records`,
      query: { limit: 50 },
      paginate: { type: 'offset' },
      items: 'items',
      total: 'total',
      fields: { key: 'id', title: 'title', text: 'text' },
    }),
  },
];

for (const scenario of scenarios) {
  const count = Math.ceil(kills / scenarios.length);
  describe(`${scenario.name}, killed ${count} times`, () => {
    let server: ServerProcess;
    before(async () => {
      server = await ServerProcess.start(scenario.content, {
        latencyMs: 3,
        errorsPerTenThousand: 20,
      });
    });
    after(() => server.close());

    test(`every record exactly once (--seed ${seed})`, async (t) => {
      const random = new SeededRandom(seed);
      const tally = { killed: 0, killedBeforeWork: 0, completed: 0 };
      while (tally.killed < count) {
        await withWorkspace(async (workspace) => {
          const file = await writeCollection(workspace, {
            name: 'killed',
            source: scenario.source(server.url()),
            record: { key: ['key'] },
            limits: { concurrency: 8, perHost: { concurrency: 8 } },
            retry: { attempts: 1000, baseMs: 5, maxMs: 20 },
            checkpoints: { everyUnits: 20 },
          });
          await killUntilComplete(workspace, file);
          await verify(workspace, scenario);
          tally.completed += 1;
        });
      }
      t.diagnostic(JSON.stringify(tally));

      async function killLater(cli: RunningCli): Promise<void> {
        const isAtStart = random.next() < shareAtStart;
        if (!isAtStart) await cli.untilEvent((event) => event.type === 'started');
        const waitMs = random.next() * (isAtStart ? longestStartMs : longestWorkMs);
        await Promise.race([setTimeout(waitMs), cli.done]);
        cli.kill('SIGKILL');
      }

      async function killUntilComplete(workspace: string, file: string): Promise<void> {
        for (;;) {
          const done = await readDoneKeys(workspace);
          await server.forget();
          const isLast = tally.killed >= count;
          const cli = new RunningCli(['run', file, '--workspace', workspace, '--resume', '--json']);
          if (!isLast) await killLater(cli);
          const result = await cli.done;
          for (const path of (await server.counts()).keys()) {
            assert.ok(!done.has(server.url(path)), `${path} was done, and fetched again`);
          }
          if (result.signal === 'SIGKILL') {
            tally.killed += 1;
            if (result.events.length === 0) tally.killedBeforeWork += 1;
            continue;
          }
          assert.equal(result.code, 0, result.stderr + result.stdout.slice(-2000));
          return;
        }
      }
    });
  });
}

async function verify(workspace: string, scenario: Scenario): Promise<void> {
  const records = await readMasters(join(workspace, 'data/raw'));
  const expected = scenario.keys();
  assert.equal(records.length, expected.size, 'records = what the server served');
  const keys = new Set(records.map((r) => String(r['key'])));
  assert.deepEqual(
    [...expected].filter((key) => !keys.has(key)),
    [],
  );
  const shown = await runCli(['sessions', '--workspace', workspace, '--json']);
  const session = shown.events[0];
  assert.equal(session?.['records'], records.length, 'the count that is shown equals a recount');
  assert.equal(session['state'], 'completed');
}
