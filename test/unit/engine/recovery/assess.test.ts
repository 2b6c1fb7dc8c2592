import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { SessionStore, StoragePorts } from '../../../../src/storage/sessionStore.ts';
import type { InterruptionAnalysis, RecoveryPlan } from '../../../../src/core/recoveryData.ts';
import { assessSession, type AssessChoices } from '../../../../src/engine/recovery/assess.ts';
import { SessionLayout } from '../../../../src/storage/layout.ts';
import { carryScriptOn, scriptCounts } from '../../../fixtures/storageScript.ts';
import {
  copyAsKilled,
  createTestSession,
  makeScratchFolder,
  openTestSession,
  readJournal,
  testCollection,
  testPorts,
} from '../../../fixtures/storageSession.ts';

const collection = testCollection({
  source: { type: 'rest', url: 'http://127.0.0.1:1/things' },
});

interface Left {
  readonly root: string;
  readonly layout: SessionLayout;
  assess(choices?: AssessChoices): Promise<{ analysis: InterruptionAnalysis; plan: RecoveryPlan }>;
}

/** A session whose process was killed after so many pages; Infinity lets it work to the end of its units. */
async function killedAfter(
  t: TestContext,
  pages: number,
  ports: StoragePorts = testPorts(),
): Promise<Left> {
  const folder = await makeScratchFolder(t);
  const store = await createTestSession(join(folder, 'live'), ports, collection);
  await carryScriptOn(store, undefined, pages);
  await store.checkpoint('batch_completed', []);
  // So that the index is level, as a quarter of a second would do.
  await store.pendingByLane();
  const root = await copyAsKilled(join(folder, 'live'), join(folder, 'killed'));
  await rm(join(root, '.cf_state/sessions', store.layout.session, 'holder.json'));
  await store.close(true);
  return leftAt(root, store.layout.session);
}

function leftAt(root: string, session: string): Left {
  const layout = new SessionLayout(root, session);
  return { root, layout, assess: (choices) => assessSession(testPorts(), layout, choices) };
}

/** Every file below a folder with its bytes, but for what SQLite puts beside a database that it reads. */
async function bytesBelow(root: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !/-(wal|shm)$/.test(path)) {
      files[path] = (await readFile(path)).toString('base64');
    }
  }
  return files;
}

async function masterOf({ layout }: Left): Promise<string> {
  const { entries } = await readJournal(layout);
  for (const event of entries.flatMap((entry) => entry.events)) {
    if (event.type === 'file' && event.role === 'master') return layout.absolute(event.file);
  }
  throw new Error('no master');
}

test('what is said of a killed session is what its bytes say, and nothing is changed by saying it', async (t) => {
  const left = await killedAfter(t, 4);
  const before = await bytesBelow(left.root);
  const { analysis, plan } = await left.assess();
  assert.deepEqual(await bytesBelow(left.root), before);
  const { entries } = await readJournal(left.layout);
  assert.equal(analysis.interruption_cause.cause_type, 'process_killed');
  assert.equal(analysis.interruption_time, entries.at(-1)?.at);
  assert.equal(analysis.collector.journal.lines, entries.length);
  assert.equal(analysis.collector.journal.bytes, (await stat(left.layout.journal)).size);
  assert.equal(analysis.collector.deaths, 1);
  assert.equal(analysis.recovery_complexity, 'simple');
  assert.deepEqual(analysis.blocking_issues, []);
  assert.equal(analysis.valid_checkpoints.length, 1);
  assert.equal(analysis.last_checkpoint_id, analysis.valid_checkpoints[0]);
  assert.equal(analysis.estimated_papers_lost, 0);
  const master = (await readFile(await masterOf(left), 'utf8')).trimEnd().split('\n');
  assert.equal(analysis.estimated_papers_collected, master.length);
  const { units_done: done, units_pending: pending, units_in_progress: open } = analysis.collector;
  assert.equal(done.count + pending.count + open.count, 4);
  assert.equal(done.keys.length, done.count);
  assert.equal(plan.collector.units_to_do, pending.count + open.count);
  assert.equal(plan.based_on_analysis, analysis.analysis_timestamp);
  assert.match(plan.plan_id, new RegExp(`^recovery_${left.layout.session}_\\d+$`));
});

test('what is planned is what resuming does', async (t) => {
  const left = await killedAfter(t, 5);
  const master = await masterOf(left);
  await appendFile(master, '{"id":"zz1"}\n{"id":"zz2"}\n{"id":"to');
  await appendFile(left.layout.journal, '{"seq":99,');
  const { analysis, plan } = await left.assess();
  assert.equal(plan.estimated_papers_to_recover, 2);
  assert.equal(analysis.collector.journal.torn_bytes, 10);
  const [data] = analysis.collector.data_files.filter((f) => f.role === 'master');
  assert.equal(data?.torn_bytes, '{"id":"to'.length);
  assert.equal(plan.corrupted_data_to_discard.length, 2);
  const { store, recovered } = await openTestSession(
    left.root,
    left.layout.session,
    testPorts(),
    collection,
  );
  t.after(() => store.close(true));
  assert.equal(recovered?.adopted, 2);
  assert.deepEqual(
    recovered.tornFiles.map((torn) => `${torn.file}, ${torn.bytes} bytes from ${torn.offset}`),
    plan.corrupted_data_to_discard,
  );
  assert.equal(store.view.units.pending, plan.collector.units_to_do);
  assert.equal(store.view.records, analysis.estimated_papers_collected + 2);
});

