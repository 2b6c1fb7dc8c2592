/**
 * Kills `cf-collect import` and `cf-collect adopt` with SIGKILL at random moments. What is on disk afterwards is read by
 * this file alone.
 *
 *   npm run test:crash -- --kills 100
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RunningCli, runCli } from '../fixtures/cli.ts';
import { pair, pythonLine } from '../fixtures/earlierData.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { readJsonLines, withWorkspace, writeCollection } from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '6' }, seed: { type: 'string' } },
  strict: false,
});
const kills = Number(values.kills);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

const records = 20_000;
const text = Array.from({ length: records }, (_, n) => `${pythonLine({ ...pair(n), n })}\n`).join(
  '',
);
const torn = text.slice(0, 50);
const digest = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** The sessions of a workspace: folders with a journal, and the files that each names. */
async function sessionsOf(workspace: string): Promise<{ folder: string; files: string[] }[]> {
  const sessions = join(workspace, '.cf_state/sessions');
  const found: { folder: string; files: string[] }[] = [];
  for (const name of await readdir(sessions).catch(() => [])) {
    const journal = join(sessions, name, 'journal.jsonl');
    if (!existsSync(journal)) continue;
    const lines = await readJsonLines(journal);
    const events = lines.flatMap((line) => line['events'] as { type: string; file?: string }[]);
    assert.ok(
      events.some(({ type }) => type === 'stopped' || type === 'completed'),
      `${name} is there and not whole`,
    );
    const files = events.filter(({ type }) => type === 'file').map(({ file }) => file ?? '');
    found.push({ folder: join(sessions, name), files });
  }
  return found;
}

/** Starts a command again and again, killed at a random moment, until it comes to its end in spite of that. */
async function killUntilDone(
  args: readonly string[],
  random: SeededRandom,
  longestMs: number,
  check: () => Promise<void>,
): Promise<{ killed: number; code: number | null; stderr: string }> {
  let withinMs = longestMs;
  for (let killed = 0; ; killed++) {
    // The machine may have become slower since the time was taken.
    withinMs *= 1.1;
    const cli = new RunningCli(args);
    await Promise.race([setTimeout(random.next() * withinMs), cli.done]);
    cli.kill('SIGKILL');
    const { signal, code, stderr } = await cli.done;
    await check();
    if (signal !== 'SIGKILL') return { killed, code, stderr };
  }
}

/** How long a command takes here and now, with room. */
async function timeOf(args: readonly string[]): Promise<number> {
  const cli = new RunningCli(args);
  const { code, stderr } = await cli.done;
  assert.equal(code, 0, stderr);
  return (performance.now() - cli.startedAtMs) * 1.2;
}

