/**
 * Damages and deletes what is derived (the index with SQLite's own files, the note of the holder) and the lock, at rest
 * and while the session is carried out: nothing but time is lost.
 *
 *   npm run test:crash -- derivedFiles.test.ts --states 2000
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parseArgs } from 'node:util';
import { HeldError } from '../../src/core/errors.ts';
import { DatabaseSync } from '../../src/storage/sqlite.ts';
import { readTree, writeTree, type FileTree } from '../fixtures/fileTree.ts';
import { scriptCollection, scriptRun, tickingClock } from '../fixtures/scriptRun.ts';
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

const { values } = parseArgs({
  options: { states: { type: 'string', default: '150' }, seed: { type: 'string', default: '1' } },
  strict: false,
});
const states = Number(values.states);
const random = new SeededRandom(Number(values.seed));

/** A session as its files are. */
interface Base {
  readonly files: FileTree;
  readonly session: string;
}

let scratch = '';
before(async () => {
  scratch = await newScratchFolder();
});
after(() => rm(scratch, { recursive: true, force: true }));

/** `stopped`: ended in order. `killed`: as a process leaves it that dies at work, with SQLite's log beside the index. */
async function makeBase(how: 'stopped' | 'killed'): Promise<Base> {
  const root = await mkdtemp(join(scratch, 'base-'));
  const ports = testPorts(unsyncedFileSystem, { clock: tickingClock() });
  const store = await createTestSession(root, ports, scriptCollection);
  await carryScriptOn(store, undefined, 5);
  if (how === 'stopped') {
    await store.record({ type: 'stopped', reason: 'user', activeMs: 1 });
  } else {
    for (const unit of await store.pendingUnits('host', 0, 2)) {
      await store.record({ type: 'claimed', unit: unit.n, attempt: unit.attempts + 1 });
    }
    // The index is level with the journal then, and its log has what it took.
    await store.pendingByLane();
  }
  const killed = await readTree(root);
  await store.close(true);
  const files = how === 'killed' ? killed : await readTree(root);
  return { files, session: store.layout.session };
}