test('the index makes no difference: whole, lagging, missing, damaged, or of another journal', async (t) => {
  const left = await killedAfter(t, 5);
  const said = await left.assess();
  assert.equal(said.analysis.collector.index, 'usable');
  const index = await readFile(left.layout.index);
  const remove = async (): Promise<void> => {
    for (const suffix of ['', '-wal', '-shm'])
      await rm(left.layout.index + suffix, { force: true });
  };
  // What is of the index itself, or of now.
  const changing = ['index', 'read_ms', 'created_at', 'free_bytes_now', 'recovery_complexity'];
  changing.push('estimated_recovery_time_minutes');
  const facts = (all: object): string =>
    JSON.stringify(all, (key, value: unknown) => (changing.includes(key) ? undefined : value), 1);
  await remove();
  const missing = await left.assess();
  assert.equal(missing.analysis.collector.index, 'missing');
  assert.deepEqual(facts(missing), facts(said));
  await assert.rejects(stat(left.layout.index), { code: 'ENOENT' });
  await writeFile(left.layout.index, index.subarray(0, index.length / 2));
  const damaged = await left.assess();
  assert.equal(damaged.analysis.collector.index, 'damaged');
  assert.deepEqual(facts(damaged), facts(said));

  const later = await killedAfter(t, 7);
  const { store } = await openTestSession(
    later.root,
    later.layout.session,
    testPorts(),
    collection,
  );
  await store.close(true);
  await remove();
  await writeFile(left.layout.index, await readFile(later.layout.index));
  const stale = await left.assess();
  assert.equal(stale.analysis.collector.index, 'stale');
  assert.deepEqual(facts(stale), facts(said));
});

test('an index that was sealed is believed only while it is what it was', async (t) => {
  const left = await killedAfter(t, 5);
  const { store } = await openTestSession(left.root, left.layout.session, testPorts(), collection);
  await store.close(true);
  const keysOf = async (): Promise<readonly string[]> => {
    const { analysis } = await left.assess();
    return [analysis.collector.index, ...analysis.collector.units_pending.keys];
  };
  const [condition, ...keys] = await keysOf();
  assert.equal(condition, 'usable');
  assert.ok(keys.includes('late'));
  const index = await readFile(left.layout.index);
  // SQLite sees nothing wrong with another text.
  index.write('LATE', index.indexOf('late'));
  await writeFile(left.layout.index, index);
  assert.deepEqual(await keysOf(), ['damaged', ...keys]);
  await rm(left.layout.indexSeal);
  assert.deepEqual(await keysOf(), ['usable', ...keys], 'not sealed: it is not gone by');
  index.fill(0xa5, index.length - 4096);
  await writeFile(left.layout.index, index);
  assert.deepEqual(await keysOf(), ['damaged', ...keys]);
});

test('an index that lags is not gone by, sealed or not, and left as it is', async (t) => {
  const left = await killedAfter(t, 3);
  const open = async (): Promise<SessionStore> => {
    const { session } = left.layout;
    return (await openTestSession(left.root, session, testPorts(), collection)).store;
  };
  await (await open()).close(true);
  const lagging = await readFile(left.layout.index);
  const seal = await readFile(left.layout.indexSeal);
  const store = await open();
  await carryScriptOn(store);
  await store.close(true);
  await writeFile(left.layout.index, lagging);
  await writeFile(left.layout.indexSeal, seal);
  for (const isSealed of [true, false]) {
    if (!isSealed) await rm(left.layout.indexSeal);
    const { analysis } = await left.assess();
    assert.equal(analysis.collector.index, 'usable');
    assert.equal(analysis.collector.units_done.count, scriptCounts.units);
    assert.equal(analysis.estimated_papers_collected, scriptCounts.records);
    assert.deepEqual(await readFile(left.layout.index), lagging);
  }
});

test('records that are gone are counted as lost, and their groups are not called complete', async (t) => {
  const left = await killedAfter(t, Infinity);
  const whole = await left.assess();
  assert.equal(whole.analysis.collector.groups.completed, 1);
  const master = await masterOf(left);
  const lines = (await readFile(master, 'utf8')).split('\n');
  await truncate(master, (lines[0]?.length ?? 0) + 1);
  const { analysis, plan } = await left.assess();
  assert.ok(analysis.estimated_papers_lost > 0);
  assert.equal(
    analysis.estimated_papers_collected + analysis.estimated_papers_lost,
    whole.analysis.estimated_papers_collected,
  );
  assert.equal(analysis.collector.groups.unknown, 1);
  assert.equal(analysis.collector.groups.completed, 0);
  assert.equal(analysis.data_files_corrupted.length, 1);
  assert.equal(analysis.recovery_complexity, 'complex');
  assert.ok(plan.recovery_confidence < whole.plan.recovery_confidence);
  assert.match(plan.recommended_validation_steps.join('\n'), /validate/);
  assert.equal(plan.estimated_papers_to_recover, 1, 'the line that is there still');
  const { store } = await openTestSession(left.root, left.layout.session, testPorts(), collection);
  t.after(() => store.close(true));
  assert.equal(store.view.records, analysis.estimated_papers_collected + 1);
  assert.equal(store.view.units.pending, 4);
});

