import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { JournalEvent } from '../../../src/core/events.ts';
import { silentLogger } from '../../../src/core/ports.ts';
import type { SessionResumeResult } from '../../../src/core/recoveryData.ts';
import { systemClock, systemRandom } from '../../../src/core/systemPorts.ts';
import { resumeSession, startCollection } from '../../../src/engine/launch.ts';
import type { Environment } from '../../../src/engine/beginRun.ts';
import { readWithMeta } from '../../../src/storage/checkpointFiles.ts';
import { hasCode, nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { SessionLayout } from '../../../src/storage/layout.ts';
import { inspectSession } from '../../../src/storage/sessions.ts';
import type { SessionStore } from '../../../src/storage/sessionStore.ts';
import { ShelfServer } from '../../fixtures/shelfServer.ts';
import { makeScratchFolder, readJournal } from '../../fixtures/storageSession.ts';
import { readMasters, writeCollection } from '../../fixtures/workspace.ts';

const machine = { machineId: 'm', host: 'test-host', bootId: 'b' };
const environment: Environment = {
  ports: {
    fileSystem: nodeFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    machine,
  },
  opener: { via: 'cli', waitMs: 0, program: 'test 1.0.0' },
  secrets: { get: () => Promise.resolve(undefined) },
  network: {},
};
const shelves = ['a', 'b'];

interface Killed {
  readonly server: ShelfServer;
  readonly root: string;
  readonly layout: SessionLayout;
}

/** A session that was killed while shelf b’s second page was asked for, and shelf a was done. */
async function killed(
  t: TestContext,
  prepare: (store: SessionStore, unitOfB: number) => Promise<void> = () => Promise.resolve(),
  changes: object = {},
): Promise<Killed> {
  const server = await ShelfServer.start();
  t.after(() => server.close());
  const folder = await makeScratchFolder(t);
  const live = join(folder, 'live');
  await nodeFileSystem.makeDirectory(live);
  const file = await writeCollection(live, server.collection(shelves, changes));
  server.rule('b/2', 'hang');
  const asked = server.untilAsked('b/2');
  const { run } = await startCollection(environment, file, live, 'new-only');
  await run.start();
  await asked;
  await untilView(run.store, (view) => view.units.done === 1);
  await prepare(run.store, 2);
  await run.store.settled();
  const root = join(folder, 'killed');
  await copyWhatStays(live, root);
  await run.stop('user');
  server.serveAll();
  server.asked.length = 0;
  return { server, root, layout: new SessionLayout(root, run.store.layout.session) };
}

/** Copies a folder; files that checkpoints write and rename meanwhile may be missed, as by a kill. */
async function copyWhatStays(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const copy = join(to, relative(from, path));
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(path, copy).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
    });
  }
}

async function untilView(
  store: SessionStore,
  holds: (view: SessionStore['view']) => boolean,
): Promise<void> {
  while (!holds(store.view)) await new Promise((resolve) => setImmediate(resolve));
}

const intent = (name: string, unit: number): JournalEvent => ({
  type: 'intent',
  intent: name,
  unit,
  what: 'a search',
  reservedMicroUsd: 250_000,
  inputHash: 'h',
});

async function events(layout: SessionLayout): Promise<JournalEvent[]> {
  return (await readJournal(layout)).entries.flatMap((entry) => entry.events);
}

async function resumeToTheEnd(
  { layout }: Killed,
  choices: Parameters<typeof resumeSession>[2] = {},
): Promise<{ store: SessionStore; result: SessionResumeResult | undefined }> {
  const { run, result } = await resumeSession(environment, layout, choices);
  await run.start();
  assert.equal((await run.finished).state, 'completed');
  return { store: run.store, result };
}

test('resuming tells what it did, and writes that down with its sum', async (t) => {
  const left = await killed(t);
  const [master = ''] = (await inspectSession(nodeFileSystem, machine, left.layout)).view.files
    .filter((file) => file.role === 'master')
    .map((file) => left.layout.absolute(file.file));
  await appendFile(master, '{"id":"zz"}\n{"id":"to');
  await appendFile(left.layout.journal, 'torn');
  const { store, result } = await resumeToTheEnd(left);
  assert.ok(result);
  assert.equal(result.success, true);
  assert.equal(result.papers_recovered, 1);
  assert.equal(result.venues_recovered, 1);
  assert.equal(result.data_files_recovered, 1);
  assert.equal(result.state_consistency_validated, true);
  const [check] = result.data_integrity_checks;
  assert.equal(check?.integrity_status, 'valid');
  assert.match(check.recovery_action ?? '', /^9 bytes from \d+ set aside as /);
  assert.ok(check.bytes_checked > 0);
  const steps = result.recovery_steps_executed.join('\n');
  assert.match(steps, /4 torn bytes of .*journal\.jsonl set aside/);
  assert.match(steps, /1 records that the journal did not know adopted/);
  assert.match(steps, /1 units that were under way put back/);
  const written = await readWithMeta(nodeFileSystem, store.layout.recovery(result.plan_id));
  assert.deepEqual(written, JSON.parse(JSON.stringify(result)));
  const log = await readFile(store.layout.log, 'utf8');
  assert.match(log, new RegExp(`"plan":"${result.plan_id}".*"msg":"Session resumed"`));
});

