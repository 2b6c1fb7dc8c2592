/**
 * Flips a bit in each byte of a session's journal, cuts the journal to each length, and opens what that leaves: it is
 * noticed or does no harm, it costs no line after it, and the master stays as it is.
 *
 *   npm run test:crash -- flippedBytes.test.ts --every-byte
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { parseArgs } from 'node:util';
import { CollectorError } from '../../src/core/errors.ts';
import type { Finding } from '../../src/core/validation.ts';
import type { SessionView } from '../../src/core/view.ts';
import { validate } from '../../src/engine/validate/validate.ts';
import { listCheckpoints } from '../../src/storage/checkpointFiles.ts';
import { SessionLayout } from '../../src/storage/layout.ts';
import { readSessionHeader } from '../../src/storage/sessionHeader.ts';
import { readTree, writeTree, type FileTree } from '../fixtures/fileTree.ts';
import { Acknowledged, scriptCollection, scriptRun, tickingClock } from '../fixtures/scriptRun.ts';
import {
  carryScriptOn,
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

const { values } = parseArgs({
  options: { 'every-byte': { type: 'boolean', default: false } },
  strict: false,
});
const isEveryByte = values['every-byte'] === true;

/** A session that was stopped in its middle, as its files are. */
interface Stopped {
  readonly files: FileTree;
  readonly session: string;
  readonly view: SessionView;
  readonly ids: ReadonlySet<string>;
  /** Where each line of the journal begins, and the last one ends. */
  readonly lines: readonly number[];
}

let scratch = '';
let stopped: Stopped;

before(async () => {
  scratch = await newScratchFolder();
  stopped = await makeStopped(join(scratch, 'whole'));
});
after(() => rm(scratch, { recursive: true, force: true }));

async function makeStopped(root: string): Promise<Stopped> {
  const ports = testPorts(unsyncedFileSystem, { clock: tickingClock() });
  const acknowledged = new Acknowledged();
  const store = await createTestSession(root, ports, scriptCollection);
  const run = scriptRun(store, {
    acknowledged,
    onPage: (count, self) => void (count === 7 && self.stop('user')),
  });
  await run.start();
  assert.equal((await run.finished).state, 'stopped');
  const { entries } = await readJournal(store.layout);
  return {
    files: await readTree(root),
    session: store.layout.session,
    view: store.view,
    ids: acknowledged.ids(),
    lines: [0, ...entries.map(({ position }) => position.end)],
  };
}

const paths = {
  journal: () => `.cf_state/sessions/${stopped.session}/journal.jsonl`,
  master: () => stopped.view.files.find(({ role }) => role === 'master')?.file ?? '',
};

/** The bytes of one of the session's files. */
function bytesOf(path: string): Buffer {
  const bytes = stopped.files.get(path);
  assert.ok(bytes, path);
  return bytes;
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (at % 2 === 0 ? 0x01 : 0x80);
  return copy;
}

/** Everything but the index, which knows what the journal says and would hide what is wrong with it. */
function withoutIndex(files: FileTree): FileTree {
  return new Map([...files].filter(([path]) => !path.includes('/index.db')));
}

