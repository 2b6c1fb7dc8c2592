/**
 * Never pay twice: `cf-collect` is killed with SIGKILL at random moments and resumed, while the Apify that it buys from
 * drops, delays, resets, answers 502, hides what it did, states too small totals, and dies itself. What was billed is
 * compared with what is on disk, which is read by this file alone.
 *
 *   npm run test:crash -- --rounds 300
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApifyServer, randomFaults } from '../fixtures/apifyServer.ts';
import { apifyToken, ApifyService } from '../fixtures/apifyService.ts';
import { RunningCli } from '../fixtures/cli.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { pairsOf, tweetReplySource, tweetScraper, type TweetWorld } from '../fixtures/tweets.ts';
import {
  readDataFiles,
  readJsonLines,
  readMasters,
  withWorkspace,
  writeCollection,
} from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '4' }, seed: { type: 'string' } },
  strict: false,
});
const rounds = Number(values.rounds);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

/** Rounds mostly wait. */
const atOnce = 4;
const killsEach = 4;
const longestMs = 1_800;
const timeoutMs = 150;
/** Longer than anything is held back, so that what arrives late has arrived. */
const doubtMs = 400;
/** The smaller one has room for a few reservations only, so that units wait for one another, and the session pauses. */
const budgetsUsd = [0.3, 1.5];
const mostPauses = 50;
const queries = ['deep work', 'slow tea', 'old maps'];

interface JournalLine {
  readonly events: readonly (Record<string, unknown> & { readonly type: string })[];
}

