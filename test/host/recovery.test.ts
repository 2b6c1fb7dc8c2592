import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as vscode from 'vscode';
import type { SessionRef } from '../../src/protocol/worker.ts';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { startSampleSite } from '../../src/serve/sampleSite.ts';
import { flapping, html, send } from '../fixtures/answers.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { FaultyServer } from '../fixtures/faultyServer.ts';
import { readJsonLines } from '../fixtures/workspace.ts';
import {
  activeApi,
  addCollection,
  closeEditorsAfter,
  eventually,
  masterOf,
  start,
  until,
  untilState,
} from './inHost.ts';

/** The recovery plan as the extension serves it. */
async function planOf(ref: { readonly workspace: string; readonly session: string }) {
  const query = new URLSearchParams(ref).toString();
  const scheme = 'cf-collector-recovery-plan';
  const uri = vscode.Uri.from({ scheme, path: '/Recovery plan.md', query });
  return (await vscode.workspace.openTextDocument(uri)).getText();
}

test('the plan of a stopped session says why it ended and how much is left', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const site = await startSampleSite({ delayMs: 100 });
  t.after(() => site.close());
  const ref = await start(await addCollection(bookCollection(site.url, 'planned')));
  await until(api, ref.session, ({ snapshot }) => snapshot.view.records > 0);
  await vscode.commands.executeCommand('cfCollector.stop', ref);
  const { view } = (await untilState(api, ref, 'stopped')).snapshot;
  const left = view.units.pending + view.units.in_progress;
  const plan = await planOf(ref);
  assert.match(plan, /^# Recovery plan: planned$/m);
  assert.match(plan, /\| Cause \| stopped by a person, 100% certain \|/);
  assert.match(plan, new RegExp(`\\| Records on disk \\| ${String(view.records)} \\|`));
  assert.match(plan, new RegExp(`\\| Units to do \\| ${String(left)}`));
  await vscode.commands.executeCommand('cfCollector.showRecoveryPlan', ref);
  await eventually('the page', () =>
    vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .find(({ label }) => label.includes('Recovery plan')),
  );
});

test('the plan of a session that is not there, or not open, reads nothing', async () => {
  await activeApi();
  const outside = await planOf({ workspace: '/', session: 'x' });
  assert.match(outside, /does not belong to an open folder/);
  const workspace = vscode.workspace.workspaceFolders![0]!.uri.fsPath;
  const gone = await planOf({ workspace, session: 'session_nothere' });
  assert.match(gone, /can’t be made: .*session_nothere/);
});

test('failed units of a complete session are tried again, and only those', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const book = (title: string) => html(`<article class="product_page"><h1>${title}</h1></article>`);
  const server = await FaultyServer.start({
    '/one': book('One'),
    '/two': flapping(1, send(404, 'not yet'), book('Two')),
    '/robots.txt': html(''),
  });
  t.after(() => server.close());
  const { source } = bookCollection(server.url());
  const urls = [server.url('/one'), server.url('/two')];
  const collection = { name: 'again', source: { ...(source as object), start: urls } };
  const ref = await start(await addCollection(collection));
  const failed = await untilState(api, ref, 'completed');
  assert.equal(failed.snapshot.view.units.failed, 1);
  const again = await vscode.commands.executeCommand<SessionRef>(
    'cfCollector.retryFailedUnits',
    ref,
  );
  assert.equal(again.session, ref.session);
  const whole = await until(
    api,
    ref.session,
    ({ snapshot: { view }, isOurs }) => view.state === 'completed' && !isOurs,
  );
  assert.equal(whole.snapshot.view.units.failed, 0);
  const titles = (await readJsonLines(masterOf(whole))).map(({ title }) => title);
  assert.deepEqual(titles.sort(), ['One', 'Two']);
  assert.equal(server.count('/one'), 1);
  assert.equal(server.count('/two'), 2);
});

test('what runs in this window is not discarded', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const site = await startSampleSite({ delayMs: 100 });
  t.after(() => site.close());
  const ref = await start(await addCollection(bookCollection(site.url, 'kept')));
  await vscode.commands.executeCommand('cfCollector.discardState', ref);
  const done = await untilState(api, ref, 'completed');
  assert.equal(done.snapshot.view.records, sampleBookCount);
});