/** Puts files into a folder of their own for the time of a check. */
async function inFolder(files: FileTree, check: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(scratch, 'damaged-'));
  try {
    await writeTree(files, root);
    await check(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Every place in a file; without the flag only some, but always those around the ends of the journal's lines. */
function* places(bytes: Buffer, by: number): Generator<number> {
  const isJournal = bytes === bytesOf(paths.journal());
  for (let at = 0; at < bytes.length; at++) {
    const isNearEnd = isJournal && stopped.lines.some((end) => Math.abs(end - 1 - at) <= 1);
    if (isEveryByte || at % by === 0 || isNearEnd) yield at;
  }
}

async function survive(place: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(place, { cause: error });
  }
}

function portsNow(): ReturnType<typeof testPorts> {
  return testPorts(unsyncedFileSystem, { clock: tickingClock(Date.UTC(2026, 10, 22)) });
}

/** Opens a session whose journal is damaged, and carries it to its end. */
async function checkJournal(
  root: string,
  journal: Buffer,
  isNoticed: boolean,
  damage: { readonly line: number; readonly isTail: boolean; readonly hasHeader: boolean },
): Promise<void> {
  const ports = portsNow();
  const layout = new SessionLayout(root, stopped.session);
  const master = bytesOf(paths.master());
  if (!damage.hasHeader) {
    await assert.rejects(readSessionHeader(ports, layout), CollectorError);
    assert.deepEqual(await readFile(join(root, paths.master())), master);
    return;
  }
  const { store, recovered } = await openTestSession(
    root,
    stopped.session,
    ports,
    scriptCollection,
  );
  try {
    const now = await readFile(layout.journal);
    if (isNoticed && damage.isTail) {
      const start = stopped.lines[damage.line] ?? 0;
      const torn = journal.subarray(start);
      assert.equal(recovered?.journalTornBytes ?? 0, torn.length);
      const [kept] = recovered?.tornFiles.filter(({ file }) => file === paths.journal()) ?? [];
      if (torn.length > 0) {
        assert.deepEqual(await readFile(join(layout.folder, kept?.keptAs ?? '')), torn);
      }
      assert.ok(now.subarray(0, start).equals(journal.subarray(0, start)));
    } else {
      if (isNoticed) assert.equal(recovered?.journalGaps, 1);
      assert.ok(now.subarray(0, journal.length).equals(journal), 'no line after it is touched');
    }
    assert.deepEqual(await readFile(join(root, paths.master())), master);
    await checkInvariants(root, store, stopped.ids, new Set());
    await carryScriptOn(store);
    await checkInvariants(root, store, new Set(scriptIds), new Set());
    assert.deepEqual((await masterIds(root, store.view)).sort(), scriptIds);
    // Units whose names are lost are known again under new numbers.
    assert.equal(store.view.units.done, scriptCounts.units);
    const after = await readFile(join(root, paths.master()));
    assert.ok(after.subarray(0, master.length).equals(master), 'the master is only appended to');
  } finally {
    await store.close(true);
  }
}

suite('a journal in which something is wrong', () => {
  test('one flipped bit: the lines around it count, and what it held is collected again', async (t) => {
    let states = 0;
    const journal = bytesOf(paths.journal());
    for (const at of places(journal, 97)) {
      const line = stopped.lines.findLastIndex((start) => start <= at);
      const damaged = flipped(journal, at);
      const isTail = line === stopped.lines.length - 2;
      const hasHeader = line > 0 || at === (stopped.lines[1] ?? 0) - 1;
      // Every fifth time the index is there and has what the journal has lost.
      const isNoticed = isTail || states % 5 !== 0;
      await survive(`byte ${at} in line ${line} of ${stopped.lines.length - 1}`, () => {
        const files = new Map([...stopped.files, [paths.journal(), damaged]]);
        return inFolder(isNoticed ? withoutIndex(files) : files, (root) =>
          checkJournal(root, damaged, isNoticed, { line, isTail, hasHeader }),
        );
      });
      states += 1;
    }
    t.diagnostic(`${states} flips of ${journal.length} bytes`);
  });

  test('one flipped bit costs one line at most', async () => {
    const journal = bytesOf(paths.journal());
    for (const at of places(journal, 97)) {
      await inFolder(new Map([[paths.journal(), flipped(journal, at)]]), async (root) => {
        const { entries } = await readJournal(new SessionLayout(root, stopped.session));
        const lost = stopped.lines.length - 1 - entries.length;
        assert.ok(lost <= 1, `byte ${at} costs ${lost} lines`);
      });
    }
  });

  test('cut to any length: what is left counts, and the master is not cut with it', async (t) => {
    let states = 0;
    const journal = bytesOf(paths.journal());
    for (const at of places(journal, 89)) {
      const line = stopped.lines.findLastIndex((start) => start <= at);
      const damaged = journal.subarray(0, at);
      const files = new Map([...stopped.files, [paths.journal(), damaged]]);
      await survive(`cut to ${at} bytes, in line ${line}`, () =>
        inFolder(states % 5 === 0 ? files : withoutIndex(files), (root) =>
          checkJournal(root, damaged, true, { line, isTail: true, hasHeader: line > 0 }),
        ),
      );
      states += 1;
    }
    t.diagnostic(`${states} lengths of ${journal.length} bytes`);
  });
});

suite('a checkpoint or a summary in which something is wrong', () => {
  /** Checks one damaged file: it is noticed or does no harm, and the others are what they were. */
  async function checkDerived(t: TestContext, damage: (bytes: Buffer, at: number) => Buffer) {
    const whole = new Map<string, unknown>();
    await inFolder(stopped.files, async (root) => {
      const layout = new SessionLayout(root, stopped.session);
      for (const { id, data } of await listCheckpoints(unsyncedFileSystem, layout))
        whole.set(id, data);
    });
    assert.ok(whole.size >= 2, `${whole.size} checkpoints`);
    const derived = [...stopped.files.keys()].filter((path) =>
      /(checkpoints\/.*|session\.json(\.meta|\.backup)?)$/.test(path),
    );
    assert.ok(derived.length >= 2 * whole.size + 3, derived.join());
    let states = 0;
    for (const path of derived) {
      const bytes = bytesOf(path);
      for (const at of places(bytes, 53)) {
        const files = new Map([...stopped.files, [path, damage(bytes, at)]]);
        await survive(`${path} at ${at}`, () =>
          inFolder(files, async (root) => {
            const layout = new SessionLayout(root, stopped.session);
            const found = await listCheckpoints(unsyncedFileSystem, layout);
            for (const { id, data } of found) {
              const isHit = path.includes(id);
              assert.ok(isHit || data !== undefined, `${id} is good`);
              if (data !== undefined) assert.deepEqual(data, whole.get(id));
            }
            assert.equal(found.length, whole.size);
            // The newest good one comes first.
            assert.notEqual(found[0]?.data, undefined);
            if (states % 10 === 0) await checkOpens(root);
          }),
        );
        states += 1;
      }
    }
    t.diagnostic(`${states} states of ${derived.length} files`);
  }

  /** The session opens as if nothing were wrong: none of these files is read to find out what is true. */
  async function checkOpens(root: string): Promise<void> {
    const ports = portsNow();
    const { store, recovered } = await openTestSession(
      root,
      stopped.session,
      ports,
      scriptCollection,
    );
    try {
      assert.equal(recovered, undefined);
      assert.deepEqual(store.view.units, stopped.view.units);
      await carryScriptOn(store);
      await store.checkpoint('session_completed', []);
      await checkInvariants(root, store, new Set(scriptIds), new Set());
      const meta = JSON.parse(await readFile(`${store.layout.summary}.meta`, 'utf8')) as object;
      assert.equal((await readFile(store.layout.summary)).length, (meta as { size: number }).size);
    } finally {
      await store.close(true);
    }
  }

  test('one flipped bit', (t) => checkDerived(t, flipped));

  test('cut to any length', (t) => checkDerived(t, (bytes, at) => bytes.subarray(0, at)));
});

suite('validating a session in which something is wrong', () => {
  async function findingsIn(root: string): Promise<readonly Finding[]> {
    const { targets } = await validate(
      { ...portsNow(), via: 'cli' },
      { workspace: root, sessions: [stopped.session], paths: [], schema: null, fixIndex: false },
      { signal: new AbortController().signal, onProgress: () => undefined },
    );
    return targets
      .flatMap(({ findings }) => findings)
      .filter(({ severity }) => severity !== 'info');
  }

  test('nothing is found where nothing is wrong', () =>
    inFolder(stopped.files, async (root) => {
      assert.deepEqual(await findingsIn(root), []);
    }));

  test('one flipped bit in any file is found, and the file is named', async (t) => {
    let states = 0;
    const checked = [...stopped.files.keys()].filter(
      (path) => !/index\.db|session\.lock|holder\.json|_checkpoint\.json$/.test(path),
    );
    for (const path of checked) {
      const bytes = bytesOf(path);
      for (const at of places(bytes, 211)) {
        const damaged = flipped(bytes, at);
        await survive(`${path} at ${at}`, () =>
          inFolder(new Map([...stopped.files, [path, damaged]]), async (root) => {
            const files = (await findingsIn(root)).map(({ file }) => file);
            const [stem = ''] = path.split('.meta');
            const isNamed = files.some((file) => file.startsWith(join(root, stem)));
            if (!isNamed) assert.deepEqual(asJson(damaged), asJson(bytes), 'it does no harm');
          }),
        );
        states += 1;
      }
    }
    t.diagnostic(`${states} states of ${checked.length} files`);
  });

  function asJson(bytes: Buffer): unknown {
    try {
      return JSON.parse(bytes.toString());
    } catch {
      return bytes;
    }
  }
});
