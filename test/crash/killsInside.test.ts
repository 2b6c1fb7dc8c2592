/**
 * Kills a process with SIGKILL at a chosen call to the file system inside recovery, clean-up of checkpoints, and merging.
 *
 *   npm run test:crash -- killsInside.test.ts --kills 100
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { MergeManifest } from '../../src/core/mergeManifest.ts';
import { listCheckpoints } from '../../src/storage/checkpointFiles.ts';
import { SessionLayout } from '../../src/storage/layout.ts';
import { listSessions } from '../../src/storage/sessions.ts';
import { readTree, writeTree, type FileTree } from '../fixtures/fileTree.ts';
import type { MortalJob } from '../fixtures/mortal.ts';
import { Acknowledged, scriptCollection, scriptRun, tickingClock } from '../fixtures/scriptRun.ts';
import { carryScriptOn, checkInvariants, scriptIds } from '../fixtures/storageScript.ts';
import {
  createTestSession,
  masterIds,
  masterPath,
  newScratchFolder,
  openTestSession,
  preparedReject,
  testPorts,
  unsyncedFileSystem,
} from '../fixtures/storageSession.ts';
import { readJsonLines } from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '8' } },
  strict: false,
});
const kills = Number(values.kills);

const script = fileURLToPath(new URL('../fixtures/mortal.ts', import.meta.url));

let scratch = '';
before(async () => {
  scratch = await newScratchFolder();
});
after(() => rm(scratch, { recursive: true, force: true }));

/** Runs a job in a process of its own. @returns how many calls it made; undefined when it was killed. */
async function run(job: MortalJob): Promise<number | undefined> {
  const child = spawn(process.execPath, [script, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[code, signal], out, errors] = await Promise.all([
    once(child, 'close') as Promise<[number | null, string | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  if (signal === 'SIGKILL') return undefined;
  assert.equal(code, 0, errors);
  return Number(out);
}

/** Where the process dies: spread over all calls of the work, never twice in one place while there are others. */
function* placesToDie(calls: number): Generator<number> {
  for (let i = 0; i < kills; i++) yield 1 + (Math.floor((i * calls) / kills) % calls);
}

async function inFolder(files: FileTree, check: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(scratch, 'killed-'));
  try {
    await writeTree(files, root);
    await check(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A session whose process was killed at work, with tails in its files that no journal line names. */
async function makeInterrupted(): Promise<Interrupted> {
  const root = await mkdtemp(join(scratch, 'base-'));
  const acknowledged = new Acknowledged();
  const ports = testPorts(unsyncedFileSystem, { clock: tickingClock() });
  const store = await createTestSession(root, ports, scriptCollection);
  const work = scriptRun(store, {
    acknowledged,
    onPage: (count, self) => {
      if (count === 6) void self.stop('user');
    },
  });
  await work.start();
  await work.finished;
  const again = await openTestSession(root, store.layout.session, ports, scriptCollection);
  for (const unit of await again.store.pendingUnits('host', 0, 2)) {
    await again.store.record({ type: 'claimed', unit: unit.n, attempt: unit.attempts + 1 });
  }
  await again.store.hand({ unit: 2, rejected: [preparedReject(2, {})] });
  const known = await masterIds(root, again.store.view);
  const next = scriptIds.find((id) => !known.includes(id));
  await appendFile(masterPath(store), `{"id":"${next}","text":"text of ${next}"}\n{"id":"torn`);
  await appendFile(store.layout.journal, '{"seq":99,');
  const files = await readTree(root);
  again.store.abandon();
  await again.store.close(false);
  return { files, session: store.layout.session, acknowledged };
}

interface Interrupted {
  readonly files: FileTree;
  readonly session: string;
  readonly acknowledged: Acknowledged;
}

async function checkCarriedOn(root: string, base: Interrupted): Promise<void> {
  const ports = testPorts(unsyncedFileSystem, { clock: tickingClock(Date.now()) });
  const { store } = await openTestSession(root, base.session, ports, scriptCollection);
  try {
    await checkInvariants(root, store, base.acknowledged.ids(), base.acknowledged.units());
    await carryScriptOn(store);
    await checkInvariants(root, store, new Set(scriptIds), new Set());
    assert.deepEqual((await masterIds(root, store.view)).sort(), scriptIds);
  } finally {
    await store.close(true);
  }
}

suite(`killed ${kills} times`, () => {
  test('inside recovery', async (t) => {
    const base = await makeInterrupted();
    let calls = 0;
    await inFolder(base.files, async (root) => {
      calls = (await run({ type: 'recover', dieAt: 0, root, session: base.session })) ?? 0;
    });
    assert.ok(calls > 30, `only ${calls} calls`);
    for (const dieAt of placesToDie(calls)) {
      await inFolder(base.files, async (root) => {
        const job = { type: 'recover', root, session: base.session } as const;
        assert.equal(await run({ ...job, dieAt }), undefined, `killed at call ${dieAt}`);
        // Every third time the one that recovers after it is killed, too.
        if (dieAt % 3 === 0) await run({ ...job, dieAt: Math.ceil(calls / 2) });
        await checkCarriedOn(root, base);
      }).catch((error: unknown) => {
        throw new Error(`killed at call ${dieAt} of ${calls}`, { cause: error });
      });
    }
    t.diagnostic(`${kills} kills in ${calls} calls`);
  });

  test('inside writing and cleaning up checkpoints', async (t) => {
    const base = await makeInterrupted();
    let calls = 0;
    await inFolder(base.files, async (root) => {
      calls = (await run({ type: 'checkpoint', dieAt: 0, root, session: base.session })) ?? 0;
    });
    assert.ok(calls > 30, `only ${calls} calls`);
    for (const dieAt of placesToDie(calls)) {
      await inFolder(base.files, async (root) => {
        const layout = new SessionLayout(root, base.session);
        const [newest] = await listCheckpoints(unsyncedFileSystem, layout);
        const job = { type: 'checkpoint', root, session: base.session } as const;
        assert.equal(await run({ ...job, dieAt }), undefined);
        const left = await listCheckpoints(unsyncedFileSystem, layout);
        assert.ok(left[0]?.data !== undefined, 'a good checkpoint is left');
        assert.ok(left[0].seq >= (newest?.seq ?? 0), 'the newest good one was not removed');
        // The next one that cleans up leaves nothing half made behind.
        await run({ ...job, dieAt: 0 });
        const names = (await readdir(layout.checkpoints)).sort();
        const kept = names.filter((name) => name.endsWith('.json'));
        assert.ok(kept.length <= 2, names.join());
        assert.deepEqual(names, kept.flatMap((name) => [name, `${name}.meta`]).sort());
        await checkCarriedOn(root, base);
      }).catch((error: unknown) => {
        throw new Error(`killed at call ${dieAt} of ${calls}`, { cause: error });
      });
    }
    t.diagnostic(`${kills} kills in ${calls} calls`);
  });

  for (const onConflict of ['first', 'last'] as const) {
    const count = Math.ceil(kills / 2);
    test(`inside merging (the ${onConflict} wins), ${count} times`, async (t) => {
      const { files, expected } = mergeInputs(onConflict);
      let calls = 0;
      const jobIn = (root: string) =>
        ({
          type: 'merge',
          root,
          request: {
            workspace: root,
            inputs: [...files.keys()].map((name) => join(root, name)),
            output: join(root, 'out', 'merged.jsonl'),
            key: ['id'],
            onConflict,
            sort: null,
          },
        }) as const;
      await inFolder(files, async (root) => {
        calls = (await run({ ...jobIn(root), dieAt: 0 })) ?? 0;
        await checkMerged(root, files, expected);
      });
      assert.ok(calls > 60, `only ${calls} calls`);
      let killed = 0;
      let merges = 0;
      while (killed < count) {
        // Several kills on the way to one merged file.
        await inFolder(files, async (root) => {
          let isComplete = false;
          for (let i = 0; i < 4 && killed < count && !isComplete; i++) {
            const dieAt = 1 + ((killed * 37) % calls);
            const wasKilled = (await run({ ...jobIn(root), dieAt })) === undefined;
            if (wasKilled) killed += 1;
            isComplete = !wasKilled || (await checkNothingHalf(root, files));
          }
          if (!isComplete) await run({ ...jobIn(root), dieAt: 0 });
          await checkMerged(root, files, expected);
          merges += 1;
        });
      }
      t.diagnostic(`${killed} kills in ${merges} merges of ${calls} calls`);
    });
  }
});

/** Inputs that share half of their records, with lines that are none. */
function mergeInputs(onConflict: 'first' | 'last'): {
  files: FileTree;
  expected: ReadonlyMap<number, string>;
} {
  const filling = 'x'.repeat(1500);
  const lines = (from: number, to: number, by: string): string => {
    let result = '';
    for (let id = from; id < to; id++) {
      result += `${JSON.stringify({ id, by, filling })}\n`;
      if (id % 1000 === 0) result += 'no record\n';
    }
    return result;
  };
  const inputs = [
    ['a.jsonl', 0, 4000],
    ['b.jsonl.gz', 2000, 5000],
    ['c.jsonl', 4500, 5100],
  ] as const;
  const files = new Map<string, Buffer>();
  const expected = new Map<number, string>();
  for (const [name, from, to] of inputs) {
    const content = Buffer.from(lines(from, to, name));
    files.set(name, name.endsWith('.gz') ? gzipSync(content) : content);
    for (let id = from; id < to; id++) {
      if (onConflict === 'last' || !expected.has(id)) expected.set(id, name);
    }
  }
  return { files, expected };
}

async function checkInputs(root: string, files: FileTree): Promise<void> {
  for (const [name, bytes] of files) {
    assert.ok((await readFile(join(root, name))).equals(bytes), `${name} is as it was`);
  }
}

/**
 * After a kill there is a session that can be resumed, or none and nothing in its way; the inputs are as they were.
 *
 * @returns whether the merge is complete all the same.
 */
async function checkNothingHalf(root: string, files: FileTree): Promise<boolean> {
  await checkInputs(root, files);
  const [found, ...others] = await listSessions(unsyncedFileSystem, testPorts().machine, root);
  assert.deepEqual(others, []);
  if (found !== undefined) {
    assert.equal(found.damage, undefined);
    return found.view.state === 'completed';
  }
  // Killed before there was a session: the new file may be there, empty, and is to be removed by a person.
  const output = join(root, 'out', 'merged.jsonl');
  const content = await readFile(output, 'utf8').catch(() => '');
  assert.equal(content, '');
  await rm(output, { force: true });
  return false;
}

async function checkMerged(
  root: string,
  files: FileTree,
  expected: ReadonlyMap<number, string>,
): Promise<void> {
  await checkInputs(root, files);
  const output = join(root, 'out', 'merged.jsonl');
  const records = await readJsonLines(output);
  assert.equal(records.length, expected.size);
  const merged = new Map(records.map((record) => [record['id'] as number, record['by'] as string]));
  assert.deepEqual(
    [...merged].sort(([a], [b]) => a - b),
    [...expected].sort(([a], [b]) => a - b),
  );
  const manifest = JSON.parse(await readFile(`${output}.manifest.json`, 'utf8')) as MergeManifest;
  assert.equal(manifest.records, expected.size);
  assert.equal(manifest.outputBytes, (await readFile(output)).length);
  assert.equal(manifest.rejected, 8);
  const [found] = await listSessions(unsyncedFileSystem, testPorts().machine, root);
  assert.deepEqual([found?.view.state, found?.view.records], ['completed', expected.size]);
}