test('a master that is gone, and one that was edited, keep it from being resumed', async (t) => {
  const left = await killedAfter(t, 6);
  const master = await masterOf(left);
  const content = await readFile(master, 'utf8');
  await writeFile(master, content.replace('text of', 'TEXT THAT IS LONGER of'));
  const edited = await left.assess();
  assert.equal(edited.analysis.recovery_complexity, 'problematic');
  assert.match(edited.analysis.blocking_issues.join('\n'), /was edited/);
  assert.equal(edited.plan.recovery_confidence, 0);
  await rm(master);
  const gone = await left.assess();
  assert.match(gone.analysis.blocking_issues.join('\n'), /is not there/);
  assert.deepEqual(
    gone.analysis.data_files_found.filter((file) => file.includes('_master_')),
    [],
  );
});

test('damage in the middle of the journal is counted, and what is open is not vouched for', async (t) => {
  const left = await killedAfter(t, 4);
  const lines = (await readFile(left.layout.journal, 'utf8')).split('\n');
  lines[3] = (lines[3] ?? '').replace('seq', 'sEq');
  await writeFile(left.layout.journal, lines.join('\n'));
  await rm(left.layout.index);
  const { analysis } = await left.assess();
  assert.equal(analysis.collector.journal.gaps, 1);
  assert.equal(analysis.collector.journal.lines, lines.length - 2);
  assert.equal(analysis.recovery_complexity, 'complex');
  assert.equal(analysis.collector.groups.unknown, 1);
});

test('checkpoints: whole, damaged and missing ones are told apart', async (t) => {
  const folder = await makeScratchFolder(t);
  const store = await createTestSession(folder, testPorts(), collection);
  for (let i = 0; i < 4; i++) await store.checkpoint('batch_completed', []);
  await store.close(true);
  const left = leftAt(folder, store.layout.session);
  const { entries } = await readJournal(left.layout);
  const ids = entries
    .flatMap((entry) => entry.events)
    .flatMap((event) => (event.type === 'checkpoint' ? [event.id] : []));
  const [first = '', second = '', third = '', fourth = ''] = ids;
  await rm(left.layout.checkpoint(first));
  await appendFile(left.layout.checkpoint(second), ' ');
  await rm(left.layout.checkpoint(third));
  const { analysis } = await left.assess();
  assert.deepEqual(analysis.corrupted_checkpoints, [second]);
  assert.deepEqual(analysis.missing_checkpoints, [third]);
  assert.deepEqual(analysis.valid_checkpoints, [fourth]);
});

test('from an older checkpoint: as many units as opening it there puts back', async (t) => {
  const left = await killedAfter(t, 3);
  const first = (await left.assess()).analysis.last_checkpoint_id ?? '';
  const { store } = await openTestSession(left.root, left.layout.session, testPorts(), collection);
  await carryScriptOn(store);
  await store.close(true);
  const { plan } = await left.assess({ checkpoint: first });
  assert.equal(plan.resumption_strategy, 'from_last_checkpoint');
  assert.deepEqual(plan.checkpoints_to_restore, [first]);
  assert.ok(plan.collector.units_again > 0);
  const { plan: without } = await left.assess();
  assert.equal(without.collector.units_to_do, 0);
  await assert.rejects(left.assess({ checkpoint: 'nothing' }), { code: 'UNKNOWN_CHECKPOINT' });
});

test('a checkpoint of a journal that was replaced is refused', async (t) => {
  const left = await killedAfter(t, 3);
  const id = (await left.assess()).analysis.last_checkpoint_id ?? '';
  const lines = (await readFile(left.layout.journal, 'utf8')).split('\n');
  await writeFile(left.layout.journal, `${lines.slice(0, 2).join('\n')}\n`);
  await assert.rejects(left.assess({ checkpoint: id }), { code: 'CHECKPOINT_OF_ANOTHER_JOURNAL' });
});

test('what it takes is estimated by what it took', async (t) => {
  const left = await killedAfter(t, 5);
  const { plan, analysis } = await left.assess();
  const { entries } = await readJournal(left.layout);
  const pages = entries
    .flatMap((entry) => entry.events)
    .filter((e) => e.type === 'advanced' || (e.type === 'finished' && e.state === 'done')).length;
  const done = analysis.collector.units_done.count;
  assert.ok(done > 0);
  assert.equal(
    plan.collector.estimated_calls,
    Math.ceil((pages / done) * plan.collector.units_to_do),
  );
  assert.equal(plan.collector.estimated_micro_usd, 0);
  const nothingDone = await killedAfter(t, 1);
  const early = await nothingDone.assess();
  assert.equal(early.plan.collector.estimated_calls, null);
  assert.equal(early.plan.collector.estimated_by, null);
});
