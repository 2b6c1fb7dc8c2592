import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { emptyView } from '../../../src/core/view.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { listSessions } from '../../../src/storage/sessions.ts';
import { SeededRandom } from '../../fixtures/seededRandom.ts';
import {
  materialise,
  RecordingFileSystem,
  type CrashMode,
} from '../../fixtures/recordingFileSystem.ts';
import {
  createTestSession,
  newScratchFolder,
  masterIds,
  openTestSession,
  testPorts,
  unsyncedFileSystem,
} from '../../fixtures/storageSession.ts';
import {
  carryScriptOn,
  checkFinished,
  checkInvariants,
  scriptIds,
} from '../../fixtures/storageScript.ts';

/** One whole session, recorded: made, worked on, stopped, opened again, finished. */
interface Recording {
  readonly fileSystem: RecordingFileSystem;
  readonly session: string;
  /** From this call on the session is there: making it has resolved. */
  readonly createdAt: number;
  /** What was acknowledged by which call. */
  readonly acknowledged: readonly {
    readonly at: number;
    readonly ids: readonly string[];
    readonly unit: string | undefined;
  }[];
}

let scratch = '';
let recording: Recording;

before(async () => {
  scratch = await newScratchFolder();
  recording = await record(join(scratch, 'recorded'));
});
after(() => rm(scratch, { recursive: true, force: true }));

async function record(root: string): Promise<Recording> {
  await mkdir(root);
  const fileSystem = new RecordingFileSystem(nodeFileSystem, root);
  const acknowledged: { at: number; ids: readonly string[]; unit: string | undefined }[] = [];
  const onAcknowledged = (ids: readonly string[], unit: string | undefined): void => {
    acknowledged.push({ at: fileSystem.log.length, ids, unit });
  };
  const stopRecording = fileSystem.recordAtomicWrites();
  try {
    const ports = testPorts(fileSystem);
    const first = await createTestSession(root, ports);
    const createdAt = fileSystem.log.length;
    const { session } = first.layout;
    await carryScriptOn(first, onAcknowledged, 4);
    await first.checkpoint('batch_completed', []);
    await first.record({ type: 'stopped', reason: 'user', activeMs: 1 });
    await first.checkpoint('session_paused', []);
    await first.close(true);
    const { store } = await openTestSession(root, session, ports);
    await carryScriptOn(store, onAcknowledged);
    await store.record({ type: 'completed', by: 'exhausted', activeMs: 1 });
    await store.checkpoint('session_completed', []);
    await store.close(true);
    return { fileSystem, session, createdAt, acknowledged };
  } finally {
    stopRecording();
  }
}

/** Opens the session as it is after the first `count` calls and a power cut, checks it, and carries it to its end. */
async function surviveCut(count: number, mode: CrashMode, random: SeededRandom): Promise<void> {
  const { fileSystem, session, createdAt, acknowledged } = recording;
  const root = await mkdtemp(join(scratch, 'cut-'));
  try {
    await materialise(fileSystem.diskAfter(count, mode, random), root);
    if (count >= createdAt) await leaveIndex(root, session, random);
    const ports = testPorts(unsyncedFileSystem);
    if (count < createdAt && !(await isListed(root))) return;
    const { store } = await openTestSession(root, session, ports);
    try {
      const safe = acknowledged.filter((a) => a.at <= count);
      const ids = new Set(safe.flatMap((a) => a.ids));
      const units = new Set(safe.flatMap((a) => a.unit ?? []));
      await checkInvariants(root, store, ids, units);
      await carryScriptOn(store);
      await checkInvariants(root, store, new Set(scriptIds), new Set());
      checkFinished(store.view, await masterIds(root, store.view));
    } finally {
      await store.close(true);
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
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
  for (const [mode, rounds] of [
    ['dropped', 1],
    ['applied', 1],
    ['torn', 2],
  ] as const) {
    test(`loses nothing acknowledged and doubles nothing: what was not synced is ${mode}`, async (t) => {
      const random = new SeededRandom(20_261_121);
      let states = 0;
      for (let round = 0; round < rounds; round++) {
        for (let count = 0; count <= recording.fileSystem.log.length; count++) {
          try {
            await surviveCut(count, mode, random);
          } catch (error) {
            const last = recording.fileSystem.log[count - 1];
            const place = `${mode}, round ${round}, after call ${count} (${last?.op} ${last?.path})`;
            throw new Error(place, { cause: error });
          }
          states += 1;
        }
      }
      t.diagnostic(`${states} states of ${recording.fileSystem.log.length} calls`);
    });
  }
});
