import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJsonLines } from '../fixtures/workspace.ts';
import {
  activeApi,
  addCollection,
  closeEditorsAfter,
  masterOf,
  start,
  until,
  untilState,
} from './inHost.ts';
import * as vscode from 'vscode';

/** The extension under test stands for any other one. */
const id = 'cf-collector.cf-collector/numbers';

function collection(
  name: string,
  of = id,
): { readonly name: string; readonly [key: string]: unknown } {
  return {
    name,
    source: { type: 'extension', id: of, options: { upTo: 30 } },
    record: { key: ['n'] },
  };
}

test('another extension’s source is collected, and its errors have its name', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const registration = api.registerSource(id, {
    plan: () => ['low', 'high', 'broken'],
    async *collect(unit, { options, cursor, page }) {
      if (unit.key === 'broken') throw new Error('no such shelf');
      const first = unit.key === 'low' ? 0 : 100;
      for (let n = Number(cursor ?? 0); n < options.upTo; n += 10) {
        const items = Array.from({ length: 10 }, (_, i) => ({ n: first + n + i }));
        yield page({ items, cursor: n + 10 });
      }
    },
    map: ({ n }) => ({ n, double: n * 2 }),
  });
  t.after(() => {
    registration.dispose();
  });
  assert.throws(() => api.registerSource(id, { collect: () => [] }), /registered already/);
  assert.throws(() => api.registerSource('numbers', { collect: () => [] }), /publisher\.extension/);
  const ref = await start(await addCollection(collection('numbers')));
  const session = await untilState(api, ref, 'completed');
  const records = await readJsonLines(masterOf(session));
  assert.equal(records.length, 60);
  assert.deepEqual(new Set(records.map(({ n }) => n)).size, 60);
  assert.ok(records.every(({ n, double }) => double === Number(n) * 2));
  assert.equal(session.snapshot.view.units.failed, 1);
  const [error] = session.snapshot.view.errors;
  assert.match(error!.message, /cf-collector\.cf-collector.*no such shelf/);
});

test('an extension that is not there pauses the session, and is named', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const ref = await start(await addCollection(collection('nobody', 'nobody.nothing/numbers')));
  const paused = await untilState(api, ref, 'paused');
  assert.equal(paused.snapshot.view.reason, 'setup');
  assert.match(
    paused.snapshot.view.reasonMessage!,
    /nobody\.nothing is not installed, or disabled: it brings the source “numbers”/,
  );
  await vscode.commands.executeCommand('cfCollector.stop', ref);
  await untilState(api, ref, 'stopped');
});

test('a source that is taken back pauses its session, which goes on when it is there again', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  let isHeld = true;
  const register = (): vscode.Disposable =>
    vscode.Disposable.from(
      api.registerSource(id, {
        async *collect(_unit, { cursor, page, signal }) {
          for (let n = Number(cursor ?? 0); n < 20; n += 10) {
            while (n === 10 && isHeld && !signal.aborted) {
              await new Promise((resolve) => setTimeout(resolve, 20));
            }
            yield page({
              items: Array.from({ length: 10 }, (_, i) => ({ n: n + i })),
              cursor: n + 10,
            });
          }
        },
      }),
    );
  const first = register();
  const ref = await start(await addCollection(collection('taken-back')));
  await until(api, ref.session, ({ snapshot }) => snapshot.view.records === 10);
  first.dispose();
  const paused = await untilState(api, ref, 'paused');
  assert.equal(paused.snapshot.view.reason, 'setup');
  assert.match(paused.snapshot.view.reasonMessage!, /has taken back its source “numbers”/);
  isHeld = false;
  const second = register();
  t.after(() => {
    second.dispose();
  });
  await vscode.commands.executeCommand('cfCollector.resume', ref);
  const done = await untilState(api, ref, 'completed');
  const records = await readJsonLines(masterOf(done));
  assert.deepEqual(
    records.map(({ n }) => Number(n)).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i),
  );
});
