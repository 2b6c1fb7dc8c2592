import * as vscode from 'vscode';
import type { SourceRegistry } from '../core/customSource/definition.ts';
import type { SessionSnapshot } from '../core/live.ts';
import type { SessionRef } from '../protocol/worker.ts';
import type { Services } from './services.ts';
import type { TrackedSession } from './engine/sessionTracker.ts';

/** What other extensions (and tests) get from `activate`. */
export interface CollectorApi extends SourceRegistry {
  /** Every session of the open folders, newest first. */
  sessions(): Promise<readonly TrackedSession[]>;
  /** The sessions that this window carries out. */
  running(): readonly { readonly ref: SessionRef; readonly snapshot: SessionSnapshot }[];
  /** A session (every session: null) changed in more than its figures. */
  readonly onDidChangeSession: vscode.Event<string | null>;
}

/** The API over the extension's services. */
export function createApi({ tracker, context, extensionSources }: Services): CollectorApi {
  const changed = new vscode.EventEmitter<string | null>();
  context.subscriptions.push(changed);
  tracker.events.on('changed', (session) => {
    changed.fire(session);
  });
  return {
    sessions: () => tracker.list(),
    running: () => tracker.live(),
    onDidChangeSession: changed.event,
    registerSource: (id, source) => extensionSources.registerSource(id, source),
  };
}
