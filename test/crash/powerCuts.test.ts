/**
 * Records a whole session of the engine, call by call, and opens every state that a power cut could have left of it: what
 * was not synced is gone, there, or there in any of its 512-byte sectors.
 *
 *   npm run test:crash -- powerCuts.test.ts --every-cut
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parseArgs } from 'node:util';
import type { MergeManifest } from '../../src/core/mergeManifest.ts';
import { systemRandom } from '../../src/core/systemPorts.ts';
import { emptyView, type SessionView } from '../../src/core/view.ts';
import { resumeSession } from '../../src/engine/launch.ts';
import type { Environment } from '../../src/engine/beginRun.ts';
import { isMerge } from '../../src/engine/merge/manifest.ts';
import { startMerge, type MergeRequest } from '../../src/engine/merge/startMerge.ts';
import type { SessionRun } from '../../src/engine/sessionRun.ts';
import { nodeFileSystem } from '../../src/storage/fileSystem.ts';
import { listSessions } from '../../src/storage/sessions.ts';
import type { StoragePorts } from '../../src/storage/sessionStore.ts';
import {
  materialise,
  RecordingFileSystem,
  type CrashMode,
} from '../fixtures/recordingFileSystem.ts';
import { Acknowledged, scriptCollection, scriptRun, tickingClock } from '../fixtures/scriptRun.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import {
  carryScriptOn,
  checkFinished,
  checkInvariants,
  scriptCounts,
  scriptIds,
} from '../fixtures/storageScript.ts';
import {
  createTestSession,
  masterIds,
  newScratchFolder,
  openTestSession,
  readJournal,
  testPorts,
  unsyncedFileSystem,
} from '../fixtures/storageSession.ts';
import { readJsonLines } from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { 'every-cut': { type: 'boolean', default: false } },
  strict: false,
});
const isEveryCut = values['every-cut'] === true;

/** One whole session, recorded. */
interface Recording {
  readonly disk: RecordingFileSystem;
  readonly session: string;
  readonly acknowledged: Acknowledged;
  /** From this call on the session is there: making it has resolved. */
  readonly createdAt: number;
  /** At this call a person went back to an older checkpoint: units that were done may be done again from here on. */
  readonly wentBackAt: number;
  /** From this call on its master is merged with another file. */
  readonly mergedFrom: number;
}

let scratch = '';
let recording: Recording;

before(async () => {
  scratch = await newScratchFolder();
  recording = await record(join(scratch, 'recorded'));
});
after(() => rm(scratch, { recursive: true, force: true }));

const masterName = 'data/raw/things_master_20261121_161500.jsonl';
const otherName = 'more.jsonl';

/** What the master is merged with: it shares a record with it, has one of its own, and a line that is none. */
async function writeOther(root: string): Promise<void> {
  const path = join(root, otherName);
  await writeFile(path, '{"id":"a1","other":true}\nno record\n{"id":"more"}\n');
}

/** Inputs are known by their time, too: it is the same when a merge is taken up again. */
async function setTimes(root: string): Promise<void> {
  for (const name of [masterName, otherName]) await utimes(join(root, name), 1, 1);
}

/** Made, worked on, paused, stopped, opened again, stopped, taken up from an older checkpoint, finished, merged. */
async function record(root: string): Promise<Recording> {
  await mkdir(root);
  await writeOther(root);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  const acknowledged = new Acknowledged(() => disk.log.length);
  const ports = testPorts(disk, { clock: tickingClock() });
  const stopRecording = disk.recordAtomicWrites();
  try {
    const first = await createTestSession(root, ports, scriptCollection);
    const createdAt = disk.log.length;
    const { session } = first.layout;
    await carry(scriptRun(first, { acknowledged, onPage: pauseAt(2, 4) }), 'stopped');
    const { store: second } = await openTestSession(root, session, ports, scriptCollection);
    await carry(scriptRun(second, { acknowledged, onPage: pauseAt(1, 3) }), 'stopped');
    const wentBackAt = disk.log.length;
    const since = await firstCheckpointWithWork(second.layout);
    const third = await openTestSession(root, session, ports, scriptCollection, { since });
    await carry(scriptRun(third.store, { acknowledged }), 'completed');
    const mergedFrom = disk.log.length;
    await setTimes(root);
    const { run: merging } = await startMerge(environmentOf(ports), mergeRequest(root));
    await carry(merging, 'completed');
    return { disk, session, acknowledged, createdAt, wentBackAt, mergedFrom };
  } finally {
    stopRecording();
  }
}

/** Ports of a process after the power was back: on another start of the machine. */
function portsAfterwards(): StoragePorts {
  return testPorts(unsyncedFileSystem, {
    clock: tickingClock(Date.UTC(2026, 10, 22)),
    random: systemRandom,
    machine: { machineId: 'm', host: 'test-host', bootId: 'later' },
  });
}

function environmentOf(ports: StoragePorts): Environment {
  return {
    ports,
    opener: { via: 'cli', waitMs: 0, program: 'test 1.0.0' },
    secrets: { get: () => Promise.resolve(undefined) },
    network: {},
  };
}

function mergeRequest(root: string): MergeRequest {
  const inputs = [join(root, masterName), join(root, otherName)];
  const output = join(root, 'merged.jsonl');
  return { workspace: root, inputs, output, key: ['id'], onConflict: 'first', sort: null };
}