async function inFolder(files: FileTree, check: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(scratch, 'damaged-'));
  try {
    await writeTree(files, root);
    await check(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Ports of a process that is not the one that made the session: that one is dead. */
function portsNow(): ReturnType<typeof testPorts> {
  return testPorts(unsyncedFileSystem, {
    clock: tickingClock(Date.UTC(2026, 10, 22)),
    machine: { machineId: 'm', host: 'test-host', bootId: 'later' },
  });
}

async function checkNothingLost(root: string, session: string): Promise<void> {
  const { store } = await openTestSession(root, session, portsNow(), scriptCollection);
  try {
    await checkInvariants(root, store, new Set(), new Set());
    await carryScriptOn(store);
    await checkInvariants(root, store, new Set(scriptIds), new Set());
    checkFinished(store.view, await masterIds(root, store.view));
  } finally {
    await store.close(true);
  }
}

const pageBytes = 4096;

/** Some damage to some bytes; undefined: the file is gone. */
function damaged(bytes: Buffer): { readonly what: string; readonly bytes: Buffer | undefined } {
  const at = random.below(bytes.length);
  const copy = Buffer.from(bytes);
  switch (random.below(5)) {
    case 0:
      return { what: 'deleted', bytes: undefined };
    case 1:
      return { what: `cut to ${at}`, bytes: copy.subarray(0, at) };
    case 2: {
      const page = at - (at % pageBytes);
      return { what: `page at ${page} zeroed`, bytes: copy.fill(0, page, page + pageBytes) };
    }
    case 3: {
      const length = 1 + random.below(64);
      for (let i = at; i < Math.min(copy.length, at + length); i++) copy[i] = random.below(256);
      return { what: `${length} bytes at ${at} garbled`, bytes: copy };
    }
    default:
      copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return { what: `a bit at ${at} flipped`, bytes: copy };
  }
}

suite('at rest', () => {
  for (const how of ['stopped', 'killed'] as const) {
    test(`the index of a session that was ${how} is damaged or deleted`, async (t) => {
      const base = await makeBase(how);
      const parts = [...base.files.keys()].filter((path) => /\/index\.db(-wal|-shm)?$/.test(path));
      assert.equal(parts.length, how === 'killed' ? 3 : 1, parts.join());
      for (let state = 0; state < states / 2; state++) {
        const path = parts[state % parts.length] ?? '';
        const { what, bytes } = damaged(base.files.get(path) ?? Buffer.alloc(0));
        const files = new Map(base.files);
        if (bytes === undefined) files.delete(path);
        else files.set(path, bytes);
        await inFolder(files, (root) => checkNothingLost(root, base.session)).catch(
          (error: unknown) => {
            throw new Error(`${path}: ${what}`, { cause: error });
          },
        );
      }
      t.diagnostic(`${Math.ceil(states / 2)} states`);
    });
  }

  for (const how of ['stopped', 'killed'] as const) {
    test(`what stands in the index of a session that was ${how} is changed, so that SQLite sees nothing`, async () => {
      const base = await makeBase(how);
      const path = `.cf_state/sessions/${base.session}/index.db`;
      for (const change of ['state = 2', 'state = 0, cursor = 1', 'attempts = 99']) {
        await inFolder(base.files, async (root) => {
          const database = new DatabaseSync(join(root, path));
          assert.notEqual(database.prepare(`UPDATE progress SET ${change}`).run().changes, 0);
          database.close();
          await checkNothingLost(root, base.session);
        });
      }
    });
  }

  test('the lock and the note of its holder hold anything, or are gone', async () => {
    const base = await makeBase('killed');
    const folder = `.cf_state/sessions/${base.session}`;
    const contents = [
      undefined,
      Buffer.alloc(0),
      Buffer.from('x'),
      Buffer.from('not a database, and longer than a header of one has to be '.repeat(40)),
      Buffer.alloc(5000, 0xff),
      base.files.get(`${folder}/index.db`),
    ];
    for (const name of ['session.lock', 'holder.json']) {
      for (const content of contents) {
        const files = new Map(base.files);
        if (content === undefined) files.delete(`${folder}/${name}`);
        else files.set(`${folder}/${name}`, content);
        await inFolder(files, (root) => checkNothingLost(root, base.session)).catch(
          (error: unknown) => {
            throw new Error(`${name}: ${content?.subarray(0, 20).toString() ?? 'gone'}`, {
              cause: error,
            });
          },
        );
      }
    }
  });
});

suite('while the session is carried out', () => {
  const names = [
    'index.db',
    'index.db-wal',
    'index.db-shm',
    'session.lock',
    'session.lock-journal',
  ];
  for (const how of ['deleted', 'overwritten'] as const) {
    for (const name of names) {
      test(`${name} is ${how}`, async () => {
        const root = await mkdtemp(join(scratch, 'running-'));
        const ports = testPorts(unsyncedFileSystem, { clock: tickingClock() });
        const store = await createTestSession(root, ports, scriptCollection);
        const path = join(store.layout.folder, name);
        const run = scriptRun(store, {
          onPage: async (count) => {
            if (count !== 3) return;
            await store.pendingByLane();
            if (how === 'deleted') await rm(path, { force: true });
            // In place: what is mapped (index.db-shm) and cut shorter ends the process, as a kill does.
            else
              await writeFile(path, 'something else '.repeat(500), {
                flag: existsSync(path) ? 'r+' : 'w',
              });
            // Whatever has become of its file: the session is held.
            const second = openTestSession(root, store.layout.session, ports, scriptCollection);
            await assert.rejects(second, HeldError);
          },
        });
        await run.start();
        const end = await run.finished;
        assert.equal(end.state, 'completed', end.error?.stack);
        await checkNothingLost(root, store.layout.session);
      });
    }
  }
});
