import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import type { SessionState } from '../../../../src/core/view.ts';
import { DataFiles } from '../../../../src/host/data/dataFiles.ts';
import type {
  SessionTrackerEvents,
  TrackedSession,
} from '../../../../src/host/engine/sessionTracker.ts';
import { dataFileTooltip, editWarning } from '../../../../src/host/text/dataFileText.ts';
import { idleStats } from '../../../../src/core/live.ts';
import { emptyView } from '../../../../src/core/view.ts';

const formats = formatsFor('en');

function tracked(state: SessionState, isOurs = state === 'active'): TrackedSession {
  const files = [
    { role: 'master', file: 'data/raw/books_master_1.jsonl', lines: 1169, bytes: 10 },
    { role: 'rejected', file: 'data/raw/books_rejected_1.jsonl', lines: 2, bytes: 10 },
  ] as const;
  const view = { ...emptyView, session: 's', name: 'books', state, files };
  return {
    ref: { workspace: '/w', session: 's' },
    snapshot: { view, live: { ...idleStats, elapsedMs: 0 } },
    isOurs,
    holder: null,
    resumable: false,
    damage: null,
    isCollectionMissing: false,
    root: '/w',
    log: '',
  };
}

test('data files are known as soon as sessions are listed, and the engine is not started to know them', async () => {
  const events = new EventEmitter<SessionTrackerEvents>();
  let lists = 0;
  let sessions: readonly TrackedSession[] = [tracked('active')];
  const list = () => {
    lists += 1;
    return Promise.resolve(sessions);
  };
  let isRunning = false;
  const files = new DataFiles({ events, list }, () => isRunning);
  const master = path.join('/w', 'data', 'raw', 'books_master_1.jsonl');
  const changes: (readonly string[])[] = [];
  files.events.on('changed', (paths) => changes.push(paths));

  events.emit('changed', null);
  assert.equal(lists, 0);
  events.emit('listed');
  await new Promise(setImmediate);
  assert.equal(files.get(master)?.file.role, 'master');
  assert.equal(changes.at(-1)?.length, 2);

  isRunning = true;
  sessions = [];
  events.emit('changed', 's');
  await new Promise(setImmediate);
  assert.equal(files.get(master), undefined);
  assert.ok(changes.at(-1)?.includes(master), 'the mark is taken away');
});

test('the tooltip says whose file it is; counts of one that is being written are not told', () => {
  const known = (state: SessionState, n = 0) => {
    const session = tracked(state);
    return { session, file: session.snapshot.view.files[n]! };
  };
  assert.equal(
    dataFileTooltip(known('completed'), undefined, formats),
    'Master of books · 1,169 records',
  );
  assert.equal(
    dataFileTooltip(known('stopped', 1), undefined, formats),
    'Rejected records of books · 2 lines',
  );
  const running = dataFileTooltip(known('active'), undefined, formats);
  assert.equal(running, 'Master of books · being written');
  const verdict = { problems: 0, atMs: Date.UTC(2026, 0, 1) };
  assert.match(dataFileTooltip(known('completed'), verdict, formats), /validated: no problems/);
  assert.match(editWarning(known('active'), 'm.jsonl'), /stops at once/);
  assert.doesNotMatch(editWarning(known('stopped'), 'm.jsonl'), /stops at once/);
});
