/**
 * Random schedules of prices, limits, kills (SIGKILL), resumes, raised limits and people's words on calls in doubt,
 * against a server that charges for every page it makes and keeps the bill. What the bill and the files say is compared
 * after every process that has ended, by this file alone.
 *
 *   npm run test:crash -- --schedules 200
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RunningCli, type CliResult } from '../fixtures/cli.ts';
import { PricedServer } from '../fixtures/pricedServer.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import {
  dataFilePaths,
  readMasters,
  withWorkspace,
  writeCollection,
} from '../fixtures/workspace.ts';
import { readJournalEvents, readSessionEvents, type AnyEvent } from './journalOracle.ts';

const { values } = parseArgs({
  options: { schedules: { type: 'string', default: '4' }, seed: { type: 'string' } },
  strict: false,
});
const count = Number(values.schedules);
const firstSeed =
  values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

const prices = [0.000001, 0.0001, 0.0375, 0.29, 1.1];
const mostStarts = 120;
const exitCodes = { complete: 0, usage: 2, withFailures: 3, byGuard: 4 };

describe(`${count} schedules of prices, kills and resumes`, () => {
  for (let i = 0; i < count; i++) {
    const seed = firstSeed + i;
    test(`never over the ceiling, never a page paid for twice (--schedules 1 --seed ${seed})`, (t) =>
      withWorkspace(async (workspace) => {
        const schedule = await Schedule.begin(workspace, new SeededRandom(seed));
        try {
          t.diagnostic(JSON.stringify(await schedule.carryOut()));
        } finally {
          await schedule.close();
        }
      }));
  }
});

class Schedule {
  readonly #workspace: string;
  readonly #random: SeededRandom;
  readonly #server: PricedServer;
  readonly #price: { readonly perCallUsd: number; readonly onDoubt: 'ask' | 'repeat' };
  readonly #concurrency: number;
  #file = '';
  #maxMicroUsd: number;
  #maxRequests: number | undefined;
  #killsLeft: number;
  /** How often a page may be charged: more than once only by a person's word. */
  readonly #allowed = new Map<string, number>();
  /** What was charged for a page when it was seen in the raw file. */
  readonly #chargedWhenKept = new Map<string, number>();
  readonly #tally = { starts: 0, kills: 0, raised: 0, words: 0, charged: 0, spentMicroUsd: 0 };

  private constructor(workspace: string, random: SeededRandom, server: PricedServer) {
    this.#workspace = workspace;
    this.#random = random;
    this.#server = server;
    const perCallUsd = prices[this.#below(prices.length)] ?? 1;
    this.#price = { perCallUsd, onDoubt: random.next() < 0.7 ? 'ask' : 'repeat' };
    this.#concurrency = 1 + this.#below(8);
    // Also less than one call costs, and sums that are no multiple of the price.
    this.#maxMicroUsd = toMicro(perCallUsd * (0.5 + random.next() * server.pages.length));
    if (random.next() < 0.4) this.#maxRequests = 1 + this.#below(server.pages.length);
    this.#killsLeft = 1 + this.#below(6);
  }

  static async begin(workspace: string, random: SeededRandom): Promise<Schedule> {
    const server = await PricedServer.start({
      random: new SeededRandom(Math.floor(random.next() * 2 ** 31)),
      shelves: 1 + Math.floor(random.next() * 8),
      pagesOnShelf: 1 + Math.floor(random.next() * 8),
      itemsOnPage: 1 + Math.floor(random.next() * 4),
      mishapShare: random.next() * 0.3,
      mishapsUntil: 60,
      longestMs: 5 + Math.floor(random.next() * 100),
    });
    return new Schedule(workspace, random, server);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async carryOut(): Promise<object> {
    await this.#writeCollection();
    let options: string[] = [];
    for (let start = 0; ; start++) {
      assert.ok(start < mostStarts, 'the schedule comes to an end');
      const result = await this.#start(options);
      await this.#compare();
      const next = await this.#next(result);
      if (next === undefined) break;
      options = next;
    }
    const records = await readMasters(join(this.#workspace, 'data/raw'));
    const ids = this.#server.pages.flatMap((page) => this.#server.itemsOf(page));
    assert.deepEqual(records.map(({ id }) => String(id)).sort(), ids.sort());
    return { ...this.#price, concurrency: this.#concurrency, ...this.#tally };
  }

  async #start(options: readonly string[]): Promise<CliResult> {
    const session = await this.#session();
    const command = session === undefined ? ['run', this.#file, '--new'] : ['resume', session];
    const cli = new RunningCli([...command, ...options, '--workspace', this.#workspace, '--json']);
    this.#tally.starts += 1;
    if (this.#killsLeft > 0 && this.#random.next() < 0.7) {
      // A part is killed while it starts and recovers.
      const isAtWork = this.#random.next() < 0.7;
      if (isAtWork) await cli.untilEvent((event) => event.type === 'started');
      await Promise.race([setTimeout(this.#random.next() * 300), cli.done]);
      cli.kill('SIGKILL');
    }
    const result = await cli.done;
    if (result.signal === 'SIGKILL') {
      this.#killsLeft -= 1;
      this.#tally.kills += 1;
    }
    return result;
  }

  /** What to do after a start: options of the next one; undefined at the end. */
  async #next(result: CliResult): Promise<string[] | undefined> {
    if (result.signal === 'SIGKILL') return [];
    switch (result.code) {
      case exitCodes.complete:
      case exitCodes.withFailures: {
        if (result.summary?.units.failed === 0) return undefined;
        await this.#giveWord();
        return ['--retry-failed'];
      }
      case exitCodes.byGuard:
        return this.#raise();
      case exitCodes.usage: {
        if (result.stderr.includes('has used up limits.')) return this.#raise();
        if (result.stderr.includes('is complete')) {
          await this.#giveWord();
          return ['--retry-failed'];
        }
        assert.match(result.stderr, /not known whether paid calls/);
        assert.equal(this.#price.onDoubt, 'ask');
        if (this.#random.next() < 0.5) return ['--count-as-spent'];
        await this.#giveWord();
        return ['--repeat-in-doubt'];
      }
      default:
        assert.fail(`ended with ${result.code}: ${result.stderr}${result.stdout.slice(-2000)}`);
    }
  }

  /** A person raises what there is, in the file or for one start. */
  async #raise(): Promise<string[]> {
    this.#tally.raised += 1;
    this.#maxMicroUsd += toMicro(this.#price.perCallUsd * (0.5 + this.#random.next() * 20));
    if (this.#maxRequests !== undefined) this.#maxRequests += 1 + this.#below(30);
    await this.#writeCollection();
    return [];
  }

  /** From now on what was charged and is not there may be charged once more. */
  async #giveWord(): Promise<void> {
    this.#tally.words += 1;
    const kept = await this.#keptPages();
    for (const [page, charged] of this.#server.bill) {
      if (!kept.has(page)) this.#allowed.set(page, charged + 1);
    }
  }

  async #compare(): Promise<void> {
    const { bill, requests, charged } = this.#server;
    const microUsd = toMicro(this.#price.perCallUsd);
    const ceiling = this.#maxMicroUsd;
    const { spent, reserved } = sumOf(await this.#events());
    assert.ok(charged * microUsd <= ceiling, `charged ${charged * microUsd} of ${ceiling}`);
    assert.ok(spent + reserved <= ceiling, `${spent} + ${reserved} of ${ceiling}`);
    assert.ok(spent + reserved >= charged * microUsd, `${spent} + ${reserved} for ${charged}`);
    if (this.#maxRequests !== undefined) assert.ok(requests <= this.#maxRequests);
    Object.assign(this.#tally, { charged, spentMicroUsd: spent });
    for (const [page, times] of this.#chargedWhenKept) {
      assert.equal(bill.get(page), times, `page ${page} was there, and charged again`);
    }
    for (const page of await this.#keptPages()) {
      this.#chargedWhenKept.set(page, bill.get(page) ?? 0);
    }
    if (this.#price.onDoubt === 'repeat') return;
    for (const [page, times] of bill) {
      const allowed = this.#allowed.get(page) ?? 1;
      assert.ok(times <= allowed, `page ${page} was charged ${times} times without a word`);
    }
  }

  /** Pages that are in the raw file, with their mark. */
  async #keptPages(): Promise<Set<string>> {
    const folder = join(this.#workspace, 'data/raw');
    const files = await dataFilePaths(folder, 'raw').catch(() => []);
    const kept = new Set<string>();
    for (const file of files) {
      const pageOf = new Map<string, string>();
      for (const line of (await readFile(file, 'utf8')).split('\n').slice(0, -1)) {
        const { intent, end, item } = JSON.parse(line) as RawLine;
        const id = item?.value.id;
        if (id !== undefined) pageOf.set(intent, id.slice(0, id.lastIndexOf('/')));
        const page = pageOf.get(intent);
        if (end === true && page !== undefined) kept.add(page);
      }
    }
    return kept;
  }

  async #writeCollection(): Promise<void> {
    this.#file = await writeCollection(this.#workspace, {
      name: 'priced',
      source: this.#server.source(this.#price),
      record: { key: ['id'] },
      limits: {
        maxUsd: this.#maxMicroUsd / 1e6,
        ...(this.#maxRequests === undefined ? {} : { maxRequests: this.#maxRequests }),
        concurrency: this.#concurrency,
        perHost: { concurrency: this.#concurrency },
      },
      retry: { attempts: 1000, baseMs: 1, maxMs: 5 },
    });
  }

  /** The session, once its journal is there. A kill before that leaves a folder which is none. */
  async #session(): Promise<string | undefined> {
    const folder = join(this.#workspace, '.cf_state', 'sessions');
    for (const session of await readdir(folder).catch(() => [])) {
      const events = await readJournalEvents(join(folder, session, 'journal.jsonl'));
      if (events.length > 0) return session;
    }
    return undefined;
  }

  #events(): Promise<AnyEvent[]> {
    return readSessionEvents(this.#workspace);
  }

  #below(n: number): number {
    return Math.floor(this.#random.next() * n);
  }
}

function toMicro(usd: number): number {
  return Math.max(1, Math.round(usd * 1e6));
}

interface RawLine {
  readonly intent: string;
  readonly end?: boolean;
  readonly item?: { readonly value: { readonly id: string } };
}

function sumOf(events: readonly AnyEvent[]): { spent: number; reserved: number } {
  let spent = 0;
  let reserved = 0;
  for (const event of events) {
    if (event.type === 'intent') reserved += event.reservedMicroUsd ?? 0;
    if (event.type !== 'settled') continue;
    reserved -= event.reservedMicroUsd ?? 0;
    spent += event.spentMicroUsd ?? 0;
  }
  return { spent, reserved };
}
