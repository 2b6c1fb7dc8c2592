import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import { groupsOf, lookOf, mastersOf, sessionTags } from '../../../../src/host/tree/treeModel.ts';
import type { SessionState } from '../../../../src/core/view.ts';
import type { TrackedSession } from '../../../../src/host/engine/sessionTracker.ts';
import { Verdicts } from '../../../../src/host/sessions/verdicts.ts';
import { makeReport, makeTarget, makeTracked } from '../../../fixtures/views.ts';

const context = {
  formats: formatsFor('en-US'),
  nowMs: Date.parse('2026-11-21T16:23:00.000Z'),
  verdicts: new Verdicts(),
};
const none = { pending: 0, in_progress: 0, done: 9, failed: 0, skipped: 0, blocked: 0 };

function sessionLook(...args: Parameters<typeof makeTracked>) {
  return lookOf({ kind: 'session', session: makeTracked(...args), folder: '' }, context);
}

test('an interrupted session says what it has and since when', () => {
  const look = sessionLook({ state: 'interrupted' });
  assert.equal(look.label, 'books');
  assert.equal(look.description, '1,234 records · interrupted 3 minutes ago · 2 failed');
  assert.deepEqual(look.icon, { name: 'debug-disconnect', color: 'charts.orange' });
});

test('what is zero or usual is not said', () => {
  const look = sessionLook({ state: 'completed', records: 1, units: none }, { resumable: false });
  assert.equal(look.description, '1 record · completed 3 minutes ago');
});

test('a running session shows its rate', () => {
  const session = makeTracked({ state: 'active', units: none }, { isOurs: true, resumable: false });
  const live = { ...session.snapshot.live, recordsPerSecond: 56.25 };
  const running = { ...session, snapshot: { ...session.snapshot, live } };
  const look = lookOf({ kind: 'session', session: running, folder: 'work' }, context);
  assert.equal(look.description, '1,234 records · 56.3/s · work');
});

test('menus find each session by its tags', () => {
  assert.equal(
    sessionTags(makeTracked({ state: 'active' }, { isOurs: true, resumable: false })),
    ';session;active;pausable;stoppable;hasMaster;hasFailed;',
  );
  assert.equal(
    sessionTags(makeTracked({ state: 'paused', checkpointCount: 2 }, { isOurs: true })),
    ';session;paused;stoppable;resumable;hasMaster;hasCheckpoint;hasFailed;',
  );
  assert.equal(
    sessionTags(makeTracked({ state: 'interrupted', files: [], units: none })),
    ';session;interrupted;resumable;atRest;',
  );
  const holder = { pid: 7, host: 'box', via: 'cli', since: '2026-01-01T00:00:00.000Z' } as const;
  assert.equal(
    sessionTags(makeTracked({ state: 'active', files: [] }, { holder, resumable: false })),
    ';session;active;',
  );
});

test('a session that another process runs names it', () => {
  const holder = { pid: 7, host: 'box', via: 'cli', since: '2026-01-01T00:00:00.000Z' } as const;
  const look = sessionLook({ state: 'active' }, { holder, resumable: false });
  assert.equal(look.description, '1,234 records · running elsewhere · 2 failed');
  assert.equal(look.icon.name, 'lock');
  const held = look.tooltip.find(([name]) => name === 'Held by');
  assert.match(held![1], /^cf-collect, process 7 on box, since /);
});

test('a damaged session says so before anything else about its state', () => {
  const look = sessionLook({ state: 'stopped' }, { damage: 'line 3 is no JSON' });
  assert.match(look.description, /· damaged/);
  assert.equal(look.icon.name, 'warning');
  assert.ok(look.tooltip.some(([, value]) => value === 'line 3 is no JSON'));
});

test('groups are there when there is something in them', () => {
  assert.deepEqual(groupsOf(makeTracked({ files: [], units: none })), []);
  assert.deepEqual(groupsOf(makeTracked({ checkpointCount: 1 })), [
    'masters',
    'checkpoints',
    'failedUnits',
  ]);
});

test('masters are the newest first and nothing else', () => {
  const file = (role: 'master' | 'rejected', name: string) => {
    return { role, file: name, lines: 1, bytes: 1 };
  };
  const files = [file('master', 'a'), file('rejected', 'b'), file('master', 'c')];
  assert.deepEqual(
    mastersOf(files).map((master) => master.file),
    ['c', 'a'],
  );
});

test('a master shows its count and size and opens on a click', () => {
  const session = makeTracked();
  const file = mastersOf(session.snapshot.view.files)[0]!;
  const node = { kind: 'master', ref: session.ref, file, path: '/x', seq: 321 } as const;
  const look = lookOf(node, context);
  assert.equal(look.label, 'books_master_20261121_161500.jsonl');
  assert.equal(look.description, '1,234 records · 456.8 kB');
  assert.equal(look.opens, 'master');
});