test(`every run is bought once, and everything it sold is kept: ${rounds} rounds (--seed ${seed})`, async (t) => {
  const tally = { killed: 0, paused: 0, billedRuns: 0, soldItems: 0, lookedUp: 0, calls: 0 };
  let next = 0;
  const played = Array.from({ length: atOnce }, async () => {
    for (let round = next++; round < rounds; round = next++) await play(round);
  });
  // A round that fails ends when its server and its folder are gone, and so do the others.
  for (const result of await Promise.allSettled(played)) {
    if (result.status === 'rejected') throw result.reason;
  }
  t.diagnostic(JSON.stringify(tally));

  async function play(round: number): Promise<void> {
    const random = new SeededRandom(seed + round);
    try {
      await withWorkspace((workspace) => playRound(workspace, random));
    } catch (error) {
      next = rounds;
      throw new Error(`round ${round} (--seed ${seed + round} --rounds 1)`, { cause: error });
    }
  }

  async function playRound(workspace: string, random: SeededRandom): Promise<void> {
    const maxUsd = budgetsUsd[Math.floor(random.next() * budgetsUsd.length)] ?? 0;
    const world: TweetWorld = {
      tweetsEach: 1 + Math.floor(random.next() * 5),
      repliesOf: (n) => (n * 7) % 5,
      authors: 3,
    };
    const hidden = random.next() < 0.5 ? 0.5 : 0;
    const actor = tweetScraper(world, { usdPerItem: 0.001, isUnlisted: random.next() < 0.5 });
    const service = new ApifyService([actor], {
      runMs: random.next() * 120,
      costLagMs: 30,
      countLagMs: 20,
      maxRunning: random.next() < 0.3 ? 3 : Infinity,
      hidesAgent: () => random.next() < hidden,
      stutters: random.next() < 0.5,
      fillsInput: { sort: 'Latest' },
    });
    const faults = randomFaults(random, random.next() * 0.25, doubtMs / 2);
    const server = await ApifyServer.start(service, faults);
    try {
      const file = await writeCollection(workspace, {
        name: 'pairs',
        source: {
          ...tweetReplySource(server.baseUrl, queries),
          pageSize: 1 + Math.floor(random.next() * 4),
          timing: { pollMs: 10, settleMs: 60, doubtMs },
          request: { timeoutMs },
        },
        record: { key: ['tweet_id', 'reply_id'] },
        limits: { maxUsd, concurrency: 4, perHost: { concurrency: 4 } },
        retry: { attempts: 1000, baseMs: 2, maxMs: 10 },
      });
      await killUntilComplete(workspace, file, random);
      await verify(workspace, service, world, maxUsd);
      tally.billedRuns += service.runs.length;
      tally.soldItems += service.sold.length;
      tally.calls += server.requests.length;
    } finally {
      await server.close();
    }
  }

  async function killUntilComplete(
    workspace: string,
    file: string,
    random: SeededRandom,
  ): Promise<void> {
    let pauses = 0;
    for (let kills = Math.floor(random.next() * (killsEach + 1)); ; kills--) {
      const args = ['run', file, '--workspace', workspace, '--resume', '--json'];
      const cli = new RunningCli(args, { env: { APIFY_TOKEN: apifyToken } });
      if (kills > 0) {
        await cli.untilEvent((event) => event.type === 'started');
        await Promise.race([setTimeout(random.next() * longestMs), cli.done]);
        cli.kill('SIGKILL');
      }
      const result = await cli.done;
      if (result.signal === 'SIGKILL') {
        tally.killed += 1;
        continue;
      }
      if (result.stdout.includes('limits.maxUsd') && ++pauses <= mostPauses) {
        tally.paused += 1;
        continue;
      }
      assert.equal(result.code, 0, result.stderr + result.stdout.slice(-3000));
      assert.equal(result.summary?.state, 'completed', result.stdout.slice(-3000));
      assert.equal(result.summary.units.failed, 0, result.stdout.slice(-3000));
      return;
    }
  }

  async function verify(
    workspace: string,
    service: ApifyService,
    world: TweetWorld,
    maxUsd: number,
  ): Promise<void> {
    const events = await journalEvents(workspace);
    const intents = events.filter((event) => event.type === 'intent');
    const handles = events.filter((event) => event.type === 'handle');
    const spent = new Map(
      events
        .filter((event) => event.type === 'settled')
        .map((event) => [event['intent'], Number(event['spentMicroUsd'])]),
    );
    tally.lookedUp += events.filter((event) =>
      String(event['evidence']).includes('no such run'),
    ).length;
    const bought = new Set(handles.map((event) => event['id']));
    assert.equal(bought.size, handles.length, 'no run is taken twice');
    assert.deepEqual(
      [...bought].sort(),
      service.runs.map(({ id }) => id).sort(),
      'billed runs = intents that left',
    );
    assert.equal(spent.size, intents.length, 'every intent is settled');
    const inputs = service.runs.map(({ input }) => JSON.stringify(input));
    assert.equal(new Set(inputs).size, inputs.length, 'no input is bought twice');

    const raw = await readDataFiles(join(workspace, 'data/raw'), 'raw');
    const items = raw.filter((line) => line['i'] !== undefined);
    const kept = items.map((line) => JSON.stringify((line['item'] as { value: unknown }).value));
    assert.deepEqual(
      kept.sort(),
      service.sold.map((item) => JSON.stringify(item)).sort(),
      'items in raw = items that were sold',
    );

    const billedMicroUsd = Math.round(service.billedUsd * 1e6);
    const spentMicroUsd = [...spent.values()].reduce((sum, usd) => sum + usd, 0);
    assert.equal(spentMicroUsd, billedMicroUsd, 'spent = billed');
    assert.ok(billedMicroUsd <= maxUsd * 1e6, 'the ceiling holds');

    const records = await readMasters(join(workspace, 'data/raw'));
    const texts = (of: readonly object[]) => of.map((record) => JSON.stringify(record)).sort();
    assert.deepEqual(texts(records), texts(pairsOf(queries, world)), 'every pair, once');
  }
});

async function journalEvents(workspace: string): Promise<JournalLine['events']> {
  const sessions = join(workspace, '.cf_state/sessions');
  const [session = ''] = await readdir(sessions);
  const lines = await readJsonLines(join(sessions, session, 'journal.jsonl'));
  return (lines as unknown as JournalLine[]).flatMap((line) => line.events);
}
