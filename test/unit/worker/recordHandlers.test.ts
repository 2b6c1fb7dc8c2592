import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RecordRequests } from '../../../src/protocol/records.ts';
import type { Handlers } from '../../../src/protocol/rpc.ts';
import type { SessionRef } from '../../../src/protocol/worker.ts';
import { recordHandlers } from '../../../src/worker/recordHandlers.ts';
import { beginShelves, http, newWorkerSessions } from '../../fixtures/workerSessions.ts';
import { readMasters } from '../../fixtures/workspace.ts';

const shelves = ['a', 'b'];

/** Looks until everything that is there is counted. */
async function untilCounted(handlers: Handlers<RecordRequests>, viewer: string) {
  for (;;) {
    const status = await handlers.lookAtRecords({ viewer });
    if (status.isCounted && status.search?.isDone !== false) return status;
    await new Promise(setImmediate);
  }
}

async function collect(t: TestContext) {
  const { workspace, file, sessions, untilState } = await beginShelves(t, { shelves });
  const ended = untilState('completed');
  const { session } = await sessions.handlers().start({ workspace, file, http });
  const ref: SessionRef = { workspace, session };
  return { workspace, sessions, ref, ended };
}

async function masterIn(workspace: string): Promise<string> {
  const raw = join(workspace, 'data/raw');
  const name = (await readdir(raw)).find((file) => file.includes('_master_'))!;
  return join(raw, name);
}

test('a viewer follows a session that runs, and another process’s one; records have their units', async (t) => {
  const { workspace, sessions, ref, ended } = await collect(t);
  const run = sessions.runOf(ref)!;
  const handlers = recordHandlers(sessions);
  let file = '';
  while (file === '') {
    file = await masterIn(workspace).catch(() => '');
    // Whatever is shown is counted already: a recount of the file may be ahead, the viewer never is.
    if (file !== '') await handlers.openRecords({ viewer: 'a', file, session: ref });
    else await new Promise(setImmediate);
  }
  const shown = await handlers.lookAtRecords({ viewer: 'a' });
  assert.ok(shown.records <= run.store.view.records);
  await ended;
  const collected = await readMasters(join(workspace, 'data/raw'));
  const status = await untilCounted(handlers, 'a');
  assert.equal(status.records, collected.length);
  assert.deepEqual(
    [status.session?.role, status.session?.session, status.uncommittedBytes],
    ['master', ref.session, 0],
  );

  // Not carried out here: what is committed, its journal says.
  const elsewhere = recordHandlers(newWorkerSessions().sessions);
  const opened = await elsewhere.openRecords({ viewer: 'b', file, session: ref });
  assert.equal(opened.records, collected.length);
  const { rows } = await elsewhere.readRecords({
    viewer: 'b',
    first: 0,
    count: 1000,
    isFiltered: false,
  });
  assert.deepEqual(
    rows.map(({ cells }) => cells.find(({ field }) => field === 'id')?.text),
    collected.map(({ id }) => String(id)),
  );
  for (const record of [0, collected.length - 1]) {
    const origin = await elsewhere.findOrigin({ viewer: 'b', record });
    assert.ok(origin?.unit, 'a unit');
    assert.ok(
      shelves.some((shelf) => origin.unit?.key.includes(shelf)),
      origin.unit.key,
    );
  }
  const found = await elsewhere.filterRecords({
    viewer: 'b',
    filter: { kind: 'equals', field: 'id', text: String(collected[1]!['id']) },
  });
  assert.equal(found.search !== null, true);
  assert.equal((await untilCounted(elsewhere, 'b')).search?.matches, 1);
});

test('a file that is nobody’s is looked at, too; a viewer that is closed is not known any more', async (t) => {
  const { workspace, sessions, ref, ended } = await collect(t);
  await ended;
  const handlers = recordHandlers(sessions);
  const file = join(workspace, 'other.jsonl');
  const missing = await handlers.openRecords({ viewer: 'c', file, session: ref });
  assert.deepEqual([missing.condition, missing.session], ['missing', null]);
  await writeFile(file, '{"a":1}\n');
  const status = await untilCounted(handlers, 'c');
  assert.deepEqual([status.condition, status.records], ['ready', 1]);
  assert.equal(await handlers.findOrigin({ viewer: 'c', record: 0 }), null);
  await assert.rejects(handlers.readRecord({ viewer: 'c', record: 1, maxBytes: 10 }), {
    code: 'NO_RECORD',
  });
  await handlers.closeRecords({ viewer: 'c' });
  await assert.rejects(handlers.lookAtRecords({ viewer: 'c' }), { code: 'VIEWER_CLOSED' });
});
