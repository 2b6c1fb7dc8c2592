import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { nodeFileSystem } from '../../src/storage/fileSystem.ts';
import { listSessions } from '../../src/storage/sessions.ts';
import type { SessionStore } from '../../src/storage/sessionStore.ts';
import { FailingFileSystem } from '../fixtures/failingFileSystem.ts';
import { hookAtomicWrites } from '../fixtures/patchedNodeFs.ts';
import {
  materialise,
  RecordingFileSystem,
  type CrashMode,
} from '../fixtures/recordingFileSystem.ts';
import { tickingClock } from '../fixtures/scriptRun.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import {
  carryScriptOn,
  checkFinished,
  checkInvariants,
  scriptIds,
} from '../fixtures/storageScript.ts';
import {
  createTestSession,
  masterIds,
  newScratchFolder,
  openTestSession,
  testPorts,
  unsyncedFileSystem,
} from '../fixtures/storageSession.ts';

/** Ids and finished units, by the call after which they were acknowledged. */
type Acknowledged = { at: number; ids: readonly string[]; unit: string | undefined }[];

interface Story {
  readonly disk: RecordingFileSystem;
  readonly acknowledged: Acknowledged;
  /** The session that was handed out, and from which call on. */
  readonly sessions: readonly { session: string; at: number }[];
  /** Where the second process begins. */
  readonly secondFrom: number;
}

let scratch = '';
before(async () => {
  scratch = await newScratchFolder();
});
after(() => rm(scratch, { recursive: true, force: true }));

/** One process that is killed before its call number `killedAt`, and another one that goes on for a while. */
async function tell(killedAt: number): Promise<Story> {
  const root = await mkdtemp(join(scratch, 'story-'));
  await mkdir(join(root, 'workspace'));
  const disk = new RecordingFileSystem(nodeFileSystem, join(root, 'workspace'));
  const acknowledged: Acknowledged = [];
  const sessions: { session: string; at: number }[] = [];
  const onAcknowledged = (ids: readonly string[], unit: string | undefined): void => {
    acknowledged.push({ at: disk.log.length, ids, unit });
  };
  const life = { isOver: false };
  const mortal = new FailingFileSystem(disk, ({ n }) => {
    life.isOver ||= n >= killedAt;
    return life.isOver ? new Error('killed') : undefined;
  });
  const stops = [
    disk.recordAtomicWrites(),
    hookAtomicWrites({
      before: () => {
        if (life.isOver) throw new Error('killed');
      },
    }),
  ];
  try {
    const random = new SeededRandom(killedAt);
    const clock = tickingClock();
    let store: SessionStore | undefined;
    try {
      store = await createTestSession(disk.root, testPorts(mortal, { random, clock }));
      sessions.push({ session: store.layout.session, at: disk.log.length });
      await carryScriptOn(store, onAcknowledged, 3);
      await store.checkpoint('batch_completed', []);
      await carryScriptOn(store, onAcknowledged);
    } catch (error) {
      if (!life.isOver) throw error;
    }
    life.isOver = true;
    store?.abandon();
    await store?.close(false).catch(() => undefined);
    life.isOver = false;

    mortal.rule = () => undefined;
    const secondFrom = disk.log.length;
    const ports = testPorts(disk, { random, clock });
    const [found] = await listSessions(nodeFileSystem, ports.machine, disk.root);
    const second =
      found === undefined
        ? await createTestSession(disk.root, ports)
        : (await openTestSession(disk.root, found.layout.session, ports)).store;
    if (found === undefined) {
      assert.equal(sessions.length, 0, 'a session that was handed out is gone');
    }
    sessions.push({ session: second.layout.session, at: disk.log.length });
    await carryScriptOn(second, onAcknowledged, 3);
    await second.close(true);
    return { disk, acknowledged, sessions, secondFrom };
  } finally {
    for (const stop of stops.reverse()) stop();
  }
}

async function surviveCut(story: Story, count: number, mode: CrashMode): Promise<void> {
  const root = await mkdtemp(join(scratch, 'cut-'));
  try {
    const state = story.disk.diskAfter(count, mode, new SeededRandom(count));
    await materialise(state, root);
    const sessions = story.sessions.filter(({ at }) => at <= count);
    const [session] = sessions;
    if (session === undefined) return;
    // Another start of the machine: who held the session then is dead.
    const machine = { ...testPorts().machine, bootId: 'later' };
    const ports = testPorts(unsyncedFileSystem, { clock: tickingClock(), machine });
    const { store } = await openTestSession(root, session.session, ports);
    try {
      const safe = story.acknowledged.filter(({ at }) => at <= count);
      const ids = new Set(safe.flatMap((a) => a.ids));
      await checkInvariants(root, store, ids, new Set(safe.flatMap((a) => a.unit ?? [])));
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

suite('a process is killed, another goes on, and then the power goes', () => {
  test('nothing acknowledged by either is lost, nothing is doubled', async (t) => {
    let states = 0;
    for (let killedAt = 1; killedAt <= 150; killedAt += killedAt < 45 ? 1 : 7) {
      const story = await tell(killedAt);
      const last = story.disk.log.length;
      const step = Math.max(1, Math.floor((last - story.secondFrom) / 4));
      for (let count = last; count > story.secondFrom; count -= step) {
        for (const mode of ['dropped', 'torn'] as const) {
          try {
            await surviveCut(story, count, mode);
          } catch (error) {
            const call = story.disk.log[count - 1];
            const place = `killed at ${killedAt}, ${mode} after call ${count} (${call?.op} ${call?.path})`;
            throw new Error(place, { cause: error });
          }
          states += 1;
        }
      }
    }
    t.diagnostic(`${states} states`);
  });
});
