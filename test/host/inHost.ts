import assert from 'node:assert/strict';
import path from 'node:path';
import type { TestContext } from 'node:test';
import * as vscode from 'vscode';
import { must } from '../../src/core/assert.ts';
import type { SessionState } from '../../src/core/view.ts';
import type { CollectorApi } from '../../src/host/api.ts';
import type { TrackedSession } from '../../src/host/engine/sessionTracker.ts';
import type { SessionRef } from '../../src/protocol/worker.ts';
import { writeCollection } from '../fixtures/workspace.ts';

/** How long the extension may take for what a test waits for. */
const waitMs = 20_000;

/** The extension under test. */
export function ourExtension(): vscode.Extension<CollectorApi> {
  return must(
    vscode.extensions.getExtension<CollectorApi>('cf-collector.cf-collector'),
    'the extension',
  );
}

/** The extension under test, active. */
export async function activeApi(): Promise<CollectorApi> {
  return ourExtension().activate();
}

/** The folder that the suite's window has open. */
export function workspaceFolder(): string {
  return must(vscode.workspace.workspaceFolders?.[0], 'a workspace folder').uri.fsPath;
}

/** Writes a collection into the open folder. */
export async function addCollection(
  collection: string | { readonly name: string; readonly [key: string]: unknown },
  name?: string,
): Promise<vscode.Uri> {
  return vscode.Uri.file(await writeCollection(workspaceFolder(), collection, name));
}

/** Starts a collection as the explorer's menu does. */
export async function start(file: vscode.Uri): Promise<SessionRef> {
  const ref = await vscode.commands.executeCommand<SessionRef | undefined>(
    'cfCollector.start',
    file,
  );
  return must(ref, 'the started session');
}

/** Waits until a session is in one of these states, as the API tells it. */
export async function untilState(
  api: CollectorApi,
  { session }: SessionRef,
  ...states: readonly SessionState[]
): Promise<TrackedSession> {
  return until(api, session, ({ snapshot, isOurs }) => {
    const { state } = snapshot.view;
    // What has ended is over when its lock is let go, too.
    return states.includes(state) && (state === 'active' || state === 'paused' || !isOurs);
  });
}

/** Waits until a session fits. */
export async function until(
  api: CollectorApi,
  session: string,
  fits: (tracked: TrackedSession) => boolean,
): Promise<TrackedSession> {
  const giveUpAt = Date.now() + waitMs;
  for (;;) {
    const found = (await api.sessions()).find(({ ref }) => ref.session === session);
    if (found && fits(found)) return found;
    assert.ok(Date.now() < giveUpAt, `${session} stays ${found?.snapshot.view.state ?? 'away'}`);
    await nextTurn();
  }
}

/** Waits until something holds. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const giveUpAt = Date.now() + waitMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    assert.ok(Date.now() < giveUpAt, `${what} does not come`);
    await nextTurn();
  }
}

/** The path of a session's newest master. */
export function masterOf({ root, snapshot }: TrackedSession): string {
  const master = snapshot.view.files.findLast((file) => file.role === 'master');
  return path.join(root, must(master, 'a master').file);
}

/** Closes every editor when the test has ended. */
export function closeEditorsAfter(t: TestContext): void {
  t.after(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
