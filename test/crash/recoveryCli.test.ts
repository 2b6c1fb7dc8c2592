/** What happened to a session, what resuming it does, and doing it, through `cf-collect` as a person types it. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import type { InterruptionAnalysis, RecoveryPlan } from '../../src/core/recoveryData.ts';
import { RunningCli, runCli, type CliResult } from '../fixtures/cli.ts';
import { ShelfServer } from '../fixtures/shelfServer.ts';
import { makeWorkspace, readMasters, writeCollection } from '../fixtures/workspace.ts';

interface Assessed {
  readonly analysis: InterruptionAnalysis;
  readonly plan: RecoveryPlan;
}

const shelves = ['a', 'b', 'c'];

describe('recovery through the command line', { timeout: 300_000 }, () => {
  let server: ShelfServer;
  before(async () => {
    server = await ShelfServer.start();
  });
  beforeEach(() => {
    server.serveAll();
    server.asked.length = 0;
  });
  after(() => server.close());

  /** Runs the collection until a page is asked for that gets no answer, then kills it. */
  async function killAt(t: TestContext, page: string, changes: object = {}) {
    const workspace = await makeWorkspace(t);
    const file = await writeCollection(workspace, server.collection(shelves, changes));
    server.rule(page, 'hang');
    const asked = server.untilAsked(page);
    const cli = new RunningCli(['run', file, '--workspace', workspace, '--json']);
    await asked;
    // Everything before that page was received, and is durable once the next commit is.
    cli.kill('SIGKILL');
    await cli.done;
    server.serveAll();
    server.asked.length = 0;
    const session = (await readdir(join(workspace, '.cf_state/sessions')))[0] ?? '';
    const run = (...args: string[]): Promise<CliResult> =>
      runCli([...args, '--workspace', workspace, '--json']);
    return { workspace, session, run };
  }

  test('a killed session says so, plans, and resumes to what an unharmed one has', async (t) => {
    const { workspace, session, run } = await killAt(t, 'b/3');
    const stateBefore = await snapshotOf(workspace);
    const shown = await run('show', session);
    const { analysis, plan } = assessed(shown);
    assert.equal(analysis.interruption_cause.cause_type, 'process_killed');
    assert.equal(analysis.interruption_cause.confidence, 0.9);
    assert.match(
      analysis.interruption_cause.evidence.join('\n'),
      /journal line \d+: opened by process \d+/,
    );
    assert.equal(analysis.collector.units_done.count + plan.collector.units_to_do, 3);
    assert.deepEqual(analysis.blocking_issues, []);
    assert.equal(plan.collector.estimated_micro_usd, 0);
    const dry = assessed(await run('resume', session, '--dry-run'));
    assert.deepEqual(dry.plan.collector, plan.collector);
    assert.deepEqual(await snapshotOf(workspace), stateBefore, 'looking changes nothing');
    assert.deepEqual(server.asked, [], 'nothing was asked for');

    const resumed = await run('resume', session);
    assert.equal(resumed.code, 0, resumed.stderr);
    const result = resumed.events.find((event) => event.type === 'resumed');
    assert.equal(result?.['success'], true);
    assert.equal(result['ready_for_continuation'], true);
    assert.match(
      JSON.stringify(result['recovery_steps_executed']),
      /units that were under way put back/,
    );
    const reports = await readdir(join(workspace, '.cf_state/sessions', session, 'recovery'));
    assert.deepEqual(reports.sort(), [
      `${String(result['plan_id'])}.json`,
      `${String(result['plan_id'])}.json.meta`,
    ]);
    await checkRecords(workspace);
    assert.equal(resumed.summary?.duplicates, 0);
    const done = assessed(await run('show', session));
    assert.equal(done.analysis.interruption_cause.cause_type, 'completed');
    assert.equal(done.analysis.collector.deaths, 1);
  });

  test('an older checkpoint: what was done since is done again, and no record is there twice', async (t) => {
    const workspace = await makeWorkspace(t);
    const checkpoints = { everyUnits: 1, everySeconds: 1 };
    const one = { limits: { concurrency: 1, perHost: { concurrency: 1 } }, checkpoints };
    const file = await writeCollection(workspace, server.collection(shelves, one));
    const first = await runCli(['run', file, '--workspace', workspace, '--json']);
    const session = first.summary?.session ?? '';
    const run = (...args: string[]): Promise<CliResult> =>
      runCli([...args, '--workspace', workspace, '--json']);
    const folder = join(workspace, '.cf_state/sessions', session, 'checkpoints');
    const stored = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    const contents = await Promise.all(
      stored.map(
        async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Checkpoint,
      ),
    );
    const started = contents.find((c) => c.checkpoint_type === 'session_started');
    assert.ok(started);
    const { plan } = assessed(
      await run('resume', session, '--checkpoint', started.checkpoint_id, '--dry-run'),
    );
    const { units_again: again, units_to_do: toDo } = plan.collector;
    assert.equal(toDo, again);
    assert.ok(again > 0);
    server.asked.length = 0;
    const resumed = await run('resume', session, '--checkpoint', started.checkpoint_id.slice(-8));
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.equal(new Set(server.asked.map((page) => page.split('/')[0])).size, again);
    await checkRecords(workspace);
    assert.equal(resumed.summary?.units.done, 3);

    const unknown = await run('resume', session, '--checkpoint', 'checkpoint_nothing');
    assert.equal(unknown.code, 2);
    assert.match(
      unknown.stderr,
      /is no checkpoint of session_[0-9a-f]+\. The nearest are:\n {2}checkpoint_/,
    );
  });

  test('failed units are tried again, also of a session that is complete, and go on where they failed', async (t) => {
    const workspace = await makeWorkspace(t);
    const file = await writeCollection(workspace, server.collection(shelves));
    server.rule('b/2', 500);
    const first = await runCli(['run', file, '--workspace', workspace, '--json']);
    assert.equal(first.code, 3, first.stderr);
    const session = first.summary?.session ?? '';
    const run = (...args: string[]): Promise<CliResult> =>
      runCli([...args, '--workspace', workspace, '--json']);
    const { plan } = assessed(await run('resume', session, '--retry-failed', '--dry-run'));
    assert.equal(plan.collector.units_retried, 1);
    assert.equal(plan.collector.units_to_do, 1);

    server.asked.length = 0;
    const stillBroken = await run('resume', session, '--retry-failed');
    assert.equal(stillBroken.code, 3);
    server.serveAll();
    const mended = await run('resume', session, '--retry-failed');
    assert.equal(mended.code, 0, mended.stderr);
    assert.ok(!server.asked.includes('b/1'), 'what it had is not asked for again');
    assert.equal(mended.summary?.duplicates, 0);
    await checkRecords(workspace);
    const nothing = await run('resume', session, '--retry-failed');
    assert.equal(nothing.code, 0);
    assert.equal(nothing.summary?.state, 'completed');
  });

  test('discarding asks first, refuses a session that runs, and leaves the data', async (t) => {
    const { workspace, session, run } = await killAt(t, 'b/3');
    const asks = await run('discard', session);
    assert.equal(asks.code, 2);
    assert.equal(asks.events[0]?.['isDone'], false);
    server.rule('b/3', 'hang');
    const asked = server.untilAsked('b/3');
    const running = new RunningCli(['resume', session, '--workspace', workspace, '--json']);
    await asked;
    const refused = await run('discard', session, '--yes');
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, new RegExp(`process ${running.pid}`));
    running.kill('SIGKILL');
    await running.done;
    const masters = await readMasters(join(workspace, 'data/raw'));
    const done = await run('discard', session, '--yes');
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(await readdir(join(workspace, '.cf_state/sessions')), []);
    assert.deepEqual(await readMasters(join(workspace, 'data/raw')), masters);
    assert.equal((await run('show', session)).code, 2);
  });

  async function checkRecords(workspace: string): Promise<void> {
    const ids = (await readMasters(join(workspace, 'data/raw'))).map((record) =>
      String(record['id']),
    );
    assert.deepEqual(ids.sort(), server.ids(shelves).sort());
  }
});

interface Checkpoint {
  readonly checkpoint_id: string;
  readonly checkpoint_type: string;
}

function assessed({ stdout, stderr, code }: CliResult): Assessed {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Assessed;
}

/** Every file of a workspace with its content. SQLite's own files come and go with every look. */
async function snapshotOf(workspace: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(workspace, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || /-(wal|shm)$/.test(path)) continue;
    files[path] = (await readFile(path)).toString('base64');
  }
  return files;
}