test('a damaged checkpoint is marked and still opens', () => {
  const checkpoint = {
    id: 'checkpoint_1',
    type: 'batch_completed',
    at: '2026-11-21T16:20:00.000Z',
    seq: 12,
    path: '/x.json',
    valid: false,
    records: 100,
  } as const;
  const look = lookOf({ kind: 'checkpoint', ref: makeTracked().ref, checkpoint }, context);
  assert.equal(look.description, '100 records · periodic · damaged');
  assert.equal(look.icon.name, 'warning');
  assert.equal(look.opens, 'checkpoint');
});

test('every node of one session has an id of its own', () => {
  const session = makeTracked({ checkpointCount: 1 });
  const ids = [
    lookOf({ kind: 'session', session, folder: '' }, context).id,
    ...groupsOf(session).map((group) => lookOf({ kind: 'group', group, session }, context).id),
    lookOf({ kind: 'more', session, left: 5 }, context).id,
  ];
  assert.equal(new Set(ids).size, ids.length);
});

test('only a good checkpoint is a point to resume from', () => {
  const checkpoint = {
    id: 'checkpoint_1',
    type: 'batch_completed',
    at: '2026-11-21T16:20:00.000Z',
    seq: 12,
    path: '/x.json',
    records: 100,
  } as const;
  const tagsOf = (valid: boolean) =>
    lookOf(
      { kind: 'checkpoint', ref: makeTracked().ref, checkpoint: { ...checkpoint, valid } },
      context,
    ).contextValue;
  assert.equal(tagsOf(true), ';checkpoint;resumePoint;');
  assert.equal(tagsOf(false), ';checkpoint;');
});

test('failed units can be tried again one by one, all together, and from their session', () => {
  const session = makeTracked();
  const unit = { unit: 3, key: 'http://x/', attempts: 2, code: 'HTTP_404', message: 'gone' };
  const looks = [
    lookOf({ kind: 'failedUnit', ref: session.ref, unit }, context),
    lookOf({ kind: 'group', group: 'failedUnits', session }, context),
    lookOf({ kind: 'group', group: 'checkpoints', session }, context),
  ];
  assert.deepEqual(
    looks.map(({ contextValue }) => contextValue.includes(';retriable;')),
    [true, true, false],
  );
});

test('a verdict is shown with its time, and by the sessions and files that it is about', () => {
  const session = makeTracked();
  const { seq } = session.snapshot.view;
  const file = mastersOf(session.snapshot.view.files)[0]!;
  const master = { kind: 'master', ref: session.ref, file, path: '/x.jsonl', seq } as const;
  const verdicts = new Verdicts();
  const targets = [{ ...makeTarget(session.ref.session, ['/x.jsonl']), errorCount: 3 }];
  verdicts.record(
    makeReport(targets),
    { sessions: [], paths: [] },
    new Map([[session.ref.session, seq]]),
  );
  const judged = { ...context, verdicts };
  const looks = [
    lookOf({ kind: 'session', session, folder: '' }, judged),
    lookOf(master, judged),
    lookOf({ kind: 'session', session: makeTracked({ session: 'other' }), folder: '' }, judged),
  ];
  assert.deepEqual(
    looks.map(({ verdict }) => verdict?.problems),
    [3, 0, undefined],
  );
  assert.match(looks[0]!.spoken, /^books, 1,234 records · .*, validated: 3 problems$/);
  assert.match(looks[2]!.spoken, /^books, 1,234 records · [^,]*$/);
  const said = looks.map(({ tooltip }) => tooltip.find(([name]) => name === 'Validated')?.[1]);
  assert.match(said[0]!, /^3 problems, Nov 21, 2026/);
  assert.match(said[1]!, /^no problems, /);
  assert.equal(said[2], undefined);
});

test('a session without its collection file says so while somebody may need it, and can restore it', () => {
  const lookAt = (changes: Partial<TrackedSession>, state: SessionState = 'stopped') =>
    lookOf(
      {
        kind: 'session',
        session: { ...makeTracked({ state }), isCollectionMissing: true, ...changes },
        folder: '',
      },
      context,
    );
  const stopped = lookAt({ resumable: true });
  assert.match(stopped.description, /collection file is gone/);
  assert.match(stopped.contextValue, /;collectionGone;/);
  assert.deepEqual(stopped.tooltip[0], ['Collection', 'books.collect.json (gone)']);
  const over = lookAt({ resumable: false }, 'completed');
  assert.doesNotMatch(over.description, /gone/);
  assert.match(over.contextValue, /;collectionGone;/);
});

test('nothing in a stranger’s text is unseen, and none of it is longer than a view is wide', () => {
  const { ref } = makeTracked({});
  const message = `\u001b[31m\u202etxt.exe ${'x'.repeat(1_000_000)}`;
  const unit = { unit: 1, key: '\u2066[x](command:a)\n$(flame)', message, code: 'X', attempts: 1 };
  const look = lookOf({ kind: 'failedUnit', ref, unit }, context);
  assert.equal(look.label, '\\u{2066}[x](command:a) $(flame)');
  assert.ok(look.description.startsWith('\\u{1B}[31m\\u{202E}txt.exe x'));
  for (const text of [look.label, look.description, look.spoken, ...look.tooltip.flat()]) {
    assert.doesNotMatch(text, /[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/);
    assert.ok(text.length < 1200, String(text.length));
  }
});