test('paid calls in doubt: refused, named, and nothing is changed', async (t) => {
  const left = await killed(t, (store, b) => store.record(intent('i1', b), intent('i2', b)));
  const before = await readFile(left.layout.journal);
  await assert.rejects(resumeSession(environment, left.layout), (error: Error) => {
    assert.equal((error as Error & { code: string }).code, 'IN_DOUBT');
    assert.match(error.message, /i1 {2}a search, unit 2, up to \$0\.25\n {2}i2/);
    return true;
  });
  assert.deepEqual(await readFile(left.layout.journal), before);
  assert.deepEqual(left.server.asked, []);
  const { view } = await inspectSession(nodeFileSystem, machine, left.layout);
  assert.equal(view.reservedMicroUsd, 500_000);
});

test('paid calls in doubt that are repeated: their money is spent, their unit is done', async (t) => {
  const left = await killed(t, (store, b) => store.record(intent('i1', b)));
  const { store, result } = await resumeToTheEnd(left, { inDoubt: 'repeat' });
  assert.equal(result?.collector.calls_settled, 1);
  assert.equal(store.view.units.done, 2);
  assert.equal(store.view.spentMicroUsd, 250_000);
  assert.equal(store.view.reservedMicroUsd, 0);
  const settled = (await events(left.layout)).filter((event) => event.type === 'settled');
  assert.deepEqual(settled, [
    {
      type: 'settled',
      intent: 'i1',
      reservedMicroUsd: 250_000,
      spentMicroUsd: 250_000,
      evidence: 'asked a person: repeat',
    },
  ]);
});

test('paid calls in doubt that count as spent: their unit fails, and nothing is asked for it', async (t) => {
  const left = await killed(t, (store, b) => store.record(intent('i1', b), intent('i2', b)));
  const { store, result } = await resumeToTheEnd(left, { inDoubt: 'count-as-spent' });
  assert.equal(result?.collector.calls_settled, 2);
  assert.deepEqual(left.server.asked, []);
  assert.equal(store.view.units.failed, 1);
  assert.equal(store.view.spentMicroUsd, 500_000);
  assert.equal(store.view.errors[0]?.code, 'PAID_CALL_IN_DOUBT');
});

test('calls that are named, answered or settled are in no doubt', async (t) => {
  const left = await killed(t, (store, b) =>
    store.record(
      intent('named', b),
      { type: 'handle', intent: 'named', kind: 'run', id: 'r' },
      intent('answered', b),
      { type: 'answered', unit: b, intent: 'answered', cursor: null },
      intent('settled', b),
      {
        type: 'settled',
        intent: 'settled',
        reservedMicroUsd: 250_000,
        spentMicroUsd: 1,
        evidence: 'price',
      },
    ),
  );
  const { store } = await resumeToTheEnd(left);
  assert.equal(store.view.units.done, 2);
});

test('what can not be begun leaves the session free and stopped', async (t) => {
  const left = await killed(t);
  const broken = {
    ...environment,
    // Asked for after the session was opened, when its source is made.
    get network(): never {
      throw new Error('no settings');
    },
  };
  await assert.rejects(resumeSession(broken, left.layout), /no settings/);
  const { view, holder } = await inspectSession(nodeFileSystem, machine, left.layout);
  assert.equal(holder, undefined);
  assert.equal(view.state, 'stopped');
  const { store } = await resumeToTheEnd(left);
  const ids = (await readMasters(join(left.root, 'data/raw'))).map(({ id }) => String(id));
  assert.deepEqual(ids.sort(), left.server.ids(shelves).sort());
  assert.equal(store.view.duplicates, 0);
});

test('a complete session is taken up again only for something', async (t) => {
  const left = await killed(t);
  await resumeToTheEnd(left);
  const complete = { code: 'SESSION_COMPLETE' };
  await assert.rejects(resumeSession(environment, left.layout), complete);
  await assert.rejects(resumeSession(environment, left.layout, { retryFailed: null }), complete);
  const { view } = await inspectSession(nodeFileSystem, machine, left.layout);
  const newest = view.lastCheckpoint?.id;
  await assert.rejects(
    resumeSession(environment, left.layout, { checkpoint: newest }),
    complete,
    'nothing moved on since its last checkpoint',
  );
});

test('a session that has its target is not taken up for its failed units', async (t) => {
  const server = await ShelfServer.start();
  t.after(() => server.close());
  const root = await makeScratchFolder(t);
  const limits = { concurrency: 1, perHost: { concurrency: 1 }, target: 6 };
  const file = await writeCollection(root, server.collection(shelves, { limits }));
  server.rule('a/1', 404);
  const { run } = await startCollection(environment, file, root, 'new-only');
  await run.start();
  await run.finished;
  assert.equal(run.store.view.units.failed, 1);
  await assert.rejects(
    resumeSession(environment, run.store.layout, { retryFailed: null }),
    /it has its target of 6 records/,
  );
});

test('a log that can not be opened costs no record, and holds nothing up', async (t) => {
  const left = await killed(t);
  const logs = dirname(left.layout.log);
  await rm(logs, { recursive: true });
  await writeFile(logs, '');
  const { store } = await resumeToTheEnd(left);
  assert.equal(store.view.units.done, 2);
  await rm(logs);
});

test('what can not run here is refused before anything is made', async (t) => {
  const root = await makeScratchFolder(t);
  const cases: readonly [source: object, code: string, output?: object][] = [
    [{ type: 'extension', id: 'a.b/c' }, 'EDITOR_ONLY'],
    [
      { type: 'rest', url: 'http://127.0.0.1:1/', price: { perCallUsd: 0.1 } },
      'CONFIG_INVALID',
      { raw: false },
    ],
  ];
  for (const [source, code, output = {}] of cases) {
    const file = await writeCollection(root, { name: 'x', source, output, limits: { maxUsd: 1 } });
    await assert.rejects(startCollection(environment, file, root, 'new-only'), { code });
    assert.deepEqual(await readdir(root), ['x.collect.json']);
  }
});
