import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../../src/core/systemPorts.ts';
import type { JobProgress } from '../../../../src/core/job.ts';
import type { ValidationReport } from '../../../../src/core/validation.ts';
import { validate } from '../../../../src/engine/validate/validate.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import { makeSession, validateIn } from './sessionToBreak.ts';

function namesOf({ targets }: ValidationReport): string[] {
  return targets.map(({ session, name }) => session ?? name);
}

test('a session is meant by its id, its master, any file of its state, or the folder that has them', async (t) => {
  const { root, layout, master, rejected } = await makeSession(t);
  const plain = join(root, 'data', 'raw', 'plain.jsonl');
  await writeFile(plain, '{"a":1}\n');
  const { session } = layout;
  for (const paths of [
    [master],
    [rejected],
    [master, rejected, master],
    [layout.journal],
    [layout.folder],
    [layout.checkpoints],
  ]) {
    assert.deepEqual(namesOf(await validateIn(root, { paths })), [session], paths.join());
  }
  assert.deepEqual(namesOf(await validateIn(root, { sessions: [session] })), [session]);
  assert.deepEqual(namesOf(await validateIn(root)), [session]);
  assert.deepEqual(namesOf(await validateIn(root, { paths: [plain] })), ['plain.jsonl']);
  const all = [session, 'plain.jsonl'];
  assert.deepEqual(namesOf(await validateIn(root, { paths: [join(root, 'data')] })), all);
  assert.deepEqual(namesOf(await validateIn(root, { paths: [root] })), all);
  // Also where another folder is open.
  const elsewhere = await makeSession(t);
  assert.deepEqual(namesOf(await validateIn(elsewhere.root, { paths: [master] })), [session]);
});

test('a folder is searched to its end, but not below packages, and not in circles', async (t) => {
  const { root, layout } = await makeSession(t);
  await mkdir(join(root, 'a', 'b'), { recursive: true });
  await mkdir(join(root, 'node_modules', 'x'), { recursive: true });
  await writeFile(join(root, 'a', 'b', 'deep.ndjson'), '{"a":1}\n');
  await writeFile(join(root, 'a', 'table.csv'), 'a\n1\n');
  await writeFile(join(root, 'node_modules', 'x', 'other.jsonl'), 'x\n');
  await symlink(root, join(root, 'a', 'b', 'again'));
  await symlink(join(root, 'nowhere'), join(root, 'a', 'broken.jsonl'));
  const report = await validateIn(root, { paths: [root] });
  assert.deepEqual(namesOf(report), [layout.session, 'deep.ndjson']);
});

test('what is not there is refused', async (t) => {
  const { root } = await makeSession(t);
  await assert.rejects(validateIn(root, { sessions: ['session_none'] }), {
    code: 'UNKNOWN_SESSION',
  });
  await assert.rejects(validateIn(root, { paths: [join(root, 'none.jsonl')] }), {
    code: 'NO_SUCH_FILE',
  });
  const gone = join(root, '.cf_state', 'sessions', 'session_none');
  await mkdir(gone);
  await assert.rejects(validateIn(root, { paths: [gone] }), { code: 'UNKNOWN_SESSION' });
});

test('it tells how far it is, and ends soon when it is cancelled', async (t) => {
  const { root, master } = await makeSession(t);
  const plain = join(root, 'plain.jsonl');
  await writeFile(plain, '{"a":1}\n'.repeat(1000));
  const told: JobProgress[] = [];
  const controller = new AbortController();
  const run = (onProgress: (progress: JobProgress) => void): Promise<ValidationReport> =>
    validate(
      {
        fileSystem: nodeFileSystem,
        clock: systemClock,
        machine: { machineId: 'm', host: 'test-host', bootId: 'b' },
        via: 'cli',
      },
      { workspace: root, sessions: [], paths: [root], schema: null, fixIndex: false },
      { signal: controller.signal, onProgress },
    );
  await run((progress) => told.push(progress));
  const last = told.at(-1);
  assert.equal(last?.done, last?.total);
  assert.deepEqual(
    told.map(({ done }) => done),
    told.map(({ done }) => done).toSorted((a, b) => a - b),
  );
  assert.ok(told.some(({ what }) => what === basename(master)));
  const report = await run(({ what }) => {
    if (what === basename(master)) controller.abort();
  });
  assert.equal(report.isCancelled, true);
  assert.equal(report.targets.length, 1);
  const checks = report.targets[0]?.checks ?? [];
  assert.ok(checks.every(({ outcome, reason }) => outcome === 'skipped' && reason !== undefined));
});

test('nothing is written beside the session', async (t) => {
  const { root, layout } = await makeSession(t);
  const list = async (): Promise<string[]> =>
    (await readdir(root, { recursive: true })).filter((name) => !/-(wal|shm)$/.test(name)).sort();
  const before = await list();
  const journal = await nodeFileSystem.readWhole(layout.journal);
  const index = await nodeFileSystem.readWhole(layout.index);
  await validateIn(root);
  assert.deepEqual(await list(), before);
  assert.ok(journal.equals(await nodeFileSystem.readWhole(layout.journal)));
  assert.ok(index.equals(await nodeFileSystem.readWhole(layout.index)));
});
