/**
 * Kills `cf-collect` with SIGKILL at random moments while it collects with a browser, and resumes it. Its browser must
 * not outlive it, and what it leaves behind is gone in the end.
 *
 *   npm run test:crash -- --browser-kills 40
 */
import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startQuotesSite } from '../../src/serve/quotesSite.ts';
import { sampleQuotes } from '../../src/serve/sampleQuotes.ts';
import { RunningCli, runCli } from '../fixtures/cli.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { readMasters, withWorkspace, writeCollection } from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { 'browser-kills': { type: 'string', default: '3' }, seed: { type: 'string' } },
  strict: false,
});
const kills = Number(values['browser-kills']);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

/** A quarter is killed while it starts, browser and all; the others at work. */
const shareAtStart = 1 / 4;
const longestStartMs = 2_500;
const longestWorkMs = 6_000;
/** How long a browser may outlive its collector. */
const browserEndsWithinMs = 10_000;
const quoteCount = 60;

interface Trace {
  readonly pid: number;
  readonly profile: string;
}

test(`quotes by script, killed ${kills} times: each exactly once (--seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed);
  const site = await startQuotesSite({ quotes: quoteCount, contentDelayMs: 100 });
  t.after(() => site.close());
  const tally = { killed: 0, browsers: 0, sessions: 0 };
  while (tally.killed < kills) {
    await withWorkspace(async (workspace) => {
      const file = await writeCollection(workspace, {
        name: 'killed',
        source: {
          type: 'browser',
          start: ['js', 'more', 'scroll'].map((style) => `${site.url}${style}/`),
          follow: ['li.next a'],
          items: '.quote',
          fields: { style: { from: 'page', regex: '//[^/]+/(\\w+)/' }, text: '.text' },
          robots: 'ignore',
          interactions: [
            { type: 'wait', selector: '.quote' },
            { type: 'repeat', interactions: [{ type: 'click', selector: '#more' }] },
            { type: 'scroll', until: 'nothingNew' },
          ],
        },
        record: { key: ['style', 'text'] },
        retry: { attempts: 1000, baseMs: 5, maxMs: 20 },
      });
      await killUntilComplete(workspace, file);
      tally.sessions += 1;
      const records = await readMasters(join(workspace, 'data/raw'));
      const expected = ['js', 'more', 'scroll'].flatMap((style) =>
        sampleQuotes(quoteCount).map(({ text }) => `${style} ${text}`),
      );
      assert.deepEqual(
        records.map((record) => `${String(record['style'])} ${String(record['text'])}`).sort(),
        expected.sort(),
      );
      const [session] = (await runCli(['sessions', '--workspace', workspace, '--json'])).events;
      assert.equal(session?.['records'], records.length);
      assert.equal(session['state'], 'completed');
    });
  }
  t.diagnostic(JSON.stringify(tally));

  async function killUntilComplete(workspace: string, file: string): Promise<void> {
    const profiles = new Set<string>();
    for (;;) {
      const cli = new RunningCli(['run', file, '--workspace', workspace, '--resume', '--json']);
      if (tally.killed < kills) await killLater(cli);
      const result = await cli.done;
      if (result.signal !== 'SIGKILL') {
        assert.equal(result.code, 0, result.stderr + result.stdout.slice(-2000));
        for (const profile of profiles) await assert.rejects(access(profile), profile);
        return;
      }
      tally.killed += 1;
      const trace = await traceIn(workspace);
      if (trace === undefined || profiles.has(trace.profile)) continue;
      tally.browsers += 1;
      profiles.add(trace.profile);
      await untilEnded(trace);
    }
  }

  async function killLater(cli: RunningCli): Promise<void> {
    const isAtStart = random.next() < shareAtStart;
    if (!isAtStart) await cli.untilEvent((event) => event.type === 'started');
    const waitMs = random.next() * (isAtStart ? longestStartMs : longestWorkMs);
    await Promise.race([setTimeout(waitMs), cli.done]);
    cli.kill('SIGKILL');
  }
});

/** The browser of the session that was killed, as far as it had one. */
async function traceIn(workspace: string): Promise<Trace | undefined> {
  const [file] = globSync(join(workspace, '.cf_state/sessions/*/scratch/browser.json'));
  try {
    return file === undefined ? undefined : (JSON.parse(await readFile(file, 'utf8')) as Trace);
  } catch {
    // Killed while it was written.
    return undefined;
  }
}

/** Waits for the browser's processes to end by themselves. */
async function untilEnded({ pid, profile }: Trace): Promise<void> {
  const deadlineMs = performance.now() + browserEndsWithinMs;
  while (await isRunning(pid, profile)) {
    assert.ok(performance.now() < deadlineMs, `browser ${pid} outlives its collector`);
    await setTimeout(50);
  }
}

async function isRunning(pid: number, profile: string): Promise<boolean> {
  try {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return command.includes(profile);
  } catch {
    return false;
  }
}