/** Takes the merge up again, or begins it anew where nothing of it is there, and compares what it makes. */
async function checkMerged(root: string): Promise<void> {
  const ports = portsAfterwards();
  const environment = environmentOf(ports);
  const { output } = mergeRequest(root);
  const found = (await listSessions(ports.fileSystem, ports.machine, root)).find(({ view }) =>
    isMerge(view),
  );
  if (found === undefined) {
    // An empty file of that name may be there, and is to be removed by a person.
    assert.equal(await readFile(output ?? '', 'utf8').catch(() => ''), '');
    await rm(output ?? '', { force: true });
    await carry((await startMerge(environment, mergeRequest(root))).run, 'completed');
  } else if (found.view.state !== 'completed') {
    await carry((await resumeSession(environment, found.layout)).run, 'completed');
  }
  const records = await readJsonLines(output ?? '');
  assert.deepEqual(records.map((record) => record['id']).sort(), [...scriptIds, 'more'].sort());
  const manifest = JSON.parse(await readFile(`${output}.manifest.json`, 'utf8')) as MergeManifest;
  assert.deepEqual([manifest.records, manifest.rejected], [records.length, 1]);
}

async function carry(run: SessionRun, expected: string): Promise<void> {
  run.onChange(() => {
    if (run.pausedByGuard !== undefined) void run.stop('user');
  });
  await run.start();
  const end = await run.finished;
  assert.equal(end.state, expected, end.error?.stack ?? end.pauseMessage);
}

/** Pauses a run and goes on after so many pages, and stops it after so many. */
function pauseAt(pauseAfter: number, stopAfter: number) {
  return (count: number, run: SessionRun): void => {
    if (count === pauseAfter) void run.pause('user', 'a person').then(() => run.unpause());
    if (count === stopAfter) void run.stop('user');
  };
}

async function firstCheckpointWithWork(
  layout: Parameters<typeof readJournal>[0],
): Promise<{ seq: number; checkpoint: string }> {
  const { entries } = await readJournal(layout);
  const from = entries.findIndex(({ events }) => events.some((e) => e.type === 'committed'));
  for (const { seq, events } of entries.slice(from)) {
    for (const event of events) {
      if (event.type === 'checkpoint') return { seq, checkpoint: event.id };
    }
  }
  throw new Error('the session has no checkpoint');
}

/** Opens the session as it is after the first `count` calls and a power cut, checks it, and carries it to its end. */
async function surviveCut(count: number, mode: CrashMode, random: SeededRandom): Promise<void> {
  const { disk, session, acknowledged, createdAt, wentBackAt, mergedFrom } = recording;
  const root = await mkdtemp(join(scratch, 'cut-'));
  try {
    await materialise(disk.diskAfter(count, mode, random), root);
    await writeOther(root);
    if (count >= createdAt) await leaveIndex(root, session, random);
    if (count < createdAt && !(await isListed(root))) return;
    const ports = portsAfterwards();
    const { store } = await openTestSession(root, session, ports, scriptCollection);
    try {
      const units = acknowledged.units(count, count > wentBackAt ? wentBackAt : -1);
      await checkInvariants(root, store, acknowledged.ids(count), units);
      await carryScriptOn(store);
      await checkInvariants(root, store, new Set(scriptIds), new Set());
      const ids = await masterIds(root, store.view);
      if (count <= wentBackAt) checkFinished(store.view, ids);
      else checkFinishedAgain(store.view, ids);
    } finally {
      await store.close(true);
    }
    if (count <= mergedFrom) return;
    await setTimes(root);
    await checkMerged(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Units that a person has collected again bring duplicates and rejects a second time, and no record. */
function checkFinishedAgain(view: SessionView, ids: readonly string[]): void {
  assert.deepEqual([...ids].sort(), scriptIds);
  assert.deepEqual([view.units.done, view.unitTotal], [scriptCounts.units, scriptCounts.units]);
}

/** A session whose making was cut off is not there: neither in lists, nor in the way. */
async function isListed(root: string): Promise<boolean> {
  const found = await listSessions(unsyncedFileSystem, testPorts().machine, root);
  assert.ok(found.every((f) => f.view.session !== emptyView.session && f.damage === undefined));
  return found.length > 0;
}

/** The index is no part of what a power cut is allowed to need: gone, or garbage. */
async function leaveIndex(root: string, session: string, random: SeededRandom): Promise<void> {
  const folder = join(root, '.cf_state', 'sessions', session);
  if (random.next() < 0.8 || (await nodeFileSystem.status(folder)) === undefined) return;
  await writeFile(join(folder, 'index.db'), 'SQLite format 3\0 and then nothing');
}

suite('a power cut between any two calls', () => {
  for (const [mode, step, rounds] of [
    ['dropped', isEveryCut ? 1 : 7, 1],
    ['applied', isEveryCut ? 1 : 11, 1],
    ['torn', isEveryCut ? 1 : 5, isEveryCut ? 7 : 1],
  ] as const) {
    test(`loses nothing acknowledged and doubles nothing: what was not synced is ${mode}`, async (t) => {
      const { log } = recording.disk;
      assert.ok(log.length >= 300, `only ${log.length} calls`);
      const random = new SeededRandom(20_261_121);
      let states = 0;
      for (let round = 0; round < rounds; round++) {
        for (let count = 0; count <= log.length; count += step) {
          try {
            await surviveCut(count, mode, random);
          } catch (error) {
            const last = log[count - 1];
            const place = `${mode}, round ${round}, after call ${count} (${last?.op} ${last?.path})`;
            throw new Error(place, { cause: error });
          }
          states += 1;
        }
      }
      t.diagnostic(`${states} states of ${log.length} calls`);
    });
  }
});