describe(`import, killed ${kills} times`, () => {
  let longestMs = 0;
  const argsFor = (workspace: string): string[] => [
    'import',
    join(workspace, 'old'),
    '--workspace',
    workspace,
  ];

  async function makeOld(workspace: string): Promise<string> {
    await mkdir(join(workspace, 'old'));
    const master = join(workspace, 'old/training_data_master_20251002_161500.jsonl');
    await writeFile(master, text + torn);
    return master;
  }

  before(async () => {
    await withWorkspace(async (workspace) => {
      await makeOld(workspace);
      longestMs = await timeOf(argsFor(workspace));
    });
  });

  test(`no session or a whole one, which the next import notices (--seed ${seed})`, async (t) => {
    const random = new SeededRandom(seed);
    const tally = { killed: 0, killedWhenWhole: 0, workspaces: 0 };
    while (tally.killed < kills) {
      await withWorkspace(async (workspace) => {
        const master = await makeOld(workspace);
        const { killed, code, stderr } = await killUntilDone(
          argsFor(workspace),
          random,
          longestMs,
          async () => {
            assert.equal(
              digest(await readFile(master)),
              digest(text + torn),
              'what is imported is only read',
            );
            const sessions = await sessionsOf(workspace);
            assert.ok(sessions.length <= 1, 'imported twice');
            for (const { files } of sessions) await checkMaster(workspace, files);
          },
        );
        tally.killed += killed;
        tally.workspaces += 1;
        if (code === 2) {
          assert.match(stderr, /already imported as session_/);
          tally.killedWhenWhole += 1;
        } else {
          assert.equal(code, 0, stderr);
        }
        await checkLeftovers(workspace);
      });
    }
    t.diagnostic(JSON.stringify(tally));
  });

  async function checkMaster(workspace: string, files: readonly string[]): Promise<void> {
    const file = files.find((name) => name.includes('_master_')) ?? '';
    const found = await readJsonLines(join(workspace, file));
    assert.deepEqual(
      found.map((record) => record['n']),
      Array.from({ length: records }, (_, n) => n),
    );
  }

  /** After an import that came to its end nothing is left of those that did not. */
  async function checkLeftovers(workspace: string): Promise<void> {
    const [session, ...others] = await sessionsOf(workspace);
    assert.deepEqual(others, []);
    for (const name of await readdir(join(workspace, 'data/raw'))) {
      const path = `data/raw/${name}`;
      // Progress for people belongs to the session, too.
      if (name === 'training_data_collection_checkpoint.json') continue;
      // A kill between the making of a file and its name in the journal leaves it empty.
      const { size } = await stat(join(workspace, path));
      assert.ok(size === 0 || session?.files.includes(path), `${path} is left over`);
    }
    const listed = await runCli(['sessions', '--workspace', workspace, '--json']);
    assert.deepEqual(
      listed.events.map((event) => event['records']),
      [records],
    );
  }
});

describe(`adopt, killed ${kills} times`, () => {
  let longestMs = 0;
  const master = 'data/raw/pairs_master_20251002_161500.jsonl';
  const argsFor = (workspace: string): string[] => [
    'adopt',
    join(workspace, master),
    '--collection',
    join(workspace, 'pairs.collect.json'),
    '--workspace',
    workspace,
  ];

  async function makeMaster(workspace: string): Promise<void> {
    await mkdir(join(workspace, 'data/raw'), { recursive: true });
    await writeFile(join(workspace, master), text + torn);
    const source = { type: 'rest', url: 'http://127.0.0.1:1/' };
    await writeCollection(workspace, { name: 'pairs', source, record: { key: ['n'] } });
  }

  before(async () => {
    await withWorkspace(async (workspace) => {
      await makeMaster(workspace);
      longestMs = await timeOf(argsFor(workspace));
    });
  });

  test(`the master keeps every record; no session or a whole one (--seed ${seed})`, async (t) => {
    const random = new SeededRandom(seed);
    const tally = { killed: 0, killedWhenWhole: 0, workspaces: 0 };
    while (tally.killed < kills) {
      await withWorkspace(async (workspace) => {
        await makeMaster(workspace);
        const { killed, code, stderr } = await killUntilDone(
          argsFor(workspace),
          random,
          longestMs,
          async () => {
            const bytes = (await readFile(join(workspace, master))).toString();
            assert.ok(bytes === text || bytes === text + torn, 'the master was changed');
            const sessions = join(workspace, '.cf_state/sessions');
            const whole = (await readdir(sessions).catch(() => [])).filter((name) =>
              existsSync(join(sessions, name, 'journal.jsonl')),
            );
            assert.ok(whole.length <= 1, 'adopted twice');
          },
        );
        tally.killed += killed;
        tally.workspaces += 1;
        if (code === 2) {
          assert.match(stderr, /is a file of session_/);
          tally.killedWhenWhole += 1;
        } else {
          assert.equal(code, 0, stderr);
        }
        const listed = await runCli(['sessions', '--workspace', workspace, '--json']);
        assert.deepEqual(
          listed.events.map((event) => [event['records'], event['resumable']]),
          [[records, true]],
        );
        const validated = await runCli(['validate', '--workspace', workspace, '--json']);
        // Killed before it was opened the first time, the torn end is still in place.
        if (code === 0) assert.equal(validated.code, 0, validated.stdout);
      });
    }
    t.diagnostic(JSON.stringify(tally));
  });
});
